"""As many papers as one likes, made from those of an index, and vectors for them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from rag.models.catalog import Model
from rag.models.embedder import Embedder, Role, Vectors, normalised
from rag.papers import Paper
from rag.progress import Progress, silent
from rag.sources import Cursor, Page, ReadReport
from rag.text.sentences import split

PAPERS_OF_A_PAGE = 1024
# Length of the noise added to a unit vector: the cosine to the original becomes about 0.86.
NOISE = 0.6


class Recombined:
    """A source of papers that are made from others: ``count`` of them, numbered from ``start``."""

    default_category: str | None = None
    current = False

    def __init__(self, originals: Sequence[Paper], start: int, count: int, version: int = 1) -> None:
        self.name = "recombined papers"
        self._originals, self._version = originals, version
        self._start, self._count, self._made = start, count, 0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield each paper: the first of two originals, with every other sentence from the second."""
        last = self._start + self._count
        for start in range(cursor["start"] if cursor else self._start, last, PAPERS_OF_A_PAGE):
            numbers = range(start, min(start + PAPERS_OF_A_PAGE, last))
            papers = tuple(_recombined(self._originals, number, self._version) for number in numbers)
            self._made += len(papers)
            yield Page(papers, {"start": numbers.stop})

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many papers there will be."""
        return self._count

    def fraction(self) -> float:
        """How many have been made, 0..1."""
        return self._made / self._count


class PerturbedVectors:
    """Stands in for an embedder: the stored vector of the paper a text was made from, with noise.

    The first ``embedded`` texts are really embedded; ``seconds`` and ``used`` are the time and the processor time that
    took. Every vector given is also appended to ``record``, for exact search later.
    """

    def __init__(
        self, embedder: Embedder, vectors: Vectors, titles: Sequence[str], record: Path, embedded: int = 0
    ) -> None:
        self.model: Model = embedder.model
        self.dimensions, self.weights = embedder.dimensions, embedder.weights
        self.seconds, self.used, self.embedded = 0.0, 0.0, 0
        self._embedder, self._wanted = embedder, embedded
        self._rows = {title: row for row, title in enumerate(titles)}
        self._vectors, self._record, self._random = vectors, record, np.random.default_rng(0)

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        made = self._really(texts) if self.embedded < self._wanted else self._perturbed(texts)
        with self._record.open("ab") as file:
            file.write(made.tobytes())
        return made

    def _perturbed(self, texts: Sequence[str]) -> Vectors:
        chosen = self._vectors[[self._rows[text.split("\n", 1)[0]] for text in texts]]
        noise = self._random.normal(scale=NOISE / np.sqrt(self.dimensions), size=chosen.shape)
        return normalised(chosen + noise.astype(np.float32))

    def _really(self, texts: Sequence[str]) -> Vectors:
        started, used = time.perf_counter(), time.thread_time()
        made = self._embedder.encode(texts, "document")
        self.seconds += time.perf_counter() - started
        self.used += time.thread_time() - used
        self.embedded += len(texts)
        return made


def _recombined(originals: Sequence[Paper], number: int, version: int) -> Paper:
    one = originals[number % len(originals)]
    other = originals[(number * 7919 + number // len(originals) + 1) % len(originals)]
    mine, theirs = _sentences(one.abstract), _sentences(other.abstract)
    mixed = [theirs[n] if n % 2 and n < len(theirs) else sentence for n, sentence in enumerate(mine)]
    # arXiv's old style has room for a thousand numbers a month, the new one for a hundred thousand.
    identifier = f"{number // 1_200_000 + 10:02}{number // 100_000 % 12 + 1:02}.{number % 100_000:05}"
    return replace(one, id=identifier, abstract=" ".join(mixed), version=version)


@cache
def _sentences(abstract: str) -> list[str]:
    return split(abstract)
