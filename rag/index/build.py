"""Building, adding to, updating and re-embedding indexes. The one in use stays whole until one rename replaces it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from rag.errors import IndexProblem, SidereusError, UsageError
from rag.index import content, folders
from rag.index.harvest import Errand, Harvest
from rag.index.journal import Journal
from rag.index.manifest import FILE, Feed, Manifest, Run, check_files, file_sizes, read_manifest, write_manifest
from rag.index.stored import StoredPapers
from rag.index.task import Task, account, feeds, history, nothing_found
from rag.models.embedder import Embedder
from rag.progress import Progress as Display
from rag.progress import silent
from rag.sources import Selection, Source
from rag.storage import locked, sync_tree

BATCH = 256
# How often the progress is shown while nothing is there to embed.
WAITED_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What to put into an index."""

    name: str
    sources: tuple[Source, ...]
    selection: Selection = Selection()
    strict: bool = False


def build(indexes: Path, plan: Plan, embedder: Embedder, force: bool = False, progress: Display = silent) -> Manifest:
    """Build an index, or go on with a build of the same plan that was interrupted.

    Raises UsageError when the index exists already and ``force`` is not set, SourceProblem when a source
    can't be read, IndexProblem when another process is building it.
    """
    folder = folders.folder(indexes, plan.name)
    with _writing(folder):
        refuse_existing(indexes, plan.name, force)
        return _run(folder, Task("build", _errands(plan), plan.strict), embedder, progress)


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
        return _run(
            folder, Task("add", _errands(plan), plan.strict, manifest, manifest), load(manifest.model), progress
        )


def update(
    indexes: Path,
    name: str,
    reopen: Callable[[Feed], Source | None],
    load: Callable[[str], Embedder],
    progress: Display = silent,
) -> Manifest:
    """Bring an index up to date with what is new in its sources since they were read.

    ``reopen`` opens a source again, or gives None when it is to be left out.
    Raises UsageError when the index has no source that can be read again.
    """
    folder = folders.folder(indexes, name)
    with _writing(folder):
        manifest = _whole(folder)
        errands = due(manifest, reopen)
        return _run(folder, Task("update", errands, False, manifest, manifest), load(manifest.model), progress)


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


def reembed(indexes: Path, name: str, embedder: Embedder, progress: Display = silent) -> Manifest:
    """Build an index again from the papers it holds, with another embedding model."""
    folder = folders.folder(indexes, name)
    with _writing(folder):
        manifest = read_manifest(folder)
        errands = (Errand(StoredPapers(folder, manifest)),)
        return _run(folder, Task("reembed", errands, before=manifest), embedder, progress)


def _errands(plan: Plan) -> tuple[Errand, ...]:
    return tuple(Errand(source, plan.selection) for source in plan.sources)


def _whole(folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    return manifest


def _run(folder: Path, task: Task, embedder: Embedder, progress: Display) -> Manifest:
    started = time.monotonic()
    base = task.base
    if base and base.weights != embedder.weights:
        raise IndexProblem(
            f"The index {base.name!r} was built with other weights of {base.model} than those here: "
            f"run 'sidereus models verify', or 'sidereus index reembed {base.name}'."
        )
    journal = _open_journal(folder, task.facts(embedder.model.name))
    try:
        _fill(journal, folder, task, embedder, progress)
        run, counts = account(task, journal, started), journal.counts()
        if base is None and not counts.added:
            raise IndexProblem(nothing_found(task, run, journal))
        changes = counts.added or counts.changed or counts.removed
        generation = _assemble(folder, journal, embedder, base) if changes or base is None else base.generation
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
    return _swap_in(folder, generation, embedder, history(task.before, run), read, name)


def _fill(journal: Journal, folder: Path, task: Task, embedder: Embedder, progress: Display) -> None:
    """Read and embed side by side, and commit both, until there is nothing left."""
    stored = content.Content(folder / task.base.generation / "documents") if task.base else None
    after, embedded = 0, journal.embedded()
    with Harvest(task.errands, journal, stored, task.strict) as harvest:
        while True:
            known = max(harvest.taken, embedded, 1)
            progress(embedded, min(harvest.fraction() * (embedded / known if harvest.taken else 1.0), 0.999))
            over = harvest.over
            batch = journal.pending(after, BATCH)
            if batch:
                positions = [position for position, _ in batch]
                journal.embed(positions, embedder.encode([paper.text for _, paper in batch], "document"))
                after, embedded = positions[-1], embedded + len(batch)
            elif over:
                break
            else:
                harvest.wait(WAITED_SECONDS)
    if stored:
        stored.close()
    progress(embedded, 1.0)


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
        if len(journal):
            write(_documents(journal, database.model.feed))
        if gone := journal.gone():
            database.delete(gone)
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


def _swap_in(
    folder: Path, generation: str, embedder: Embedder, runs: tuple[Run, ...], read: tuple[Feed, ...], journal: str
) -> Manifest:
    """Name the generation in use, and keep the one before it, which a chat may be answering from."""
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
        feeds=read,
        journal=journal,
    )
    before = _current(folder)
    write_manifest(folder, manifest)
    shutil.rmtree(folder / "building", ignore_errors=True)
    for old in folder.glob("g[0-9]*"):
        if old.name not in (generation, before and before.generation):
            shutil.rmtree(old, ignore_errors=True)
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


def _next_generation(folder: Path) -> str:
    numbers = [int(path.name[1:5]) for path in folder.glob("g[0-9][0-9][0-9][0-9]*")]
    return f"g{max(numbers, default=0) + 1:04}"


def _writing(folder: Path) -> AbstractContextManager[None]:
    return locked(folder / ".lock", f"Another process is writing the index {folder.name!r}: wait for it to finish.")
