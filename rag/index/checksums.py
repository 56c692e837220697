"""Checksums of the files of an index: what each held when it was written, to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from rag.index.manifest import Manifest, damaged, read_manifest
from rag.progress import Progress, silent

STAGE = "Reading files"
AT_ONCE = 4 << 20


def checksums(folder: Path, names: Iterable[str], papers: int, progress: Progress = silent) -> dict[str, str]:
    """The SHA-256, in hexadecimal, of some files of a folder; those that can't be read are left out.

    How far it is is told in papers, of which the index has so many.
    """
    paths = [folder / name for name in names if (folder / name).is_file()]
    total, read, found = sum(path.stat().st_size for path in paths), 0, {}
    for path in paths:
        digest = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while block := file.read(AT_ONCE):
                    digest.update(block)
                    read += len(block)
                    share = min(read / max(total, 1), 1.0)
                    progress(round(share * papers), share, STAGE)
        except OSError:  # what the disk does not give back
            continue
        found[path.name] = digest.hexdigest()
    return found


def check_contents(
    place: Path, manifest: Manifest, names: Iterable[str] | None = None, progress: Progress = silent
) -> None:
    """Raise IndexProblem when a file of the index in ``place`` does not hold what was written, of all or of some.

    An index without checksums passes, and one that was replaced meanwhile.
    """
    generation = place / manifest.generation
    wanted = {name: manifest.sums[name] for name in names or manifest.sums if name in manifest.sums}
    found = checksums(generation, wanted, manifest.papers, progress)
    for name, digest in wanted.items():
        if found.get(name) != digest and read_manifest(place).generation == manifest.generation:
            raise damaged(manifest.name, f"{generation / name} does not hold what was written")
