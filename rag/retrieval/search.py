"""From a query to ranked papers: filters, nearest vectors, matching words, and one ranking from both."""

from __future__ import annotations

import time

from rag.errors import UsageError
from rag.index.content import Rows
from rag.index.index import Index
from rag.models.embedder import Embedder
from rag.retrieval.fusion import Fused, RankedList, fuse, idf
from rag.retrieval.hits import Filters, Hit, SearchResult

LONGEST_QUERY = 20_000
CANDIDATES = 200


def checked(query: str) -> str:
    """The query in one line; UsageError when there is nothing to search for, or far too much."""
    line = " ".join(query.split())
    if not any(c.isalnum() for c in line):
        raise UsageError("The question is empty: type a few words.")
    if len(line) > LONGEST_QUERY:
        raise UsageError(f"The question is {len(line):,} characters long: shorten it to {LONGEST_QUERY:,}.")
    return line


def search(index: Index, embedder: Embedder, query: str, filters: Filters, limit: int) -> SearchResult:
    """The best papers for a query among those that the filters admit.

    Raises UsageError for an empty query or filters that contradict themselves.
    """
    started = time.monotonic()
    query = checked(query)
    _check(filters)
    fused = _fused(index, embedder, query, index.admitted(filters))
    best = fused.rows[:limit].tolist()
    chances = fused.probabilities[:limit].tolist()
    hits = tuple(
        Hit(rank, chance, paper)
        for rank, (chance, paper) in enumerate(zip(chances, index.papers(best), strict=True), start=1)
    )
    seconds = time.monotonic() - started
    return SearchResult(query, index.manifest.name, embedder.model.name, seconds, filters, (), hits)


def _fused(index: Index, embedder: Embedder, query: str, admitted: Rows | None) -> Fused:
    vector = embedder.encode([query], "query")[0]
    return fuse(
        idf(index.document_frequencies(query), index.manifest.papers),
        RankedList(*index.matching_words(query, CANDIDATES, admitted)),
        RankedList(*index.nearest(vector, CANDIDATES, admitted)),
        vector,
        lambda rows: index.vectors(rows.tolist()),
    )


def _check(filters: Filters) -> None:
    if filters.since is not None and filters.until is not None and filters.since > filters.until:
        raise UsageError(f"No year is both since {filters.since} and until {filters.until}: swap the two.")
