"""Reads sources into the journal in a thread of its own, while what was read is being embedded."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType

from rag.index.content import Content
from rag.index.journal import Journal, Progress
from rag.papers import Paper
from rag.sources import Cursor, Entry, Gone, Page, ReadReport, Selection, Source, narrowed

LEFT_BEHIND_SECONDS = 3.0


@dataclass(frozen=True)
class Errand:
    """A source to read, what to take of it, and where to go on."""

    source: Source
    selection: Selection = Selection()
    cursor: Cursor | None = None


class Harvest:
    """Reads the sources of some errands, one after the other; ``with`` starts it and stops it.

    The journal is the queue: reading runs ahead of embedding as far as the sources let it, so that embedding never
    waits for a file, and an archive's resumption tokens are used while they are fresh.
    """

    def __init__(self, errands: tuple[Errand, ...], journal: Journal, stored: Content | None, strict: bool) -> None:
        self._errands, self._journal, self._stored, self._strict = errands, journal, stored, strict
        self._more = threading.Condition()
        self._stopping = False
        self._number, self._before, self._share = 0, 0, 0.0
        self._sieve: _Sieve | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="harvest", daemon=True)

    def __enter__(self) -> Harvest:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping = True
        self._thread.join(LEFT_BEHIND_SECONDS)  # one that waits for an archive is left to die with the process

    @property
    def over(self) -> bool:
        """Whether all has been read; raises what reading raised."""
        if self._error:
            raise self._error
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait until there is more in the journal, or so many seconds."""
        with self._more:
            if self._thread.is_alive():
                self._more.wait(seconds)

    def fraction(self) -> float:
        """How much of the sources has been read and is in the journal, 0..1."""
        return self._share

    @property
    def taken(self) -> int:
        """How many papers were found that change the index."""
        return self._before + (self._sieve.taken if self._sieve else 0)

    def _run(self) -> None:
        try:
            for number, errand in enumerate(self._errands):
                self._read(number, errand)
        except BaseException as error:  # it is raised again where the build waits
            self._error = error
        with self._more:
            self._more.notify_all()

    def _read(self, number: int, errand: Errand) -> None:
        before = self._journal.progress(number)
        report = ReadReport(before.read, before.skipped, list(before.problems), self._strict, list(before.notes))
        self._before = self.taken
        self._number, self._sieve = number, _Sieve(self._journal, self._stored, errand, before)
        if self._sieve.share >= 1:
            return
        for page in errand.source.pages(report, before.cursor or errand.cursor):
            if self._stopping:
                return
            self._journal.add(number, *self._sieve.sift(page, report))
            share = max(errand.source.fraction(), self._sieve.share)
            self._share = min((number + share) / len(self._errands), 1.0)
            with self._more:
                self._more.notify_all()
            if self._sieve.share >= 1:
                return


class _Sieve:
    """Decides which entries of a page change the index."""

    def __init__(self, journal: Journal, stored: Content | None, errand: Errand, before: Progress) -> None:
        self._journal, self._stored, self._source = journal, stored, errand.source
        self._wanted = narrowed(errand.source, errand.selection)
        self._cursor = before.cursor or errand.cursor
        self.taken, self._unchanged = before.taken, before.unchanged

    @property
    def share(self) -> float:
        """How many of the papers that may be taken are taken, 0..1; 0 when there is no limit."""
        return self.taken / self._wanted.limit if self._wanted.limit else 0.0

    def sift(
        self, page: Page, report: ReadReport
    ) -> tuple[Progress, tuple[Paper, ...], frozenset[str], frozenset[str]]:
        """How far the source is read after this page, its papers to take, the ids known to the index, those gone."""
        stored = self._in_index(page.entries)
        known: dict[str, Paper] = {**stored, **self._journal.papers([entry.id for entry in page.entries])}
        fresh: dict[str, Paper] = {}
        gone: set[str] = set()
        for entry in page.entries:
            if self.share >= 1:  # the rest of the page is for another time, so the cursor stays before it
                break
            report.read += 1
            if isinstance(entry, Gone):
                if known.pop(entry.id, None):
                    gone.add(entry.id)
                    fresh.pop(entry.id, None)
            elif self._wanted.admits(entry):
                if supersedes(entry, known.get(entry.id), self._source.current):
                    self.taken += entry.id not in fresh
                    known[entry.id] = fresh[entry.id] = entry
                    gone.discard(entry.id)
                else:
                    self._unchanged += entry.id in stored
        else:
            self._cursor = page.cursor
        progress = Progress(
            self._cursor,
            report.read,
            self.taken,
            self._unchanged,
            report.skipped,
            tuple(report.problems),
            tuple(report.notes),
        )
        return progress, tuple(fresh.values()), frozenset(stored), frozenset(gone)

    def _in_index(self, entries: Iterable[Entry]) -> dict[str, Paper]:
        if self._stored is None:
            return {}
        rows = [row for row in (self._stored.row_of(entry.id) for entry in entries) if row is not None]
        return {paper.id: paper for paper in self._stored.papers(rows).values()}


def supersedes(new: Paper, old: Paper | None, current: bool) -> bool:
    """Whether a paper takes the place of the one there is, which may be none.

    A newer version does, or from a source of how things stand now, the same version with other words. A digest
    never takes the place of an abstract, and an abstract always that of a digest.
    """
    if old is None:
        return True
    if new.kind != old.kind:
        return old.kind == "digest"
    return new.version > old.version or (current and new.version == old.version and new != old)
