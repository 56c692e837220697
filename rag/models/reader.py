"""A reader: a cross-encoder that reads a question, or a claim, and a sentence together and says how well they fit.

It runs on ONNX Runtime with 8-bit weights, as embedding models do (:mod:`rag.models.export`), and needs neither torch
nor transformers in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.models import export, store
from rag.models.catalog import Model
from rag.models.embedder import batches, onnx_session

Logits = npt.NDArray[np.float32]

# A pair has three log-odds: that a sentence answers a question, that it bears on it, that it supports a claim.
HEADS, SUPPORTS = 3, 2  # how many, and the place of the last


@dataclass(frozen=True, slots=True)
class Room:
    """Tokens of a pair, and of its first part: nearly all texts fit whole, and the few others lose their end."""

    pair: int
    first: int


QUESTION = Room(112, 36)
CLAIM = Room(192, 72)


class SentenceReader:
    """A loaded reader. Safe to use from several threads."""

    def __init__(self, models: Path, model: Model, threads: int | None = None) -> None:
        from tokenizers import Tokenizer

        self.model = model
        graph = export.exported_reader(models, model)
        self._session = onnx_session(graph, threads)
        self._tokenizer = Tokenizer.from_file(str(store.folder(models, model) / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def logits(self, question: str, texts: Sequence[str]) -> Logits:
        """Log-odds of shape (len(texts), 2): that each text answers the question, and that it bears on it."""
        found: Logits = self._read(question, texts, QUESTION)[:, :2]
        return found

    def support(self, claim: str, evidence: str) -> float:
        """The log-odds that the evidence supports a claim."""
        return float(self._read(claim, [evidence], CLAIM)[0, SUPPORTS])

    def _read(self, first: str, texts: Sequence[str], room: Room) -> Logits:
        opening, *others = (encoding.ids for encoding in self._tokenizer.encode_batch([first, *texts]))
        opening = cut(opening, room.first)
        seconds = [cut(ids[1:], room.pair - len(opening)) for ids in others]
        found: Logits = np.zeros((len(texts), self._session.get_outputs()[0].shape[1]), dtype=np.float32)
        for rows in batches([len(opening) + len(ids) for ids in seconds]):
            found[rows] = self._run(opening, [seconds[row] for row in rows])
        return found

    def _run(self, first: list[int], seconds: Sequence[list[int]]) -> Logits:
        width = len(first) + max(map(len, seconds))
        ids = np.zeros((len(seconds), width), dtype=np.int64)
        mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
        for row, second in enumerate(seconds):
            end = len(first) + len(second)
            ids[row, :end] = [*first, *second]
            mask[row, :end] = 1
            kinds[row, len(first) : end] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        logits: Logits = self._session.run(None, feed)[0]
        return logits


def cut(ids: list[int], most: int) -> list[int]:
    """Token ids without what is too much of them; the closing mark stays."""
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]
