"""Training queries: what people wrote for papers that they read, by arXiv id and without any text of the papers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from rag.errors import UsageError
from rag.evaluation.datasets import Field, read_records
from rag.training import records

FIELDS: tuple[Field, ...] = get_args(Field)
PATTERN = "queries-*.jsonl"
# A run of so many words that also stands in the paper is a copy and no query of its own.
COPIED = 7


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for one paper: a search query, its idea in other words, and a question it answers."""

    id: str
    query: str
    plain: str
    question: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The three, in the order of ``FIELDS``."""
        return tuple(str(getattr(self, field)) for field in FIELDS)

    def as_line(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")) + "\n"


def read(paths: Sequence[Path]) -> tuple[Written, ...]:
    """The queries of some files, or of all files ``queries-*.jsonl`` of some folders, sorted by id.

    Raises UsageError when there are none, naming the line that is wrong, and when a paper comes twice.
    """
    return records.read(paths, PATTERN, _of_file, "queries")


def read_ids(path: Path) -> frozenset[str]:
    """The ids in a file of one a line; UsageError when it can't be read."""
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read ({error}): name a file with one arXiv id a line.") from None


def problems(written: Iterable[Written], texts: Mapping[str, str], reserved: Collection[str]) -> Iterator[str]:
    """One sentence for each query that may not be trained on: its paper is reserved, or it copies the paper's words.

    ``texts`` are the papers' texts by id; a paper that is not among them is not compared.
    """
    for one in written:
        if one.id in reserved:
            yield f"{one.id} is reserved."
        runs = set(_runs(texts.get(one.id, "")))
        for field, text in zip(FIELDS, one.texts, strict=True):
            if runs.intersection(_runs(text)):
                yield f"{one.id}: its {field} copies {COPIED} words of the paper in a row."


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return (tuple(words[start : start + COPIED]) for start in range(len(words) - COPIED + 1))


def _of_file(path: Path) -> Iterator[Written]:
    for number, record in read_records(path):
        values = {name: record.get(name) for name in ("id", *FIELDS)}
        for name, value in values.items():
            if not isinstance(value, str) or not value.strip():
                raise UsageError(f'{path} line {number} has no "{name}": mend it and run again.')
        yield Written(**{name: " ".join(str(value).split()) for name, value in values.items()})
