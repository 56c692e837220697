"""The table of a model card: how well embedding models rank the corpus of a BEIR folder, and at what cost.

Every model reads the same documents and queries; ranking is exact, by cosine, so that the table compares
models and not search structures.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.errors import UsageError
from rag.evaluation.datasets import Query, read_corpus, read_queries
from rag.evaluation.retrieval import DEPTH, measure
from rag.models import embedder, store
from rag.models.catalog import Model
from rag.models.embedder import Embedder, Role, SentenceEmbedder, Vectors, normalised
from rag.progress import Progress, silent

Device = Literal["cpu", "cuda"]
# Queries scored at once: bounds the score matrix at this many rows.
QUERIES_AT_ONCE = 256
GPU_BATCH, GPU_SLICE = 256, 4096


@dataclass(frozen=True, slots=True)
class Dataset:
    """A BEIR folder in memory."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    queries: tuple[Query, ...]

    @classmethod
    def read(cls, folder: Path) -> Dataset:
        """Read a folder; UsageError when it isn't in BEIR's layout."""
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}: name one in BEIR's layout, or make it with make-dataset.")
        corpus = read_corpus(folder)
        return cls(tuple(corpus), tuple(corpus.values()), read_queries(folder))


@dataclass(frozen=True, slots=True)
class EmbeddingReport:
    """One line of the table. Times are seconds for the whole corpus and for all queries, ``disk`` is bytes.

    ``parameters`` is None when the model's files don't tell; ``disk`` is what the vectors take as float32.
    """

    model: str
    parameters: int | None
    ndcg: float
    index_seconds: float
    search_seconds: float
    disk: int
    dimensions: int
    documents: int
    queries: int
    device: Device

    def as_record(self) -> dict[str, Any]:
        """The line as ``eval embeddings --json`` prints it."""
        values = asdict(self)
        return {"model": values.pop("model"), "parameters": values.pop("parameters"), "ndcg@10": values.pop("ndcg")} | {
            name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()
        }


class GraphicsEmbedder(SentenceEmbedder):
    """Any model that sentence-transformers loads, on a GPU with 16-bit weights and large batches."""

    def __init__(self, model: Model, folder: Path) -> None:
        super().__init__(model, folder)
        self._model.to("cuda").half()

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        prompt = self.model.query_prompt if role == "query" else self.model.document_prompt
        parts: list[Vectors] = []
        for start in range(0, len(texts), GPU_SLICE):
            some = [prompt + text for text in texts[start : start + GPU_SLICE]]
            parts.append(self._model.encode(some, batch_size=GPU_BATCH, show_progress_bar=False))
            progress(start + len(some), (start + len(some)) / len(texts))
        return normalised(np.concatenate(parts).astype(np.float32))


def load(models: Path, model: Model, device: Device) -> Embedder:
    """Load a model whose files are here, as Sidereus runs it on that device.

    Raises UsageError when there is no such device, ModelProblem when the files are damaged.
    """
    if device == "cpu":
        return embedder.load(models, model)
    import torch

    if not torch.cuda.is_available():
        raise UsageError("PyTorch finds no CUDA device on this machine: leave out --device cuda.")
    return GraphicsEmbedder(model, store.folder(models, model))


def evaluate(
    models: Path, model: Model, dataset: Dataset, device: Device = "cpu", progress: Progress = silent
) -> EmbeddingReport:
    """Embed the corpus and the queries with one model, and rank."""
    loaded = load(models, model, device)
    loaded.encode([dataset.queries[0].text], "query")  # the first call also sets things up
    started = time.perf_counter()
    documents = loaded.encode(dataset.texts, "document", progress)
    indexed = time.perf_counter()
    best = ranked(loaded.encode([query.text for query in dataset.queries], "query"), documents, DEPTH)
    searched = time.perf_counter()
    run = {
        query.id: [dataset.ids[row] for row in rows] for query, rows in zip(dataset.queries, best.tolist(), strict=True)
    }
    return EmbeddingReport(
        model.title,
        model.parameters or parameters(store.folder(models, model)),
        measure(dataset.queries, run)["ndcg@10"],
        indexed - started,
        searched - indexed,
        documents.nbytes,
        documents.shape[1],
        len(dataset.texts),
        len(dataset.queries),
        device,
    )


def ranked(queries: Vectors, documents: Vectors, depth: int) -> NDArray[np.int64]:
    """The rows of the ``depth`` documents with the largest cosine to each query, best first."""
    depth = min(depth, len(documents))
    best = np.empty((len(queries), depth), dtype=np.int64)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        scores = queries[start : start + QUERIES_AT_ONCE] @ documents.T
        some = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")
        best[start : start + QUERIES_AT_ONCE] = np.take_along_axis(some, order, axis=1)
    return best


def parameters(folder: Path) -> int | None:
    """The number of weights in a model's safetensors files, or None when it has none."""
    from safetensors import safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return None
    total = 0
    for file in files:
        with safe_open(file, framework="numpy") as tensors:
            slices = [tensors.get_slice(name) for name in tensors.keys()]  # noqa: SIM118 (no mapping)
            total += sum(int(np.prod(part.get_shape())) for part in slices if "F" in part.get_dtype())
    return total


def table(reports: Sequence[EmbeddingReport]) -> str:
    """The reports as a markdown table, best nDCG first."""
    lines = [
        "| Model | Parameters | nDCG@10 | Index time (s) | Search time (s) | Disk (MB) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for report in sorted(reports, key=lambda report: -report.ndcg):
        count = f"{report.parameters / 1e6:.1f}M" if report.parameters else "-"
        lines.append(
            f"| {report.model} | {count} | {100 * report.ndcg:.2f} | {report.index_seconds:.2f} "
            f"| {report.search_seconds:.2f} | {report.disk / 1e6:.1f} |"
        )
    return "\n".join(lines)
