"""What an index says about itself, in its ``index.json``. Replacing that one file is what swaps a new build in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import IndexProblem
from rag.storage import write_json

FORMAT = 1
FILE = "index.json"


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of an index, what is taken of it, and where an update goes on reading it."""

    source: str
    category: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int | None = None
    cursor: dict[str, Any] | None = None
    read: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One build, addition, update or re-embedding: what it read and what it changed, or why it failed."""

    what: str
    sources: tuple[str, ...]
    finished: str
    seconds: float
    added: int
    changed: int
    unchanged: int
    skipped: int
    problems: tuple[str, ...] = ()
    removed: int = 0
    failure: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """An index: its embedding model, its size, where its papers came from and the folder that holds it now.

    ``files`` gives the size in bytes of every file in that folder, so that damage is noticed before it is read,
    and ``journal`` names the journal that the generation was made from. ``words`` is the form that its words are in
    (:data:`rag.text.forms.FORM`). ``sums`` gives the SHA-256 of each file; an index of an earlier Sidereus has none.
    """

    name: str
    generation: str
    model: str
    weights: str
    dimensions: int
    papers: int
    years: tuple[int, int]
    kinds: dict[str, int]
    files: dict[str, int]
    version: str
    runs: tuple[Run, ...] = ()
    format: int = FORMAT
    feeds: tuple[Feed, ...] = ()
    journal: str = ""
    words: int = 0
    sums: dict[str, str] = field(default_factory=dict)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make ``manifest`` the state of the index in ``folder``, in one step."""
    write_json(folder / FILE, asdict(manifest))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the index in ``folder``.

    Raises IndexProblem when there is none, or one that this version of Sidereus can't read.
    """
    file, name = folder / FILE, folder.name
    if not file.is_file():
        raise IndexProblem(
            f"There is no index {name!r}: build it with 'sidereus index build {name} SOURCE', "
            "or see 'sidereus index list'."
        )
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record.get("format") != FORMAT:
            raise IndexProblem(
                f"The index {name!r} has format {record.get('format')} and this Sidereus reads {FORMAT}: "
                f"run 'sidereus index reembed {name}' with the Sidereus that wrote it, or build it again."
            )
        return _manifest(record)
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise IndexProblem(
            f"The file {file} is damaged: remove the index with 'sidereus index remove {name}' and build it again."
        ) from None


def file_sizes(generation: Path) -> dict[str, int]:
    """The size in bytes of every file of a generation."""
    return {path.name: path.stat().st_size for path in sorted(generation.iterdir()) if path.is_file()}


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raise IndexProblem when a file of the index in ``folder`` is missing or not as long as it was written."""
    generation = folder / manifest.generation
    sizes = file_sizes(generation) if generation.is_dir() else {}
    for name, size in manifest.files.items():
        if sizes.get(name) != size:
            what = "is missing" if name not in sizes else f"is {sizes[name]:,} bytes long and not {size:,}"
            raise damaged(manifest.name, f"{generation / name} {what}")


def damaged(name: str, why: str) -> IndexProblem:
    """The error for an index whose files are not as they were written."""
    return IndexProblem(
        f"The index {name!r} is damaged ({why}): remove it with 'sidereus index remove {name}' and build it again."
    )


def _manifest(record: dict[str, Any]) -> Manifest:
    values = dict(record)
    values["years"] = tuple(values["years"])
    values["runs"] = tuple(
        Run(**{**run, **{name: tuple(run.get(name, ())) for name in ("sources", "problems", "notes")}})
        for run in values["runs"]
    )
    values["feeds"] = tuple(Feed(**feed) for feed in values.get("feeds", ()))
    return Manifest(**values)
