"""Judged questions: what people ask, and how well sentences of papers answer it.

A grade says of a sentence, read with its paper's title: 3 it answers by itself, 2 in part or with context missing,
1 it bears on the question, 0 it is noise. The files hold arXiv ids and places of sentences and no text of the papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.training import records

PATTERN = "judged-*.jsonl"
ANSWERS, PARTLY, BEARS, NOISE = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question and the grades of sentences, by paper and place in its abstract, counted from 0."""

    id: str
    question: str
    grades: Mapping[str, Mapping[int, int]]

    @property
    def answerable(self) -> bool:
        """Whether a sentence answers it at least in part."""
        return any(grade >= PARTLY for places in self.grades.values() for grade in places.values())


def read(paths: Sequence[Path]) -> tuple[JudgedQuestion, ...]:
    """The questions of some files, or of all files ``judged-*.jsonl`` of some folders, sorted by id.

    Raises UsageError when there are none, naming the line that is wrong, and when a question comes twice.
    """
    return records.read(paths, PATTERN, _of_file, "judgments")


def _of_file(path: Path) -> list[JudgedQuestion]:
    return [_question(record, f"{path} line {number}") for number, record in read_records(path)]


def _question(record: dict[str, object], place: str) -> JudgedQuestion:
    identifier, question, grades = (record.get(key) for key in ("qid", "question", "grades"))
    if not isinstance(identifier, str) or not isinstance(question, str) or not question.strip():
        raise UsageError(f'{place} needs a "qid" and a "question": mend it and run again.')
    try:
        assert isinstance(grades, dict)
        read_grades = {
            paper: {int(sentence): int(grade) for sentence, grade in places.items()} for paper, places in grades.items()
        }
        assert all(NOISE <= grade <= ANSWERS for places in read_grades.values() for grade in places.values())
    except (AssertionError, AttributeError, TypeError, ValueError):
        raise UsageError(f'{place} needs "grades" of 0 to 3 by paper and place: mend it and run again.') from None
    return JudgedQuestion(identifier, question, read_grades)
