"""The reader in training: an embedding model that reads a question and a sentence together, and a small head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError

from rag.errors import UsageError
from rag.models.adapters import HEAD
from rag.models.reader import HEADS, QUESTION, Room, cut
from rag.storage import write_bytes
from rag.training.lora import Adapters, Rank, linear_layers, precision

# Pairs of like length that pass the model together, so that little of what is computed is padding. There are always
# so many rows, and lengths are rounded up: for each new shape PyTorch compiles its 16-bit products anew.
TOGETHER, STEP = 16, 16
HIDDEN = 256


class ReaderStudent(Adapters):
    """A cross-encoder that gives each pair three logits, those of :mod:`rag.models.reader`."""

    def __init__(self, folder: Path, rank: Rank, device: str, seed: int) -> None:
        from tokenizers import Tokenizer
        from transformers import AutoModel

        torch.manual_seed(seed)
        # The fused attention of PyTorch is slow backwards on a CPU.
        attention = "eager" if device == "cpu" else "sdpa"
        self.model = AutoModel.from_pretrained(
            folder, attn_implementation=attention, dtype=precision(device), local_files_only=True
        ).to(device)
        self.model.eval()
        width = int(self.model.config.hidden_size)
        self.head = torch.nn.Sequential(
            torch.nn.Linear(2 * width, HIDDEN), torch.nn.GELU(), torch.nn.Linear(HIDDEN, HEADS)
        ).to(device)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        layers = {name for name in linear_layers(self.model) if not name.startswith("pooler")}
        super().__init__(self.model, layers, rank, "FEATURE_EXTRACTION", device)

    def logits(self, pairs: Sequence[tuple[str, str]], room: Room = QUESTION) -> torch.Tensor:
        """Logits of shape (len(pairs), 3), in 32 bits, through which gradients flow."""
        tokens = [self._tokens(first, text, room) for first, text in pairs]
        order = sorted(range(len(pairs)), key=lambda place: -len(tokens[place][0]))
        parts = [
            self._read([tokens[place] for place in order[start : start + TOGETHER]])
            for start in range(0, len(order), TOGETHER)
        ]
        back = torch.from_numpy(np.argsort(order)).to(self.device)
        return torch.cat(parts)[back]

    def take(self, folder: Path) -> None:
        """Take over the adapters and the head of a reader. UsageError when they don't fit."""
        from safetensors.torch import load_file

        super().take(folder)
        try:
            self.head.load_state_dict(load_file(folder / HEAD))
        except (OSError, SafetensorError, RuntimeError):
            raise UsageError(f"{folder} holds no head of a reader for this model: name another folder.") from None

    def save(self, folder: Path, base: str, strength: float = 1.0) -> None:
        """Write the adapters as :class:`Adapters` does, and the head beside them."""
        from safetensors.torch import save

        super().save(folder, base, strength)
        weights = {name: value.detach().half().cpu().contiguous() for name, value in self.head.state_dict().items()}
        write_bytes(folder / HEAD, save(weights))

    def _tokens(self, first: str, text: str, room: Room) -> tuple[list[int], int]:
        """The token ids of a pair, and where its second part starts."""
        opening = cut(self._tokenizer.encode(first).ids, room.first)
        second = cut(self._tokenizer.encode(text).ids[1:], room.pair - len(opening))
        return [*opening, *second], len(opening)

    def _read(self, tokens: Sequence[tuple[list[int], int]]) -> torch.Tensor:
        width = -(-max(len(ids) for ids, _ in tokens) // STEP) * STEP
        ids = torch.zeros((TOGETHER, width), dtype=torch.long)
        mask, kinds = torch.zeros_like(ids), torch.zeros_like(ids)
        mask[:, 0] = 1
        for row, (sequence, second) in enumerate(tokens):
            ids[row, : len(sequence)] = torch.tensor(sequence)
            mask[row, : len(sequence)] = 1
            kinds[row, second : len(sequence)] = 1
        ids, mask, kinds = (tensor.to(self.device) for tensor in (ids, mask, kinds))
        states = self.model(ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state.float()
        shown = mask.unsqueeze(-1).float()
        mean = (states * shown).sum(1) / shown.sum(1)
        logits: torch.Tensor = self.head(torch.cat([states[:, 0], mean], dim=-1))[: len(tokens)]
        return logits
