"""``sidereus eval answers`` and its measures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted import Judge
from workbench import Cli

from rag.answers.answer import Answer, Block, Citation, Sentence, Timings
from rag.errors import UsageError
from rag.evaluation.answers import Asked, Given, read_questions, report
from rag.papers import Paper
from rag.session import Session
from rag.settings import load_settings

CLOUDS = {
    "question": "Which clouds make the night side of Tarnhelm-1b dark?",
    "answer": "zinc sulphide",
    "doc_id": "2403.91002",
}
WATER = {
    "question": "How much water may Velamen-4b hold by mass?",
    "answer": "18 per cent",
    "doc_id": "2403.91001",
}
KEYS = [
    "n", "gold_recall", "gold_in_first_sentence", "gold_cited", "citation_precision", "citations_per_answer",
    "foreign_citations", "invented_numbers", "unsupported", "abstention", "false_abstention", "words", "first_text_s",
    "total_s",
]  # fmt: skip


def lines(path: Path, *records: object) -> Path:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return lines(tmp_path / "questions.jsonl", CLOUDS, WATER)


@pytest.fixture
def hopeless(tmp_path: Path) -> Path:
    return lines(tmp_path / "hopeless.jsonl", {"question": "Who won the football match in Lisbon yesterday?"})


@pytest.fixture
def sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that knows the answers to the questions."""
    monkeypatch.setattr(Session, "reader", Judge(telling=("zinc", "18 per cent")))


@pytest.mark.usefixtures("sure")
def test_measures_answers_whose_gold_is_known_and_those_there_are_none_for(
    cli: Cli, library: Path, questions: Path, hopeless: Path
) -> None:
    asked = ("eval", "answers", "--index", "invented", "--questions", questions, "--unanswerable", hopeless)
    found = cli(*asked, "--json", home=library).json
    assert list(found) == KEYS
    assert found["n"] == 2
    for name in ("gold_recall", "gold_in_first_sentence", "gold_cited", "citation_precision", "abstention"):
        assert found[name] == 1.0, name
    for name in ("foreign_citations", "invented_numbers", "unsupported", "false_abstention"):
        assert found[name] == 0.0, name
    assert 0 < found["first_text_s"]["p50"] <= found["total_s"]["p95"]
    table = cli(*asked, "--limit", "1", "--show", "1", home=library)
    assert "known: zinc sulphide" in table.out
    assert "gold_recall" in table.out


@pytest.mark.usefixtures("sure")
def test_with_its_paper_left_out_a_question_can_only_be_abstained_from(
    cli: Cli, library: Path, questions: Path
) -> None:
    asked = ("eval", "answers", "--index", "invented", "--questions", questions, "--leave-out", "--json")
    found = cli(*asked, home=library).json
    assert found["gold_cited"] == 0.0
    assert found["gold_recall"] == 0.0
    assert found["false_abstention"] is None
    assert found["abstention"] >= 0.5


@pytest.mark.parametrize(
    ("record", "reason"),
    [({"question": "Why?"}, '"answer"'), ({"question": " ", "answer": "a", "doc_id": "1"}, '"question"'), ([], "JSON")],
)
def test_a_question_that_lacks_something_is_named_by_its_line(tmp_path: Path, record: Any, reason: str) -> None:
    file = lines(tmp_path / "bad.jsonl", CLOUDS, record)
    with pytest.raises(UsageError, match=f"line 2.*{reason}"):
        read_questions(file, answered=True)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no question"):
        read_questions(lines(tmp_path / "none.jsonl"), answered=False)


PAPER = Paper(
    "2403.91002", "Clouds", ("Ada Example",), "Clouds of zinc sulphide are 21 km high.", 2024, ("astro-ph.EP",)
)
GIVEN = Given(
    Asked("How high are they?", "21 km", PAPER.id),
    Answer(
        "How high are they?", "i", "e", "l",
        (Block("prose", (Sentence("Clouds of zinc sulphide are 21 km high.", (1,), (), True, 1.0),)),),
        (Citation(1, PAPER, (PAPER.abstract,)),),
        "answered", (), Timings(0.1, 0.2, 0.3, 0.4), retrieved=(PAPER.id,),
    ),
)  # fmt: skip


@pytest.fixture
def session(library: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("SIDEREUS_HOME", str(library))
    return Session(load_settings(index="invented", offline=True))


def changed(text: str, **others: Any) -> Given:
    """The answer above with other words."""
    said = Block("prose", (Sentence(text, (1,), (), True, 1.0),))
    return Given(GIVEN.asked, replace(GIVEN.answer, blocks=(said,), **others))


def test_a_right_answer_is_right_by_every_measure(session: Session) -> None:
    rates = report(session, [GIVEN]).rates
    assert (rates["gold_recall"], rates["citation_precision"], rates["gold_cited"]) == (1.0, 1.0, 1.0)
    assert (rates["invented_numbers"], rates["foreign_citations"], rates["unsupported"]) == (0.0, 0.0, 0.0)
    assert rates["words"] == 8


def test_what_is_wrong_with_an_answer_is_counted(session: Session) -> None:
    assert report(session, [changed("Clouds of zinc sulphide are 22 km high.")]).rates["invented_numbers"] == 1.0
    assert report(session, [changed("Clouds of zinc sulphide are 22 km high.")]).rates["gold_recall"] == 0.0
    assert report(session, [changed("Neutron stars glitch often.")]).rates["citation_precision"] == 0.0
    assert report(session, [changed("Clouds are 21 km high.", retrieved=("1",))]).rates["foreign_citations"] == 1.0
    unsure = Given(GIVEN.asked, replace(GIVEN.answer, blocks=(Block("prose", (Sentence("Clouds are high."),)),)))
    assert report(session, [unsure]).rates["unsupported"] == 1.0


def test_the_gold_answer_is_found_whatever_its_latex(session: Session) -> None:
    written = Given(Asked("q", r"$\sim$21\,km", PAPER.id), changed("It is ~21 km high.").answer)
    assert report(session, [written]).rates["gold_recall"] == 1.0


def test_an_abstained_answer_counts_as_one(session: Session) -> None:
    silent = Given(
        GIVEN.asked,
        replace(
            GIVEN.answer,
            blocks=(Block("prose", (Sentence("The papers here don't say."),)),),
            citations=(),
            verdict="declined",
        ),
    )
    rates = report(session, [GIVEN, silent], [silent]).rates
    assert (rates["false_abstention"], rates["abstention"], rates["gold_recall"]) == (0.5, 1.0, 0.5)
