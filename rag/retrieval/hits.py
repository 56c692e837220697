"""What a search returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag.index.filters import Filters
from rag.papers import Paper


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that a search found: ``rank`` counts from 1, ``score`` is in 0..1, higher is better.

    ``duplicates`` are the ids of papers folded into this one, which say the same.
    """

    rank: int
    score: float
    paper: Paper
    duplicates: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The hit as JSON-ready values, as ``search --json`` prints it."""
        paper = self.paper
        return {
            "rank": self.rank,
            "score": round(self.score, 4),
            "id": paper.id,
            "title": paper.title,
            "authors": list(paper.authors),
            "year": paper.year,
            "categories": list(paper.categories),
            "abstract": paper.abstract,
            "kind": paper.kind,
            "url": paper.url,
        }


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The hits of one query, with the filters used, those given up to find anything, and the seconds it took.

    ``parsed`` are those of the filters that were read out of the query, ``also`` says under which other names
    things were looked for ("M31: NGC 224, Andromeda"), and ``notes`` are sentences for the person. ``corrected`` are
    the words that were taken for others, as (typed, meant).
    """

    query: str
    index: str
    model: str
    seconds: float
    filters: Filters
    relaxed: tuple[str, ...]
    hits: tuple[Hit, ...]
    parsed: Filters = Filters()
    also: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The result as ``search --json`` prints it."""
        return {
            "query": self.query,
            "index": self.index,
            "model": self.model,
            "seconds": round(self.seconds, 4),
            "filters": self.filters.as_record(),
            "relaxed": list(self.relaxed),
            "corrected": dict(self.corrected),
            "also": list(self.also),
            "notes": list(self.notes),
            "hits": [hit.as_record() for hit in self.hits],
        }
