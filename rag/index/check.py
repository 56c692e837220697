"""A look at every part of an index."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rag.errors import IndexProblem
from rag.index import folders
from rag.index.checksums import check_contents
from rag.index.filters import Filters
from rag.index.index import Index, open_index
from rag.index.manifest import check_files, read_manifest
from rag.progress import Progress, silent

STAGE = "Reading papers"
PAPERS_AT_ONCE = 4096
VECTORS_LOOKED_AT = 200


def check_index(indexes: Path, name: str, progress: Progress = silent) -> list[str]:
    """Look at every part of an index; one sentence for each thing that is wrong.

    What its files hold is compared with their checksums before any of it is believed.
    """
    try:
        place = folders.folder(indexes, name)
        manifest = read_manifest(place)
        check_files(place, manifest)
        check_contents(place, manifest, progress=progress)
        index = open_index(indexes, name)
    except IndexProblem as problem:
        return [str(problem)]
    try:
        return _problems(index, progress)
    finally:
        index.close()


def _problems(index: Index, progress: Progress) -> list[str]:
    name = index.manifest.name
    rows = index.content.matching(Filters())
    problems, there = [], 0
    for start in range(0, len(rows), PAPERS_AT_ONCE):
        there += len(index.content.papers(rows[start : start + PAPERS_AT_ONCE].tolist()))
        progress(there, min((start + PAPERS_AT_ONCE) / len(rows), 1.0), STAGE)
    if there != len(rows):
        problems.append(f"The index {name!r} lacks the text of some papers: build it again.")
    lengths = np.linalg.norm(index.vectors(rows[:: max(len(rows) // VECTORS_LOOKED_AT, 1)].tolist()), axis=1)
    if not np.allclose(lengths, 1, atol=0.05):
        problems.append(
            f"The index {name!r} holds vectors that are not normalised: run 'sidereus index reembed {name}'."
        )
    if set(index.word_rows.tolist()) < set(rows.tolist()):
        problems.append(f"The index {name!r} lacks the words of some papers: build it again.")
    return problems
