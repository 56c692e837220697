"""The task of an embedding model: to find the papers that written queries, and papers' own words, were made for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from rag.progress import Progress
from rag.training import measure
from rag.training.batches import Rows, batches, steps_per_pass
from rag.training.dataset import Dataset
from rag.training.fit import Scores
from rag.training.lora import Adapters
from rag.training.recipe import Recipe
from rag.training.student import Student


class Lesson(Protocol):
    """How it is learnt: a loss of the examples at some rows, with parameters and a state of its own."""

    parameters: Sequence[torch.nn.Parameter]

    def __call__(self, rows: Rows) -> torch.Tensor:
        """The loss, through which gradients flow to the student and the parameters."""
        ...

    def state(self) -> dict[str, Any]:
        """What a training that goes on must know."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        ...


class Finding:
    """A student that learns a lesson on a dataset and is measured by the held-out queries."""

    def __init__(self, dataset: Dataset, recipe: Recipe, student: Student, lesson: Lesson) -> None:
        self.dataset, self.recipe, self.student, self.lesson = dataset, recipe, student, lesson
        self.adapters: Adapters = student
        self.parameters, self.facts = lesson.parameters, dataset.facts
        self.counts = {"written": sum(example.written for example in dataset.examples)}
        self.steps_per_pass = steps_per_pass(dataset.examples, recipe.batch, recipe.own_share)

    def batches(self) -> Iterator[Rows]:
        """Rows of the dataset, papers on like subjects together."""
        recipe = self.recipe
        return batches(self.dataset.examples, self.dataset.guide, recipe.batch, recipe.own_share, recipe.seed)

    def loss(self, batch: Rows) -> torch.Tensor:
        """The lesson's."""
        return self.lesson(batch)

    def scores(self, progress: Progress) -> Scores:
        """nDCG@10 by kind of query."""
        return measure.scores(
            self.student, self.dataset, (self.recipe.document_tokens, self.recipe.query_tokens), progress
        )

    def worth(self, scores: Scores) -> float:
        """The mean over the kinds."""
        return measure.mean(scores)

    def state(self) -> dict[str, Any]:
        """The lesson's."""
        return self.lesson.state()

    def load(self, state: dict[str, Any]) -> None:
        """Take over the lesson's state of an earlier run."""
        self.lesson.load(state)


def selected(dataset: Dataset, limit: int | None) -> Dataset:
    """The dataset with only the first ``limit`` written examples in an order that no field of theirs has a part in."""
    written = [row for row, example in enumerate(dataset.examples) if example.written]
    if limit is None or limit >= len(written):
        return dataset
    drawn = np.random.default_rng(0).permutation(len(written))[limit:]
    out = {written[place] for place in drawn}
    rows = [row for row in range(len(dataset.examples)) if row not in out]
    examples = tuple(dataset.examples[row] for row in rows)
    return Dataset(examples, dataset.guide[rows], dataset.held_out, dataset.corpus, dataset.facts)
