"""Building, adding to, updating and re-embedding indexes. The one in use stays whole until one rename replaces it."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from rag.errors import IndexProblem, SidereusError, UsageError
from rag.index import content, folders, room
from rag.index.assembly import assemble, remove_generations, rewrite
from rag.index.check import check_index
from rag.index.checksums import check_contents, checksums
from rag.index.harvest import Errand, Harvest
from rag.index.journal import Journal
from rag.index.manifest import FILE, Feed, Manifest, Run, check_files, file_sizes, read_manifest, write_manifest
from rag.index.stored import StoredPapers
from rag.index.task import Task, account, feeds, history, nothing_found
from rag.index.workers import Workers
from rag.models.embedder import Embedder
from rag.progress import Progress as Display
from rag.progress import silent
from rag.sources import Selection, Source
from rag.storage import locked
from rag.text.forms import FORM

BATCH = 256
# How often the progress is shown while nothing is there to embed.
WAITED_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What to put into an index, and in how many processes to embed it."""

    name: str
    sources: tuple[Source, ...]
    selection: Selection = Selection()
    strict: bool = False
    processes: int = 1


def build(indexes: Path, plan: Plan, embedder: Embedder, force: bool = False, progress: Display = silent) -> Manifest:
    """Build an index, or go on with a build of the same plan that was interrupted.

    Raises UsageError when the index exists already and ``force`` is not set, SourceProblem when a source
    can't be read, IndexProblem when another process is building it.
    """
    folder = folders.folder(indexes, plan.name)
    with _writing(folder):
        refuse_existing(indexes, plan.name, force)
        return _run(folder, Task("build", _errands(plan), plan.strict, processes=plan.processes), embedder, progress)


def refuse_existing(indexes: Path, name: str, force: bool) -> None:
    """Raise UsageError when an index of that name is finished and ``force`` is not set."""
    if not force and (folders.folder(indexes, name) / FILE).exists():
        raise UsageError(
            f"The index {name!r} exists: add to it with 'sidereus index add', or build it anew with --force."
        )


def add(indexes: Path, plan: Plan, load: Callable[[str], Embedder], progress: Display = silent) -> Manifest:
    """Add papers to an index, replacing older versions of those it has.

    ``load`` gives the embedder for the model the index was built with. Raises IndexProblem when there is
    no such index.
    """
    folder = folders.folder(indexes, plan.name)
    with _writing(folder):
        manifest = _whole(folder)
        task = Task("add", _errands(plan), plan.strict, manifest, manifest, plan.processes)
        return _run(folder, task, load(manifest.model), progress)


def update(
    indexes: Path,
    name: str,
    reopen: Callable[[Feed], Source | None],
    load: Callable[[str], Embedder],
    progress: Display = silent,
    processes: int = 1,
) -> Manifest:
    """Bring an index up to date with what is new in its sources since they were read.

    ``reopen`` opens a source again, or gives None when it is to be left out; embedding is done in ``processes``.
    Raises UsageError when the index has no source that can be read again.
    """
    folder = folders.folder(indexes, name)
    with _writing(folder):
        manifest = _whole(folder)
        task = Task("update", due(manifest, reopen), False, manifest, manifest, processes)
        return _run(folder, task, load(manifest.model), progress)


def due(manifest: Manifest, reopen: Callable[[Feed], Source | None]) -> tuple[Errand, ...]:
    """What an update of an index has to read; UsageError when that is nothing."""
    opened = ((reopen(feed), feed) for feed in manifest.feeds)
    errands = tuple(Errand(source, selection_of(feed), feed.cursor) for source, feed in opened if source)
    if not errands:
        raise UsageError(
            f"The index {manifest.name!r} knows no source to read again: name one with "
            f"'sidereus index add {manifest.name} SOURCE', and later updates will read it."
        )
    return errands


def selection_of(feed: Feed) -> Selection:
    """What is taken of a feed."""
    return Selection(feed.category, feed.since, feed.until, feed.limit)


def reembed(indexes: Path, name: str, embedder: Embedder, progress: Display = silent, processes: int = 1) -> Manifest:
    """Build an index again from the papers it holds, with another embedding model."""
    folder = folders.folder(indexes, name)
    with _writing(folder):
        manifest = read_manifest(folder)
        check_contents(folder, manifest, ["documents"])
        errands = (Errand(StoredPapers(folder, manifest)),)
        return _run(folder, Task("reembed", errands, before=manifest, processes=processes), embedder, progress)


def refresh(indexes: Path, name: str, progress: Display = silent) -> Manifest:
    """Bring the words and columns of an index into the form that they are read in now, from the texts it holds.

    One that has no checksums gets them. Nothing is read or embedded. Raises IndexProblem when there is no such index,
    or it is damaged.
    """
    folder = folders.folder(indexes, name)
    with _writing(folder):
        if problems := check_index(indexes, name, progress):
            raise IndexProblem(" ".join(problems))
        manifest = read_manifest(folder)
        if manifest.words != FORM:
            room.require(folder, manifest, 0)
            generation = rewrite(folder, manifest, progress)
        elif not manifest.sums:
            generation = manifest.generation
        else:
            return manifest
        files = file_sizes(folder / generation)
        sums = checksums(folder / generation, files, manifest.papers, progress)
        manifest = replace(manifest, generation=generation, files=files, sums=sums, words=FORM)
        write_manifest(folder, manifest)
        remove_generations(folder, generation)
        return manifest


