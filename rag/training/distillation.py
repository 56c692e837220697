"""Learning from a teacher: the student's vectors are drawn to those of a larger model, text by text.

It is the embedding-matching loss of EmbedDistill (Kim et al. 2023, arXiv:2301.12005) as sentence-transformers has it;
where the teacher's vectors are longer, a linear map from the student's is learnt beside it and then dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rag.models.embedder import Embedder, Vectors
from rag.progress import Progress, silent
from rag.training.batches import Rows
from rag.training.contrast import keep
from rag.training.dataset import Dataset
from rag.training.recipe import Recipe
from rag.training.student import Student

PART = 512


class Distillation:
    """The loss of examples: one minus the cosine between student and teacher, over documents and queries."""

    def __init__(
        self, folder: Path, dataset: Dataset, recipe: Recipe, student: Student, teacher: Embedder, progress: Progress
    ) -> None:
        from sentence_transformers.sentence_transformer.losses import EmbedDistillLoss

        self.dataset, self.recipe, self.student = dataset, recipe, student
        texts = {example.id: (example.document, *example.queries) for example in dataset.examples}
        flat = [text for some in texts.values() for text in some]
        self._starts = np.cumsum([0, *(len(some) for some in texts.values())])
        self._texts = list(texts.values())
        self._vectors = taught(folder / f"teacher-{teacher.weights}.npy", flat, self._documents(), teacher, progress)
        own = student.model.get_embedding_dimension()
        self._loss = EmbedDistillLoss(
            student.model, projection_dim=teacher.dimensions if teacher.dimensions != own else None
        )
        self.parameters: Sequence[torch.nn.Parameter] = (
            [*self._loss.projection.parameters()] if self._loss.projection else []
        )

    def __call__(self, rows: Rows) -> torch.Tensor:
        """The loss of the examples at these rows."""
        places = [place for row in rows for place in range(self._starts[row], self._starts[row + 1])]
        documents = [self._texts[row][0] for row in rows]
        queries = [text for row in rows for text in self._texts[row][1:]]
        owned = np.isin(places, self._starts)
        target = torch.from_numpy(self._vectors[places]).to(self.student.model.device)
        encoded = [
            self.student.encode(documents, self.recipe.document_tokens),
            self.student.encode(queries, self.recipe.query_tokens),
        ]
        loss: torch.Tensor = self._loss.compute_loss_from_embeddings(encoded, [target[owned], target[~owned]])
        return loss

    def state(self) -> dict[str, Any]:
        """What a training that goes on must know."""
        return {"parameters": [parameter.detach() for parameter in self.parameters]}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        with torch.no_grad():
            for parameter, value in zip(self.parameters, state["parameters"], strict=True):
                parameter.copy_(value)

    def _documents(self) -> list[bool]:
        return [place == 0 for some in self._texts for place in range(len(some))]


def taught(
    file: Path, texts: Sequence[str], documents: Sequence[bool], teacher: Embedder, progress: Progress = silent
) -> Vectors:
    """The teacher's vectors of some texts, (len(texts), its dimensions), computed once and kept in ``file``."""
    if file.is_file():
        kept: Vectors = np.load(file)
        if kept.shape == (len(texts), teacher.dimensions):
            return kept
    vectors = np.empty((len(texts), teacher.dimensions), dtype=np.float32)
    done = 0
    for role, wanted in (("document", True), ("query", False)):
        places = [place for place, document in enumerate(documents) if document is wanted]
        for start in range(0, len(places), PART):
            some = places[start : start + PART]
            vectors[some] = teacher.encode([texts[place] for place in some], role)  # type: ignore[arg-type]
            done += len(some)
            progress(done, done / len(texts))
    keep(file, vectors)
    return vectors
