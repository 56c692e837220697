"""What a source holds, before anything of it is added: how many papers, with what texts, and what can't be used."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from rag.errors import SourceProblem
from rag.papers import Paper
from rag.sources import ReadReport, Selection, Source, select

MOST = 5_000  # papers that are looked at; a file may hold three million
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """What reading found. ``more`` says that only the beginning was read, ``others`` counts papers of other fields."""

    papers: int
    without_text: int
    years: tuple[int, int]
    others: int
    skipped: int
    problems: tuple[str, ...]
    first: tuple[Paper, ...]
    more: bool


def preview(source: Source) -> Preview:
    """Read the beginning of a source. Raises SourceProblem when no paper there could be used."""
    report = ReadReport()
    papers = list(islice(select(source, Selection(), report), MOST + 1))
    read, papers = len(papers), papers[:MOST]
    if not papers:
        raise SourceProblem(_nothing(report))
    years = [paper.year for paper in papers]
    return Preview(
        len(papers),
        sum(not paper.abstract for paper in papers),
        (min(years), max(years)),
        report.read - read,
        report.skipped,
        tuple(report.problems),
        tuple(papers[:SHOWN]),
        read > MOST,
    )


def _nothing(report: ReadReport) -> str:
    """Why there is nothing to add, and what may be done about it."""
    if report.read:
        return (
            f"Of the {report.read:,} papers in the file none is about astronomy: name its category on the command line."
        )
    if report.problems:
        return f"No entry of the file could be used ({report.problems[0]}): mend it, or choose another."
    return "The file holds no papers: choose a library (.bib, .ris), a table (.csv, .tsv) or arXiv's metadata (.json)."
