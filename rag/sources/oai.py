"""arXiv over OAI-PMH: all papers of a set, and then those that changed since.

The protocol: https://www.openarchives.org/OAI/openarchivesprotocol.html, arXiv's service:
https://info.arxiv.org/help/oa/index.html. The format is ``arXivRaw``, the only one that gives the versions.
Datestamps are those of the last change, not of the submission.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
from oaipmh_scythe import Scythe
from oaipmh_scythe.exceptions import (
    BadArgument,
    BadResumptionToken,
    CannotDisseminateFormat,
    NoRecordsMatch,
    NoSetHierarchy,
    OAIPMHException,
)
from oaipmh_scythe.iterator import OAIResponseIterator
from oaipmh_scythe.models import Header

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper, split_id
from rag.sources import Cursor, Entry, Gone, Page, ReadReport
from rag.sources.bulk import authors_of_line, paper_of_record
from rag.sources.fetcher import Fetcher
from rag.sources.wellformed import parse, without_forbidden

OAI = "{http://www.openarchives.org/OAI/2.0/}"
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
FORMAT = "arXivRaw"
PHYSICS = frozenset(
    "astro-ph cond-mat gr-qc hep-ex hep-lat hep-ph hep-th math-ph nlin nucl-ex nucl-th physics quant-ph".split()
)
# A list is begun again this often when its token is refused, before that is taken for a fault of the archive.
RENEWALS = 5


class OaiSet:
    """A set of arXiv's, such as ``astro-ph`` or ``astro-ph.EP``.

    Its cursor holds the day from which records are listed, the token of the next page and the day on which
    the listing began; of a list that was read to its end, only that day as the one to list from next.
    """

    default_category: str | None = None
    current = True

    def __init__(self, name: str, url: str, fetcher: Fetcher) -> None:
        self.name = f"oai:{name}"
        self._set = set_spec(name)
        self._scythe = _Courteous(url, fetcher)
        self._read, self._total = 0, 0
        self._ended = self._more = False
        self._whole = True

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the records that are new or changed since the cursor, and what was deleted.

        Raises UsageError when there is no such set.
        """
        place = dict(cursor or {})
        renewals, self._ended = 0, False
        seen: set[tuple[str, str]] = set()
        self._whole = "token" not in place
        while not self._ended:
            try:
                for root in self._lists(place):
                    before, place = place, self._next(place, root)
                    page = (place.get("token", ""), root.findtext(f".//{OAI}header/{OAI}identifier") or "")
                    if page[0] and page in seen:  # the list goes in a circle
                        raise BadResumptionToken(page[0])
                    seen.add(page)
                    if not self._more and self._is_short:
                        place = {"from": before["from"]} if before.get("from") else {}
                        report.note(
                            self.name,
                            f"the archive announced {self._total:,} records and sent {self._read:,}: "
                            "the next update asks for this list again",
                        )
                    yield Page(tuple(self._entries(root, report)), place)
                self._ended = True
            except BadResumptionToken:
                renewals += 1
                if renewals > RENEWALS:
                    raise SourceProblem(
                        f"{self.name}: the archive refuses or repeats its own resumption tokens: run the same command "
                        "again later."
                    ) from None
                place = _renewed(place)
                self._whole = False
                seen.clear()
            except NoRecordsMatch as nothing:
                if "from" not in place:
                    raise UsageError(self._no_set(str(nothing))) from None
                self._ended = True
            except (BadArgument, NoSetHierarchy, CannotDisseminateFormat) as refused:
                raise UsageError(self._no_set(str(refused))) from None
            except OAIPMHException as error:
                raise SourceProblem(f"{self.name}: the archive says {error}: run the same command again.") from None

    def fraction(self) -> float:
        """How much of the list has been read, 0..1; 0 as long as the archive doesn't tell its length."""
        if self._ended:
            return 1.0
        return min(self._read / self._total, 1.0) if self._total else 0.0

    def count(self, cursor: Cursor | None = None) -> int | None:
        """What the archive says is the length of the list, for one request."""
        for _ in self.pages(ReadReport(), cursor):
            return max(self._total, self._read) if self._total or not self._more else None
        return 0

    @property
    def _is_short(self) -> bool:
        """Whether a list that was read from its beginning ended before all that was announced had come."""
        return self._whole and self._read < self._total

    def _lists(self, place: Cursor) -> Iterator[Any]:
        query = {"verb": "ListRecords", "metadataPrefix": FORMAT, "set": self._set}
        if place.get("from"):
            query["from"] = place["from"]
        if place.get("token"):
            query = {"verb": "ListRecords", "resumptionToken": place["token"]}
        return (response.xml for response in OAIResponseIterator(self._scythe, query))

    def _next(self, place: Cursor, root: Any) -> Cursor:
        """The cursor after a page of a list that began at ``place``."""
        day = (root.findtext(f"{OAI}responseDate") or "")[:10]
        began = place.get("began") or day
        stamps = [stamp.text[:10] for stamp in root.iterfind(f".//{OAI}header/{OAI}datestamp") if stamp.text]
        known = [place["seen"]] if "seen" in place else []
        ordered = place.get("ordered", True) and known + stamps == sorted(known + stamps)
        token = root.find(f".//{OAI}resumptionToken")
        self._read += len(stamps)
        self._more = token is not None and bool((token.text or "").strip())
        if not self._more:
            return {"from": began}
        assert token is not None
        size = token.get("completeListSize", "")
        self._total = int(size) if size.isdecimal() else 0
        return {
            **({"from": place["from"]} if place.get("from") else {}),
            "began": began,
            "token": token.text.strip(),
            "seen": max(known + stamps, default=""),
            "ordered": ordered,
        }

    def _entries(self, root: Any, report: ReadReport) -> Iterator[Entry]:
        for record in root.iterfind(f".//{OAI}record"):
            identifier = "without a name"
            try:
                header = Header(record.find(f"{OAI}header"))
                identifier = str(header.identifier).removeprefix("oai:arXiv.org:")
                yield (
                    Gone(split_id(identifier)[0])
                    if header.deleted
                    else paper_of_element(record.find(f"{OAI}metadata/{RAW}arXivRaw"))
                )
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                report.problem(f"{self.name} record {identifier}", str(error))

    def _no_set(self, said: str) -> str:
        return (
            f"arXiv lists nothing for the set {self._set!r} ({said}): name one such as 'oai:astro-ph' or "
            "'oai:astro-ph.EP'."
        )


