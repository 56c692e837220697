"""The papers of an index, as a source to build it again from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rag.index.content import Content
from rag.index.manifest import Manifest, check_files
from rag.sources import Cursor, Page, ReadReport

PAPERS_OF_A_PAGE = 1024


class StoredPapers:
    """Every paper of a generation, in the order of its rows."""

    default_category: str | None = None
    current = False

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        check_files(folder, manifest)
        self.name = f"index {manifest.name}"
        self._content = Content(folder / manifest.generation / "documents")
        self._total, self._read = manifest.papers, 0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the papers behind the row in the cursor."""
        after = cursor["row"] if cursor else -1
        self._read = 0
        papers = self._content.all_papers()
        while page := list(islice(papers, PAPERS_OF_A_PAGE)):
            self._read += len(page)
            if page[-1][0] > after:
                yield Page(tuple(paper for row, paper in page if row > after), {"row": page[-1][0]})

    def fraction(self) -> float:
        """How much has been read, 0..1."""
        return self._read / max(self._total, 1)

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many papers there are."""
        return self._total
