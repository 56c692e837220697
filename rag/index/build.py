"""Building, adding to and re-embedding indexes. The index in use stays whole until one rename replaces it."""

from __future__ import annotations

import datetime
import errno
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from rag.errors import IndexProblem, UsageError
from rag.index import content, folders
from rag.index.journal import Journal
from rag.index.manifest import FILE, Manifest, Run, check_files, file_sizes, read_manifest, write_manifest
from rag.models.embedder import Embedder
from rag.papers import Paper
from rag.progress import Progress, silent
from rag.sources import ReadReport, Selection, Source, select
from rag.storage import locked, sync_tree

BATCH = 256


@dataclass(frozen=True)
class Plan:
    """What to put into an index."""

    name: str
    sources: tuple[Source, ...]
    selection: Selection = Selection()
    strict: bool = False

    def facts(self, model: str) -> dict[str, object]:
        """What an interrupted build must agree on with the one that resumes it."""
        wanted = self.selection
        return {
            "sources": [source.name for source in self.sources],
            "selection": [wanted.category, wanted.since, wanted.until, wanted.limit],
            "model": model,
        }


def build(indexes: Path, plan: Plan, embedder: Embedder, force: bool = False, progress: Progress = silent) -> Manifest:
    """Build an index, or go on with a build of the same plan that was interrupted.

    Raises UsageError when the index exists already and ``force`` is not set, SourceProblem when a source
    can't be read, IndexProblem when another process is building it.
    """
    folder = folders.folder(indexes, plan.name)
    with _writing(folder):
        refuse_existing(indexes, plan.name, force)
        return _run(folder, plan, embedder, "build", None, progress)


def refuse_existing(indexes: Path, name: str, force: bool) -> None:
    """Raise UsageError when an index of that name is finished and ``force`` is not set."""
    if not force and (folders.folder(indexes, name) / FILE).exists():
        raise UsageError(
            f"The index {name!r} exists: add to it with 'sidereus index add', or build it anew with --force."
        )


def add(indexes: Path, plan: Plan, load: Callable[[str], Embedder], progress: Progress = silent) -> Manifest:
    """Add papers to an index, replacing older versions of those it has.

    ``load`` gives the embedder for the model the index was built with. Raises IndexProblem when there is
    no such index.
    """
    folder = folders.folder(indexes, plan.name)
    with _writing(folder):
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        return _run(folder, plan, load(manifest.model), "add", manifest, progress, manifest.runs)


def reembed(indexes: Path, name: str, embedder: Embedder, progress: Progress = silent) -> Manifest:
    """Build an index again from the papers it holds, with another embedding model."""
    folder = folders.folder(indexes, name)
    with _writing(folder):
        manifest = read_manifest(folder)
        plan = Plan(name, (StoredPapers(folder, manifest),))
        return _run(folder, plan, embedder, "reembed", None, progress, manifest.runs)


class StoredPapers:
    """The papers of an index, as a source."""

    default_category: str | None = None

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        check_files(folder, manifest)
        self.name = f"index {manifest.name}"
        self._content = content.Content(folder / manifest.generation / "documents")
        self._total, self._read = max(manifest.papers, 1), 0

    def papers(self, report: ReadReport) -> Iterator[Paper]:
        """Yield every paper of the index."""
        for _, paper in self._content.all_papers():
            self._read += 1
            yield paper

    def fraction(self) -> float:
        """How much has been read, 0..1."""
        return self._read / self._total


def _run(
    folder: Path,
    plan: Plan,
    embedder: Embedder,
    what: str,
    base: Manifest | None,
    progress: Progress,
    history: tuple[Run, ...] = (),
) -> Manifest:
    started = time.monotonic()
    journal = _open_journal(folder, {**plan.facts(embedder.model.name), "what": what})
    try:
        have = _versions(folder, base)
        report = ReadReport(strict=plan.strict)
        unchanged = _fill(journal, plan, embedder, have, report, progress)
        added = sum(1 for identifier in journal.versions() if identifier not in have)
        changed = len(journal) - added
        if not len(journal) and base is None:
            raise IndexProblem(_nothing_found(plan, report))
        generation = _assemble(folder, journal, embedder, base) if len(journal) else base.generation if base else ""
    finally:
        journal.close()
    run = Run(
        what,
        tuple(source.name for source in plan.sources),
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        round(time.monotonic() - started, 1),
        added,
        changed,
        unchanged,
        report.skipped,
        tuple(report.problems),
    )
    return _swap_in(folder, generation, embedder, (*history, run))


