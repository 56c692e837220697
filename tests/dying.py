"""``sidereus`` that keeps a list of what it embeds, and is killed where a test wants it.

    python dying.py LIST PLACE COUNT index build ...

LIST is a file that gets a line for each text that was embedded. PLACE is a function, such as
``rag.index.assembly:sync_tree``; as it is called for the COUNT-th time, the process is killed with signal 9.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.models.embedder import OnnxEmbedder


def main(listing: str, place: str, count: str, *arguments: str) -> None:
    """Run the command."""
    encode = OnnxEmbedder.encode

    def listed(self: OnnxEmbedder, texts: Sequence[str], role: Any, *more: Any) -> Any:
        vectors = encode(self, texts, role, *more)
        with Path(listing).open("a", encoding="utf-8") as file:
            file.writelines(text.replace("\n", " ") + "\n" for text in texts)
        return vectors

    OnnxEmbedder.encode = listed  # type: ignore[method-assign]
    if place != "nowhere":
        deadly(place, int(count))
    from ui.cli import main as sidereus

    sidereus(list(arguments))


def deadly(place: str, count: int) -> None:
    """Make a function kill the process at its ``count``-th call."""
    module, names = place.split(":")
    *owners, name = names.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    function, calls = getattr(owner, name), 0

    @functools.wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)

    setattr(owner, name, wrapper)


if __name__ == "__main__":
    main(*sys.argv[1:])
