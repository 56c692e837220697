"""A search for people who want a list: what is clearly about a query, in the order asked for, and of which years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

from rag.index.filters import Filters
from rag.papers import NEW_ID, OLD_ID, Paper
from rag.retrieval.hits import Hit, SearchResult
from rag.text.personal_names import surname

Sort = Literal["relevance", "newest", "oldest", "author"]
SORTS: tuple[Sort, ...] = get_args(Sort)
MOST = 300
# The calibrated probability below which a paper is only near; the nearest few are listed when all are so.
CLEAR = 0.05
NEAREST = 10


class Search(Protocol):
    """:meth:`rag.session.Session.search`."""

    def __call__(
        self,
        query: str,
        filters: Filters = ...,
        limit: int = ...,
        *,
        like: str | None = ...,
        ignore: Collection[str] = ...,
    ) -> SearchResult:
        """Find papers."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for: words, papers like one, or nothing but filters. ``ignore`` are guesses not to make."""

    query: str = ""
    filters: Filters = Filters()
    like: str | None = None
    ignore: tuple[str, ...] = ()
    sort: Sort = "relevance"

    def __bool__(self) -> bool:
        return bool(self.query.strip() or self.like or self.filters)


@dataclass(frozen=True, slots=True)
class Listing:
    """The hits in the order asked for; ``years`` counts them by year, the wish's own years aside.

    ``clear`` says that they are about the query, and not merely nearest to it; ``more`` that there are others.
    """

    result: SearchResult
    hits: tuple[Hit, ...]
    years: dict[int, int]
    clear: bool
    more: bool


def listing(search: Search, wish: Wish) -> Listing:
    """List what a wish finds. Raises UsageError as the search does."""

    def found(filters: Filters) -> tuple[SearchResult, list[Hit]]:
        query, filters = put(wish.query, filters, wish.like)
        result = search(query, filters, MOST, like=wish.like, ignore=wish.ignore)
        return result, _clear(result)

    result, hits = found(wish.filters)
    of_any_year = hits
    if wish.filters.since is not None or wish.filters.until is not None:
        timeless = replace(wish.filters, since=None, until=None)
        of_any_year = found(timeless)[1] if replace(wish, filters=timeless) else hits
    clear = bool(hits)
    listed = _sorted(hits or list(result.hits[:NEAREST]), wish.sort)
    years = Counter(hit.paper.year for hit in of_any_year or listed)
    return Listing(result, tuple(listed), dict(sorted(years.items())), clear, len(hits) >= MOST)


def in_order(result: SearchResult, sort: Sort, limit: int) -> SearchResult:
    """The first hits of a search in another order than that of relevance: of those clearly about the query."""
    hits = result.hits if sort == "relevance" else _sorted(_clear(result) or list(result.hits[:NEAREST]), sort)
    ranked = (replace(hit, rank=rank) for rank, hit in enumerate(hits[:limit], start=1))
    return replace(result, hits=tuple(ranked))


def _clear(result: SearchResult) -> list[Hit]:
    return [hit for hit in result.hits if hit.score >= CLEAR]


def _sorted(hits: list[Hit], sort: Sort) -> list[Hit]:
    """Hits in an order; those of one first author, the oldest first."""
    if sort == "relevance":
        return hits
    if sort == "author":
        return sorted(hits, key=lambda hit: (surname(hit.paper.authors[0]), _date(hit.paper)))
    return sorted(hits, key=lambda hit: _date(hit.paper), reverse=sort == "newest")


def put(query: str, filters: Filters, like: str | None = None) -> tuple[str, Filters]:
    """The query and the filters; without a query, a filter in words: what it admits is then listed, newest first."""
    if query.strip() or like:
        return query, filters
    if filters.author:
        return f'author:"{filters.author}"', replace(filters, author=None)
    if filters.category:
        return f"category:{filters.category}", replace(filters, category=None)
    if filters.since is None and filters.until is None:
        return query, filters
    return f"since {filters.since}" if filters.since is not None else f"until {filters.until}", filters


def _date(paper: Paper) -> tuple[int, int, str]:
    """When a paper came out, as far as its arXiv identifier tells."""
    match = NEW_ID.fullmatch(paper.id) or OLD_ID.fullmatch(paper.id)
    return paper.year, int(match["mm"]) if match else 0, paper.id
