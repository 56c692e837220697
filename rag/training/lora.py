"""Low-rank adapters in training (Hu et al. 2021, arXiv:2106.09685), stepped in 32 bits beside a model in 16.

Weights are in 16 bits where the processor multiplies these fast; 16-bit adapters would lose small steps.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError

from rag.errors import UsageError
from rag.models.adapters import CONFIG, PREFIX, WEIGHTS
from rag.storage import write_bytes, write_json

# The factor of an adapter that starts at zero.
UP = "lora_B"


@dataclass(frozen=True, slots=True)
class Rank:
    """The size of the adapters: their rank, and ``alpha`` by which their product counts ``alpha / rank`` times."""

    rank: int = 16
    alpha: int = 32


class Adapters:
    """Adapters put into some linear layers of a model; all its other weights are frozen."""

    def __init__(self, model: torch.nn.Module, layers: Collection[str], rank: Rank, task: str, device: str) -> None:
        from peft import LoraConfig, inject_adapter_in_model

        self.rank, self.task, self.device = rank, task, device
        config = LoraConfig(r=rank.rank, lora_alpha=rank.alpha, target_modules=set(layers), bias="none")
        inject_adapter_in_model(config, model)
        for name, weight in model.named_parameters():
            weight.requires_grad_("lora_" in name)
        self._live = {name: weight for name, weight in model.named_parameters() if "lora_" in name}
        self.masters = {name: weight.detach().float().clone() for name, weight in self._live.items()}

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

    def take(self, folder: Path) -> None:
        """Take over adapters that were saved in a folder. UsageError when they are not for these layers and rank."""
        from safetensors.torch import load_file

        try:
            saved = load_file(folder / WEIGHTS)
            self.load({name: saved[PREFIX + name.replace(".default.", ".")] for name in self.masters})
        except (OSError, SafetensorError, KeyError, RuntimeError):
            raise UsageError(f"{folder} holds no adapters for this model and rank: name another folder.") from None

    def save(self, folder: Path, base: str, strength: float = 1.0) -> None:
        """Write the adapters in peft's layout, in 16 bits; loading them into ``base`` gives :meth:`show`'s model."""
        from safetensors.numpy import save

        kept = {name: value * (strength if UP in name else 1.0) for name, value in sorted(self.masters.items())}
        tensors = {
            PREFIX + name.replace(".default.", "."): value.numpy(force=True).astype(np.float16)
            for name, value in kept.items()
        }
        write_bytes(folder / WEIGHTS, save(tensors))
        config = {
            "peft_type": "LORA",
            "task_type": self.task,
            "base_model_name_or_path": base,
            "r": self.rank.rank,
            "lora_alpha": self.rank.alpha,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": sorted({name.split(".lora_")[0] for name in self.masters}),
            "inference_mode": True,
        }
        write_json(folder / CONFIG, config)


def linear_layers(model: torch.nn.Module) -> set[str]:
    """The names of a model's linear layers."""
    return {name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear)}


def precision(device: str) -> torch.dtype:
    """16 bits where they are multiplied fast, else 32."""
    if device != "cpu":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
