"""An arXiv on the loopback interface: its search API at /api/query and its OAI-PMH at /oai, with their habits.

    with ArxivServer(articles(5000)) as arxiv:
        settings = load_settings(arxiv_url=arxiv.api, oai_url=arxiv.oai, ...)

``habits`` is a queue: each request takes the first, and "" is an ordinary answer. ``log`` is what was asked.
"""

from __future__ import annotations

import gzip
import re
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from loopback import Loopback

# What arXiv has been seen to do instead of answering as it should.
HABITS = ("429", "503", "500", "rate", "empty", "cut", "truncated", "drop", "control", "gzip", "html")
API_HABITS = ("more", "fewer", "short", "nameless")
OAI_HABITS = ("expired", "broken", "redirect")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LAUGHS = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(_LETTERS))
BILLION_LAUGHS = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">{_LAUGHS}]><feed>&z;</feed>'


@dataclass(frozen=True)
class Article:
    """A paper at the server, with the day its record was changed and the moment it was submitted and replaced."""

    id: str
    title: str
    abstract: str
    submitted: datetime
    updated: datetime
    datestamp: str
    version: int = 1
    categories: str = "astro-ph.EP"
    authors: tuple[str, ...] = ("Ada Example", r"Bj\"orn Muster")
    deleted: bool = False


def articles(count: int, first: datetime = datetime(2015, 1, 1, tzinfo=UTC)) -> list[Article]:
    """So many papers, one every nine hours, all different; every third is of another category too."""
    made = []
    for n in range(count):
        day = first + timedelta(hours=9 * n)
        made.append(
            Article(
                f"{day:%y%m}.{n % 100000:05}",
                f"Light curve {n} of the Nightjar survey",
                f"Star {n} varies by {n % 97} mmag & more than $<{n % 13}$ days. Nothing else is known of source {n}.",
                day,
                day,
                f"{day + timedelta(days=1):%Y-%m-%d}",
                categories="astro-ph.SR astro-ph.EP" if n % 3 == 0 else "astro-ph.EP",
            )
        )
    return made


@dataclass
class Asked:
    """One request: when it came and when its answer began to be sent, in seconds, and what it was."""

    began: float
    ended: float
    path: str
    fields: dict[str, str]
    agent: str
    habit: str


