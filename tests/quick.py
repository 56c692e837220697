"""Building and updating indexes without a model: vectors are made from the words of a text, at no cost.

    python quick.py HOME LISTING build|update NAME SOURCE...

does so in a process of its own, and writes each text that was embedded into LISTING.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.errors import SidereusError
from rag.index import build, folders
from rag.index.filters import Filters
from rag.index.index import open_index
from rag.index.manifest import Feed, Manifest
from rag.models.catalog import find
from rag.models.embedder import Role, Vectors, normalised
from rag.papers import Paper
from rag.progress import Progress, silent
from rag.settings import Settings
from rag.sources import Selection, Source, open_source

DIMENSIONS = 32


class QuickEmbedder:
    """An embedder whose vectors are those of hashed words. ``embedded`` is what it was given."""

    def __init__(self, listing: Path | None = None) -> None:
        self.model = find("all-minilm-l6-v2", "embedding")
        self.dimensions, self.weights = DIMENSIONS, "none"
        self.embedded: list[str] = []
        self._listing = listing

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), 32)."""
        self.embedded += texts
        if self._listing:
            with self._listing.open("a", encoding="utf-8") as file:
                file.writelines(text.replace("\n", " ") + "\n" for text in texts)
        vectors = np.full((len(texts), DIMENSIONS), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, hashlib.md5(word.encode()).digest()[0] % DIMENSIONS] += 1
        return normalised(vectors)


def build_index(
    settings: Settings, name: str, *specs: str, embedder: QuickEmbedder | None = None, wanted: Selection = Selection()
) -> Manifest:
    """Build an index from sources."""
    sources = tuple(open_source(spec, settings, wanted) for spec in specs)
    return build.build(settings.indexes, build.Plan(name, sources, wanted), embedder or QuickEmbedder())


def update_index(settings: Settings, name: str, embedder: QuickEmbedder | None = None) -> Manifest:
    """Update an index."""

    def reopen(feed: Feed) -> Source:
        return open_source(feed.source, settings, build.selection_of(feed))

    return build.update(settings.indexes, name, reopen, lambda model: embedder or QuickEmbedder())


def contents(settings: Settings, name: str) -> dict[str, Paper]:
    """All papers of an index, by identifier."""
    index = open_index(settings.indexes, name)
    try:
        return {paper.id: paper for paper in index.papers(index.content.matching(Filters()).tolist())}
    finally:
        index.close()


def main(home: str, listing: str, what: str, name: str, *specs: str) -> None:
    """Build or update in this process, as ``sidereus`` would: what fails is one sentence."""
    settings = Settings(home=Path(home))
    embedder = QuickEmbedder(Path(listing))
    try:
        if what == "build":
            if not (folders.folder(settings.indexes, name) / "index.json").exists():
                build_index(settings, name, *specs, embedder=embedder)
        else:
            update_index(settings, name, embedder)
    except SidereusError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
