"""Low-rank adapters in peft's layout, written as a GGUF file that llama.cpp loads over the model it was trained for.

The layout is that of llama.cpp's ``convert_lora_to_gguf.py``: two tensors for each adapted weight, ``<weight>.lora_a``
of shape (rank, inputs) and ``<weight>.lora_b`` of shape (outputs, rank), and alpha in the metadata.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import UsageError
from rag.models.adapters import CONFIG, DOWN, PREFIX, UP, WEIGHTS
from rag.storage import sync_folder

FILE = "adapter.gguf"


def write(adapters: Path, base: Path, place: Path) -> None:
    """Write the adapters in a folder to the GGUF file ``place``, for the Llama model in the GGUF file ``base``.

    Raises UsageError when there are none, or when a layer of theirs is none of the model's.
    """
    import gguf
    from safetensors.numpy import load_file

    try:
        config = json.loads((adapters / CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(adapters / WEIGHTS)
    except (OSError, ValueError):
        raise UsageError(f"{adapters} holds no adapters: train some with 'sidereus train llm'.") from None
    model = gguf.GGUFReader(base)
    heads = {"q_proj": _number(model, "head_count"), "k_proj": _number(model, "head_count_kv")}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, _number(model, "block_count", ""))
    aside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    writer = gguf.GGUFWriter(aside, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(config["lora_alpha"]))
    for key in sorted(key for key in tensors if key.endswith(DOWN)):
        layer = key.removeprefix(PREFIX).removesuffix(DOWN)
        if (name := names.get_name(layer)) is None:
            raise UsageError(f"{base.name} has no layer {layer}, which the adapters in {adapters} are for.")
        up = tensors[key.replace(DOWN, UP)]
        if (projection := layer.rpartition(".")[2]) in heads:
            up = permuted(up, heads[projection])
        writer.add_tensor(f"{name}.weight.lora_a", tensors[key])
        writer.add_tensor(f"{name}.weight.lora_b", up)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(place.parent)


def permuted(up: npt.NDArray[Any], heads: int) -> npt.NDArray[Any]:
    """The rows (outputs) of a query or key projection in the order of a Llama GGUF, of the same shape.

    There the two numbers that rotary positions turn together stand side by side, in transformers half a head apart.
    """
    return np.ascontiguousarray(up.reshape(heads, 2, -1, up.shape[-1]).swapaxes(1, 2).reshape(up.shape))


def _number(model: Any, name: str, group: str = "attention.") -> int:
    field = model.get_field(f"llama.{group}{name}")
    if field is None:
        raise UsageError("Only adapters of Llama models can be written as GGUF: name another base.")
    return int(field.contents())
