"""Where papers come from. A source gives them page by page, and after each page says where to go on.

docs/SOURCES.md explains how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.sources.fetcher import Notice, unheard

if TYPE_CHECKING:
    from rag.settings import Settings

SHOWN_PROBLEMS = 5

Cursor = dict[str, Any]
"""Where to go on in a source, as JSON-ready values; what they mean is the source's own business."""


@dataclass
class ReadReport:
    """What reading a source met, filled in as it is read."""

    read: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)
    strict: bool = False
    notes: list[str] = field(default_factory=list)

    def problem(self, where: str, why: str) -> None:
        """Count a record that can't be used, keep the first few reasons; raise when reading strictly."""
        if self.strict:
            raise SourceProblem(f"{where}: {why}; mend it, or leave out --strict to skip such records.")
        self.skipped += 1
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(f"{where}: {why}")

    def note(self, where: str, what: str) -> None:
        """Keep the first few remarks on records that were used all the same."""
        if len(self.notes) < SHOWN_PROBLEMS:
            self.notes.append(f"{where}: {what}")


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


@dataclass(frozen=True, slots=True)
class Gone:
    """A paper that its source has deleted."""

    id: str


Entry = Paper | Gone


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries of a source, and where to go on once they are safe."""

    entries: tuple[Entry, ...]
    cursor: Cursor


class Source(Protocol):
    """Papers from one place. ``name`` is what :func:`open_source` opens it with again.

    ``current`` says that its records are how things stand now, so that one replaces another of the same version.
    """

    name: str
    default_category: str | None
    current: bool

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield what there is after ``cursor``, noting in ``report`` what could not be used.

        After the last page of a source that was read to its end, its cursor leads to what is new since then.
        Raises SourceProblem when the source can't be read.
        """
        ...

    def fraction(self) -> float:
        """How much of what :meth:`pages` gives has been read, 0..1."""
        ...

    def count(self, cursor: Cursor | None = None) -> int | None:
        """About how many records there are after ``cursor``, found out cheaply; None when nobody can tell."""
        ...


def open_source(
    spec: str, settings: Settings | None = None, wanted: Selection = Selection(), notice: Notice = unheard
) -> Source:
    """The source a user named: ``starter``, ``arxiv:QUERY``, ``oai:SET`` or the path of a file.

    ``wanted`` lets a source leave out early what will not be taken, and ``notice`` is told why it waits.
    Raises UsageError when there is no such source, or it is on the network and that is off.
    """
    import rag.sources.bibliography as bibliography
    import rag.sources.bulk as bulk
    import rag.sources.table as table
    from rag.sources.starter import StarterCollection

    kind, _, rest = spec.partition(":")
    if spec == "starter":
        return StarterCollection()
    if kind in ("arxiv", "oai"):
        return _remote(kind, rest.strip(), settings, wanted, notice)
    file, _, columns = spec.partition("?") if not Path(spec).expanduser().exists() else (spec, "", "")
    path = Path(file).expanduser().absolute()
    if path.is_file():
        name = path.name.lower()
        if name.endswith(bulk.SUFFIXES):
            return bulk.BulkFile(path)
        if name.endswith(bibliography.SUFFIXES):
            return bibliography.Bibliography(path)
        if name.endswith(table.SUFFIXES):
            return table.TableFile(path, table.mapping(columns))
        known = ", ".join((*bulk.SUFFIXES, *bibliography.SUFFIXES, *table.SUFFIXES))
        raise UsageError(f"{path} has none of the endings that Sidereus reads: {known}.")
    raise UsageError(
        f"There is no source {spec!r}: name a file, 'oai:astro-ph', 'arxiv:QUERY', or 'starter' for the collection "
        "that comes with Sidereus."
    )


def is_missing_file(spec: str) -> bool:
    """Whether a source is a file that is not there."""
    if spec == "starter" or spec.partition(":")[0] in ("arxiv", "oai"):
        return False
    return not Path(spec).exists() and not Path(spec.partition("?")[0]).exists()


def papers(source: Source, report: ReadReport) -> Iterator[Paper]:
    """Yield every paper of a source from its beginning."""
    for page in source.pages(report):
        yield from (entry for entry in page.entries if isinstance(entry, Paper))


def narrowed(source: Source, wanted: Selection) -> Selection:
    """The selection with the source's own category where none is asked for."""
    category = wanted.category if wanted.category is not None else source.default_category
    return Selection(category, wanted.since, wanted.until, wanted.limit)


def select(source: Source, wanted: Selection, report: ReadReport) -> Iterator[Paper]:
    """Yield the papers of ``source`` that ``wanted`` admits."""
    admitted = narrowed(source, wanted)
    taken = 0
    for paper in papers(source, report):
        report.read += 1
        if not admitted.admits(paper):
            continue
        yield paper
        taken += 1
        if wanted.limit is not None and taken >= wanted.limit:
            return


def _remote(kind: str, rest: str, settings: Settings | None, wanted: Selection, notice: Notice) -> Source:
    from rag.settings import load_settings
    from rag.sources.arxiv_api import ArxivQuery
    from rag.sources.fetcher import Fetcher
    from rag.sources.oai import OaiSet
    from rag.sources.pace import Pace

    settings = settings or load_settings()
    if not rest:
        raise UsageError(f"'{kind}:' names nothing: write 'oai:astro-ph', or 'arxiv:cat:astro-ph.EP AND ti:TRAPPIST'.")
    if settings.offline:
        raise UsageError(f"The source '{kind}:{rest}' is on the network: leave out --offline to read it.")
    fetcher = Fetcher(Pace(settings.state / "arxiv.pace", settings.arxiv_pause), settings.arxiv_pause, notice)
    if kind == "oai":
        return OaiSet(rest, settings.oai_url, fetcher)
    return ArxivQuery(rest, settings.arxiv_url, fetcher, wanted)
