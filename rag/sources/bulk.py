"""Files in the layout of arXiv's bulk metadata: one JSON object a line, streamed, gigabytes or not.

Layout: https://www.kaggle.com/datasets/Cornell-University/arxiv (``arxiv-metadata-oai-snapshot.json``).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO

from rag.errors import SourceProblem
from rag.papers import Kind, Paper, clean, plain_name, split_id, year_of_id
from rag.sources import Cursor, Page, ReadReport
from rag.sources.limits import LONGEST_LINE, check_lengths, expanded

SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".json.zst", ".jsonl.zst")
WITHDRAWN = re.compile(
    r"^\W*(?:this|the) (?:paper|article|submission|manuscript|work)\b.{0,40}\bwithdrawn|^\W*withdrawn\b", re.I
)
CHUNK = 1024 * 1024
LINES_OF_A_PAGE = 1024
_NESTED = 4  # parentheses within parentheses, in a line of authors
# From so much of a file, compressed or not, the number of all its records is estimated.
COUNTED_BYTES = 16 * 1024 * 1024


class BulkFile:
    """A ``.json`` or ``.jsonl`` file, plain, gzipped or compressed with zstandard."""

    default_category: str | None = "astro-ph"
    current = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._size = max(path.stat().st_size, 1)
        self._done = 0.0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the papers in the order of the file; all of them again when it is not the file it was.

        Lines that are no usable record are noted in ``report`` with their number.
        Raises SourceProblem when the file can't be opened or decompressed.
        """
        stamp = file_stamp(self.path)
        place = cursor if cursor and cursor["stamp"] == stamp else {"line": 0, "offset": 0}
        if place.get("done"):
            self._done = 1.0
            return
        papers: list[Paper] = []
        try:
            with self.path.open("rb") as raw:
                for number, end, line in self._lines(raw, place, report):
                    paper = self._parse(number, line, report)
                    if paper:
                        papers.append(paper)
                    if number % LINES_OF_A_PAGE == 0:
                        self._done = min(raw.tell() / self._size, 1.0)
                        yield Page(tuple(papers), {"stamp": stamp, "line": number, "offset": end})
                        papers = []
        except OSError as error:
            raise SourceProblem(f"{self.path} can't be read: {error.strerror or error}.") from None
        self._done = 1.0
        yield Page(tuple(papers), {"stamp": stamp, "done": True})

    def fraction(self) -> float:
        """How much of the file has been read, 0..1, by compressed bytes."""
        return self._done

    def count(self, cursor: Cursor | None = None) -> int | None:
        """About how many records there are, from how many the beginning holds."""
        if cursor and cursor == {"stamp": file_stamp(self.path), "done": True}:
            return 0
        number = 0
        with self.path.open("rb") as raw:
            for number, *_ in self._lines(raw, {"line": 0, "offset": 0}, ReadReport()):
                if raw.tell() >= COUNTED_BYTES:
                    return round(number * self._size / raw.tell())
        return number

    def _lines(self, raw: BinaryIO, place: Cursor, report: ReadReport) -> Iterator[tuple[int, int, bytes]]:
        """Each line after ``place`` with its number and where it ends in the decompressed text."""
        number, offset = place["line"], place["offset"]
        try:
            stream = expanded(self.path, raw)
            _skip(stream, offset)
            while line := stream.readline(LONGEST_LINE):
                number += 1
                offset += len(line)
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    offset += _skip_line(stream)
                    report.problem(f"{self.path.name} line {number}", "it is longer than any record")
                elif line.strip():
                    yield number, offset, line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            report.problem(f"{self.path.name} after line {number}", f"the file breaks off or is damaged ({error})")

    def _parse(self, number: int, line: bytes, report: ReadReport) -> Paper | None:
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no JSON object")
            return paper_of_record(record)
        except RecursionError:
            report.problem(f"{self.path.name} line {number}", "it is nested too deeply")
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
            report.problem(f"{self.path.name} line {number}", why)
            return None


def file_stamp(path: Path) -> str:
    """What tells a file from the one it replaced: its size and when it was changed."""
    facts = path.stat()
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def _skip(stream: BinaryIO, offset: int) -> None:
    if isinstance(stream, io.BufferedReader) and stream.seekable():
        stream.seek(offset)
        return
    while offset > 0 and (read := stream.read(min(offset, CHUNK))):
        offset -= len(read)


def _skip_line(stream: BinaryIO) -> int:
    """Go to the end of the line, and say how many bytes that was."""
    skipped = 0
    while rest := stream.readline(LONGEST_LINE):
        skipped += len(rest)
        if rest.endswith(b"\n"):
            break
    return skipped


def paper_of_record(record: dict[str, Any]) -> Paper:
    """Turn one record of the bulk layout into a paper.

    Raises ValueError or KeyError when it has no valid id or no title.
    """
    identifier, version = split_id(str(record["id"]))
    check_lengths(str(record["title"]), str(record.get("abstract") or ""), str(record.get("authors") or ""))
    title = clean(record["title"])
    if not title:
        raise ValueError("the title is empty")
    abstract = clean(record.get("abstract"))
    versions = record.get("versions") or []
    return Paper(
        id=identifier,
        title=title,
        authors=_authors(record),
        abstract=abstract,
        year=_year(identifier, versions),
        categories=_categories(record.get("categories")),
        kind=_kind(record),
        doi=clean(record.get("doi")) or None,
        journal_ref=clean(record.get("journal-ref")) or None,
        version=max(version, len(versions)),
        withdrawn=bool(WITHDRAWN.search(abstract) or WITHDRAWN.search(clean(record.get("comments")))),
    )


def _kind(record: dict[str, Any]) -> Kind:
    return "digest" if record.get("kind") == "digest" else "abstract"


def _categories(value: Any) -> tuple[str, ...]:
    named = value.split() if isinstance(value, str) else value or ()
    return tuple(name for name in (clean(str(one)) for one in named) if name)


def _authors(record: dict[str, Any]) -> tuple[str, ...]:
    parsed = record.get("authors_parsed")
    if parsed:
        names = (" ".join(str(part) for part in (entry[1], entry[0], *entry[2:3]) if part) for entry in parsed)
        return tuple(name for name in map(plain_name, names) if name)
    listed = record.get("authors") or ""
    if not isinstance(listed, str):
        return tuple(plain_name(str(name)) for name in listed)
    return authors_of_line(listed)


def authors_of_line(line: str) -> tuple[str, ...]:
    """The names in arXiv's line of authors, without the affiliations in parentheses, collaborations first."""
    bare = line
    for _ in range(_NESTED):
        bare = re.sub(r"\([^()]*\)", "", bare)
    bare = re.sub(r"\b(collaborations?|teams?|consorti(?:um|a))\s*:", r"\1,", bare, flags=re.I)
    return tuple(name for name in map(plain_name, re.split(r"[,;]\s*(?:and\s+)?|\s+and\s+", bare)) if name)


def _year(identifier: str, versions: list[Any]) -> int:
    try:
        return parsedate_to_datetime(versions[0]["created"]).year
    except (IndexError, KeyError, TypeError, ValueError):
        return year_of_id(identifier)
