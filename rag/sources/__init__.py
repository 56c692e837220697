"""Where papers come from. A source is an iterable of papers that knows how far through it is.

To add one: write a module with a class like those here and name it in :func:`open_source`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper

SHOWN_PROBLEMS = 5


@dataclass
class ReadReport:
    """What reading a source met, filled in as it is read."""

    read: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    strict: bool = False

    def problem(self, where: str, why: str) -> None:
        """Count a record that can't be used, keep the first few reasons; raise when reading strictly."""
        if self.strict:
            raise SourceProblem(f"{where}: {why}; mend it, or leave out --strict to skip such records.")
        self.skipped += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(f"{where}: {why}")


@dataclass(frozen=True)
class Selection:
    """Which papers of a source are wanted; None means no limit. Years are inclusive.

    ``category`` is a prefix that any of a paper's categories may have: ``astro-ph`` takes ``astro-ph.EP``.
    """

    category: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int | None = None

    def admits(self, paper: Paper) -> bool:
        """Whether the paper has the category and falls into the years."""
        return (
            (self.category is None or any(c.startswith(self.category) for c in paper.categories))
            and (self.since is None or paper.year >= self.since)
            and (self.until is None or paper.year <= self.until)
        )


class Source(Protocol):
    """An iterable of papers."""

    name: str
    default_category: str | None

    def papers(self, report: ReadReport) -> Iterator[Paper]:
        """Yield the papers in a fixed order, noting in ``report`` what could not be used."""
        ...

    def fraction(self) -> float:
        """How much of the source has been read, 0..1."""
        ...


def open_source(spec: str) -> Source:
    """The source a user named: ``starter``, or the path of a file in arXiv's bulk-metadata layout.

    Raises UsageError when there is no such source.
    """
    from rag.sources.bulk import SUFFIXES, BulkFile
    from rag.sources.starter import StarterCollection

    if spec == "starter":
        return StarterCollection()
    path = Path(spec).expanduser()
    if path.is_file() and path.name.endswith(SUFFIXES):
        return BulkFile(path)
    if path.is_file():
        raise UsageError(f"{path} has none of the endings that Sidereus reads: {', '.join(SUFFIXES)}.")
    raise UsageError(
        f"There is no source {spec!r}: name a file, or 'starter' for the collection that comes with Sidereus."
    )


def select(source: Source, wanted: Selection, report: ReadReport) -> Iterator[Paper]:
    """Yield the papers of ``source`` that ``wanted`` admits."""
    category = wanted.category if wanted.category is not None else source.default_category
    narrowed = Selection(category, wanted.since, wanted.until)
    taken = 0
    for paper in source.papers(report):
        report.read += 1
        if not narrowed.admits(paper):
            continue
        yield paper
        taken += 1
        if wanted.limit is not None and taken >= wanted.limit:
            return
