"""Which indexes there are, by name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from rag.errors import IndexProblem, UsageError
from rag.index.manifest import FILE, Manifest, read_manifest
from rag.storage import locked

BEFORE = "before"  # the folder, in that of an index, of what it was before the last addition
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def folder(indexes: Path, name: str) -> Path:
    """The folder of the index called ``name``; UsageError when that can be no name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for an index: use letters, digits, '.', '_' and '-'.")
    return indexes / name


def existing(indexes: Path) -> list[str]:
    """The names of all finished indexes."""
    return sorted(path.parent.name for path in indexes.glob(f"*/{FILE}"))


def fresh_name(file: Path, taken: Collection[str]) -> str:
    """A name for a new index of a file's papers.

    >>> fresh_name(Path("My library (2).bib"), ["my-library-2"])
    'my-library-2-2'
    """
    name = re.sub(r"[^a-z0-9]+", "-", file.name.lower().partition(".")[0]).strip("-")[:50] or "papers"
    places = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(place for place in places if place not in taken)


def manifests(indexes: Path) -> list[Manifest | IndexProblem]:
    """The manifest of every index, or what is wrong with it."""
    found: list[Manifest | IndexProblem] = []
    for name in existing(indexes):
        try:
            found.append(read_manifest(indexes / name))
        except IndexProblem as problem:
            found.append(problem)
    return found


def size(place: Path) -> int:
    """Bytes on disk of an index with unfinished builds, not of the starter's own files, nor of what it was before."""
    return sum(_bytes(path) for path in place.rglob("*") if BEFORE not in path.relative_to(place).parts)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() and path.suffix != ".jsonl" else 0
    except FileNotFoundError:  # a build has just removed it
        return 0


def require(indexes: Path, name: str) -> list[Path]:
    """The parts, finished and unfinished, of the index called ``name``; IndexProblem when there are none."""
    place = folder(indexes, name)
    places = (place / FILE, place / "building", place / BEFORE, *place.glob("g[0-9]*"))
    parts = [part for part in places if part.exists()]
    if not parts:
        raise IndexProblem(f"There is no index {name!r}: see 'sidereus index list'.")
    return parts


def remove(indexes: Path, name: str) -> None:
    """Remove an index and any unfinished build of it; the starter collection itself stays.

    Raises IndexProblem when there is none.
    """
    place = folder(indexes, name)
    with locked(place / ".lock", f"Another process is writing the index {name!r}: wait for it to finish."):
        for part in require(indexes, name):
            if part.is_dir():
                shutil.rmtree(part)
            else:
                part.unlink()
    (place / ".lock").unlink(missing_ok=True)
    if not any(place.iterdir()):
        place.rmdir()
