"""Where uploaded files arrive: in the user's own home, in a folder that nobody else can read."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_VARIABLE = "GRADIO_TEMP_DIR"  # Gradio reads it whenever it puts a file somewhere


def arrivals(state: Path) -> Path:
    """The folder that Gradio puts files into, below ``state`` unless the user chose another; made when missing."""
    folder = Path(os.environ.setdefault(_VARIABLE, str(state.resolve() / "arrivals")))
    with contextlib.suppress(OSError):  # nothing can be uploaded then, and all else works
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    return folder
