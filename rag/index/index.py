"""An open index: nearest vectors, matching words, and the papers themselves, all by row number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import IndexProblem
from rag.index import folders
from rag.index.content import Content, Rows
from rag.index.engine import txtai, words
from rag.index.filters import Filters
from rag.index.manifest import Manifest, check_files, damaged, read_manifest
from rag.index.shape import check_shape
from rag.papers import Paper
from rag.text.spelling import Speller

Scores = npt.NDArray[np.float32]

# So many clusters hold 99.5 % of the true ten nearest, at 100,000 papers as at 430,000; with filters, more are
# looked at, in the measure in which papers are left out.
PROBES = 160
BLOCK = 16


class Index:
    """One generation of an index, open for reading. Safe to use from several threads.

    ``content`` reads its papers and the columns they are filed under.
    """

    def __init__(self, manifest: Manifest, database: Any, content: Content) -> None:
        self.manifest = manifest
        self._database = database
        self.content = content

    def nearest(self, vector: npt.NDArray[np.float32], limit: int, among: Rows | None = None) -> tuple[Rows, Scores]:
        """The rows with the largest cosine to a normalised vector of shape (dimensions,), best first.

        ``among`` limits them to those rows. Raises IndexProblem when the vector is of another model.
        """
        if vector.shape != (self.manifest.dimensions,):
            raise IndexProblem(
                f"The index {self.manifest.name!r} holds vectors of {self.manifest.dimensions} dimensions by "
                f"{self.manifest.model}, and the query has {vector.shape[0]}: "
                "run 'sidereus index reembed' to change its model."
            )
        import faiss

        backend = self._database.ann.backend
        options: dict[str, Any] = {}
        if among is not None:
            bits: Any = np.packbits(self._admits(among), bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg]
        if hasattr(backend, "nprobe"):
            share = 1.0 if among is None else self.manifest.papers / max(len(among), 1)
            options["nprobe"] = min(backend.nlist, math.ceil(PROBES * share))
            parameters: Any = faiss.SearchParametersIVF(**options)
        else:
            parameters = faiss.SearchParameters(**options)
        scores, rows = backend.search(vector[np.newaxis, :], min(limit, self.manifest.papers), params=parameters)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def matching_words(self, query: str, limit: int, among: Rows | None = None) -> tuple[Rows, Scores]:
        """The rows with the largest BM25 score for the words of a query, best first; none when no word is known."""
        terms = self._database.scoring.terms
        scores = np.zeros(len(self.word_rows), dtype=np.float32)
        for word, count in Counter(words(query)).items():
            places, weights = terms.weights(word)
            if places is not None:
                scores[places] += count * weights
        scores[terms.deletes] = 0
        if among is not None:
            scores *= self._admits(among)[self.word_rows]
        best = _largest(scores, limit)
        return self.word_rows[best], scores[best]

    def rows_with(self, text: str) -> Rows:
        """The rows of the papers that have every word of a text, ascending; none for a text without a word."""
        found: Rows | None = None
        for word in dict.fromkeys(words(text)):
            places, _ = self._database.scoring.terms.weights(word)
            rows = self.word_rows[places] if places is not None else np.zeros(0, dtype=np.int64)
            found = np.sort(rows) if found is None else np.intersect1d(found, rows)
        return np.zeros(0, dtype=np.int64) if found is None else found

    def document_frequencies(self, query: str) -> list[int]:
        """In how many papers each different word of a query stands."""
        frequencies = self._database.scoring.docfreq
        return [int(frequencies.get(word, 0)) for word in dict.fromkeys(words(query))]

    def document_frequency(self, stem: str) -> int:
        """In how many papers a stemmed word stands."""
        return int(self._database.scoring.docfreq.get(stem, 0))

    @cached_property
    def speller(self) -> Speller:
        """What corrects words that no paper here has."""
        return Speller(self.content.words(), self.content.surnames(), lambda word: any(self.document_frequencies(word)))

    def vectors(self, rows: Sequence[int]) -> npt.NDArray[np.float32]:
        """The stored vectors of some rows, of shape (len(rows), dimensions)."""
        found: npt.NDArray[np.float32] = self._database.ann.backend.reconstruct_batch(np.asarray(rows, dtype=np.int64))
        return found

    def admitted(self, filters: Filters) -> Rows | None:
        """The rows that the filters admit, or None when there are no filters."""
        if not filters:
            return None
        rows = self.content.matching(filters)
        if filters.within is not None:
            rows = np.intersect1d(rows, self._rows_of(filters.within))
        return np.setdiff1d(rows, self._rows_of(filters.without)) if filters.without else rows

    def papers(self, rows: Sequence[int]) -> list[Paper]:
        """The papers at the given rows, in their order."""
        found = self.content.papers(rows)
        return [found[int(row)] for row in rows]

    def row_of(self, identifier: str) -> int | None:
        """The row of the paper with that arXiv id."""
        return self.content.row_of(identifier)

    def _rows_of(self, identifiers: Iterable[str]) -> Rows:
        rows = (self.row_of(identifier) for identifier in identifiers)
        return np.array([row for row in rows if row is not None], dtype=np.int64)

    def close(self) -> None:
        """Free what the index holds."""
        self._database.close()
        self.content.close()

    def _admits(self, among: Rows) -> npt.NDArray[np.bool_]:
        """For each row, whether it is among some."""
        admits = np.zeros(self._database.ann.config["offset"], dtype=bool)
        admits[among] = True
        return admits

    @cached_property
    def word_rows(self) -> Rows:
        """The row of each paper that has words, in the order of the scores of words."""
        return np.array(self._database.scoring.terms.ids, dtype=np.int64)


def _largest(scores: Scores, limit: int) -> Rows:
    """The places of the ``limit`` largest scores above 0, best first and of equals the first.

    As many blocks of scores reach some height, so many scores do; only these need sorting.
    """
    highest = scores[: len(scores) // BLOCK * BLOCK].reshape(-1, BLOCK).max(axis=1)
    floor = np.partition(highest, -limit)[-limit] if len(highest) >= limit else 0
    places = np.flatnonzero((scores > 0) & (scores >= floor))
    return places[np.argsort(-scores[places], kind="stable")[:limit]]


def open_index(indexes: Path, name: str) -> Index:
    """Open the index called ``name``.

    Raises IndexProblem when there is none or its files are damaged.
    """
    place = folders.folder(indexes, name)
    manifest = read_manifest(place)
    try:
        return _opened(place, manifest)
    except (IndexProblem, OSError):
        if read_manifest(place).generation == manifest.generation:
            raise
        return open_index(indexes, name)  # an update has put the next generation in its place meanwhile


def _opened(place: Path, manifest: Manifest) -> Index:
    name = manifest.name
    check_files(place, manifest)
    _one_thread()
    generation = place / manifest.generation
    try:
        database = txtai.embeddings.Embeddings()
        database.load(str(generation))
        content = Content(generation / "documents")
        papers, _, _ = content.summary()
    except Exception as error:  # damage shows up as whatever the reader of that file raises
        raise damaged(name, f"{type(error).__name__}: {error}") from None
    if papers != manifest.papers:
        raise damaged(name, f"{manifest.papers} papers were written, {papers} are there")
    try:
        check_shape(database.ann.backend, manifest.dimensions, papers)
    except ValueError as error:
        raise damaged(name, str(error)) from None
    backend = database.ann.backend
    if hasattr(backend, "nprobe"):
        import faiss

        # Lets single vectors be read back.
        backend.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined]
    return Index(manifest, database, content)


def _one_thread() -> None:
    """Let faiss search on one thread: a query takes a millisecond, and threads waiting for each other take ten."""
    import faiss

    faiss.omp_set_num_threads(1)
