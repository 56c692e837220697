"""The store of conversations, what they are written out as, and the verdicts on answers."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from stand_in import FOUND, HUBBLE, PLANCK, SENTENCES
from workbench import Cli

from rag.answers.answer import Answer, Block, Timings
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
    assert again.before(1).numbers == {HUBBLE.id: 1, PLANCK.id: 2}


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


def test_markdown_names_every_cited_paper_once() -> None:
    text = written(Kept("starter").with_entry(ENTRY).with_entry(replace(ENTRY, id="2")), "markdown")
    assert text.startswith("# What is $H_0$?\n")
    assert text.count("- [1] Riess et al. 2018. Milky Way Cepheid Standards") == 1
    assert "Quoted from a digest written for Sidereus" in text
    assert "<https://arxiv.org/abs/1804.10655>" in text
    assert "- The cosmic microwave background gives 67.4 km/s/Mpc, if the standard model holds [2]." in text


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
