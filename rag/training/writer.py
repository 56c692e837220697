"""The language model in training: a GGUF file's weights, unpacked, with low-rank adapters on all its linear layers."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rag import prompts
from rag.errors import UsageError
from rag.models.catalog import Model
from rag.models.llm import LanguageModel
from rag.training.exercises import Shown
from rag.training.lora import Adapters, Rank, linear_layers, precision

# The least exercise, and replies that have nothing in common, to see what a chat template writes after one.
LEAST = Shown("?", ((1, "?"),), "")
REPLIES = ("A.", "B?")

# Lengths are rounded up to a multiple of so many tokens: for each new shape PyTorch compiles its 16-bit products anew.
STEP = 32


@dataclass(frozen=True, slots=True)
class Tokens:
    """An exercise as the product's own tokens: what is read, and the reply with the mark that ends it."""

    read: list[int]
    reply: list[int]

    def __len__(self) -> int:
        return len(self.read) + len(self.reply)


class Writer(Adapters):
    """A language model that learns to answer; it reads the very tokens that it is asked with in the product."""

    def __init__(self, model: Model, gguf: Path, rank: Rank, device: str, seed: int) -> None:
        torch.manual_seed(seed)
        self._asked = LanguageModel(model, gguf)
        self.model = dense(gguf, precision(device)).to(device)
        super().__init__(self.model, linear_layers(self.model) - {"lm_head"}, rank, "CAUSAL_LM", device)
        first, second = (self._asked.prompt(_messages(LEAST, reply)) for reply in REPLIES)
        # A reply ends with the first token that the template writes after it, whatever the reply.
        self._after = _alike(first[::-1], second[::-1]) - 1
        begun, other = (self._asked.prompt(_messages(Shown("?", ((n, "?"),), ""))) for n in (1, 2))
        self._shared = begun[: _alike(begun, other)]

    def tokens(self, shown: Shown) -> Tokens:
        """An exercise as tokens."""
        read = self._asked.prompt(_messages(shown))
        whole = self._asked.prompt(_messages(shown, shown.reply))
        return Tokens(read, whole[len(read) : len(whole) - self._after])

    def losses(self, batch: Sequence[Tokens]) -> torch.Tensor:
        """The negative log-likelihood of every token of the replies, of shape (their tokens,), in nats."""
        from transformers import DynamicCache

        start = len(self._shared)
        rows = [torch.tensor((one.read + one.reply)[start:-1]) for one in batch]
        # What every prompt begins with is read once. Padding comes last, where nothing looks back at it.
        texts = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self.device)
        texts = torch.nn.functional.pad(texts, (0, -texts.shape[1] % STEP))
        past = DynamicCache(config=self.model.config)
        self.model.model(torch.tensor([self._shared], device=self.device), past_key_values=past)
        past.batch_repeat_interleave(len(batch))
        hidden = self.model.model(texts, past_key_values=past).last_hidden_state
        ends = [len(one) - start - 1 for one in batch]
        kept = [hidden[row, end - len(one.reply) : end] for row, (one, end) in enumerate(zip(batch, ends, strict=True))]
        wanted = torch.tensor([token for one in batch for token in one.reply], device=self.device)
        ready = torch.nn.functional.pad(torch.cat(kept), (0, 0, 0, -len(wanted) % STEP))
        logits = self.model.lm_head(ready)[: len(wanted)].float()
        return torch.nn.functional.cross_entropy(logits, wanted, reduction="none")


def dense(gguf: Path, dtype: torch.dtype) -> Any:
    """The model of a GGUF file with its weights unpacked. Raises UsageError when it is of another kind than Llama."""
    from transformers import AutoModelForCausalLM, GgufConfig

    # transformers draws a progress bar of a second or two that can't be turned off.
    with contextlib.redirect_stderr(io.StringIO()):
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=dtype,
            quantization_config=GgufConfig(dequantize=True),
            attn_implementation="sdpa",
            local_files_only=True,
        )
    if model.config.model_type != "llama":
        raise UsageError(f"{gguf.name} is no Llama model, and only these can be trained: name another with --base.")
    return model


def _messages(shown: Shown, reply: str | None = None) -> list[dict[str, str]]:
    messages = prompts.answer_messages(shown.question, shown.evidence)
    return messages if reply is None else [*messages, {"role": "assistant", "content": reply}]


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common before they differ."""
    return next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
