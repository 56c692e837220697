"""Which files of a hub's repository a loader needs, whether they are right, and those a user has already."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from huggingface_hub import try_to_load_from_cache

from rag.models.catalog import FileFacts, Model, ModelKind
from rag.models.files import check_file, sha256

MODULE_FOLDER = "[0-9]*_*"
LOADER_FILES = (
    "config*.json",
    "modules.json",
    "sentence_*_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "sentencepiece*.model",
    "spiece.model",
    "*.safetensors",
    "*.safetensors.index.json",
    "pytorch_model*.bin",
    "pytorch_model.bin.index.json",
)


@dataclass(frozen=True)
class HubFile:
    """A file as the hub describes it: its size in bytes, and its SHA-256 (64 digits) or git's SHA-1 (40)."""

    name: str
    size: int
    digest: str


def chosen(model: Model, names: Iterable[str]) -> list[str]:
    """Which files to take: those the catalogue names, else of ``names`` what a loader of embeddings needs."""
    assert model.hub is not None
    if model.hub.files:
        return list(model.hub.files)
    needed = [name for name in names if _for_loader(PurePosixPath(name))]
    safe = {PurePosixPath(name).parent for name in needed if name.endswith(".safetensors")}
    return [name for name in needed if ".bin" not in name or PurePosixPath(name).parent not in safe]


def fault(path: Path, promised: HubFile) -> str | None:
    """What is wrong with a file, as a clause, or None."""
    if not path.is_file():
        return "it is missing"
    if length(path) != promised.size:
        return f"{length(path):,} bytes came of {promised.size:,}"
    digest = sha256(path) if len(promised.digest) == 64 else _git_sha1(path)
    return None if digest == promised.digest else "its content is not what the hub promised"


def length(path: Path) -> int:
    """A file's size in bytes, 0 when there is none."""
    return path.stat().st_size if path.is_file() else 0


def cached(model: Model) -> Path | None:
    """The model's snapshot in the user's Hugging Face cache, when all of it is there and undamaged."""
    hub = model.hub
    assert hub is not None
    first = hub.files[0] if hub.files else "config.json"
    try:
        found = try_to_load_from_cache(hub.repo, first, revision=hub.revision)
    except ValueError:  # a name that no repository can have
        return None
    if not isinstance(found, str):
        return None
    snapshot = Path(found).parents[len(PurePosixPath(first).parts) - 1]
    names = set(_names(snapshot))
    if not set(hub.files or _indispensable(snapshot, model.kind)) <= names:
        return None
    right = all(_right(snapshot / name, model.files.get(name, FileFacts())) for name in chosen(model, names))
    return snapshot if right else None


def link(snapshot: Path, place: Path, model: Model) -> None:
    """Put the snapshot's files into ``place``, as links where the file system allows it."""
    for name in chosen(model, _names(snapshot)):
        source, target = (snapshot / name).resolve(), place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            target.hardlink_to(source)
        except OSError:  # another disk, or one without links
            shutil.copyfile(source, target)


def _for_loader(path: PurePosixPath) -> bool:
    """Files at the top or in a module's folder such as ``1_Pooling``; not the variants for other runtimes."""
    if len(path.parts) > 2 or (len(path.parts) == 2 and not fnmatchcase(path.parts[0], MODULE_FOLDER)):
        return False
    return any(fnmatchcase(path.name, pattern) for pattern in LOADER_FILES)


def _names(snapshot: Path) -> list[str]:
    return [path.relative_to(snapshot).as_posix() for path in sorted(snapshot.rglob("*")) if path.is_file()]


def _indispensable(snapshot: Path, kind: ModelKind) -> set[str]:
    """Names without which a snapshot of a model is not whole, as its own lists tell; a re-ranker has one module."""
    needed = {"config.json", _first(snapshot, "tokenizer.json", "vocab.txt")}
    listed = snapshot / "modules.json"
    if kind == "embedding" or listed.is_file():
        needed.add(listed.name)
    for module in json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []:
        if module["path"] and not module["type"].endswith("Normalize"):  # that one has no files
            needed.add(f"{module['path']}/config.json")
    weights = _first(snapshot, "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin")
    if weights.endswith(".index.json"):
        shards = json.loads((snapshot / weights).read_text(encoding="utf-8"))["weight_map"]
        return needed | set(shards.values())
    return needed | {weights}


def _first(snapshot: Path, *names: str) -> str:
    """The first of the names that the snapshot has, else the last."""
    return next((name for name in names if (snapshot / name).is_file()), names[-1])


def _right(path: Path, known: FileFacts) -> bool:
    """Whether a cached file is what its blob's name, a digest, and the catalogue say it is."""
    blob = path.resolve()
    digest = blob.name if blob.parent.name == "blobs" else ""  # where there are no links it is not known
    damaged = digest and fault(blob, HubFile(path.name, length(blob), digest))
    return not damaged and check_file(blob, known) is None


def _git_sha1(path: Path) -> str:
    """The name git gives to the blob of a (small) file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
