"""Whether the disk has room for the next generation of an index, which is written beside the one in use."""

from __future__ import annotations

import shutil
from pathlib import Path

from rag.errors import IndexProblem
from rag.index.manifest import Manifest

# What a new paper takes beside its record in the journal, with the copies that are made on the way, and what a
# generation takes while it is copied and changed, in terms of its size; as measured among 210,000 papers.
BYTES_A_PAPER = 12_000
COPY = 1.3


def require(folder: Path, base: Manifest | None, papers: int) -> None:
    """Raise IndexProblem when ``folder`` has no room to write ``base`` once more with so many new papers."""
    needed = papers * BYTES_A_PAPER + (COPY * sum(base.files.values()) if base else 0)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise IndexProblem(
            f"The disk is full but for {free / 1e9:.1f} GB, and the index {folder.name!r} needs about "
            f"{needed / 1e9:.1f} GB to be written: free some space and run the same command again; nothing was lost."
        )
