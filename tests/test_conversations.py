"""The store of conversations, what they are written out as, and the verdicts on answers."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from stand_in import FOUND, HUBBLE, PLANCK, SENTENCES
from workbench import Cli

from rag.answers import render
from rag.answers.answer import Answer, Block, Citation, Timings
from rag.chats import feedback
from rag.chats.conversations import Conversations, Entry, Kept
from rag.chats.transcript import written
from rag.errors import SidereusError
from rag.settings import load_settings

ANSWER = Answer(
    "What is $H_0$?",
    "starter",
    "all-minilm-l6-v2",
    "smollm2-135m-instruct",
    (Block("prose", SENTENCES[:1]), Block("points", SENTENCES[1:], "Beside it:")),
    FOUND[:2],
    "answered",
    (),
    Timings(0.1, 0.4, 0.5, 2.3),
)
ENTRY = Entry("What is $H_0$?", answer=ANSWER, found=FOUND)


@pytest.fixture
def store(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations")


def test_what_is_kept_comes_back_as_it_was(store: Conversations, tmp_path: Path) -> None:
    kept = store.change(Kept("starter"), lambda kept: kept.with_entry(ENTRY).pinned(PLANCK))
    again = Conversations(tmp_path / "conversations").read(kept.id)
    assert again == kept
    assert again is not None
    assert again.entries == (ENTRY,)
    assert again.before(1).numbered == {1: HUBBLE.id, 2: PLANCK.id}


def test_changes_from_two_places_are_both_kept(store: Conversations) -> None:
    kept = store.change(Kept("starter"), lambda kept: kept.with_entry(ENTRY))
    entries = [Entry(f"Question {n}?") for n in range(8)]
    threads = [
        threading.Thread(target=store.change, args=(kept, lambda now, entry=entry: now.with_entry(entry)))
        for entry in entries
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = store.read(kept.id)
    assert now is not None
    assert {entry.id for entry in now.entries} == {ENTRY.id, *(entry.id for entry in entries)}


def test_conversations_are_found_by_all_their_words(store: Conversations) -> None:
    first = store.change(Kept("starter"), lambda kept: kept.with_entry(ENTRY))
    second = store.change(Kept("starter", title="Rays"), lambda kept: kept.with_entry(Entry("What are cosmic rays?")))
    assert [kept.id for kept in store.all()] == [second.id, first.id]
    assert [kept.id for kept in store.all("RAYS cosmic")] == [second.id]
    assert [kept.id for kept in store.all("microwave background")] == [first.id]  # in the answer
    assert store.all("cosmic background of rays") == []


def test_the_conversation_deleted_last_can_be_restored(store: Conversations) -> None:
    kept = store.change(Kept("starter"), lambda kept: kept.with_entry(ENTRY))
    assert store.delete(kept.id) == kept
    assert store.all() == []
    assert store.delete(kept.id) is None
    assert store.restore() == kept
    assert store.all() == [kept]
    assert store.restore() is None


@pytest.mark.parametrize("name", ["", "../state", "..", "a/b", "0" * 400, "\0", "000000000000"])
def test_a_name_that_is_none_reads_nothing(store: Conversations, name: str) -> None:
    assert store.read(name) is None
    assert store.delete(name) is None


def test_files_that_hold_no_conversation_are_passed_over(store: Conversations, tmp_path: Path) -> None:
    kept = store.change(Kept("starter"), lambda kept: kept.with_entry(ENTRY))
    for name, text in (("aaaaaaaaaaaa", "{"), ("bbbbbbbbbbbb", "[]"), ("cccccccccccc", '{"index": 3}')):
        (tmp_path / "conversations" / f"{name}.json").write_text(text)
        assert store.read(name) is None
    assert store.all() == [kept]


def test_a_conversation_that_cannot_be_written_says_so_and_stays(store: Conversations, tmp_path: Path) -> None:
    (tmp_path / "conversations").write_text("in the way")
    with pytest.raises(SidereusError, match="could not be kept"):
        store.change(Kept("starter"), lambda kept: kept.with_entry(ENTRY))


def test_taking_back_more_than_the_last_question_makes_another_conversation() -> None:
    second = Entry("And why?")
    kept = Kept("starter", title="Expansion").with_entry(ENTRY).with_entry(second)
    assert kept.without(second).id == kept.id
    earlier = kept.without(ENTRY)
    assert earlier.id != kept.id
    assert (earlier.entries, earlier.title) == ((), "Expansion (edited)")


def test_an_entry_takes_the_place_of_its_older_self() -> None:
    kept = Kept("starter").with_entry(replace(ENTRY, answer=None)).with_entry(Entry("Next?"))
    assert [entry.answer for entry in kept.with_entry(ENTRY).entries] == [ANSWER, None]


def test_markdown_names_the_papers_of_an_answer_below_it() -> None:
    text = written(Kept("starter").with_entry(ENTRY).with_entry(replace(ENTRY, id="2")), "markdown")
    assert text.startswith("# What is $H_0$?\n")
    assert text.count("- [1] Riess et al. 2018. Milky Way Cepheid Standards") == 2
    assert "Quoted from a digest written for Sidereus" in text
    assert "<https://arxiv.org/abs/1804.10655>" in text
    assert "- The cosmic microwave background gives 67.4 km/s/Mpc, if the standard model holds [2]." in text


BEFORE = {
    "index": "starter",
    "id": "0123456789ab",
    "title": "",
    "pins": [],
    "begun": "2026-01-02T03:04:05Z",
    "changed": "2026-01-02T03:04:05Z",
}
SAID_BEFORE = [
    ("## In short", "\n\n## In short\n\n", "The tension is real [1]."),
    ("", " ", "Reference [7] of the paper says so too [1]."),
    ("Riess et al. 2018: a study", "\n\n- Riess et al. 2018: a study: ", "It is 73.5: no less [1]."),
    ("Still open, from Planck 2018", "\n- Still open, from Planck 2018: ", "Why they differ is unknown [2]."),
]


def kept_before(**entry: object) -> dict[str, object]:
    """A conversation as it was kept when answers were one text."""
    found = [json.loads(TypeAdapter(Citation).dump_json(citation)) for citation in FOUND[:2]]
    whole = {"question": "What is $H_0$?", "id": "ba9876543210", "found": found, "vote": "up", "within": ["1"]}
    return {**BEFORE, "entries": [{**whole, **entry}]}


def answer_before() -> dict[str, object]:
    """An answer as it was kept: sentences, each with what stood before it."""
    sentences = [
        {"text": said, "citations": [2 if "[2]" in said else 1], "supported": True, "score": 0.75, "lead": lead}
        for _, lead, said in SAID_BEFORE
    ]
    now = json.loads(TypeAdapter(Answer).dump_json(ANSWER))
    old = {key: value for key, value in now.items() if key not in ("blocks", "verdict", "understood", "next_steps")}
    return {**old, "sentences": sentences, "abstained": False, "note": "A note.", "shape": "synthesis"}


def read_before(store: Conversations, folder: Path, kept: dict[str, object]) -> Entry:
    """The entry of a conversation whose file is of before."""
    (folder / "conversations").mkdir(exist_ok=True)
    (folder / "conversations" / f"{BEFORE['id']}.json").write_text(json.dumps(kept), encoding="utf-8")
    again = store.read(str(BEFORE["id"]))
    assert again is not None
    assert again.begun.year == 2026
    return again.entries[0]


def test_an_answer_that_was_kept_as_one_text_is_read_into_blocks_without_loss(
    store: Conversations, tmp_path: Path
) -> None:
    entry = read_before(store, tmp_path, kept_before(answer=answer_before()))
    assert entry.answer is not None
    assert [(block.kind, block.title) for block in entry.answer.blocks] == [("section", "In short"), ("points", "")]
    assert render.text(entry.answer.blocks) == (
        "## In short\n\nThe tension is real [1]. Reference (7) of the paper says so too [1].\n\n"
        "- Riess et al. 2018: a study: It is 73.5: no less [1].\n"
        "- Still open, from Planck 2018: Why they differ is unknown [2]."
    )
    assert [sentence.label for sentence in entry.answer.sentences[2:]] == [SAID_BEFORE[2][0], SAID_BEFORE[3][0]]
    assert {(sentence.supported, sentence.score) for sentence in entry.answer.sentences} == {(True, 0.75)}
    assert entry.answer.citations == ANSWER.citations
    assert (entry.answer.verdict, entry.answer.note, entry.answer.shape) == ("answered", "A note.", "synthesis")
    assert (entry.vote, entry.within, entry.found) == ("up", ("1",), FOUND[:2])


def test_what_was_kept_is_written_as_it_is_kept_now(store: Conversations, tmp_path: Path) -> None:
    entry = read_before(store, tmp_path, kept_before(answer=answer_before()))
    kept = store.read(str(BEFORE["id"]))
    assert kept is not None
    store.change(kept, lambda kept: kept)
    file = tmp_path / "conversations" / f"{BEFORE['id']}.json"
    assert "lead" not in file.read_text(encoding="utf-8")
    assert Conversations(tmp_path / "conversations").read(kept.id).entries == (entry,)  # type: ignore[union-attr]


def test_one_that_declined_still_declines(store: Conversations, tmp_path: Path) -> None:
    silent = [{"text": "The papers here don't say.", "citations": [], "supported": None, "score": None, "lead": " "}]
    old = {**answer_before(), "sentences": silent, "citations": [], "abstained": True}
    entry = read_before(store, tmp_path, kept_before(answer=old))
    assert entry.answer is not None
    assert (entry.answer.verdict, entry.answer.abstained) == ("declined", True)
    assert render.text(entry.answer.blocks) == "The papers here don't say."


def test_one_that_was_stopped_keeps_what_was_shown(store: Conversations, tmp_path: Path) -> None:
    words = "The tension is real [1]. It grows [1, 2].\n\n- Riess et al. 2018: It is 73.5 [1].\n- It is open [2]."
    entry = read_before(store, tmp_path, kept_before(answer=None, words=words))
    assert entry.answer is None
    assert [block.kind for block in entry.said] == ["prose", "points"]
    assert render.text(entry.said) == words.replace("[1, 2]", "[1][2]")
    assert entry.said[0].sentences[1].citations == (1, 2)


def test_verdicts_are_listed_and_the_last_one_on_an_answer_counts(cli: Cli, home: Path) -> None:
    assert "No verdicts yet" in cli("feedback").err
    settings, kept = load_settings(home=home), Kept("starter").with_entry(ENTRY)
    other = Entry("Anything else?")
    for entry, vote, note in ((ENTRY, "up", ""), (other, "up", ""), (ENTRY, "down", " too short ")):
        feedback.add(settings, feedback.feedback_on(kept, entry, vote, note))
    shown = cli("feedback", "--json").json
    assert [(one["question"], one["vote"], one["note"]) for one in shown] == [
        ("Anything else?", "up", ""),
        ("What is $H_0$?", "down", "too short"),
    ]
    assert shown[1]["papers"] == [HUBBLE.id, PLANCK.id]
    down = cli("feedback", "--down")
    assert "“too short”" in down.out
    assert "Anything else?" not in down.out
    assert (settings.state / "feedback.jsonl").stat().st_mode & 0o777 == 0o600
