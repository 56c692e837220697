"""What the data of every training have in common: files of JSON lines, one paper a line, and which are held out."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rag.errors import UsageError
from rag.storage import write_bytes


class OfPaper(Protocol):
    """Something written for the paper ``id``."""

    @property
    def id(self) -> str:
        """The paper's arXiv id."""
        ...


Record = TypeVar("Record", bound=OfPaper)


def read(
    paths: Sequence[Path], pattern: str, of_file: Callable[[Path], Iterable[Record]], called: str
) -> tuple[Record, ...]:
    """What some files hold, or all files of a pattern in some folders, sorted by id; ``called`` says what it is.

    Raises UsageError when there is nothing, and when a paper comes twice.
    """
    files = [file for path in paths for file in (sorted(path.glob(pattern)) if path.is_dir() else [path])]
    written = sorted((one for file in files for one in of_file(file)), key=lambda one: one.id)
    if not written:
        raise UsageError(f"There are no training {called} in {', '.join(map(str, paths))}: name files of JSON lines.")
    for one, after in itertools.pairwise(written):
        if one.id == after.id:
            raise UsageError(f"The training {called} name the paper {one.id} twice: keep one of the two.")
    return tuple(written)


def drawn(identifier: str, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the id and the seed."""
    digest = hashlib.sha256(f"{seed} {identifier}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write records as compressed JSON lines."""
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    write_bytes(path, gzip.compress(text.encode("utf-8"), mtime=0))


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of compressed JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