def _errands(plan: Plan) -> tuple[Errand, ...]:
    return tuple(Errand(source, plan.selection) for source in plan.sources)


def _whole(folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    check_contents(folder, manifest)  # or what is written from it would pass for whole
    return manifest


def _run(folder: Path, task: Task, embedder: Embedder, progress: Display) -> Manifest:
    started = time.monotonic()
    base = task.base
    if base and base.weights != embedder.weights:
        raise IndexProblem(
            f"The index {base.name!r} was built with other weights of {base.model} than those here: "
            f"run 'sidereus models verify', or 'sidereus index reembed {base.name}'."
        )
    if current := _current(folder):
        remove_generations(folder, current.generation)
    journal = _open_journal(folder, task.facts(embedder.model.name))
    try:
        _fill(journal, folder, task, embedder, progress)
        run, counts = account(task, journal, started), journal.counts()
        if base is None and not counts.added:
            raise IndexProblem(nothing_found(task, run, journal))
        changes = counts.added or counts.changed or counts.removed
        generation, words = (base.generation, base.words) if base else ("", FORM)
        if changes:
            room.require(folder, base, len(journal))
            generation, words = assemble(folder, journal, embedder, base, progress), FORM
        run = replace(run, seconds=round(time.monotonic() - started, 1))
        read = feeds(task, journal, run.finished)
        name = str(journal.facts()["id"])
    except (SidereusError, OSError) as error:
        if base:
            failed = replace(account(task, journal, started), added=0, changed=0, removed=0, failure=str(error))
            write_manifest(folder, replace(base, runs=history(base, failed)))
        raise
    finally:
        journal.close()
    return _swap_in(folder, generation, words, embedder, history(task.before, run), read, name, progress)


def _fill(journal: Journal, folder: Path, task: Task, embedder: Embedder, progress: Display) -> None:
    """Read and embed side by side, and commit both, until there is nothing left."""
    stored = content.Content(folder / task.base.generation / "documents") if task.base else None
    after, embedded, shown = 0, journal.embedded(), 0.0
    progress(embedded, shown)
    with Harvest(task.errands, journal, stored, task.strict) as harvest, Workers(embedder, task.processes) as workers:
        while True:
            read = harvest.fraction()  # asked first: what is taken later counts as not embedded yet
            known = max(harvest.taken, embedded, 1)
            # A page with much to embed makes the share smaller, which nobody needs to see.
            shown = max(shown, min(read * (embedded / known if harvest.taken else 1.0), 0.999))
            progress(embedded, shown)
            over = harvest.over
            if harvest.taken:
                room.require(folder, task.base, harvest.taken)
            while workers.free and (batch := journal.pending(after, BATCH)):
                after = batch[-1][0]
                workers.begin([position for position, _ in batch], [paper.text for _, paper in batch])
            if workers.busy:
                positions, vectors = workers.finished()
                journal.embed(positions, vectors)
                embedded += len(positions)
            elif over:
                break
            else:
                harvest.wait(WAITED_SECONDS)
    if stored:
        stored.close()
    progress(embedded, 1.0)


def _swap_in(
    folder: Path,
    generation: str,
    words: int,
    embedder: Embedder,
    runs: tuple[Run, ...],
    read: tuple[Feed, ...],
    journal: str,
    progress: Display,
) -> Manifest:
    """Name the generation in use, and remove the one before it."""
    stored = content.Content(folder / generation / "documents")
    papers, years, kinds = stored.summary()
    stored.close()
    files = file_sizes(folder / generation)
    manifest = Manifest(
        folder.name,
        generation,
        embedder.model.name,
        embedder.weights,
        embedder.dimensions,
        papers,
        years,
        kinds,
        files,
        version("sidereus"),
        runs,
        feeds=read,
        journal=journal,
        words=words,
        sums=checksums(folder / generation, files, papers, progress),
    )
    write_manifest(folder, manifest)
    shutil.rmtree(folder / "building", ignore_errors=True)
    remove_generations(folder, generation)
    return manifest


def _current(folder: Path) -> Manifest | None:
    with suppress(IndexProblem):
        return read_manifest(folder)
    return None


def _open_journal(folder: Path, facts: dict[str, object]) -> Journal:
    """The journal of the interrupted build of the same plan, unless its papers are in use already, or a new one."""
    place = folder / "building" / "journal.sqlite"
    current = _current(folder)
    if place.exists():
        with suppress(IndexProblem):  # one that is damaged can only be begun again
            journal = Journal(place)
            known = journal.facts()
            name = known.pop("id", None)
            if known == json.loads(json.dumps(facts)) and name and not (current and current.journal == name):
                return journal
            journal.close()
        shutil.rmtree(place.parent)
    journal = Journal(place)
    journal.set_facts({**facts, "id": uuid.uuid4().hex})
    return journal


def _writing(folder: Path) -> AbstractContextManager[None]:
    return locked(folder / ".lock", f"Another process is writing the index {folder.name!r}: wait for it to finish.")