class _Courteous(Scythe):
    """Scythe, whose requests a fetcher takes."""

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        super().__init__(url)
        self._carried = httpx2.Client(transport=_Carried(fetcher))

    @property
    def client(self) -> httpx2.Client:
        """The client that all requests go through."""
        return self._carried


class _Carried(httpx2.BaseTransport):
    """Hands requests to a fetcher; only good answers come back."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The checked answer."""
        body = self._fetcher.fetch(str(request.url), fault)
        return httpx2.Response(200, content=without_forbidden(body), request=request)


def fault(body: bytes) -> str | None:
    """What makes an answer no page of a list: it is cut off, no OAI-PMH, or without a record or an error."""
    try:
        root = parse(without_forbidden(body))
    except ValueError as error:
        words = " ".join(body[:60].decode("utf-8", "replace").split())
        return f"instead of a list came {words!r}; {error}"
    if root.tag != f"{OAI}OAI-PMH":
        return "what came is no OAI-PMH"
    if root.find(f"{OAI}error") is None and root.find(f"{OAI}ListRecords/{OAI}record") is None:
        return "an empty page came"
    return None


def set_spec(name: str) -> str:
    """arXiv's name of a set: ``physics:astro-ph:EP`` for ``astro-ph.EP``; names with a colon stay as they are."""
    if ":" in name:
        return name
    archive, _, category = name.partition(".")
    group = "physics" if archive in PHYSICS else archive
    parts = [group, archive, category] if category else [group, archive] if group != archive else [group]
    return ":".join(parts)


def paper_of_element(raw: Any) -> Paper:
    """The paper of an ``arXivRaw`` element; ValueError, KeyError or AttributeError when it has no id or no title."""
    if raw is None:
        raise ValueError("it brings no arXivRaw metadata")
    record: dict[str, Any] = {
        child.tag.removeprefix(RAW): child.text or "" for child in raw.iterchildren() if isinstance(child.tag, str)
    }
    record["versions"] = [{"created": version.findtext(f"{RAW}date")} for version in raw.iterfind(f"{RAW}version")]
    record["authors"] = list(authors_of_line(record.get("authors", "")))
    return paper_of_record(record)


def _renewed(place: Cursor) -> Cursor:
    """Where to list from when a token has expired: the last day seen, if days came in order, else the beginning."""
    start = place["seen"] if place.get("ordered") and place.get("seen") else place.get("from")
    return {**({"from": start} if start else {}), "began": place["began"]}
