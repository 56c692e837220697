"""Vectors in a file, computed on one machine and used on another.

The file is numpy's ``.npz``: ``model`` and ``weights`` (names), ``texts`` (n x 16 bytes, the beginning of the
SHA-256 of each paper's title, a newline and its abstract, in UTF-8) and ``vectors`` (n x dimensions, half precision).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from rag.errors import IndexProblem, SidereusError, UsageError
from rag.index.filters import Filters
from rag.index.index import open_index
from rag.models.embedder import Embedder, Role, Vectors, normalised
from rag.progress import Progress, silent
from rag.storage import sweep

READ_AT_ONCE = 1024


def export_vectors(indexes: Path, name: str, path: Path, progress: Progress = silent) -> int:
    """Write the vectors of an index to a file, in one step; the number of papers.

    Raises IndexProblem when there is no such index, SidereusError when the file can't be written.
    """
    index = open_index(indexes, name)
    try:
        rows = index.content.matching(Filters())
        texts = np.zeros((len(rows), 16), dtype=np.uint8)
        vectors = np.zeros((len(rows), index.manifest.dimensions), dtype=np.float16)
        for start in range(0, len(rows), READ_AT_ONCE):
            some = rows[start : start + READ_AT_ONCE].tolist()
            vectors[start : start + len(some)] = index.vectors(some)
            texts[start : start + len(some)] = digests([paper.text for paper in index.papers(some)])
            progress(start + len(some), (start + len(some)) / len(rows))
        _write(path, model=index.manifest.model, weights=index.manifest.weights, texts=texts, vectors=vectors)
        return len(rows)
    except OSError as error:
        raise SidereusError(f"{path} can't be written: {error.strerror or error}.") from None
    finally:
        index.close()


class VectorFile:
    """The vectors of such a file by their texts.

    Raises UsageError when it is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with np.load(path, allow_pickle=False) as file:
                self.model, self.weights = str(file["model"]), str(file["weights"])
                texts, self._vectors = file["texts"], file["vectors"]
            if texts.shape != (len(self._vectors), 16) or texts.dtype != np.uint8 or self._vectors.ndim != 2:
                raise ValueError("the shapes don't fit")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, TypeError) as error:
            raise UsageError(
                f"{path} is no file of vectors ({error}): make one with 'sidereus index export-vectors'."
            ) from None
        keys = _keys(texts)
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def __reduce__(self) -> tuple[type[VectorFile], tuple[Path]]:
        """Another process reads the file itself."""
        return VectorFile, (self._path,)

    @property
    def dimensions(self) -> int:
        """The number of dimensions."""
        return int(self._vectors.shape[1])

    def find(self, texts: Sequence[str]) -> tuple[Vectors, npt.NDArray[np.bool_]]:
        """Vectors of shape (len(texts), dimensions), and which of them are in the file."""
        wanted = _keys(digests(texts))
        places = np.minimum(np.searchsorted(self._keys, wanted), max(len(self._keys) - 1, 0))
        known = self._keys[places] == wanted if len(self._keys) else np.zeros(len(texts), dtype=bool)
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        vectors[known] = self._vectors[self._order[places[known]]]
        return vectors, known


class GivenVectors:
    """An embedder that takes from a file what is there, and has the rest embedded."""

    def __init__(self, embedder: Embedder, file: VectorFile) -> None:
        if (file.model, file.weights, file.dimensions) != (embedder.model.name, embedder.weights, embedder.dimensions):
            raise IndexProblem(
                f"The vectors are those of {file.model}, with other weights or dimensions than {embedder.model.name} "
                "has here: compute them with the same model."
            )
        self.model, self.weights, self.dimensions = embedder.model, embedder.weights, embedder.dimensions
        self._embedder, self._file = embedder, file

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        vectors, known = self._file.find(texts)
        missing = np.flatnonzero(~known).tolist()
        if missing:
            vectors[missing] = self._embedder.encode([texts[row] for row in missing], role, progress)
        return normalised(vectors)


def digests(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """What tells texts apart, of shape (len(texts), 16)."""
    joined = b"".join(hashlib.sha256(text.encode()).digest()[:16] for text in texts)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, 16)


def _keys(texts: npt.NDArray[np.uint8]) -> npt.NDArray[np.bytes_]:
    return np.array([row.tobytes().hex() for row in texts], dtype="S32")


def _write(path: Path, **arrays: npt.ArrayLike) -> None:
    sweep(path.parent, path.name)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
