"""Re-rankers: cross-encoders, which read a query and a text together and say how well the two fit.

Far slower than comparing vectors, so a search gives one only its best papers. Optional: none is chosen or fetched
unless the user asks for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import ModelProblem, UsageError
from rag.models import choice, export, store
from rag.models.catalog import Model
from rag.models.cores import idle_cores
from rag.progress import Progress, silent
from rag.settings import Settings

# Few enough that progress moves; a processor gains nothing from more.
BATCH = 4


def wanted(settings: Settings) -> Reranker | None:
    """The re-ranker that the settings name, loaded; raises as :func:`load` does."""
    model = choice.reranking(settings)
    return load(settings.models, model, settings.threads) if model else None


def load(models: Path, model: Model, threads: int | None = None) -> Reranker:
    """Load a re-ranker from its files.

    Raises UsageError when they are not on this machine, which is never mended without being asked to, or are of
    a model that is no re-ranker, and ModelProblem when they are damaged.
    """
    if not store.present(models, model):
        name = model.hub.repo if model.hub and "--" in model.name else model.name
        raise UsageError(f"The re-ranker {name} is not on this machine: run 'sidereus models get {name}' first.")
    return Reranker(model, store.folder(models, model), threads)


class Reranker:
    """A cross-encoder with one label, on sentence-transformers and the processor.

    Safe to use from several threads, which take turns.
    """

    def __init__(self, model: Model, folder: Path, threads: int | None = None) -> None:
        import torch
        from sentence_transformers import CrossEncoder
        from transformers.utils import logging

        if not _is_cross_encoder(folder):
            raise UsageError(
                f"{model.title} is no re-ranker: name a cross-encoder, which gives a pair of texts a score."
            )
        self.model = model
        self._threads, self._most_threads = threads, torch.get_num_threads()
        # PyTorch starts threads of its own for each that calls it.
        self._turn = threading.Lock()
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        try:
            self._encoder = CrossEncoder(
                str(folder),
                device="cpu",
                local_files_only=True,
                max_length=model.max_seq_length,
                activation_fn=torch.nn.Sigmoid(),
            )
        except Exception as error:  # damaged files fail in as many ways as there are formats
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ModelProblem(
                f"The re-ranker in {folder} can't be loaded ({reason}): fetch it again, or name another."
            ) from None
        if (labels := self._encoder.num_labels) != 1:
            raise UsageError(
                f"{model.title} is no re-ranker, since it gives a pair of texts {labels} scores: "
                "name a cross-encoder that gives one."
            )

    def scores(self, query: str, texts: Sequence[str], progress: Progress = silent) -> npt.NDArray[np.float32]:
        """How well each text answers the query, of shape (len(texts),): the sigmoid of the model's logit, 0..1.

        Higher is better. It is a probability on the questions that the model was trained with, and no more than an
        order elsewhere.
        """
        found = np.zeros(len(texts), dtype=np.float32)
        # Of similar length together, the longest first, so that little is padded and the time left not underrated.
        order = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        with self._turn:
            self._set_threads()
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                pairs = [(query, texts[row]) for row in rows]
                found[rows] = self._encoder.predict(pairs, batch_size=BATCH, show_progress_bar=False)
                progress(start + len(rows), (start + len(rows)) / len(texts))
        return found

    def _set_threads(self) -> None:
        """Use the cores that are idle now: PyTorch's threads wait for each other busily, as llama.cpp's do."""
        import torch

        torch.set_num_threads(self._threads or max(1, min(self._most_threads, idle_cores())))


def _is_cross_encoder(folder: Path) -> bool:
    """Whether the folder's own files say so; sentence-transformers gives other models a head of chance weights."""
    kind = export.read_json(folder / "config_sentence_transformers.json").get("model_type")
    architectures = export.read_json(folder / "config.json").get("architectures") or [""]
    return kind == "CrossEncoder" or str(architectures[0]).endswith("ForSequenceClassification")
