"""Writing files so that nothing a user has is ever lost: write aside, flush to disk, rename."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from rag.errors import SidereusError

_NEVER_SO_LONG = 3600  # seconds that no write takes


def write_text(path: Path, text: str, private: bool = False) -> None:
    """Replace the file at ``path`` in one step, as :func:`write_bytes` does."""
    write_bytes(path, text.encode("utf-8"), private)


def write_bytes(path: Path, content: bytes, private: bool = False) -> None:
    """Replace the file at ``path`` in one step; ``private`` files are readable by their owner alone.

    Raises OSError when the disk is full or the folder read-only; the old file is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, path.name)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what writes left in a folder when their processes were killed, of one file or of all."""
    for aside in folder.glob(f".{escape(name) if name else '*'}.*.tmp"):
        with contextlib.suppress(OSError, ValueError):
            writer = int(aside.name.split(".")[-2])
            if not psutil.pid_exists(writer) or time.time() - aside.stat().st_mtime > _NEVER_SO_LONG:
                aside.unlink()


def write_json(path: Path, value: Any, private: bool = False) -> None:
    """Replace the file at ``path`` by ``value`` as indented JSON."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n", private)


def sync_tree(folder: Path) -> None:
    """Flush every file below ``folder``, and the folder itself, to disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to disk, so that a rename survives a power cut."""
    with contextlib.suppress(OSError):  # some file systems cannot sync a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path, busy: str, patience: float = 0) -> Iterator[None]:
    """Hold the lock file at ``path``, or raise SidereusError(busy) when another process holds it, at once or after
    ``patience`` seconds.

    The operating system drops the lock with its process, so a crash leaves none behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=patience)
    try:
        lock.acquire()
    except Timeout:
        raise SidereusError(busy) from None
    try:
        yield
    finally:
        lock.release()
