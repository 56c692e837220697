"""Whether a file of a model is the one that was promised."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rag.models.catalog import FileFacts

# Where a model's folder keeps what is known of its files.
RECORD = "files.json"


def check_file(path: Path, facts: FileFacts) -> str | None:
    """One sentence on what is wrong with a file, or None."""
    if not path.is_file():
        return f"{path} is missing."
    size = path.stat().st_size
    if facts.size is not None and size != facts.size:
        return f"{path} is {size:,} bytes long and not {facts.size:,}."
    if facts.sha256 is not None and sha256(path) != facts.sha256:
        return f"{path} does not have the SHA-256 that the catalogue gives."
    return None


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
