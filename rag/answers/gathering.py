"""From a question to read evidence: each reading of it is searched for and read, and the best founded one is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answers.pipeline import Pipeline
from rag.evidence import signs
from rag.evidence.passage import Passage
from rag.index.filters import Filters
from rag.question.readings import Reading
from rag.question.shape import Shape
from rag.retrieval.hits import Hit, SearchResult
from rag.retrieval.search import search
from rag.text.spelling import respelt

# Papers that are searched for and read for a shape, unless the settings ask for more.
READ: dict[Shape, int] = {"fact": 14, "synthesis": 18, "list": 20, "review": 12}
# A paper on the screen is what a follow-up is about more often than its words alone tell.
ON_SCREEN = 3

Corrections = tuple[tuple[str, str], ...]
"""Words as typed, and what they were taken for."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found for one reading of a question: papers, best first, and their sentences, read, best first."""

    reading: Reading
    hits: tuple[Hit, ...]
    read: tuple[Passage, ...]

    @property
    def weight(self) -> float:
        """How well founded the reading is: the log of its own chance times that of its best sentence to answer."""
        best = self.read[0].answers if self.read else 0.0
        return math.log(max(best, 1e-6)) + math.log(max(self.reading.prior, 1e-6))


def gather(pipeline: Pipeline, readings: Sequence[Reading], filters: Filters, shape: Shape) -> Gathered:
    """The best founded of some readings, the first of equals."""
    return max((_gathered(pipeline, reading, filters, shape) for reading in readings), key=lambda found: found.weight)


def _gathered(pipeline: Pipeline, reading: Reading, filters: Filters, shape: Shape) -> Gathered:
    hits, corrected = _retrieved(pipeline, reading, filters, shape)
    query = respelt(reading.query, corrected)
    weights = signs.Weights() if shape == "fact" else signs.BROAD
    ranked = signs.rank(query, query, hits, pipeline.encode, pipeline.idf, len(hits), weights)
    return Gathered(replace(reading, query=query), tuple(hits), tuple(pipeline.reader.read(query, ranked)))


def _retrieved(pipeline: Pipeline, reading: Reading, filters: Filters, shape: Shape) -> tuple[list[Hit], Corrections]:
    """The papers for a reading, best first, and the slips that were corrected.

    Papers on the screen that the reading may be about are among them.
    """
    limit = max(pipeline.settings.top_k, READ[shape])
    named = frozenset(reading.papers)
    if reading.only:
        filters = replace(filters, within=named & filters.within if filters.within else named)
    found = _search(pipeline, reading.query, filters, limit)
    hits = list(found.hits)
    if named and not reading.only:
        within = replace(filters, within=_both(named, filters.within))
        on_screen = _search(pipeline, reading.query, within, ON_SCREEN).hits
        known = {hit.paper.id for hit in on_screen}
        hits = [*on_screen, *(hit for hit in hits if hit.paper.id not in known)][:limit]
    return [replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1)], found.corrected


def _search(pipeline: Pipeline, query: str, filters: Filters, limit: int) -> SearchResult:
    return search(pipeline.index, pipeline.embedder, query, filters, limit, pipeline.searching)


def _both(named: frozenset[str], within: frozenset[str] | None) -> frozenset[str]:
    return named if within is None else named & within
