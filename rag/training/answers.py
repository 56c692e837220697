"""Training answers: what people wrote in answer to the written questions, and which sentences of the paper say it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.training import records

PATTERN = "answers-*.jsonl"


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """The answer to the question written for one paper, and the places of the abstract's sentences that say it.

    Places count from 0. Without any the abstract does not answer the question, and ``answer`` is "".
    """

    id: str
    sentences: tuple[int, ...]
    answer: str

    def as_line(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")) + "\n"


def read(paths: Sequence[Path]) -> tuple[WrittenAnswer, ...]:
    """The answers of some files, or of all files ``answers-*.jsonl`` of some folders, sorted by id.

    Raises UsageError when there are none, naming the line that is wrong, and when a paper comes twice.
    """
    return records.read(paths, PATTERN, _of_file, "answers")


def _of_file(path: Path) -> list[WrittenAnswer]:
    return [_answer(record, f"{path} line {number}") for number, record in read_records(path)]


def _answer(record: dict[str, object], place: str) -> WrittenAnswer:
    identifier, sentences, answer = (record.get(key) for key in ("id", "sentences", "answer"))
    if not isinstance(identifier, str) or not identifier.strip():
        raise UsageError(f'{place} has no "id": mend it and run again.')
    if not isinstance(sentences, list) or not all(isinstance(one, int) and one >= 0 for one in sentences):
        raise UsageError(f'{place} has no list of numbers in "sentences": mend it and run again.')
    if not isinstance(answer, str) or bool(answer.strip()) != bool(sentences):
        raise UsageError(f'{place} needs an "answer" exactly where it names sentences: mend it and run again.')
    return WrittenAnswer(identifier, tuple(sentences), " ".join(answer.split()))
