"""The starter collection: landmark papers with digests written for Sidereus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from rag.errors import SourceProblem
from rag.papers import Paper
from rag.resources import starter_folder
from rag.sources import Cursor, Page, ReadReport


class StarterCollection:
    """The files ``*.jsonl`` of ``indexes/starter``, one subfield a file, one paper a line."""

    name = "starter"
    default_category: str | None = None
    current = True

    def __init__(self) -> None:
        self._done = 0.0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the landmark papers, subfield by subfield, unless they are those that were read before."""
        stamp = hashlib.sha256("\n".join(self._lines).encode()).hexdigest()[:16]
        self._done = 1.0
        if not cursor or cursor["stamp"] != stamp:
            yield Page(tuple(_paper(json.loads(line)) for line in self._lines), {"stamp": stamp})

    def fraction(self) -> float:
        """Nothing or all."""
        return self._done

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many papers there are."""
        return len(self._lines)

    @cached_property
    def _lines(self) -> list[str]:
        files = sorted(starter_folder().glob("*.jsonl"))
        if not files:
            raise SourceProblem(f"The starter collection is missing from {starter_folder()}: install Sidereus again.")
        return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def _paper(entry: dict[str, Any]) -> Paper:
    return Paper(
        id=entry["id"],
        title=entry["title"],
        authors=tuple(entry["authors"]),
        abstract=entry["digest"],
        year=entry["year"],
        categories=tuple(entry["categories"]),
        kind="digest",
        doi=entry["doi"],
    )
