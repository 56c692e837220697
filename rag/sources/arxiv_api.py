"""arXiv's search API: the papers that a query finds, newest first, and then what is new or replaced.

The API and its query language: https://info.arxiv.org/help/api/user-manual.html. It gives no more than the first
thousands of results of a query, so larger ones are asked in windows of the date of submission.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import arxiv
import requests

from rag.errors import UsageError
from rag.papers import Paper, clean, plain_name, split_id
from rag.sources import Cursor, Page, ReadReport, Selection
from rag.sources.bulk import WITHDRAWN
from rag.sources.fetcher import Fetcher
from rag.sources.wellformed import parse, without_forbidden

ATOM = "{http://www.w3.org/2005/Atom}"
TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
PAGE = 1000
CEILING = 10_000
FIRST_DAY = datetime(1991, 7, 1, tzinfo=UTC)
# Papers come out days, held ones weeks after the date they bear, so an update looks back so far.
OVERLAP = timedelta(days=14)
# An end that comes too early is believed when it is told so often.
BELIEVED = 3

Window = tuple[datetime, datetime]


class ArxivQuery:
    """The results of a query such as ``cat:astro-ph.EP AND ti:TRAPPIST``.

    Its cursor holds the windows still to be asked and the place in the first of them, or, once all are read,
    the moment when that began and the place among what was updated since.
    """

    default_category: str | None = None
    current = True

    def __init__(self, query: str, url: str, fetcher: Fetcher, wanted: Selection = Selection()) -> None:
        self.name = f"arxiv:{query}"
        self._query = query
        self._years = wanted.since, wanted.until
        self._session = _Checked(fetcher)
        self._client = arxiv.Client(page_size=PAGE, delay_seconds=0, num_retries=0)
        self._client.query_url_format = url + "?{}"
        self._client._session = self._session
        self._done = 0.0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the papers the query finds, or what was updated since the cursor.

        Raises UsageError when arXiv can't read the query.
        """
        place = dict(cursor or {})
        now = datetime.now(UTC)
        if "since" in place:
            yield from self._updates({"began": _moment(now), "start": 0, **place}, report)
        else:
            windows = [[_moment(edge) for edge in self._span(now)]]
            yield from self._windows(
                {"began": _moment(now), "windows": windows, "start": 0, "read": 0, **place}, report
            )
        self._done = 1.0

    def fraction(self) -> float:
        """How much of the results has been read, 0..1."""
        return self._done

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many results the query has, for one request; after ``cursor``, what comes until then."""
        if cursor and "since" in cursor:
            return sum(len(page.entries) for page in self.pages(ReadReport(), cursor))
        self._results(*self._span(datetime.now(UTC)), 0, ReadReport())
        return self._session.total

    def _windows(self, place: Cursor, report: ReadReport) -> Iterator[Page]:
        while place["windows"]:
            first, last = (datetime.fromisoformat(edge) for edge in place["windows"][0])
            start = place["start"]
            papers = self._results(first, last, start, report)
            total = self._session.total
            place.setdefault("total", total)
            if start == 0 and total > CEILING and last - first > timedelta(minutes=2):
                parts = [[_moment(a), _moment(b)] for a, b in _split(first, last, total)]
                place = {**place, "windows": [*parts, *place["windows"][1:]]}
                continue
            start += self._session.entries
            if start < self._session.most and self._session.entries:
                place = {**place, "start": start}
            else:
                place = {**place, "windows": place["windows"][1:], "start": 0}
            place["read"] = place["read"] + len(papers)
            self._done = min(place["read"] / max(place["total"], 1), 1.0)
            yield Page(papers, place if place["windows"] else {"since": place["began"]})

    def _updates(self, place: Cursor, report: ReadReport) -> Iterator[Page]:
        """What was submitted or replaced since, newest first; when that is too much for the API, everything anew."""
        since = datetime.fromisoformat(place["since"]) - OVERLAP
        while place["start"] < CEILING:
            papers = self._results(*self._span(datetime.now(UTC)), place["start"], report, updates=True)
            start = place["start"] + self._session.entries
            ended = self._session.oldest < since or start >= self._session.most or not self._session.entries
            self._done = min(start / max(self._session.most, 1), 1.0)
            yield Page(papers, {"since": place["began"]} if ended else {**place, "start": start})
            if ended:
                return
            place = {**place, "start": start}
        yield from self.pages(report)

    def _results(
        self, first: datetime, last: datetime, start: int, report: ReadReport, updates: bool = False
    ) -> tuple[Paper, ...]:
        """One page of results, from the ``start``-th; what the session notes about it is then in place."""
        search = arxiv.Search(
            f"({self._query}) AND submittedDate:[{first:%Y%m%d%H%M} TO {last:%Y%m%d%H%M}]",
            max_results=start + PAGE,
            sort_by=arxiv.SortCriterion.LastUpdatedDate if updates else arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Descending,
        )
        found = self._client.results(search, offset=start)
        results = list(islice(found, 1))
        results += islice(found, max(self._session.usable - 1, 0))
        self._session.oldest = min((result.updated for result in results), default=last)
        for _ in range(self._session.entries - self._session.usable):
            report.problem(f"{self.name} after result {start}", "an entry lacks its id or its dates")
        return tuple(self._papers(results, report))

    def _papers(self, results: list[arxiv.Result], report: ReadReport) -> Iterator[Paper]:
        for result in results:
            try:
                yield paper_of_result(result)
            except ValueError as error:
                report.problem(f"{self.name} entry {result.entry_id}", str(error))

    def _span(self, now: datetime) -> Window:
        since, until = self._years
        first = datetime(since, 1, 1, tzinfo=UTC) if since and since > FIRST_DAY.year else FIRST_DAY
        last = (
            datetime(until + 1, 1, 1, tzinfo=UTC) if until and until < now.year else _midnight(now + timedelta(days=2))
        )
        return first, max(first, last)


class _Checked:
    """The session of the arxiv package: a fetcher fetches, and a page is let through when it can be believed."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._early_ends: Counter[str] = Counter()
        self._query = ""
        self.total = self.most = self.entries = self.usable = 0
        self.oldest = FIRST_DAY

    def get(self, address: str, **options: object) -> requests.Response:
        """The answer, which is a whole feed with the entries it should have; the fetcher has headers of its own."""
        fields = parse_qs(urlsplit(address).query)
        query = " ".join(fields["search_query"] + fields["sortBy"])
        if query != self._query:
            self._query, self.most = query, 0
        answer = requests.Response()
        answer.status_code = 200
        answer._content = without_forbidden(
            self._fetcher.fetch(address, lambda body: self._fault(address, int(fields["start"][0]), body))
        )
        return answer

    def _fault(self, address: str, start: int, body: bytes) -> str | None:
        try:
            feed = parse(without_forbidden(body))
            total = int(feed.findtext(TOTAL, "")) if feed.tag == f"{ATOM}feed" else -1
        except ValueError as error:
            words = " ".join(body[:60].decode("utf-8", "replace").split())
            return f"instead of results came {words!r}; {error}"
        if total < 0:
            return "what came is no list of results"
        entries = feed.findall(f"{ATOM}entry")
        if len(entries) == 1 and "/api/errors" in entries[0].findtext(f"{ATOM}id", ""):
            said = clean(entries[0].findtext(f"{ATOM}summary")) or "malformed query"
            raise UsageError(f"arXiv can't read the query ({said}): see its user manual for how to write one.")
        self.total, self.most = total, max(total, self.most)
        if not entries and start < self.most:
            self._early_ends[address] += 1
            if start < total or self._early_ends[address] < BELIEVED:
                return "an empty page came"
        self.entries = len(entries)
        self.usable = sum(_usable(entry) for entry in entries)
        return None


