"""The task of a language model: to answer a question from numbered evidence, or to say that it doesn't tell."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from rag.progress import Progress
from rag.training.exercises import Exercises, lay_out
from rag.training.fit import Scores
from rag.training.lora import Adapters
from rag.training.recipe import LanguageRecipe
from rag.training.writer import Tokens, Writer

METRIC = "nats a token"
# Batches are drawn from so many at once, sorted by length, so that little of what is computed is padding.
SORTED = 8


class Answering:
    """A writer that learns the replies of exercises and is measured by the likelihood of held-out ones."""

    def __init__(self, exercises: Exercises, recipe: LanguageRecipe, writer: Writer) -> None:
        self.recipe, self.writer = recipe, writer
        self.adapters: Adapters = writer
        self.parameters: Sequence[torch.nn.Parameter] = ()
        self.facts = exercises.facts
        order = random.Random(0).sample(exercises.train, len(exercises.train))
        self.train = order[: recipe.limit]
        shown = (lay_out(one, random.Random(one.id)) for one in exercises.held_out)
        self.held_out = sorted(map(writer.tokens, shown), key=len)
        self.counts = {"questions": len(self.train), "held_out": len(self.held_out)}
        self.steps_per_pass = -(-len(self.train) // recipe.batch)

    def batches(self) -> Iterator[Sequence[Tokens]]:
        """Exercises of like length; each pass comes in another order and with other evidence."""
        draw, size = random.Random(self.recipe.seed), self.recipe.batch
        while True:
            tokens = [self.writer.tokens(lay_out(one, draw)) for one in draw.sample(self.train, len(self.train))]
            for start in range(0, len(tokens), size * SORTED):
                near = sorted(tokens[start : start + size * SORTED], key=len)
                batches = [near[place : place + size] for place in range(0, len(near), size)]
                yield from draw.sample(batches, len(batches))

    def loss(self, batch: Sequence[Tokens]) -> torch.Tensor:
        """The mean negative log-likelihood of the replies' tokens."""
        return self.writer.losses(batch).mean()

    def scores(self, progress: Progress) -> Scores:
        """The same of the held-out replies."""
        parts, size = [], self.recipe.batch
        with torch.inference_mode():
            for start in range(0, len(self.held_out), size):
                parts.append(self.writer.losses(self.held_out[start : start + size]))
                done = min(start + size, len(self.held_out))
                progress(done, done / len(self.held_out))
        return {METRIC: round(float(torch.cat(parts).mean()), 4)}

    def worth(self, scores: Scores) -> float:
        """The less is lost, the better."""
        return -scores[METRIC]

    def state(self) -> dict[str, Any]:
        """Nothing beside the adapters is learnt."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """See :meth:`state`."""
