"""Papers as files for other programs: BibTeX with its TeX, CSV and RIS in Unicode."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rag.bibtex import bibliography, surname_first
from rag.papers import Paper, tidy
from rag.text.latex import plain

COLUMNS = ("id", "title", "authors", "year", "categories", "doi", "journal_ref", "url", "abstract")
# What makes a spreadsheet take a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its ending, its media type, and how papers are written in it."""

    name: str
    ending: str
    media_type: str
    write: Callable[[Iterable[Paper]], str]


def table(papers: Iterable[Paper]) -> str:
    """Papers as CSV (RFC 4180), one a line, with a heading; a cell that would be a formula gets an apostrophe."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(paper) for paper in papers)
    return lines.getvalue()


def ris(papers: Iterable[Paper]) -> str:
    """Papers as RIS, which reference managers read."""
    import rispy

    class Writer(rispy.RisWriter):  # type: ignore[misc]
        """Without the running numbers before the entries, which are no part of the format."""

        def set_header(self, count: int) -> str:
            return ""

    return str(rispy.dumps([_entry(paper) for paper in papers], implementation=Writer))


FORMATS = {
    "bibtex": Format("BibTeX", "bib", "application/x-bibtex", bibliography),
    "csv": Format("CSV", "csv", "text/csv", table),
    "ris": Format("RIS", "ris", "application/x-research-info-systems", ris),
}


def _cells(paper: Paper) -> list[str]:
    paper = tidy(paper)
    values = (
        paper.id,
        plain(paper.title),
        "; ".join(paper.authors),
        str(paper.year),
        " ".join(paper.categories),
        paper.doi or "",
        paper.journal_ref or "",
        paper.url,
        _abstract(paper),
    )
    return [f"'{value}" if value.startswith(FORMULA) else value for value in values]


def _entry(paper: Paper) -> dict[str, Any]:
    paper = tidy(paper)
    entry = {
        "type_of_reference": "JOUR" if paper.journal_ref else "UNPB",
        "id": paper.id,
        "title": plain(paper.title),
        "authors": [surname_first(author) for author in paper.authors if author.lower() != "et al."],
        "year": str(paper.year),
        "journal_name": paper.journal or paper.journal_ref,
        "volume": paper.volume,
        "start_page": paper.pages,
        "doi": paper.doi,
        "urls": [paper.url],
        "keywords": list(paper.categories),
        "abstract": _abstract(paper),
    }
    return {key: value for key, value in entry.items() if value}


def _abstract(paper: Paper) -> str:
    """The authors' abstract; a digest is not theirs and stays at home."""
    return plain(paper.abstract) if paper.kind == "abstract" else ""
