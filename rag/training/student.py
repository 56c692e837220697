"""The embedding model in training: a sentence-transformers model with low-rank adapters on all its linear layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from rag.errors import UsageError
from rag.models.embedder import Vectors, normalised
from rag.progress import Progress, silent
from rag.training.lora import Adapters, Rank, linear_layers, precision

# Texts of like length that pass the model together, so that little of what is computed is padding.
TOGETHER = 32
# Lengths are rounded up to a multiple of so many tokens: for each new shape PyTorch compiles its 16-bit products anew,
# which would take longer than the training.
STEP = 8


class Student(Adapters):
    """A model with adapters, its texts truncated to so many tokens."""

    def __init__(self, folder: Path, rank: Rank, device: str, seed: int) -> None:
        from sentence_transformers import SentenceTransformer

        torch.manual_seed(seed)
        self.dtype = precision(device)
        # The fused attention of PyTorch is slow backwards on a CPU.
        options = {"attn_implementation": "eager" if device == "cpu" else "sdpa", "dtype": self.dtype}
        self.model = SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs=options)
        super().__init__(self.model[0].model, _linear(self.model[0].model), rank, "FEATURE_EXTRACTION", device)

    def encode(self, texts: Sequence[str], tokens: int) -> torch.Tensor:
        """Vectors of shape (len(texts), dimensions), L2-normalised, in 32 bits, through which gradients flow."""
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        parts = [self._encode([texts[place] for place in some], tokens) for some in _groups(order)]
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

    def _encode(self, texts: Sequence[str], tokens: int) -> torch.Tensor:
        cut = {"truncation": True, "max_length": tokens, "padding": True, "pad_to_multiple_of": STEP}
        features = self.model.tokenizer(list(texts), **cut, return_tensors="pt").to(self.model.device)
        vectors: torch.Tensor = self.model(dict(features))["sentence_embedding"].float()
        return vectors


def _groups(order: Sequence[int]) -> list[Sequence[int]]:
    return [order[start : start + TOGETHER] for start in range(0, len(order), TOGETHER)]


def _linear(model: torch.nn.Module) -> set[str]:
    """The linear layers that token vectors pass; a pooler on top is none of these."""
    if not (layers := {name for name in linear_layers(model) if not name.startswith("pooler")}):
        raise UsageError("The embedding model has no linear layers to adapt: name another with --base.")
    return layers
