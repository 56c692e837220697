"""Uploaded files: where they arrive, where those that were added are kept, and when the others go.

All lie in the user's own home, where nobody else can read them. Each file that is added gets a folder of its own, so
that two of the same name are two files, and an index is brought up to date with the one that it was made from.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from rag.errors import IndexProblem
from rag.index.folders import manifests
from rag.settings import Settings

DAY = 86_400  # seconds that a file waits to be added

_VARIABLE = "GRADIO_TEMP_DIR"  # Gradio reads it whenever it puts a file somewhere


def arrivals(state: Path) -> Path:
    """The folder that Gradio puts files into, below ``state`` unless the user chose another; made when missing."""
    folder = Path(os.environ.setdefault(_VARIABLE, str(state.resolve() / "arrivals")))
    with contextlib.suppress(OSError):  # nothing can be uploaded then, and all else works
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        _remove(path for path in folder.iterdir() if _is_old(path))
    return folder


def keep(state: Path, arrived: Path) -> Path:
    """Take over a file that arrived, and give its place. Raises OSError when it can't be moved."""
    folder = state / "uploads" / secrets.token_hex(6)
    folder.mkdir(parents=True, mode=0o700)
    return Path(shutil.move(arrived, folder / arrived.name))


def forget_unused(settings: Settings) -> None:
    """Remove what was taken over a day ago and is in no index; nothing while a build may still want it."""
    found = manifests(settings.indexes)
    if any(isinstance(one, IndexProblem) for one in found) or any(settings.indexes.glob("*/building")):
        return
    sources = {Path(feed.source) for one in found if not isinstance(one, IndexProblem) for feed in one.feeds}
    used = {parent for source in sources for parent in source.parents}
    folders = (path for path in (settings.state / "uploads").glob("*") if path.is_dir())
    _remove(path for path in folders if path not in used and _is_old(path))


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > DAY


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
