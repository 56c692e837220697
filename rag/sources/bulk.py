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
from rag.sources import ReadReport

SUFFIXES = (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".json.zst", ".jsonl.zst")
WITHDRAWN = re.compile(
    r"^\W*(?:this|the) (?:paper|article|submission|manuscript|work)\b.{0,40}\bwithdrawn|^\W*withdrawn\b", re.I
)
LONGEST_LINE = 16 * 1024 * 1024
CHUNK = 1024 * 1024


class BulkFile:
    """A ``.json`` or ``.jsonl`` file, plain, gzipped or compressed with zstandard."""

    default_category: str | None = "astro-ph"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._size = max(path.stat().st_size, 1)
        self._raw: BinaryIO | None = None
        self._done = 0.0

    def papers(self, report: ReadReport) -> Iterator[Paper]:
        """Yield the papers in the order of the file.

        Lines that are no usable record are noted in ``report`` with their number.
        Raises SourceProblem when the file can't be opened or decompressed.
        """
        try:
            with self.path.open("rb") as self._raw:
                for number, line in self._lines(self._raw, report):
                    paper = self._parse(number, line, report)
                    if paper:
                        yield paper
        except OSError as error:
            raise SourceProblem(f"{self.path} can't be read: {error.strerror or error}.") from None
        finally:
            self._raw, self._done = None, 1.0

    def fraction(self) -> float:
        """How much of the file has been read, 0..1, by compressed bytes."""
        if self._raw is not None:
            self._done = min(self._raw.tell() / self._size, 1.0)
        return self._done

    def _lines(self, raw: BinaryIO, report: ReadReport) -> Iterator[tuple[int, bytes]]:
        number = 0
        try:
            stream = self._decompressed(raw)
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    _skip_line(stream)
                    report.problem(f"{self.path.name} line {number}", "it is longer than any record")
                elif line.strip():
                    yield number, line
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            report.problem(f"{self.path.name} after line {number}", f"the file breaks off or is damaged ({error})")

    def _decompressed(self, raw: BinaryIO) -> BinaryIO:
        if self.path.suffix == ".gz":
            return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
        if self.path.suffix == ".zst":
            return io.BufferedReader(_Zstandard(raw))
        return raw

    def _parse(self, number: int, line: bytes, report: ReadReport) -> Paper | None:
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no JSON object")
            return paper_of_record(record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
            report.problem(f"{self.path.name} line {number}", why)
            return None


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


class _Zstandard(io.RawIOBase):
    """The text of a file of zstandard frames; one that breaks off inside a frame raises EOFError."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame: Any = None
        self._packed = self._text = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._text:
            self._packed = self._packed or self._raw.read(CHUNK)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("it ends inside a compressed frame")
                return 0
            self._text = self._decompressed()
        size = min(len(buffer), len(self._text))
        buffer[:size], self._text = self._text[:size], self._text[size:]
        return size

    def _decompressed(self) -> bytes:
        import zstandard

        self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        try:
            text: bytes = self._frame.decompress(self._packed)
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from None
        self._packed = b""
        if self._frame.eof:
            self._packed, self._frame = self._frame.unused_data, None
        return text


def paper_of_record(record: dict[str, Any]) -> Paper:
    """Turn one record of the bulk layout into a paper.

    Raises ValueError or KeyError when it has no valid id or no title.
    """
    identifier, version = split_id(str(record["id"]))
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
    return tuple(value.split()) if isinstance(value, str) else tuple(str(v) for v in value or ())


def _authors(record: dict[str, Any]) -> tuple[str, ...]:
    parsed = record.get("authors_parsed")
    if parsed:
        names = (" ".join(str(part) for part in (entry[1], entry[0], *entry[2:3]) if part) for entry in parsed)
        return tuple(name for name in map(plain_name, names) if name)
    listed = record.get("authors") or ""
    if not isinstance(listed, str):
        return tuple(plain_name(str(name)) for name in listed)
    bare = re.sub(r"\([^()]*\)", "", listed)
    return tuple(name for name in map(plain_name, re.split(r",\s*(?:and\s+)?|\s+and\s+", bare)) if name)


def _year(identifier: str, versions: list[Any]) -> int:
    try:
        return parsedate_to_datetime(versions[0]["created"]).year
    except (IndexError, KeyError, TypeError, ValueError):
        return year_of_id(identifier)
