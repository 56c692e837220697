"""A map of an index: a place in the plane for every paper, near those of papers that say similar things.

The places are found by t-SNE (van der Maaten & Hinton 2008, JMLR 9, 2579) on the main directions of the vectors, with
the interpolation of Linderman et al. (2019, Nat. Methods 16, 243). They are kept in one file beside the generation that
they belong to, and found again when that is replaced.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.index import folders
from rag.index.content import Rows
from rag.index.index import Index
from rag.index.manifest import Manifest
from rag.progress import Progress, silent
from rag.storage import write_bytes

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.float32]
Fetch = Callable[[Rows], Vectors]

# So many papers are laid out; where there are more, each of the others goes where the nearest of these are.
LAID_OUT = 15_000
# Interpolating forces pays only from so many papers on.
INTERPOLATED = 2_000
DIRECTIONS = 50
PERPLEXITY = 30
EARLY, LATE = 200, 300
NEIGHBOURS = 4
CHUNK = 4096
EXTENT = 65_535
# Categories that have a colour of their own; the others share the last one.
NAMED = 9
OTHERS = "other"


@dataclass(frozen=True)
class PaperMap:
    """Every paper of an index, in the order of its rows.

    ``rows`` has shape (n,), ``places`` shape (n, 2) in 0..EXTENT, ``years`` and ``categories`` shape (n,);
    a category is a place in ``names``, which begins with the most frequent one.
    """

    rows: Rows
    places: npt.NDArray[np.uint16]
    years: npt.NDArray[np.int16]
    categories: npt.NDArray[np.uint8]
    names: tuple[str, ...]

    def numbers(self, rows: Rows) -> Rows:
        """Where on the map some rows are, as places in its arrays; rows that it does not have are left out."""
        at = np.minimum(np.searchsorted(self.rows, rows), max(len(self.rows) - 1, 0))
        return at[self.rows[at] == rows] if len(self.rows) else at[:0]


def read(indexes: Path, manifest: Manifest) -> PaperMap | None:
    """The map of an index as it was drawn before, or None when that has not been done or is damaged."""
    try:
        with np.load(_file(indexes, manifest), allow_pickle=False) as stored:
            drawn = PaperMap(
                stored["rows"], stored["places"], stored["years"], stored["categories"], tuple(stored["names"].tolist())
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    lengths = {len(values) for values in (drawn.rows, drawn.places, drawn.years, drawn.categories)}
    return drawn if lengths == {manifest.papers} else None


def draw(indexes: Path, index: Index, progress: Progress = silent) -> PaperMap:
    """Draw the map of an open index and keep it; where nothing can be written it is drawn anew each time."""
    rows, years, subjects = _facts(index)
    names = tuple(name for name, _ in Counter(subjects).most_common(NAMED))
    names = (*names, OTHERS) if set(subjects) - set(names) else names
    code = {name: number for number, name in enumerate(names)}
    drawn = PaperMap(
        rows,
        scaled(layout(rows, lambda some: index.vectors(some.tolist()), progress)),
        years,
        np.array([code.get(subject, len(names) - 1) for subject in subjects], dtype=np.uint8),
        names,
    )
    with contextlib.suppress(OSError):
        _keep(indexes, index.manifest, drawn)
    return drawn


def layout(rows: Rows, fetch: Fetch, progress: Progress = silent) -> Places:
    """Places of shape (len(rows), 2) for the papers at some rows, whose vectors ``fetch`` gives."""
    chosen = np.sort(np.random.default_rng(1).permutation(len(rows))[:LAID_OUT])
    vectors = fetch(rows[chosen])
    centre = vectors.mean(axis=0) if len(vectors) else vectors.sum(axis=0)
    _, directions = np.linalg.eigh((vectors - centre).T @ (vectors - centre))
    directions = directions[:, ::-1][:, :DIRECTIONS]
    points = np.ascontiguousarray((vectors - centre) @ directions)
    share = len(chosen) / max(len(rows), 1)
    fitted = _fitted(points, lambda fraction: progress(round(fraction * len(chosen)), fraction * (0.5 + share / 2)))
    if len(chosen) == len(rows):
        return fitted
    places: Places = np.empty((len(rows), 2), dtype=np.float32)
    for start in range(0, len(rows), CHUNK):
        some = (fetch(rows[start : start + CHUNK]) - centre) @ directions
        places[start : start + CHUNK] = _among(some, points, fitted)
        done = start + len(some)
        progress(done, 0.5 + share / 2 + (0.5 - share / 2) * done / len(rows))
    places[chosen] = fitted
    return places


def scaled(places: Places) -> npt.NDArray[np.uint16]:
    """Places moved and stretched alike in both directions so that they fill 0..EXTENT."""
    if not len(places):
        return np.zeros((0, 2), dtype=np.uint16)
    low, high = places.min(axis=0), places.max(axis=0)
    span = max(float((high - low).max()), 1e-9)
    middle = (places - (low + high) / 2) / span + 0.5
    return np.asarray(np.clip(middle * EXTENT, 0, EXTENT).round(), dtype=np.uint16)


def _fitted(points: Vectors, told: Callable[[float], None]) -> Places:
    """The t-SNE of some points of shape (n, directions)."""
    if len(points) < 8:  # too few for neighbourhoods
        return np.asarray(np.pad(points, ((0, 0), (0, 2)))[:, :2], dtype=np.float32)
    from openTSNE import TSNEEmbedding, affinity, initialization

    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    nearness = affinity.PerplexityBasedNN(points, perplexity=perplexity, method="exact", n_jobs=1, random_state=1)
    start = initialization.rescale(points[:, :2].copy())
    forces: dict[str, Any] = {"negative_gradient_method": "bh"}
    if len(points) >= INTERPOLATED:
        forces = {"negative_gradient_method": "fft", "ints_in_interval": 2}
    placed = TSNEEmbedding(start, nearness, **forces, n_jobs=1, random_state=1)
    every: dict[str, Any] = {"callbacks_every_iters": 10, "propagate_exception": True}
    total = EARLY + LATE
    placed = placed.optimize(
        EARLY, exaggeration=12, momentum=0.5, callbacks=lambda done, *_: told(done / total), **every
    )
    placed = placed.optimize(
        LATE, exaggeration=1, momentum=0.8, callbacks=lambda done, *_: told((EARLY + done) / total), **every
    )
    return np.asarray(placed, dtype=np.float32)


def _among(points: Vectors, others: Vectors, places: Places) -> Places:
    """Places for points amid those of the others that are nearest to them, the nearest counting most."""
    distances = (others**2).sum(axis=1) - 2 * points @ others.T
    nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    near = np.take_along_axis(distances, nearest, axis=1)
    weights = np.exp((near.min(axis=1, keepdims=True) - near) * 20)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((places[nearest] * weights[:, :, np.newaxis]).sum(axis=1), dtype=np.float32)


def _facts(index: Index) -> tuple[Rows, npt.NDArray[np.int16], list[str]]:
    """The row, the year and the first category of every paper."""
    rows, years, subjects = [], [], []
    for row, paper in index.content.all_papers():
        rows.append(row)
        years.append(paper.year)
        subjects.append(paper.categories[0] if paper.categories else OTHERS)
    return np.array(rows, dtype=np.int64), np.array(years, dtype=np.int16), subjects


def _file(indexes: Path, manifest: Manifest) -> Path:
    return folders.folder(indexes, manifest.name) / f"{manifest.generation}.map.npz"


def _keep(indexes: Path, manifest: Manifest, drawn: PaperMap) -> None:
    """Write the map, and remove those of generations that are gone."""
    file, stored = _file(indexes, manifest), io.BytesIO()
    np.savez_compressed(
        stored,
        rows=drawn.rows,
        places=drawn.places,
        years=drawn.years,
        categories=drawn.categories,
        names=np.array(drawn.names, dtype=np.str_),
    )
    write_bytes(file, stored.getvalue())
    for old in file.parent.glob("g[0-9]*.map.npz"):
        if old != file and not (old.parent / old.name.split(".")[0]).exists():
            old.unlink(missing_ok=True)
