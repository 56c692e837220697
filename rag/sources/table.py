"""Tables with one paper a row: CSV, tab-separated and Parquet files, with a mapping of their columns."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl, urlencode

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.sources import Cursor, Page, ReadReport
from rag.sources.bulk import file_stamp
from rag.sources.limits import LONGEST_LINE, expanded
from rag.sources.records import paper_of_fields

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
ROWS_OF_A_PAGE = 1024
LONGEST_FIELD = 1024 * 1024
# What a column may be called without a mapping.
NAMES = {
    "id": ("id", "arxiv_id", "arxivid", "arxiv", "eprint"),
    "title": ("title",),
    "authors": ("authors", "author"),
    "abstract": ("abstract", "summary", "description"),
    "year": ("year", "date", "published", "pubdate", "publication_year"),
    "categories": ("categories", "category", "primary_category"),
    "doi": ("doi",),
    "journal": ("journal", "journal_ref", "journal-ref", "bibcode"),
}


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
            yield from self._parquet() if self.path.suffix == ".parquet" else self._text(report)
        except OSError as error:
            raise SourceProblem(f"{self.path} can't be read: {error.strerror or error}.") from None

    def _text(self, report: ReadReport) -> Iterator[Mapping[str, str]]:
        csv.field_size_limit(LONGEST_FIELD)
        with self.path.open("rb") as raw:
            file = io.TextIOWrapper(expanded(self.path, raw), encoding="utf-8-sig", errors="replace", newline="")
            first = file.readline(LONGEST_LINE)
            delimiter = "\t" if ".tsv" in self.path.name else _delimiter(first)
            rows = csv.DictReader(self._lines(first, file, report), delimiter=delimiter, restval="")
            self._require(rows.fieldnames or [])
            while True:
                try:
                    row = next(rows, None)
                except csv.Error as error:
                    report.problem(f"{self.path.name} line {rows.line_num}", str(error))
                    continue
                except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                    report.problem(f"{self.path.name} after line {rows.line_num}", f"the table breaks off ({error})")
                    return
                if row is None:
                    return
                yield {key: value for key, value in row.items() if isinstance(value, str)}

    def _lines(self, first: str, file: TextIO, report: ReadReport) -> Iterator[str]:
        """Each line of a file, but for those that are longer than any record."""
        number, line = 1, first
        while line:
            if len(line) < LONGEST_LINE or line.endswith("\n"):
                yield line
            else:
                report.problem(f"{self.path.name} line {number}", "it is longer than any record")
                while (rest := file.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                    pass
            number, line = number + 1, file.readline(LONGEST_LINE)

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
            self._require(file.schema_arrow.names)
            for batch in file.iter_batches(ROWS_OF_A_PAGE):
                yield from ({key: _text(value) for key, value in row.items()} for row in batch.to_pylist())
        except ArrowException as error:
            raise SourceProblem(f"{self.path} is no Parquet file that can be read: {error}.") from None

    def _require(self, columns: Sequence[str]) -> None:
        missing = [f"{column!r}" for column in self._columns.values() if column not in columns]
        if missing or not any(_find(columns, self._columns, "title")):
            raise UsageError(
                f"{self.path} has no column {missing[0] if missing else 'for the title'}, only "
                f"{', '.join(columns)[:300]}: say which is which with --columns title=NAME,abstract=NAME."
            )

    def _paper(self, row: Mapping[str, str]) -> Paper:
        fields = {name: _find(row, self._columns, name) for name in NAMES}
        values = {name: row[column].strip() for name, column in fields.items() if column}
        authors = re.split(r"\s*;\s*|\s+and\s+", values.pop("authors", ""))
        if len(authors) == 1:
            authors = re.split(r"\s*,\s*", authors[0])
        return paper_of_fields(values, authors, categories=re.split(r"[\s,;]+", values.pop("categories", "").strip()))


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
    if name in named:
        return named[name]
    return next((column for column in columns if column.strip().lower() in NAMES[name]), "")


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
