"""Models that are another model with low-rank adapters (Hu et al. 2021, arXiv:2106.09685), merged once, on first use.

Every adapted weight becomes ``W + alpha / rank * B @ A``, to the same bits on every machine: A and B hold 16-bit
numbers, so their products are multiples of 2**-48, and sums of these below 2**5 are exact in 64 bits in whatever
order a processor adds them. That is why the catalogue can give the hash of a file that nobody downloads.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelProblem
from rag.models import catalog
from rag.models.catalog import Model
from rag.models.files import sha256
from rag.resources import adapter_folder
from rag.storage import locked, sync_tree

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
MERGED = "model.safetensors"
# The layers on top of a reader, which no base has.
HEAD = "head.safetensors"
# Beside the weights: which adapters were put into them.
MADE_OF = ".made-of"
# peft's names of the two factors of a layer's weight.
PREFIX, DOWN, UP = "base_model.model.", ".lora_A.weight", ".lora_B.weight"

Change = npt.NDArray[np.float64]


def base(model: Model) -> Model:
    """The model that an adapted model is made of."""
    assert model.adapter is not None
    return catalog.named(model.adapter.base)


def merge(models: Path, model: Model) -> None:
    """Put the files of an adapted model into ``models/<name>`` in one step; its base must be there, and whole.

    Raises ModelProblem when the adapters are not here, or another process is at it.
    """
    original, adapters, place = base(model), adapter_folder(model.name), models / model.name
    with locked(models / f".{model.name}.lock", f"Another process is preparing {model.name}: try again in a moment."):
        compose(models / original.name, adapters, place)


def made_of_these(place: Path, model: Model) -> bool:
    """Whether a merged model holds the adapters that this version of Sidereus brings, not those of an earlier one."""
    try:
        return (place / MADE_OF).read_text(encoding="utf-8") == _mark(adapter_folder(model.name))
    except OSError:
        return False


def _mark(adapters: Path) -> str:
    """The hashes of the files in a folder of adapters, their head among them where there is one."""
    return " ".join(sha256(adapters / name) for name in (WEIGHTS, HEAD) if (adapters / name).is_file())


def compose(original: Path, adapters: Path, place: Path) -> None:
    """Make the folder ``place`` in one step: the original model's files, its weights with the adapters.

    Raises ModelProblem when the adapters are damaged or don't belong to these weights.
    """
    with tempfile.TemporaryDirectory(prefix=".merge-", dir=place.parent) as scratch:
        aside = Path(scratch) / "merged"
        shutil.copytree(original, aside, ignore=shutil.ignore_patterns(".*"))
        apply(aside / MERGED, adapters)
        if (adapters / HEAD).is_file():
            shutil.copyfile(adapters / HEAD, aside / HEAD)
        (aside / MADE_OF).write_text(_mark(adapters), encoding="utf-8")
        sync_tree(aside)
        shutil.rmtree(place, ignore_errors=True)
        aside.rename(place)


def apply(weights: Path, adapters: Path) -> None:
    """Add the adapters in a folder to the weights in a safetensors file, in place.

    Raises ModelProblem when the two don't belong together.
    """
    changes = read_changes(adapters)
    with weights.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, change in changes.items():
            entry = header.get(name, {})
            if entry.get("dtype") != "F32" or tuple(entry["shape"]) != change.shape:
                raise ModelProblem(f"The adapters in {adapters} are not for these weights: they lack {name}.")
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            file.seek(start)
            before = np.frombuffer(file.read(end - start), dtype="<f4").reshape(change.shape)
            file.seek(start)
            file.write((before + change).astype("<f4").tobytes())


def read_changes(adapters: Path) -> dict[str, Change]:
    """What a folder of adapters adds to each weight, by the weight's name."""
    from safetensors.numpy import load_file

    try:
        config = json.loads((adapters / CONFIG).read_text(encoding="utf-8"))
        tensors: Mapping[str, Any] = load_file(adapters / WEIGHTS)
        scale = config["lora_alpha"] / config["r"]
    except Exception as error:  # damaged files fail in as many ways as there are formats
        raise ModelProblem(f"The adapters in {adapters} can't be read ({error}): install Sidereus again.") from None
    return {
        name.removeprefix(PREFIX).removesuffix(DOWN) + ".weight": scale
        * (tensors[name.replace(DOWN, UP)].astype(np.float64) @ down.astype(np.float64))
        for name, down in sorted(tensors.items())
        if name.endswith(DOWN)
    }
