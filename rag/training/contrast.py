"""Learning from pairs: each query of a batch is drawn to its document and away from all others."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rag.models.embedder import Vectors
from rag.progress import Progress, silent
from rag.storage import write_bytes
from rag.training.batches import Rows
from rag.training.dataset import Dataset, Example
from rag.training.losses import Memory, alike, contrastive
from rag.training.recipe import Recipe
from rag.training.student import Student

BANK = "bank.npy"


class Contrast:
    """The contrastive loss of examples, over fresh documents and over the original model's vectors of all."""

    def __init__(
        self, folder: Path, dataset: Dataset, recipe: Recipe, student: Student, progress: Progress = silent
    ) -> None:
        self.dataset, self.recipe, self.student = dataset, recipe, student
        self.memory = Memory(recipe.memory)
        self.parameters: Sequence[torch.nn.Parameter] = ()
        known = dataset.facts["guide"] == recipe.base
        self._bank = dataset.guide if known else original(folder / BANK, dataset, recipe, student, progress)

    def __call__(self, rows: Rows) -> torch.Tensor:
        """The loss of the examples at these rows; the documents that are encoded for it are remembered."""
        examples = [self.dataset.examples[row] for row in rows]
        texts, owners = queries_of(examples)
        queries = self.student.encode(texts, self.recipe.query_tokens)
        own = np.array([not example.written for example in examples])
        fresh = np.argsort(~own, kind="stable")[: self.recipe.fresh]
        documents = self.student.encode([examples[place].document for place in fresh], self.recipe.document_tokens)
        asked = np.flatnonzero(np.isin(owners, fresh))
        right = np.array([np.flatnonzero(fresh == owner)[0] for owner in owners[asked]], dtype=np.int64)
        loss = self._over_fresh(queries[torch.from_numpy(asked)], right, documents, rows[fresh])
        # An example of a paper's own words has a document without some of them, which the bank does not hold.
        written = np.flatnonzero(~own[owners])
        if len(written):
            loss = loss + self._over_all(queries[torch.from_numpy(written)], rows[owners[written]])
        return loss

    def state(self) -> dict[str, Any]:
        """What a training that goes on must know."""
        return {"vectors": self.memory.vectors, "rows": self.memory.rows.tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        self.memory.vectors, self.memory.rows = state["vectors"], np.array(state["rows"], dtype=np.int64)

    def _over_fresh(self, queries: torch.Tensor, right: Rows, documents: torch.Tensor, rows: Rows) -> torch.Tensor:
        older, older_rows = self.memory.without(rows, documents)
        others = np.concatenate([rows, older_rows])
        doubtful = alike(self.dataset.guide, rows[right], others, self.recipe.alike)
        self.memory.add(documents, rows)
        return contrastive(queries, right, torch.cat([documents, older]), doubtful, self.recipe.temperature)

    def _over_all(self, queries: torch.Tensor, right: Rows) -> torch.Tensor:
        doubtful = alike(self.dataset.guide, right, slice(None), self.recipe.alike)
        bank = torch.from_numpy(self._bank).to(queries.device)
        return contrastive(queries, right, bank, doubtful, self.recipe.temperature)


def original(file: Path, dataset: Dataset, recipe: Recipe, student: Student, progress: Progress = silent) -> Vectors:
    """The vectors of the examples' documents by the student as it was, computed once and kept in ``file``."""
    if file.is_file():
        kept: Vectors = np.load(file)
        if len(kept) == len(dataset.examples):
            return kept
    documents = [example.document for example in dataset.examples]
    vectors = student.embed(documents, recipe.document_tokens, progress)
    keep(file, vectors)
    return vectors


def keep(file: Path, vectors: Vectors) -> None:
    """Write vectors to a file of numpy in one step."""
    array = io.BytesIO()
    np.save(array, vectors)
    write_bytes(file, array.getvalue())


def queries_of(examples: Sequence[Example]) -> tuple[list[str], Rows]:
    """All queries of some examples, and for each the place of its example."""
    pairs = [(query, place) for place, example in enumerate(examples) for query in example.queries]
    return [query for query, _ in pairs], np.array([place for _, place in pairs], dtype=np.int64)
