"""Papers for a reading list: those that ids name, and those of a library from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import SourceProblem
from rag.index.content import Content
from rag.papers import Paper
from rag.sources import ReadReport, papers
from rag.sources.bibliography import SUFFIXES, Bibliography
from rag.text import identifiers, references


@dataclass(frozen=True, slots=True)
class Gathered:
    """The papers found, and what was not, each in a few words."""

    papers: tuple[Paper, ...]
    missing: tuple[str, ...] = ()


def of_file(path: Path, content: Content) -> Gathered:
    """The papers of a library (``.bib``, ``.ris``), or those whose ids stand in a text.

    SourceProblem when it can't be read, or names none.
    """
    if path.suffix.lower() in SUFFIXES:
        return _of_library(path, content)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SourceProblem(f"{path.name} can't be read: give a .bib or .ris file, or a text with ids.") from None
    found = named(lines, content)
    if not found.papers and not found.missing:
        raise SourceProblem(f"{path.name} is empty: give a .bib or .ris file, or a text with ids.")
    return found


def named(texts: Iterable[str], content: Content) -> Gathered:
    """The papers of an index that texts name by arXiv ids, DOIs, bibcodes, links or keys; # begins a comment."""
    rows: dict[int, None] = {}
    missing: list[str] = []
    for text in texts:
        text = text.strip()
        if not text or text.startswith("#"):
            continue
        found = identifiers.find(identifiers.unlinked(text))
        for one in found:
            of_paper = content.rows_of_references(one.keys)
            rows.update(dict.fromkeys(of_paper))
            missing += [] if of_paper else [one.value]
        missing += [] if found else [text[:80]]
    known = content.papers(list(rows))
    return Gathered(tuple(known[row] for row in rows), tuple(missing))


def _of_library(path: Path, content: Content) -> Gathered:
    """The papers of a library: with the text that the index has, and what the library says of their publication."""
    report = ReadReport()
    found = tuple(_completed(paper, content) for paper in papers(Bibliography(path, textless=True), report))
    return Gathered(found, tuple(report.problems))


def _completed(paper: Paper, content: Content) -> Paper:
    keys = references.keys_of_paper(paper.id, paper.doi, paper.journal_ref, paper.bibcode)
    rows = content.rows_of_references([key for key in keys if not key.startswith("in:")])
    if not rows:
        return paper
    (known,) = content.papers(rows[:1]).values()
    return replace(
        known,
        key=paper.key,
        bibcode=paper.bibcode or known.bibcode,
        doi=paper.doi or known.doi,
        journal_ref=paper.journal_ref or known.journal_ref,
        journal=paper.journal,
        volume=paper.volume,
        pages=paper.pages,
        year=paper.year if paper.journal else known.year,
    )
