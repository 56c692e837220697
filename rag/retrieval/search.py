"""From a query to ranked papers: filters, nearest vectors, matching words, and one ranking from both."""

from __future__ import annotations

import time

import numpy as np

from rag.errors import UsageError
from rag.index.index import Index
from rag.models.embedder import Embedder
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
    admitted = index.admitted(filters)
    vector = embedder.encode([query], "query")[0]
    near, cosines = index.nearest(vector, CANDIDATES, admitted)
    lexical, weights = index.matching_words(query, CANDIDATES, admitted)
    scores: dict[int, float] = dict.fromkeys(lexical.tolist(), 0.0)
    for row, cosine in zip(near.tolist(), cosines.tolist(), strict=True):
        scores[row] = scores.get(row, 0.0) + 0.5 * max(cosine, 0.0)
    for row, weight in zip(
        lexical.tolist(), (weights / max(float(np.max(weights, initial=0)), 1e-9)).tolist(), strict=True
    ):
        scores[row] += 0.5 * weight
    best = sorted(scores, key=lambda row: (-scores[row], row))[:limit]
    hits = tuple(
        Hit(rank, scores[row], paper)
        for rank, (row, paper) in enumerate(zip(best, index.papers(best), strict=True), start=1)
    )
    return SearchResult(query, index.manifest.name, embedder.model.name, time.monotonic() - started, filters, (), hits)


def _check(filters: Filters) -> None:
    if filters.since is not None and filters.until is not None and filters.since > filters.until:
        raise UsageError(f"No year is both since {filters.since} and until {filters.until}: swap the two.")