def _fill(
    journal: Journal, plan: Plan, embedder: Embedder, have: dict[str, int], report: ReadReport, progress: Progress
) -> int:
    """Read, embed and commit what is new; return how many papers the index has already."""
    known = {**have, **journal.versions()}
    journaled = len(journal)
    progress(journaled, 0.0)
    unchanged = 0
    for number, source in enumerate(plan.sources):
        papers = select(source, plan.selection, report)
        while batch := list(islice(papers, BATCH)):
            fresh = _newest(paper for paper in batch if paper.version > known.get(paper.id, 0))
            unchanged += sum(1 for paper in batch if paper.id in have and paper.version <= have[paper.id])
            if fresh:
                journal.add(fresh, embedder.encode([paper.text for paper in fresh], "document"))
                known.update({paper.id: paper.version for paper in fresh})
                journaled += len(fresh)
            progress(journaled, (number + _share(source, plan.selection, report)) / len(plan.sources))
    return unchanged


def _share(source: Source, wanted: Selection, report: ReadReport) -> float:
    by_limit = report.read / wanted.limit if wanted.limit else 0.0
    return min(max(source.fraction(), by_limit), 1.0)


def _newest(papers: Iterable[Paper]) -> list[Paper]:
    newest: dict[str, Paper] = {}
    for paper in papers:
        if paper.id not in newest or paper.version > newest[paper.id].version:
            newest[paper.id] = paper
    return list(newest.values())


def _nothing_found(plan: Plan, report: ReadReport) -> str:
    names = ", ".join(source.name for source in plan.sources)
    if report.skipped and not report.read:
        return f"No record of {names} could be used, the first because: {report.problems[0]}."
    return (
        f"None of the {report.read:,} papers of {names} has the wanted category and years: "
        "widen --category, --since or --until."
    )


def _versions(folder: Path, base: Manifest | None) -> dict[str, int]:
    if base is None:
        return {}
    stored = content.Content(folder / base.generation / "documents")
    try:
        return {paper.id: paper.version for _, paper in stored.all_papers()}
    finally:
        stored.close()


def _assemble(folder: Path, journal: Journal, embedder: Embedder, base: Manifest | None) -> str:
    """Write the next generation beside the current one and return its name."""
    from rag.index.engine import configuration, txtai

    name = _next_generation(folder)
    aside = folder / f"{name}.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    if base is None:
        database = txtai.embeddings.Embeddings(configuration(embedder.model.name, len(journal)))
    else:
        shutil.copytree(folder / base.generation, aside)
        database = txtai.embeddings.Embeddings()
        database.load(str(aside))
    try:
        write = database.index if base is None else database.upsert
        write(_documents(journal, database.model.feed))
        content.add_columns(database.database.connection)
        database.save(str(aside))
    except RuntimeError as error:
        if "write error" in str(error):  # how faiss says that the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(aside)) from None
        raise
    finally:
        database.close()
    sync_tree(aside)
    aside.rename(folder / name)
    return name


def _documents(journal: Journal, feed: deque[tuple[str, object]]) -> Iterator[tuple[str, dict[str, object], None]]:
    for paper, vector in journal:
        feed.append((paper.text, vector))
        yield paper.id, content.document(paper), None


def _swap_in(folder: Path, generation: str, embedder: Embedder, runs: tuple[Run, ...]) -> Manifest:
    stored = content.Content(folder / generation / "documents")
    papers, years, kinds = stored.summary()
    stored.close()
    manifest = Manifest(
        folder.name,
        generation,
        embedder.model.name,
        embedder.weights,
        embedder.dimensions,
        papers,
        years,
        kinds,
        file_sizes(folder / generation),
        version("sidereus"),
        runs,
    )
    write_manifest(folder, manifest)
    shutil.rmtree(folder / "building", ignore_errors=True)
    for old in folder.glob("g[0-9]*"):
        if old.name != generation:
            shutil.rmtree(old, ignore_errors=True)
    return manifest


def _open_journal(folder: Path, facts: dict[str, object]) -> Journal:
    """The journal of the interrupted build of the same plan, or a new one."""
    place = folder / "building" / "journal.sqlite"
    if place.exists():
        with suppress(IndexProblem):  # one that is damaged can only be begun again
            journal = Journal(place)
            if journal.facts() == facts:
                return journal
            journal.close()
        shutil.rmtree(place.parent)
    journal = Journal(place)
    journal.set_facts(facts)
    return journal


def _next_generation(folder: Path) -> str:
    numbers = [int(path.name[1:5]) for path in folder.glob("g[0-9][0-9][0-9][0-9]*")]
    return f"g{max(numbers, default=0) + 1:04}"


def _writing(folder: Path) -> AbstractContextManager[None]:
    return locked(folder / ".lock", f"Another process is writing the index {folder.name!r}: wait for it to finish.")
