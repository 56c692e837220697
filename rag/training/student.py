"""The model in training: a sentence-transformers model with low-rank adapters on all its linear layers.

Weights are in 16 bits where the processor multiplies these fast; the adapters are stepped in 32 bits and copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rag.errors import UsageError
from rag.models.embedder import Vectors, normalised
from rag.progress import Progress, silent
from rag.storage import write_bytes, write_json

ADAPTER, CONFIG = "adapter_model.safetensors", "adapter_config.json"
# Texts of like length that pass the model together, so that little of what is computed is padding.
TOGETHER = 32
# peft reads names that begin so.
PREFIX = "base_model.model."
# The factor of an adapter that starts at zero.
UP = "lora_B"


@dataclass(frozen=True, slots=True)
class Rank:
    """The size of the adapters: their rank, and ``alpha`` by which their product counts ``alpha / rank`` times."""

    rank: int = 16
    alpha: int = 32


class Student:
    """A model with adapters, its texts truncated to so many tokens."""

    def __init__(self, folder: Path, rank: Rank, device: str, seed: int) -> None:
        from peft import LoraConfig, inject_adapter_in_model
        from sentence_transformers import SentenceTransformer

        torch.manual_seed(seed)
        self.dtype = _precision(device)
        # The fused attention of PyTorch is slow backwards on a CPU.
        options = {"attn_implementation": "eager" if device == "cpu" else "sdpa", "dtype": self.dtype}
        self.model = SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs=options)
        self.rank = rank
        config = LoraConfig(r=rank.rank, lora_alpha=rank.alpha, target_modules="all-linear", bias="none")
        _target_linear(config, self.model[0].model)
        inject_adapter_in_model(config, self.model[0].model)
        for name, weight in self.model.named_parameters():
            weight.requires_grad_("lora_" in name)
        self._live = {name: weight for name, weight in self.model[0].model.named_parameters() if "lora_" in name}
        self.masters = {name: weight.detach().float().clone() for name, weight in self._live.items()}

    def encode(self, texts: Sequence[str], tokens: int) -> torch.Tensor:
        """Vectors of shape (len(texts), dimensions), L2-normalised, in 32 bits, through which gradients flow."""
        self.model.max_seq_length = tokens
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        parts = [self._encode([texts[place] for place in some]) for some in _groups(order)]
        back = torch.from_numpy(np.argsort(order)).to(self.model.device)
        return torch.nn.functional.normalize(torch.cat(parts)[back], dim=-1)

    def embed(self, texts: Sequence[str], tokens: int, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions), without gradients."""
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        parts: list[Vectors] = []
        with torch.inference_mode():
            for some in _groups(order):
                parts.append(self.encode([texts[place] for place in some], tokens).cpu().numpy())
                done = sum(map(len, parts))
                progress(done, done / len(texts))
        return normalised(np.concatenate(parts)[np.argsort(order)])

    def _encode(self, texts: Sequence[str]) -> torch.Tensor:
        prepared = self.model.preprocess(list(texts))
        features = {n: v.to(self.model.device) if isinstance(v, torch.Tensor) else v for n, v in prepared.items()}
        vectors: torch.Tensor = self.model(features)["sentence_embedding"].float()
        return vectors

    def gather_gradients(self) -> None:
        """Hand the gradients of the last backward pass to the 32-bit adapters, and forget them."""
        for name, weight in self._live.items():
            self.masters[name].grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None

    def show(self, strength: float = 1.0) -> None:
        """Put the 32-bit adapters to work, their product times ``strength``."""
        with torch.no_grad():
            for name, weight in self._live.items():
                weight.copy_(self.masters[name] * (strength if UP in name else 1.0))

    def load(self, masters: dict[str, torch.Tensor]) -> None:
        """Take over adapters that were trained before."""
        for name, value in masters.items():
            self.masters[name].data.copy_(value)
        self.show()

    def save(self, folder: Path, base: str, strength: float = 1.0) -> None:
        """Write the adapters in peft's layout, in 16 bits; loading them into ``base`` gives :meth:`show`'s model."""
        from safetensors.numpy import save

        kept = {name: value * (strength if UP in name else 1.0) for name, value in sorted(self.masters.items())}
        tensors = {
            PREFIX + name.replace(".default.", "."): value.numpy(force=True).astype(np.float16)
            for name, value in kept.items()
        }
        write_bytes(folder / ADAPTER, save(tensors))
        modules = sorted({name.split(".lora_")[0] for name in self.masters})
        write_json(folder / CONFIG, _peft_config(base, self.rank, modules))


def _groups(order: Sequence[int]) -> list[Sequence[int]]:
    return [order[start : start + TOGETHER] for start in range(0, len(order), TOGETHER)]


def _peft_config(base: str, rank: Rank, modules: Sequence[str]) -> dict[str, Any]:
    return {
        "peft_type": "LORA",
        "task_type": "FEATURE_EXTRACTION",
        "base_model_name_or_path": base,
        "r": rank.rank,
        "lora_alpha": rank.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": list(modules),
        "inference_mode": True,
    }


def _target_linear(config: Any, model: torch.nn.Module) -> None:
    """Name the linear layers that token vectors pass; a pooler on top is none of these."""
    linear = {name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}
    config.target_modules = {name for name in linear if not name.startswith("pooler")}
    if not config.target_modules:
        raise UsageError("The embedding model has no linear layers to adapt: name another with --base.")


def _precision(device: str) -> torch.dtype:
    if device != "cpu":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
