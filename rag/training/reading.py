"""The task of a reader: to tell the sentences that answer a question, and those that bear on it, from the rest.

Beside it, to tell the claims that some sentences support from those they don't.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch.nn import functional

from rag.models.reader import CLAIM, SUPPORTS
from rag.progress import Progress
from rag.training.fit import Scores
from rag.training.judgments import BEARS, PARTLY
from rag.training.lora import Adapters
from rag.training.reader_student import ReaderStudent
from rag.training.readings import Claim, Graded, Reading, Readings
from rag.training.recipe import ReaderRecipe

# How likely a sentence of each grade is to answer the question.
ANSWERS = {3: 1.0, 2: 0.7, 1: 0.1, 0: 0.0, None: 0.0}
# What a sentence of each grade is worth when the best of several is chosen.
GAIN = {3: 3.0, 2: 1.5, 1: 0.1, 0: 0.0, None: 0.0}
# Detailed questions that are measured with: each has many sentences to read.
DETAILED = 60
# The weight of telling the best of a group beside that of judging each sentence.
LISTWISE = 0.5
# Claims that are measured with between two steps.
CLAIMS = 300

Drawn = TypeVar("Drawn")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is read in a step: questions with some of their sentences each, and claims."""

    groups: Sequence[tuple[str, Sequence[Graded]]]
    claims: Sequence[Claim]