@dataclass
class ArxivServer(Loopback):
    """Serves articles as arXiv does. Its fields may be changed while it runs."""

    articles: list[Article]
    habits: deque[str] = field(default_factory=deque)
    page: int = 500  # records of an OAI-PMH page
    ceiling: int = 10_000  # results of a query, however many there are
    today: str = "2026-11-20"
    seconds: float = 0.0  # that an answer takes
    retry_after: str = "1"
    sets: tuple[str, ...] = ("physics:astro-ph", "physics:astro-ph:EP")
    tells_size: bool = True
    log: list[Asked] = field(default_factory=list)
    generation: int = 0  # of tokens; those of another are refused

    def server(self) -> HTTPServer:
        """One that answers as arXiv does."""
        return _Server(("127.0.0.1", 0), _handler(self))

    @property
    def api(self) -> str:
        """The address of the search API."""
        return f"{self.url}/api/query"

    @property
    def oai(self) -> str:
        """The address of OAI-PMH."""
        return f"{self.url}/oai"

    def change(self, identifier: str, **changes: Any) -> None:
        """Change an article."""
        self.articles = [replace(a, **changes) if a.id == identifier else a for a in self.articles]

    def starts(self) -> list[float]:
        """The pauses between the end of one request and the start of the next."""
        asked = sorted(self.log, key=lambda one: one.began)
        return [later.began - earlier.ended for earlier, later in pairwise(asked)]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to report."""


def _handler(server: ArxivServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet: the requests are in ``server.log``."""

        def do_GET(self) -> None:
            began = time.monotonic()
            parts = urlsplit(self.path)
            fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
            habit = server.habits.popleft() if server.habits else ""
            asked = Asked(began, began, parts.path, fields, self.headers.get("User-Agent", ""), habit)
            server.log.append(asked)
            time.sleep(server.seconds)
            asked.ended = time.monotonic()
            self.answer(parts.path, fields, habit)

        def answer(self, path: str, fields: dict[str, str], habit: str) -> None:
            if habit in ("429", "503", "500"):
                self.reply(int(habit), b"busy", {"Retry-After": server.retry_after} if habit == "503" else {})
            elif habit == "rate":
                self.reply(200, b"Rate exceeded.")
            elif habit == "html":
                self.reply(200, b"<html><body><p>Down for maintenance<br></body></html>")
            elif habit == "drop":
                self.close_connection = True
            elif habit == "hang":
                server.closing.wait(20)
                self.close_connection = True
            elif habit == "xml bomb":
                self.reply(200, BILLION_LAUGHS.encode())
            elif habit == "gzip bomb":
                self.reply(200, gzip.compress(bytes(200_000_000), 1), {"Content-Encoding": "gzip"})
            elif habit == "redirect" and not path.startswith("/moved"):
                self.reply(302, b"", {"Location": "/moved" + self.path})
            elif habit == "teapot":
                self.reply(418, b"no")
            else:
                body, status = (_api if "api" in path else _oai)(server, fields, habit)
                self.send(body.encode(), status, habit)

        def send(self, body: bytes, status: int, habit: str) -> None:
            if habit == "control":
                body = body.replace(b"varies", b"var\x0cies", 1).replace(b"Nothing", b"Nothing&#x1;", 1)
            if habit == "truncated":
                body = body[: len(body) // 2]
            if habit == "cut":
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
                self.close_connection = True
                return
            if habit == "gzip":
                self.reply(status, gzip.compress(body), {"Content-Encoding": "gzip"})
                return
            self.reply(status, body)

        def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the client went away
                self.close_connection = True

    return Handler


def _api(server: ArxivServer, fields: dict[str, str], habit: str) -> tuple[str, int]:
    query = fields["search_query"]
    match = re.fullmatch(r"\((?P<query>.*)\) AND submittedDate:\[(?P<first>\d{12}) TO (?P<last>\d{12})\]", query)
    if not match or match["query"].count("(") != match["query"].count(")"):
        entry = (
            "<entry><id>https://arxiv.org/api/errors#incorrect_query</id><title>Error</title>"
            f"<summary>Incorrect query: {escape(query)}</summary><updated>2026-01-01T00:00:00Z</updated></entry>"
        )
        return _feed(1, 0, [entry]), 400
    first, last = (datetime.strptime(match[name], "%Y%m%d%H%M").replace(tzinfo=UTC) for name in ("first", "last"))
    category = match["query"].removeprefix("cat:")
    found = [
        article
        for article in server.articles
        if not article.deleted
        and first <= article.submitted <= last
        and any(one.startswith(category) for one in article.categories.split())
    ]
    key = "updated" if fields["sortBy"] == "lastUpdatedDate" else "submitted"
    found.sort(key=lambda article: getattr(article, key), reverse=fields["sortOrder"] == "descending")
    start, size = int(fields["start"]), int(fields["max_results"])
    total = len(found) + {"more": 700, "fewer": -700}.get(habit, 0)
    size = {"short": size // 2, "empty": 0}.get(habit, size)
    entries = [_entry(article) for article in found[: server.ceiling][start : start + size]]
    if habit == "nameless" and entries:
        entries[0] = re.sub(r"<id>.*?</id>", "", entries[0])
    return _feed(max(total, 0), start, entries), 200


def _feed(total: int, start: int, entries: list[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        "<id>https://arxiv.org/api/x</id><title>arXiv Query</title><updated>2026-11-20T00:00:00Z</updated>"
        f"<opensearch:itemsPerPage>{len(entries)}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{''.join(entries)}</feed>"
    )


@cache
def _entry(article: Article) -> str:
    categories = article.categories.split()
    return (
        f"<entry><id>http://arxiv.org/abs/{article.id}v{article.version}</id><title>{escape(article.title)}</title>"
        f"<updated>{article.updated:%Y-%m-%dT%H:%M:%SZ}</updated><summary>  {escape(article.abstract)}\n</summary>"
        f"<published>{article.submitted:%Y-%m-%dT%H:%M:%SZ}</published>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in article.authors)
        + "".join(f'<category term="{one}" scheme="http://arxiv.org/schemas/atom"/>' for one in categories)
        + f'<arxiv:primary_category term="{categories[0]}"/></entry>'
    )


def _oai(server: ArxivServer, fields: dict[str, str], habit: str) -> tuple[str, int]:
    if habit == "expired":
        server.generation += 1
    token = fields.get("resumptionToken")
    if token:
        generation, wanted, since, begin = token.split("|")
        if int(generation) != server.generation:
            return _error(server, "badResumptionToken", "The token has expired."), 200
    else:
        wanted, since, begin = fields.get("set", ""), fields.get("from", ""), "0"
        if fields.get("metadataPrefix") != "arXivRaw":
            return _error(server, "cannotDisseminateFormat", "unknown format"), 200
        if wanted not in server.sets:
            return _error(server, "badArgument", "no such set"), 200
    category = ".".join(wanted.split(":")[1:])
    found = [
        article
        for article in sorted(server.articles, key=lambda one: (one.datestamp, one.id))
        if article.datestamp >= since and any(one.startswith(category) for one in article.categories.split())
    ]
    if not found:
        return _error(server, "noRecordsMatch", "nothing"), 200
    start = int(begin)
    records = [_record(article) for article in found[start : start + server.page]] if habit != "empty" else []
    if habit == "broken":
        records.insert(1, "<record><header><identifier>oai:arXiv.org:nonsense</identifier></header></record>")
    end = start + server.page
    size = f' completeListSize="{len(found)}"' if server.tells_size else ""
    more = f"{server.generation}|{wanted}|{since}|{end}" if end < len(found) else ""
    tail = f'<resumptionToken cursor="{start}"{size}>{more}</resumptionToken>' if more or token else ""
    return _envelope(server, f"<ListRecords>{''.join(records)}{tail}</ListRecords>"), 200


@cache
def _record(article: Article) -> str:
    status = ' status="deleted"' if article.deleted else ""
    header = (
        f"<header{status}><identifier>oai:arXiv.org:{article.id}</identifier><datestamp>{article.datestamp}</datestamp>"
        "<setSpec>physics:astro-ph</setSpec></header>"
    )
    if article.deleted:
        return f"<record>{header}</record>"
    versions = "".join(
        f"<version version={quoteattr(f'v{n}')}><date>{article.submitted:%a, %d %b %Y %H:%M:%S GMT}</date>"
        "<size>9kb</size></version>"
        for n in range(1, article.version + 1)
    )
    return (
        f'<record>{header}<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{article.id}</id>'
        f"<submitter>A. Submitter</submitter>{versions}<title>{escape(article.title)}</title>"
        f"<authors>{escape(', '.join(article.authors))} ((1) Observatory (north), (2) Elsewhere)</authors>"
        f"<categories>{article.categories}</categories><license>x</license>"
        f"<abstract>  {escape(article.abstract)}\n</abstract></arXivRaw></metadata></record>"
    )


def _error(server: ArxivServer, code: str, text: str) -> str:
    return _envelope(server, f'<error code="{code}">{text}</error>')


def _envelope(server: ArxivServer, inside: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{server.today}T10:00:00Z</responseDate><request>x</request>{inside}</OAI-PMH>"
    )
