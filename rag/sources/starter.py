"""The starter collection: landmark papers with digests written for Sidereus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from rag.errors import SourceProblem
from rag.papers import Paper
from rag.resources import starter_folder
from rag.sources import ReadReport


class StarterCollection:
    """The files ``*.jsonl`` of ``indexes/starter``, one subfield a file, one paper a line."""

    name = "starter"
    default_category: str | None = None

    def __init__(self) -> None:
        self._read = 0

    @cached_property
    def _lines(self) -> list[tuple[Path, str]]:
        files = sorted(starter_folder().glob("*.jsonl"))
        if not files:
            raise SourceProblem(f"The starter collection is missing from {starter_folder()}: install Sidereus again.")
        return [(file, line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def papers(self, report: ReadReport) -> Iterator[Paper]:
        """Yield the landmark papers, subfield by subfield."""
        for _, line in self._lines:
            entry = json.loads(line)
            self._read += 1
            yield Paper(
                id=entry["id"],
                title=entry["title"],
                authors=tuple(entry["authors"]),
                abstract=entry["digest"],
                year=entry["year"],
                categories=tuple(entry["categories"]),
                kind="digest",
                doi=entry["doi"],
            )

    def fraction(self) -> float:
        """How much of the collection has been read, 0..1."""
        return self._read / len(self._lines)