class ReadingTask:
    """A reader that learns from groups of sentences and is measured by whole held-out questions."""

    def __init__(self, readings: Readings, recipe: ReaderRecipe, student: ReaderStudent) -> None:
        self.recipe, self.student = recipe, student
        self.adapters: Adapters = student
        self.parameters: Sequence[torch.nn.Parameter] = tuple(student.head.parameters())
        self.facts = readings.facts
        order = random.Random(0).sample(readings.train, len(readings.train))
        self.judged = [one for one in order if one.judged][: recipe.limit]
        self.detailed = [one for one in order if not one.judged]
        of_paper = [one for one in readings.held_out if not one.judged]
        self.held_out = [*(one for one in readings.held_out if one.judged), *of_paper[:DETAILED]]
        self.claims, self.claims_held_out = readings.claims, readings.claims_held_out[:CLAIMS]
        self.counts = {
            "judged": len(self.judged),
            "detailed": len(self.detailed),
            "held_out": len(self.held_out),
            "claims": len(self.claims),
        }
        self.steps_per_pass = -(-len(self.judged) // self._judged_a_step)

    @property
    def _judged_a_step(self) -> int:
        return max(1, round(self.recipe.batch * (1 - self.recipe.detailed_share)))

    def batches(self) -> Iterator[Lesson]:
        """Questions and claims; each pass in another order and with other sentences."""
        draw = random.Random(self.recipe.seed)
        detailed = _endless(self.detailed, draw)
        claims = _endless(self.claims, draw)
        size = self._judged_a_step
        while True:
            order = draw.sample(self.judged, len(self.judged))
            for start in range(0, len(order), size):
                some = order[start : start + size]
                more = [next(detailed) for _ in range(self.recipe.batch - size)] if self.detailed else []
                groups = [(one.question, self._drawn(one, draw)) for one in (*some, *more)]
                yield Lesson(groups, [next(claims) for _ in range(self.recipe.claims)] if self.claims else [])

    def loss(self, batch: Lesson) -> torch.Tensor:
        """How badly each sentence and claim is judged, and how badly the best of each group is told."""
        pairs = [(question, one.text) for question, group in batch.groups for one in group]
        logits = self.student.logits(pairs)
        loss = torch.zeros((), device=logits.device)
        start = 0
        for _, group in batch.groups:
            loss = loss + self._group_loss(logits[start : start + len(group)], [one.grade for one in group])
            start += len(group)
        loss = loss / len(batch.groups)
        return loss + self._claims_loss(batch.claims) if batch.claims else loss

    def _claims_loss(self, claims: Sequence[Claim]) -> torch.Tensor:
        logits = self._support(claims)
        supported = torch.tensor([float(one.supported) for one in claims], device=logits.device)
        return functional.binary_cross_entropy_with_logits(logits, supported)

    def _support(self, claims: Sequence[Claim]) -> torch.Tensor:
        """The log-odds of each claim to be supported."""
        return self.student.logits([(one.claim, one.evidence) for one in claims], CLAIM)[:, SUPPORTS]

    def _group_loss(self, logits: torch.Tensor, grades: Sequence[int | None]) -> torch.Tensor:
        answers = torch.tensor([ANSWERS[grade] for grade in grades], device=logits.device)
        loss = functional.binary_cross_entropy_with_logits(logits[:, 0], answers)
        known = torch.tensor([grade is not None for grade in grades], device=logits.device)
        if known.any():
            bears = torch.tensor([float((grade or 0) >= BEARS) for grade in grades], device=logits.device)
            loss = loss + functional.binary_cross_entropy_with_logits(logits[known, 1], bears[known])
        gains = torch.tensor([GAIN[grade] for grade in grades], device=logits.device)
        if gains.max() >= GAIN[PARTLY]:
            loss = loss + LISTWISE * functional.cross_entropy(logits[:, 0][None], (gains / gains.sum())[None])
        return loss

    def _drawn(self, one: Reading, draw: random.Random) -> list[Graded]:
        """Some sentences of a question: the better half of them good ones, where there are so many."""
        good = [each for each in one.sentences if (each.grade or 0) >= PARTLY]
        rest = [each for each in one.sentences if (each.grade or 0) < PARTLY]
        size = self.recipe.group
        kept = draw.sample(good, min(len(good), max(1, size // 3)))
        return [*kept, *draw.sample(rest, min(len(rest), size - len(kept)))]

    def scores(self, progress: Progress) -> Scores:
        """How often the first sentence of held-out questions is good, and how well it is known what can be answered."""
        first: dict[str, list[float]] = {"natural": [], "detailed": []}
        tops: list[tuple[float, bool]] = []
        bears: list[float] = []
        with torch.inference_mode():
            for done, one in enumerate(self.held_out, start=1):
                logits = self.student.logits([(one.question, each.text) for each in one.sentences]).cpu().numpy()
                grades = [each.grade or 0 for each in one.sentences]
                best = int(np.argmax(logits[:, 0]))
                if max(grades) >= PARTLY:
                    first["natural" if one.judged else "detailed"].append(float(grades[best] >= PARTLY))
                if one.judged:
                    tops.append((float(logits[best, 0]), max(grades) >= PARTLY))
                    bears += [float((logits[i, 1] > 0) == (grades[i] >= BEARS)) for i in range(len(grades))]
                progress(done, done / len(self.held_out))
            supported = self._supported()
        found = {name: round(float(np.mean(values)), 4) for name, values in first.items() if values}
        found |= {"bears": round(float(np.mean(bears)), 4), "answerable": round(_auc(tops), 4)}
        return {**found, "supported": round(_auc(supported), 4)} if supported else found

    def _supported(self) -> list[tuple[float, bool]]:
        """The log-odds of held-out claims, and whether they are supported."""
        if not self.claims_held_out:
            return []
        logits = self._support(self.claims_held_out).tolist()
        return [(odds, one.supported) for odds, one in zip(logits, self.claims_held_out, strict=True)]

    def worth(self, scores: Scores) -> float:
        """Natural questions first; detailed ones, claims, and knowing what can be answered count half."""
        half = scores.get("detailed", 0.0) + scores["answerable"] + scores.get("supported", 0.0)
        return scores.get("natural", 0.0) + 0.5 * half

    def state(self) -> dict[str, Any]:
        """The head's weights."""
        return {"head": self.student.head.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Take over the head of an earlier run."""
        self.student.head.load_state_dict(state["head"])


def _endless(some: Sequence[Drawn], draw: random.Random) -> Iterator[Drawn]:
    while some:
        yield from draw.sample(some, len(some))


def _auc(scored: Sequence[tuple[float, bool]]) -> float:
    """How often one of the right ones is scored above one of the others (area under the ROC curve)."""
    right = [score for score, truth in scored if truth]
    others = [score for score, truth in scored if not truth]
    pairs = [float(a > b) + 0.5 * float(a == b) for a in right for b in others]
    return float(np.mean(pairs)) if pairs else 0.5
