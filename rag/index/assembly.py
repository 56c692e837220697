"""Writing the next generation of an index beside the one in use, out of the journal of a build."""

from __future__ import annotations

import errno
import os
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.index import content
from rag.index.journal import Journal
from rag.index.manifest import Manifest
from rag.models.embedder import Embedder
from rag.progress import Progress
from rag.storage import sync_tree
from rag.text.forms import FORM

STAGE, REWORDING = "Assembling", "Taking words"
SHOWN_EVERY = 500
# How long the steps take a paper, in terms of the second, as measured among 60,000 papers.
COPIED, WRITTEN, FILED, SAVED = 0.03, 1.0, 0.28, 0.06


def assemble(folder: Path, journal: Journal, embedder: Embedder, base: Manifest | None, progress: Progress) -> str:
    """Write the next generation, from ``base`` and what is in the journal, and return its name.

    Raises OSError when the disk is full.
    """
    from rag.index.engine import configuration, txtai

    name = next_generation(folder)
    aside = folder / f"{name}.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    new, old = len(journal), base.papers if base else 0
    steps = _Steps(progress, new, (COPIED * old, WRITTEN * new, FILED * new, SAVED * (old + new)))
    if base is None:
        database = txtai.embeddings.Embeddings(configuration(embedder.model.name, new))
    else:
        shutil.copytree(folder / base.generation, aside)
        database = txtai.embeddings.Embeddings()
        database.load(str(aside))
    steps.next()
    try:
        write = database.index if base is None else database.upsert
        if new:
            write(_documents(journal, database.model.feed, steps))
        if gone := journal.gone():
            database.delete(gone)
        if base and base.words != FORM:
            _reword(database, old + new, progress)
        steps.next()
        content.add_columns(database.database.connection, steps.at)
        steps.next()
        database.save(str(aside))
    except RuntimeError as error:
        if "write error" in str(error):  # how faiss says that the disk is full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(aside)) from None
        raise
    finally:
        database.close()
    sync_tree(aside)
    aside.rename(folder / name)
    progress(new, 1.0, STAGE)
    return name


def rewrite(folder: Path, manifest: Manifest, progress: Progress) -> str:
    """Write the next generation with the same papers and vectors, and with words and columns as they are written now.

    Raises OSError when the disk is full.
    """
    from rag.index.engine import txtai

    name = next_generation(folder)
    aside = folder / f"{name}.tmp"
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(folder / manifest.generation, aside)
    database = txtai.embeddings.Embeddings()
    database.load(str(aside))
    try:
        _reword(database, manifest.papers, progress)
        content.add_columns(database.database.connection)
        database.save(str(aside))
    finally:
        database.close()
    sync_tree(aside)
    aside.rename(folder / name)
    progress(manifest.papers, 1.0, REWORDING)
    return name


def _reword(database: Any, papers: int, progress: Progress) -> None:
    """Take all words anew from the texts, and leave no columns behind."""
    from rag.index.engine import StemmedBM25

    def texts() -> Iterator[tuple[int, str, None]]:
        for count, (row, text) in enumerate(content.texts(database.database.connection), start=1):
            yield row, text, None
            if count % SHOWN_EVERY == 0:
                progress(count, min(count / max(papers, 1), 0.99), REWORDING)

    scoring = StemmedBM25(database.scoring.config)
    scoring.insert(texts())
    scoring.index()
    database.scoring.close()
    database.scoring = scoring
    content.drop_columns(database.database.connection)


def remove_generations(folder: Path, kept: str) -> None:
    """Remove all generations but one, with what a build that was killed has left of the next.

    Who has one of them open goes on reading it: the system keeps a file until the last process closes it.
    """
    for place in list(folder.glob("g[0-9][0-9][0-9][0-9]*")):
        if place.is_dir() and place.name != kept:
            # Under another name first: SQLite would make a missing file anew for whoever is about to open it.
            gone = place.with_name(f"{place.name[:5]}.gone")
            with suppress(OSError):
                place.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


class _Steps:
    """How far an assembly is whose steps take so long in terms of each other."""

    def __init__(self, progress: Progress, papers: int, efforts: tuple[float, ...]) -> None:
        self._progress, self._papers = progress, papers
        self._efforts, self._total = deque(efforts), sum(efforts) or 1.0
        self._past, self._most = 0.0, 0
        self.at(0)

    def at(self, papers: int) -> None:
        """So many papers have been through the present step."""
        self._most = max(self._most, papers)
        effort = self._past + self._efforts[0] * papers / max(self._papers, 1)
        self._progress(self._most, min(effort / self._total, 0.999), STAGE)

    def next(self) -> None:
        """The present step is over."""
        self._past += self._efforts.popleft()
        self.at(0)


def _documents(
    journal: Journal, feed: deque[tuple[str, object]], steps: _Steps
) -> Iterator[tuple[str, dict[str, object], None]]:
    for number, (paper, vector) in enumerate(journal, start=1):
        feed.append((paper.text, vector))
        yield paper.id, content.document(paper), None
        steps.at(number)


def next_generation(folder: Path) -> str:
    """The name of the generation after those that there are."""
    numbers = [int(path.name[1:5]) for path in folder.glob("g[0-9][0-9][0-9][0-9]*")]
    return f"g{max(numbers, default=0) + 1:04}"
