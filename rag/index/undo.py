"""The index as it was before papers were added, kept beside it until the next addition, so that it can be had back."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from rag.errors import IndexProblem
from rag.index import folders
from rag.index.assembly import next_generation, remove_generations
from rag.index.folders import BEFORE
from rag.index.manifest import FILE, Manifest, read_manifest, write_manifest
from rag.storage import locked


def remember(indexes: Path, name: str) -> None:
    """Keep the index as it is now, in place of what was kept before. Its files are shared, and take no more disk."""
    place = folders.folder(indexes, name)
    manifest = read_manifest(place)
    before, aside = place / BEFORE, place / f"{BEFORE}.new"
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(place / manifest.generation, aside / manifest.generation, copy_function=_linked)
    write_manifest(aside, manifest)
    shutil.rmtree(before, ignore_errors=True)
    aside.rename(before)


def take_back(indexes: Path, name: str) -> Manifest | None:
    """The index as it was before papers were added; None where it was made by adding them, and is removed.

    Raises IndexProblem when nothing was kept.
    """
    place = folders.folder(indexes, name)
    if not (place / BEFORE / FILE).exists():
        manifest = read_manifest(place)
        if len(manifest.runs) != 1:
            raise IndexProblem(
                f"What {name!r} was before is not known any more: remove its papers by building it anew."
            )
        folders.remove(indexes, name)
        return None
    with locked(place / ".lock", f"Another process is writing the index {name!r}: wait for it to finish."):
        old = read_manifest(place / BEFORE)
        again = next_generation(place)
        (place / BEFORE / old.generation).rename(place / again)
        manifest = replace(old, generation=again)
        write_manifest(place, manifest)
        remove_generations(place, again)
        shutil.rmtree(place / BEFORE, ignore_errors=True)
    return manifest


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
