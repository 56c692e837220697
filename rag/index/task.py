"""What a build sets out to do, and the record of what it did."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, replace

from rag.index.harvest import Errand
from rag.index.journal import Journal
from rag.index.manifest import Feed, Manifest, Run
from rag.sources import Selection

KEPT_RUNS = 200


@dataclass(frozen=True)
class Task:
    """A plan with its particulars: the index it adds to, if any, and the one whose history it goes on with."""

    what: str
    errands: tuple[Errand, ...]
    strict: bool = False
    base: Manifest | None = None
    before: Manifest | None = None
    processes: int = 1

    def facts(self, model: str) -> dict[str, object]:
        """What an interrupted build must agree on with the one that resumes it."""
        return {
            "what": self.what,
            "sources": [errand.source.name for errand in self.errands],
            "selections": [_fields(errand.selection) for errand in self.errands],
            "model": model,
            "base": self.base.generation if self.base else None,
        }


def account(task: Task, journal: Journal, started: float) -> Run:
    """What was done so far, for the record."""
    each = [journal.progress(number) for number in range(len(task.errands))]
    counts = journal.counts()
    return Run(
        task.what,
        tuple(errand.source.name for errand in task.errands),
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        round(time.monotonic() - started, 1),
        counts.added,
        counts.changed,
        sum(progress.unchanged for progress in each),
        sum(progress.skipped for progress in each),
        tuple(problem for progress in each for problem in progress.problems),
        counts.removed,
        notes=tuple(note for progress in each for note in progress.notes),
    )


def history(before: Manifest | None, run: Run) -> tuple[Run, ...]:
    """The runs on record: the first and the latest."""
    runs = (*(before.runs if before else ()), run)
    return runs if len(runs) <= KEPT_RUNS else (runs[0], *runs[1 - KEPT_RUNS :])


def feeds(task: Task, journal: Journal, now: str) -> tuple[Feed, ...]:
    """The feeds of the index with the cursors that were reached; a reembedding reads none of them."""
    known = {_key(feed): feed for feed in (task.before.feeds if task.before else ())}
    if task.what != "reembed":
        for number, errand in enumerate(task.errands):
            cursor = journal.progress(number).cursor or errand.cursor
            feed = Feed(errand.source.name, *_fields(errand.selection), cursor, now)
            known[_key(feed)] = feed
    return tuple(known.values())


def _key(feed: Feed) -> Feed:
    return replace(feed, cursor=None, read="")


def _fields(wanted: Selection) -> tuple[str | None, int | None, int | None, int | None]:
    return wanted.category, wanted.since, wanted.until, wanted.limit


def nothing_found(task: Task, run: Run, journal: Journal) -> str:
    """The sentence for a build that found no paper."""
    names = ", ".join(run.sources)
    read = sum(journal.progress(number).read for number in range(len(task.errands)))
    if run.skipped and not read:
        return f"No record of {names} could be used, the first because: {run.problems[0]}."
    return (
        f"None of the {read:,} papers of {names} has the wanted category and years: "
        "widen --category, --since or --until."
    )
