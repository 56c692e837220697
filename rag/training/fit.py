"""The training itself: step by step, measured now and then, the best weights kept, and resumable after any end."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from rag.errors import UsageError
from rag.progress import Progress, silent
from rag.storage import write_bytes, write_json
from rag.training import measure
from rag.training.batches import Rows, batches, steps_per_pass
from rag.training.dataset import Dataset
from rag.training.measure import Scores
from rag.training.recipe import Recipe
from rag.training.student import Student

STATE, REPORT = "training.pt", "report.json"
CHECKPOINT_SECONDS = 180.0
CLIP = 1.0
TRAINING, MEASURING = "Training", "Measuring"


class Lesson(Protocol):
    """What is learnt: a loss of the examples at some rows, with parameters and a state of its own."""

    parameters: list[torch.nn.Parameter]

    def __call__(self, rows: Rows) -> torch.Tensor:
        """The loss, through which gradients flow to the student and the parameters."""
        ...

    def state(self) -> dict[str, Any]:
        """What a training that goes on must know."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        ...


@dataclass
class Course:
    """How far a training has come. ``history`` holds the scores by step, step 0 being the model as it was."""

    step: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    history: dict[int, Scores] = field(default_factory=dict)

    @property
    def best(self) -> int:
        """The step with the best mean score."""
        return max(self.history, key=lambda step: measure.mean(self.history[step]))


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


class Trainer:
    """One training, which writes its adapters, its report and what it needs to go on into ``folder``."""

    def __init__(self, folder: Path, dataset: Dataset, recipe: Recipe, student: Student) -> None:
        self.folder, self.recipe, self.student = folder, recipe, student
        self.dataset = selected(dataset, recipe.limit)
        self.course = Course()
        per_pass = steps_per_pass(self.dataset.examples, recipe.batch, recipe.own_share)
        self.steps = max(1, round(recipe.passes * per_pass))

    def run(self, lesson: Lesson, progress: Progress = silent) -> Course:
        """Train to the end, or on from where an earlier run of the same recipe stopped.

        Raises UsageError when the folder holds a training by another recipe.
        """
        trained = [*self.student.masters.values(), *lesson.parameters]
        optimizer = torch.optim.AdamW(trained, lr=self.recipe.rate, weight_decay=0.0)
        self._resume(lesson, optimizer)
        if not self.course.history:
            self._measure(progress)
        started, saved = time.monotonic() - self.course.seconds, time.monotonic()
        recipe = self.recipe
        drawn = batches(self.dataset.examples, self.dataset.guide, recipe.batch, recipe.own_share, recipe.seed)
        for rows in itertools.islice(drawn, self.course.step, self.steps):
            self._step(lesson(rows), optimizer, trained)
            self.course.seconds = time.monotonic() - started
            progress(self.course.step * recipe.batch, self.course.step / self.steps, TRAINING)
            if self.course.step % recipe.every == 0 or self.course.step == self.steps:
                self._measure(progress)
            elif time.monotonic() - saved < CHECKPOINT_SECONDS:
                continue
            self._save(lesson, optimizer)
            saved = time.monotonic()
        return self.course

    def _step(self, loss: torch.Tensor, optimizer: torch.optim.Optimizer, trained: Sequence[torch.Tensor]) -> None:
        for group in optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.course.step, self.steps)
        loss.backward()  # type: ignore[no-untyped-call]
        self.student.gather_gradients()
        torch.nn.utils.clip_grad_norm_(trained, CLIP)
        optimizer.step()
        optimizer.zero_grad()
        self.student.show()
        self.course.step += 1
        self.course.losses.append(round(float(loss.detach()), 4))

    def _measure(self, progress: Progress) -> None:
        tokens, strength = (self.recipe.document_tokens, self.recipe.query_tokens), self.recipe.strength
        self.student.show(strength)
        reading = partial(progress, stage=MEASURING)
        self.course.history[self.course.step] = measure.scores(self.student, self.dataset, tokens, reading)
        if self.course.best == self.course.step:
            self.student.save(self.folder, self.recipe.base, strength)
        self.student.show()
        write_json(self.folder / REPORT, self.report())

    def report(self) -> dict[str, Any]:
        """What there is to tell of the training, as JSON-ready values."""
        course = self.course
        return {
            "recipe": self.recipe.as_record(),
            "data": self.dataset.facts,
            "written": sum(example.written for example in self.dataset.examples),
            "steps": self.steps,
            "step": course.step,
            "seconds": round(course.seconds),
            "metric": measure.METRIC,
            "before": course.history[0],
            "after": course.history[course.best],
            "best_step": course.best,
            "history": {str(step): found for step, found in course.history.items()},
            "losses": course.losses,
        }

    def _save(self, lesson: Lesson, optimizer: torch.optim.Optimizer) -> None:
        state = {
            "facts": self._facts(),
            "course": vars(self.course),
            "masters": self.student.masters,
            "optimizer": optimizer.state_dict(),
            "lesson": lesson.state(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(self.folder / STATE, buffer.getvalue())

    def _resume(self, lesson: Lesson, optimizer: torch.optim.Optimizer) -> None:
        file = self.folder / STATE
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True, map_location=self.student.model.device)
        if state["facts"] != self._facts():
            raise UsageError(f"{self.folder} holds a training by another recipe or data: name another folder.")
        self.course = Course(**state["course"])
        self.student.load(state["masters"])
        optimizer.load_state_dict(state["optimizer"])
        lesson.load(state["lesson"])

    def _facts(self) -> str:
        return json.dumps([self.recipe.as_record(), self.dataset.facts], sort_keys=True)
