"""Tables with one paper a row: CSV, tab-separated and Parquet files, with a mapping of their columns."""

from __future__ import annotations

import ast
import csv
import io
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.sources import Cursor, Page, ReadReport
from rag.sources.bibliography import found_instead
from rag.sources.bulk import file_stamp
from rag.sources.encodings import LENIENT, SAMPLE, doubt, encoding_of
from rag.sources.limits import LONGEST_LINE, expanded
from rag.sources.names import name_of, names_of_list
from rag.sources.records import paper_of_fields

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
ROWS_OF_A_PAGE = 1024
LONGEST_FIELD = 4 * 1024 * 1024
# A field of more lines than that began with a quote that was never closed.
MOST_LINES = 400
# What a column may be called without a mapping, by arXiv, ADS, Zotero, Scopus, Web of Science, INSPIRE and others.
NAMES = {
    "id": ("id", "arxiv_id", "arxivid", "arxiv id", "arxiv", "eprint", "arxiv_eprint", "arxiv eprint", "identifier"),
    "title": ("title", "article title", "document title", "titles", "ti", "paper title"),
    "authors": ("authors", "author", "author full names", "author names", "authors_parsed", "au", "creators", "af"),
    "abstract": ("abstract", "summary", "description", "abstract note", "abstracts", "ab", "abstract_text"),
    "year": (
        "year", "publication year", "publication_year", "date", "published", "pubdate", "publication date",
        "publication_date", "pub_date", "py", "update_date", "created", "submitted",
    ),
    "categories": ("categories", "category", "primary_category", "arxiv_class", "arxiv class", "arxiv categories"),
    "doi": ("doi", "digital object identifier", "di"),
    "journal": (
        "journal", "journal_ref", "journal-ref", "source title", "publication title", "publication", "so", "pub",
        "journal title", "journal abbreviation", "bibstem",
    ),
    "volume": ("volume", "vl"),
    "pages": ("pages", "page", "page start", "start page", "bp", "first page", "article number"),
    "bibcode": ("bibcode",),
    "key": ("citation key", "citekey", "citation_key", "bibtexkey"),
    "url": ("url", "link", "urls", "arxiv url"),
    "note": ("extra", "note", "notes"),
}  # fmt: skip
# What programs write for nothing.
EMPTY = frozenset(("", "nan", "none", "null", "n/a", "<na>", "nat"))


