"""Embedding models: texts in, L2-normalised vectors out.

A BERT-like model runs on ONNX Runtime with 8-bit weights (see :mod:`rag.models.export`), which needs
neither torch nor transformers in memory; any other runs on sentence-transformers.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from rag.errors import UsageError
from rag.models import export, store
from rag.models.catalog import Model
from rag.progress import Progress, silent

Vectors = npt.NDArray[np.float32]
Role = Literal["document", "query"]
# Texts in, one L2-normalised vector a text out.
Encode = Callable[[Sequence[str]], Vectors]

# Tokens of one batch. Longer batches leave the processor's cache, shorter ones waste calls.
TOKEN_BUDGET = 512
DEVICE = re.compile(r"(?:cpu|cuda|mps|xpu)(?::\d+)?")


class Embedder(Protocol):
    """A loaded embedding model."""

    model: Model
    dimensions: int
    weights: str

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions), L2-normalised, in the order of the texts."""
        ...


def load(
    models: Path,
    model: Model,
    threads: int | None = None,
    precision: export.Precision = "int8",
    device: str | None = None,
) -> Embedder:
    """Load a model whose files are present, in the fastest way it supports.

    ``device`` is one of PyTorch's, such as ``cuda`` or ``mps``, or several with commas between them, which then
    share the work; without one the processor does it. Raises ModelProblem when the model's files are damaged,
    UsageError when there is no such device.
    """
    folder = store.folder(models, model)
    if export.supported(folder) and not device:
        return OnnxEmbedder(model, folder, export.exported(models, model, precision), threads)
    return SentenceEmbedder(model, folder, device, threads)


class OnnxEmbedder:
    """A BERT-like model with mean pooling on ONNX Runtime."""

    def __init__(self, model: Model, folder: Path, graph: Path, threads: int | None) -> None:
        from tokenizers import Tokenizer

        self.model = model
        self._made_of = model, folder, graph, threads
        self.dimensions, self.weights = hidden_size(folder), store.fingerprint(folder)
        self._session = onnx_session(graph, threads)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=max_seq_length(model, folder))

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process loads the model anew."""
        return OnnxEmbedder, self._made_of

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions), computed in batches of similar length."""
        prompt = self.model.query_prompt if role == "query" else self.model.document_prompt
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch([prompt + text for text in texts])]
        vectors: Vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        done = 0
        for rows in batches([len(ids) for ids in tokens]):
            vectors[rows] = self._run([tokens[row] for row in rows])
            done += len(rows)
            progress(done, done / len(texts))
        return normalised(vectors)

    def _run(self, tokens: list[list[int]]) -> Vectors:
        width = max(len(ids) for ids in tokens)
        ids = np.zeros((len(tokens), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(tokens):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        pooled: Vectors = self._session.run(None, feed)[0]
        return pooled


class SentenceEmbedder:
    """Any model that sentence-transformers loads, on any of PyTorch's devices."""

    def __init__(self, model: Model, folder: Path, device: str | None = None, threads: int | None = None) -> None:
        self.model = model
        self._made_of = model, folder, device, threads
        self._devices = device.split(",") if device else []
        if unknown := [name for name in self._devices if not DEVICE.fullmatch(name)]:
            raise UsageError(
                f"{unknown[0]!r} is no device: name cuda, mps, xpu or cpu, or several such as cuda:0,cuda:1."
            )
        from sentence_transformers import SentenceTransformer

        first = self._devices[0] if self._devices else None
        try:
            self._model = SentenceTransformer(str(folder), local_files_only=True, device=first)
        except (RuntimeError, AssertionError) as error:  # how PyTorch says that a device is not there
            why = str(error).splitlines()[0]
            raise UsageError(
                f"The device {first!r} can't be used ({why}): leave out --device, or name another."
            ) from None
        if threads:
            import torch

            torch.set_num_threads(threads)
        self._model.max_seq_length = max_seq_length(model, folder)
        self.dimensions = int(self._model.get_sentence_embedding_dimension() or 0)
        self.weights = store.fingerprint(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process loads the model anew."""
        return SentenceEmbedder, self._made_of

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        prompt = self.model.query_prompt if role == "query" else self.model.document_prompt
        vectors: Vectors = self._model.encode(
            [prompt + text for text in texts],
            batch_size=128 if self._devices else 32,
            convert_to_numpy=True,
            show_progress_bar=False,
            device=self._devices if len(self._devices) > 1 else None,
        )
        progress(len(texts), 1.0)
        return normalised(vectors.astype(np.float32))


def onnx_session(graph: Path, threads: int | None) -> Any:
    """A graph loaded on the processor, on as many threads, or on all cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.log_severity_level = 3
    # Spinning threads steal the core that the language model or the browser needs between two batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def hidden_size(folder: Path) -> int:
    """The number of dimensions of a BERT-like model's vectors."""
    return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])


def max_seq_length(model: Model, folder: Path) -> int:
    """How many tokens of a text the model reads: the catalogue's word, else that of the model's own files."""
    return model.max_seq_length or export.own_max_seq_length(folder)


def normalised(vectors: Vectors) -> Vectors:
    """Rows scaled to unit length; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    return np.asarray(vectors / lengths, dtype=np.float32)


def batches(lengths: Sequence[int]) -> Iterator[npt.NDArray[np.intp]]:
    """Rows grouped by similar length, longest first, each group within the token budget once padded."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    start = 0
    while start < len(order):
        size = max(1, TOKEN_BUDGET // max(lengths[order[start]], 1))
        yield order[start : start + size]
        start += size
