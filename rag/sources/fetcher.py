"""Fetches pages from an archive, politely and with patience: paced, named, bounded in time and size.

What arXiv asks of programs: https://info.arxiv.org/help/api/tou.html
"""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx2

from rag.errors import SourceProblem
from rag.progress import clock
from rag.sources.pace import Pace

# Says why the body of an answer is no good and has to be asked for again, or None when it is good.
Check = Callable[[bytes], str | None]
Notice = Callable[[str], None]

USER_AGENT = f"Sidereus/{version('sidereus')} (search of the astronomy literature on the reader's own machine)"
TRIES, TRIES_TO_CONNECT = 7, 3
CONNECT_SECONDS, SILENT_SECONDS, LONGEST_ANSWER_SECONDS = 15.0, 90.0, 600.0
LONGEST_WAIT_SECONDS = 900.0
MOVES = 5
TOLD_FROM_SECONDS = 5.0
LARGEST_ANSWER = 64 * 1024 * 1024
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


class _Again(Exception):
    """An answer that is worth asking for again, after at least so many seconds."""

    def __init__(self, why: str, wait: float = 0.0, tries: int | None = None) -> None:
        super().__init__(why)
        self.wait, self.tries = wait, tries or TRIES


class _Moved(str):
    """Where a page is to be had instead; going there is a request of its own."""


def unheard(text: str) -> None:
    """A notice for nobody."""


class Fetcher:
    """Fetches pages over HTTP at a given pace; ``pause`` seconds are also what the waits after failures start from."""

    def __init__(self, pace: Pace, pause: float, notice: Notice = unheard) -> None:
        self._pace, self._pause, self._notice = pace, pause, notice
        self._client = httpx2.Client(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS),
        )

    def fetch(self, url: str, check: Check) -> bytes:
        """The body of a page that ``check`` finds good, asked for again as often as it may help.

        Raises SourceProblem when it can't be had.
        """
        host = urlsplit(url).netloc
        attempt, moves = 0, 0
        while True:
            try:
                with self._pace.turn():
                    body = self._once(url)
                if isinstance(body, _Moved):
                    url, moves = body, moves + 1
                    if moves > MOVES:
                        raise _Again("it sends in circles")
                    continue
                why = check(body)
                if why is None:
                    return body
                raise _Again(why)
            except _Again as again:
                attempt += 1
                if attempt >= again.tries:
                    raise SourceProblem(
                        f"{host} could not be read ({again}): run the same command again later, "
                        "and it goes on from where it is."
                    ) from None
                self._rest(host, str(again), attempt, again.wait)

    def _rest(self, host: str, why: str, attempt: int, asked: float) -> None:
        """Wait twice as long after each failure, give or take a quarter, and never shorter than was asked for."""
        if asked > LONGEST_WAIT_SECONDS:
            raise SourceProblem(
                f"{host} asks to come back in {clock(asked)} ({why}): run the same command again then, "
                "and it goes on from where it is."
            )
        wait = max(asked, self._pause * 2 ** (attempt - 1) * random.uniform(0.75, 1.25))
        if wait >= TOLD_FROM_SECONDS:
            self._notice(f"{host}: {why}; trying again in {clock(wait)}.")
        time.sleep(wait)

    def _once(self, url: str) -> bytes | _Moved:
        try:
            with self._client.stream("GET", url) as answer:
                if answer.has_redirect_location:
                    return _Moved(answer.url.join(answer.headers["Location"]))
                if answer.status_code in TRANSIENT:
                    raise _Again(_status(answer), _retry_after(answer))
                body = _body(answer)
                if answer.status_code not in (200, 400):  # a 400 explains itself in its body
                    raise SourceProblem(f"{urlsplit(url).netloc} refuses the request ({_status(answer)}): try later.")
                return body
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _Again(f"no connection, {_reason(error)}", tries=TRIES_TO_CONNECT) from None
        except httpx2.TimeoutException:
            raise _Again("it did not answer in time") from None
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise _Again(f"the connection broke off, {_reason(error)}") from None


def _status(answer: httpx2.Response) -> str:
    return f"HTTP {answer.status_code} {answer.reason_phrase}".strip()


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _retry_after(answer: httpx2.Response) -> float:
    """What the header Retry-After asks for, in seconds; it is a number or a date."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 0.0


def _body(answer: httpx2.Response) -> bytes:
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    chunks = _in_time(answer.iter_raw())
    if encoding in ("gzip", "x-gzip", "deflate"):
        return _inflated(chunks)
    if encoding not in ("", "identity"):
        raise _Again(f"it answered in the encoding {encoding!r}")
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _bounded(len(body))
    return bytes(body)


def _in_time(chunks: Iterable[bytes]) -> Iterable[bytes]:
    started = time.monotonic()
    for chunk in chunks:
        if time.monotonic() - started > LONGEST_ANSWER_SECONDS:
            raise _Again("its answer took too long")
        yield chunk


def _inflated(chunks: Iterable[bytes]) -> bytes:
    """The decompressed body, never more of it in memory than a page may be long."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    try:
        for chunk in chunks:
            while chunk:
                body += inflater.decompress(chunk, LARGEST_ANSWER + 1 - len(body))
                _bounded(len(body))
                chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise _Again(f"its answer is damaged, {error}") from None
    if not inflater.eof:
        raise _Again("its answer breaks off")
    return bytes(body)


def _bounded(length: int) -> None:
    if length > LARGEST_ANSWER:
        raise SourceProblem(
            f"The answer is longer than {LARGEST_ANSWER // 2**20} MiB, which no page of an archive is: "
            "check the address in the settings."
        )