def paper_of_result(result: arxiv.Result) -> Paper:
    """The paper of an entry; ValueError when it has no arXiv id or no title."""
    identifier, version = split_id(result.get_short_id())
    title, abstract = clean(result.title), clean(result.summary)
    if not title:
        raise ValueError("the title is empty")
    names = (plain_name(author.name) for author in result.authors)
    return Paper(
        id=identifier,
        title=title,
        authors=tuple(name for name in names if name),
        abstract=abstract,
        year=result.published.year,
        categories=tuple(dict.fromkeys(filter(None, [result.primary_category, *result.categories]))),
        doi=clean(result.doi) or None,
        journal_ref=clean(result.journal_ref) or None,
        version=version,
        withdrawn=bool(WITHDRAWN.search(abstract) or WITHDRAWN.search(clean(result.comment))),
    )


def _usable(entry: Any) -> bool:
    return all(entry.findtext(f"{ATOM}{name}") for name in ("id", "updated", "published"))


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="minutes")


def _midnight(when: datetime) -> datetime:
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def _split(first: datetime, last: datetime, total: int) -> list[Window]:
    """Equal parts of a window, newest first, as many as make it likely that each fits below the ceiling."""
    parts = math.ceil(2 * total / CEILING)
    step = (last - first) / parts
    edges = [first + step * part for part in range(parts)] + [last]
    return [(a, b) for a, b in pairwise(edges)][::-1]