class TableFile:
    """A table whose columns are called as ``columns`` says, or as one would expect."""

    default_category: str | None = None
    current = True

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self.path = path
        self.name = f"{path}?{urlencode(columns)}" if columns else str(path)
        self._columns = columns
        self._done = 0.0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the papers row by row; all of them again when it is not the file it was.

        Raises SourceProblem when the file can't be read, UsageError when it has no column for the title.
        """
        stamp = file_stamp(self.path)
        place = cursor if cursor and cursor["stamp"] == stamp else {"row": 0}
        papers: list[Paper] = []
        for number, row in enumerate(self._rows(report) if not place.get("done") else (), start=1):
            if number <= place["row"]:
                continue
            try:
                papers.append(self._paper(row))
            except ValueError as error:
                report.problem(f"{self.path.name} row {number}", str(error))
            if number % ROWS_OF_A_PAGE == 0:
                yield Page(tuple(papers), {"stamp": stamp, "row": number})
                papers = []
        self._done = 1.0
        if not place.get("done"):
            yield Page(tuple(papers), {"stamp": stamp, "done": True})

    def fraction(self) -> float:
        """Nothing or all: a table's length is known at its end."""
        return self._done

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many rows there are."""
        return sum(1 for _ in self._rows(ReadReport()))

    def _rows(self, report: ReadReport) -> Iterator[Mapping[str, str]]:
        try:
            yield from self._parquet() if self.path.suffix.lower() == ".parquet" else self._text(report)
        except OSError as error:
            raise SourceProblem(f"{self.path} can't be read: {error.strerror or error}.") from None

    def _text(self, report: ReadReport) -> Iterator[Mapping[str, str]]:
        csv.field_size_limit(LONGEST_FIELD)
        try:
            with self.path.open("rb") as raw:
                sample = expanded(self.path, raw).read(SAMPLE)
        except (EOFError, zlib.error) as error:
            raise SourceProblem(f"{self.path} can't be read: it breaks off or is damaged ({error}).") from None
        encoding = encoding_of(sample)
        if told := doubt(sample, encoding):
            report.note(self.path.name, told)
        if "\0" in (start := sample[:4096].decode(encoding, LENIENT)) or not start.strip():
            raise SourceProblem(f"No table found in {self.path.name}: {found_instead(sample, start)}.")
        with self.path.open("rb") as raw:
            file = io.TextIOWrapper(expanded(self.path, raw), encoding=encoding, errors=LENIENT, newline=None)
            yield from self._records(file, report)

    def _records(self, file: IO[str], report: ReadReport) -> Iterator[Mapping[str, str]]:
        head = file.readline(LONGEST_LINE)
        named = re.fullmatch(r"sep=(.)\s*", head)
        before = 1 if named else 0
        head = file.readline(LONGEST_LINE) if named else head
        delimiter = "\t" if ".tsv" in self.path.name.lower() else named[1] if named else _delimiter(head)

        def too_long(number: int) -> None:
            report.problem(f"{self.path.name} line {number + before}", "it is longer than any record")

        lines = _Lines(file, head, delimiter, too_long)
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            columns = [column.strip() for column in next(rows, [])]
            self._require(columns, head)
            for row in rows:
                for number, why in lines.told():
                    report.note(f"{self.path.name} line {number + before}", why)
                if len(row) > len(columns):
                    place = f"{self.path.name} line {rows.line_num + before}"
                    report.note(place, f"it has {len(row)} fields for {len(columns)} columns: the last were left out")
                if any(row):
                    yield _row(columns, row)
        except (csv.Error, EOFError, zlib.error) as error:
            report.problem(f"{self.path.name} after line {rows.line_num}", f"the table breaks off ({error})")

    def _parquet(self) -> Iterator[Mapping[str, str]]:
        try:
            from pyarrow import ArrowException, parquet
        except ImportError:
            raise UsageError(
                "Parquet files need the package pyarrow: install it with \"pip install 'sidereus[parquet]'\", "
                "or save the table as CSV."
            ) from None
        try:
            file = parquet.ParquetFile(self.path)
            self._require(file.schema_arrow.names, "")
            for batch in file.iter_batches(ROWS_OF_A_PAGE):
                yield from ({key: _text(value) for key, value in row.items()} for row in batch.to_pylist())
        except (ArrowException, ValueError) as error:
            why = " ".join(str(error).split())[:200]
            raise SourceProblem(f"{self.path} is no Parquet file that can be read: {why}.") from None

    def _require(self, columns: Sequence[str], head: str) -> None:
        missing = [f"{column!r}" for column in self._columns.values() if column not in columns]
        if missing or not any(_find(columns, self._columns, "title")):
            if head.lstrip().startswith(("<", "%PDF", "@")):
                raise SourceProblem(f"No table found in {self.path.name}: {found_instead(head.encode(), head)}.")
            there = " ".join(", ".join(columns).split())[:300]
            raise UsageError(
                f"{self.path} has no column {missing[0] if missing else 'for the title'}, only {there}: "
                "say which is which with --columns title=NAME,abstract=NAME."
            )

    def _paper(self, row: Mapping[str, str]) -> Paper:
        fields = {name: _find(row, self._columns, name) for name in NAMES}
        values = {name: _told(row[column]) for name, column in fields.items() if column}
        authors = names_of_list(values.pop("authors", ""))
        categories = _categories(values.pop("categories", ""))
        if not values.get("journal") and values.get("bibcode"):
            values["journal"] = values["bibcode"][4:9].strip(".")
        return paper_of_fields(values, authors, values.pop("key", ""), categories)


class _Lines:
    """The lines of a table; a quote that is never closed is told of, and does not swallow the rows below it."""

    def __init__(self, file: IO[str], head: str, delimiter: str, too_long: Callable[[int], None]) -> None:
        self._file, self._waiting = file, [head] if head else []
        self._number = 0
        self._too_long = too_long
        self._opens = re.compile(rf'(?:^|{re.escape(delimiter)})"')
        self._told: list[tuple[int, str]] = []
        self._ahead: list[str] = []

    def __iter__(self) -> Iterator[str]:
        while line := self._next():
            self._number += 1
            if line.count('"') % 2 and not self._closed_below():
                self._told.append((self._number, "a quote is never closed: it was taken as a sign"))
                before, _, after = line.rpartition('"')
                line = f"{before}”{after}"
            elif line.count('"') % 2:
                yield line
                yield from self._until_closed()
                continue
            yield line

    def told(self) -> list[tuple[int, str]]:
        """What was met since the last time, by line."""
        told, self._told = self._told, []
        return told

    def _next(self) -> str:
        if self._waiting:
            return self._waiting.pop(0)
        return self._ahead.pop(0) if self._ahead else self._read(self._number + 1)

    def _read(self, number: int) -> str:
        """The next line of the file that is not longer than any record; ``number`` is that of the line read first."""
        line = self._file.readline(LONGEST_LINE)
        while len(line) >= LONGEST_LINE and not line.endswith("\n"):
            self._too_long(number)
            while (rest := self._file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            self._number, number = self._number + 1, number + 1
            line = self._file.readline(LONGEST_LINE)
        return line

    def _closed_below(self) -> bool:
        """Whether one of the next lines closes the quote, looking ahead."""
        for at in range(MOST_LINES):
            if at == len(self._ahead):
                line = self._read(self._number + at + 1)
                if not line:
                    return False
                self._ahead.append(line)
            if self._ahead[at].count('"') % 2:
                return True
        return False

    def _until_closed(self) -> Iterator[str]:
        while line := self._next():
            self._number += 1
            yield line
            if line.count('"') % 2:
                return


def mapping(text: str) -> dict[str, str]:
    """The columns of ``title=Titel&abstract=Summary``; UsageError when a paper has no such part."""
    columns = dict(parse_qsl(text, keep_blank_values=True))
    for name, column in columns.items():
        if name not in NAMES or not column:
            raise UsageError(f"A column can be named for {', '.join(NAMES)}, and not for {name!r}.")
    return columns


def with_columns(spec: str, columns: str | None) -> str:
    """The name of a source with ``title=NAME,abstract=NAME`` in it when it is a table."""
    if not columns or not spec.lower().endswith(SUFFIXES):
        return spec
    pairs = (pair.partition("=") for pair in columns.split(","))
    return f"{spec}?{urlencode({name.strip(): column.strip() for name, _, column in pairs})}"


def _find(columns: Any, named: Mapping[str, str], name: str) -> str:
    """The column of a part, by the mapping, else the first of its usual names that there is."""
    if name in named:
        return named[name]
    spelt = {re.sub(r"[\s_]+", " ", column.strip().lower()): column for column in reversed(list(columns))}
    usual = (re.sub(r"[\s_]+", " ", known) for known in NAMES[name])
    found = next((spelt[known] for known in usual if known in spelt), "")
    if found or name not in ("abstract", "title"):
        return found
    # "abstract, long form"
    return next((column for known, column in spelt.items() if re.match(rf"{name}\b", known)), "")


def _row(columns: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """A row by its columns; of two that are called the same, the longer value."""
    row: dict[str, str] = {}
    for column, value in zip(columns, values, strict=False):
        row[column] = max(row.get(column, ""), value, key=len)
    return row


def _delimiter(head: str) -> str:
    """The sign between the columns of a heading, whose quoted parts don't count."""
    bare = re.sub(r'"[^"]*"', "", head)
    counts = {sign: bare.count(sign) for sign in ",;\t|"}
    known = {name for names in NAMES.values() for name in names}

    def hits(sign: str) -> int:
        return sum(part.strip().strip('"').lower() in known for part in head.split(sign))

    return max(counts, key=lambda sign: (hits(sign), counts[sign]))


def _categories(text: str) -> list[str]:
    if text.startswith("["):
        try:
            listed = ast.literal_eval(text)
            return [str(one) for one in listed] if isinstance(listed, list | tuple) else []
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            pass
    return re.split(r"[\s,;|]+", text.strip("[]'\" "))


def _told(value: str) -> str:
    stripped = value.strip()
    return "" if stripped.lower() in EMPTY else stripped


def _text(value: Any) -> str:
    """A value of a Parquet column as text: lists with semicolons between, whole numbers without a point."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list | tuple):
        return "; ".join(name_of(one) for one in value)
    if isinstance(value, dict):
        return name_of(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", LENIENT) if isinstance(value, bytes) else str(value)
