"""Papers as files for other programs, and as citations to paste: with their TeX for LaTeX, else in Unicode."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from rag.bibtex import NONE, Remark, Remarks, bibliography
from rag.citing import citations
from rag.citing.keys import Style
from rag.citing.names import MORE, surname_first
from rag.papers import Paper, tidy
from rag.text.latex import plain
from rag.text.visible import visible

COLUMNS = ("id", "title", "authors", "year", "categories", "doi", "journal_ref", "url", "abstract", "tags", "note")
# What makes a spreadsheet take a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which papers leave: what people call it, its ending, its media type, and how papers are written in it.

    Those with ``pasted`` are rather pasted than kept as files.
    """

    name: str
    ending: str
    media_type: str
    write: Callable[[Iterable[Paper], Style, Remarks], str]
    pasted: bool = False


def table(papers: Iterable[Paper], remarks: Remarks = NONE) -> str:
    """Papers as CSV (RFC 4180), one a line, with a heading; a cell that would be a formula gets an apostrophe."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    columns = COLUMNS if remarks else COLUMNS[:-2]
    writer.writerow(columns)
    writer.writerows(_cells(paper, remarks.get(paper.id, Remark()))[: len(columns)] for paper in papers)
    return lines.getvalue()


def ris(papers: Iterable[Paper], remarks: Remarks = NONE) -> str:
    """Papers as RIS, which reference managers read."""
    import rispy

    class Writer(rispy.RisWriter):  # type: ignore[misc]
        """Without the running numbers before the entries, which are no part of the format."""

        def set_header(self, count: int) -> str:
            return ""

    entries = [_entry(paper, remarks.get(paper.id, Remark())) for paper in papers]
    return str(rispy.dumps(entries, implementation=Writer))


def _aastex(papers: Iterable[Paper], style: Style, _: Remarks) -> str:
    return citations.bibitems(papers, replace(style, macros=True))


_TEX, _TEXT = "application/x-tex", "text/plain"
FORMATS = {
    "bibtex": Format("BibTeX", "bib", "application/x-bibtex", bibliography),
    "csv": Format("CSV", "csv", "text/csv", lambda papers, _, remarks: table(papers, remarks)),
    "ris": Format("RIS", "ris", "application/x-research-info-systems", lambda papers, _, remarks: ris(papers, remarks)),
    "citep": Format(r"\citep", "tex", _TEX, lambda papers, style, _: citations.citep(papers, style), pasted=True),
    "citet": Format(r"\citet", "tex", _TEX, lambda papers, style, _: citations.citet(papers, style), pasted=True),
    "bibitem": Format(
        r"\bibitem", "tex", _TEX, lambda papers, style, _: citations.bibitems(papers, style), pasted=True
    ),
    "aastex": Format("AASTeX", "tex", _TEX, _aastex, pasted=True),
    "text": Format(
        "Plain text", "txt", _TEXT, lambda papers, style, _: citations.references(papers, style), pasted=True
    ),
}


def written(papers: Iterable[Paper], form: str, style: Style = Style(), remarks: Remarks = NONE) -> str:
    """Papers in one of the ``FORMATS``, with what was remarked on them where that has a place for it."""
    return FORMATS[form].write(papers, style, remarks)


def _cells(paper: Paper, remark: Remark) -> list[str]:
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
        ", ".join(remark.tags),
        visible(remark.note),
    )
    return [f"'{value}" if value.startswith(FORMULA) else value for value in values]


def _entry(paper: Paper, remark: Remark) -> dict[str, Any]:
    paper = tidy(paper)
    entry = {
        "type_of_reference": "JOUR" if paper.journal_ref else "UNPB",
        "id": paper.id,
        "title": plain(paper.title),
        "authors": [surname_first(author) for author in paper.authors if author.lower() != MORE],
        "year": str(paper.year),
        "journal_name": paper.journal or paper.journal_ref,
        "volume": paper.volume,
        "start_page": paper.pages,
        "doi": paper.doi,
        "urls": [paper.url],
        "keywords": [*paper.categories, *remark.tags],
        "abstract": _abstract(paper),
        "notes": [" ".join(visible(remark.note).split())] if remark.note else [],
    }
    return {key: value for key, value in entry.items() if value}


def _abstract(paper: Paper) -> str:
    """The authors' abstract; a digest is not theirs and stays at home."""
    return plain(paper.abstract) if paper.kind == "abstract" else ""
