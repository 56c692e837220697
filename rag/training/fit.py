"""The training itself: step by step, measured now and then, the best weights kept, and resumable after any end."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch

from rag.errors import UsageError
from rag.progress import Progress, silent
from rag.storage import write_bytes, write_json
from rag.training.lora import Adapters
from rag.training.recipe import LanguageRecipe, ReaderRecipe, Recipe

STATE, REPORT = "training.pt", "report.json"
CHECKPOINT_SECONDS = 180.0
CLIP = 1.0
TRAINING, MEASURING = "Training", "Measuring"

Batch = TypeVar("Batch")
Scores = dict[str, float]
"""What was measured, by name."""


class Task(Protocol[Batch]):
    """What is trained, on what, and how it is judged.

    Attributes:
        adapters: the model's.
        parameters: what else is trained beside them.
        facts: of the data.
        counts: how much of the data is used, for the report.
        steps_per_pass: how many batches show everything once.
    """

    adapters: Adapters
    parameters: Sequence[torch.nn.Parameter]
    facts: dict[str, Any]
    counts: dict[str, int]
    steps_per_pass: int

    def batches(self) -> Iterator[Batch]:
        """Batches without end, the same each time."""
        ...

    def loss(self, batch: Batch) -> torch.Tensor:
        """The loss of a batch, through which gradients flow to the adapters and the parameters."""
        ...

    def scores(self, progress: Progress) -> Scores:
        """How good the model is now, on what is held out."""
        ...

    def worth(self, scores: Scores) -> float:
        """One number for some scores; the highest is the best."""
        ...

    def state(self) -> dict[str, Any]:
        """What a training that goes on must know of the task."""
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


class Trainer(Generic[Batch]):
    """One training, which writes its adapters, its report and what it needs to go on into ``folder``."""

    def __init__(self, folder: Path, task: Task[Batch], recipe: Recipe | LanguageRecipe | ReaderRecipe) -> None:
        self.folder, self.task, self.recipe = folder, task, recipe
        self.course = Course()
        self.steps = max(1, round(recipe.passes * task.steps_per_pass))

    @property
    def best(self) -> int:
        """The step with the best scores."""
        history = self.course.history
        return max(history, key=lambda step: self.task.worth(history[step]))

    def run(self, progress: Progress = silent) -> Course:
        """Train to the end, or on from where an earlier run of the same recipe stopped.

        Raises UsageError when the folder holds a training by another recipe.
        """
        trained = [*self.task.adapters.masters.values(), *self.task.parameters]
        optimizer = torch.optim.AdamW(trained, lr=self.recipe.rate, weight_decay=0.0)
        self._resume(optimizer)
        if not self.course.history:
            self._measure(progress)
        started, saved = time.monotonic() - self.course.seconds, time.monotonic()
        for batch in itertools.islice(self.task.batches(), self.course.step, self.steps):
            self._step(batch, optimizer, trained)
            self.course.seconds = time.monotonic() - started
            progress(self.course.step * self.recipe.batch, self.course.step / self.steps, TRAINING)
            if self.course.step % self.recipe.every == 0 or self.course.step == self.steps:
                self._measure(progress)
            elif time.monotonic() - saved < CHECKPOINT_SECONDS:
                continue
            self._save(optimizer)
            saved = time.monotonic()
        return self.course

    def _step(self, batch: Batch, optimizer: torch.optim.Optimizer, trained: Sequence[torch.Tensor]) -> None:
        for group in optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(self.course.step, self.steps)
        loss = self.task.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self.task.adapters.gather_gradients()
        torch.nn.utils.clip_grad_norm_(trained, CLIP)
        optimizer.step()
        optimizer.zero_grad()
        self.task.adapters.show()
        self.course.step += 1
        self.course.losses.append(round(float(loss.detach()), 4))

    def _measure(self, progress: Progress) -> None:
        adapters, recipe = self.task.adapters, self.recipe
        adapters.show(recipe.strength)
        self.course.history[self.course.step] = self.task.scores(partial(progress, stage=MEASURING))
        if self.best == self.course.step:
            adapters.save(self.folder, recipe.base, recipe.strength)
        adapters.show()
        write_json(self.folder / REPORT, self.report())

    def report(self) -> dict[str, Any]:
        """What there is to tell of the training, as JSON-ready values."""
        course = self.course
        return {
            "recipe": self.recipe.as_record(),
            "data": self.task.facts,
            **self.task.counts,
            "steps": self.steps,
            "step": course.step,
            "seconds": round(course.seconds),
            "before": course.history[0],
            "after": course.history[self.best],
            "best_step": self.best,
            "history": {str(step): found for step, found in course.history.items()},
            "losses": course.losses,
        }

    def _save(self, optimizer: torch.optim.Optimizer) -> None:
        state = {
            "facts": self._facts(),
            "course": vars(self.course),
            "masters": self.task.adapters.masters,
            "optimizer": optimizer.state_dict(),
            "task": self.task.state(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(self.folder / STATE, buffer.getvalue())

    def _resume(self, optimizer: torch.optim.Optimizer) -> None:
        file = self.folder / STATE
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True, map_location=self.task.adapters.device)
        if state["facts"] != self._facts():
            raise UsageError(f"{self.folder} holds a training by another recipe or data: name another folder.")
        self.course = Course(**state["course"])
        self.task.adapters.load(state["masters"])
        optimizer.load_state_dict(state["optimizer"])
        self.task.load(state["task"])

    def _facts(self) -> str:
        return json.dumps([self.recipe.as_record(), self.task.facts], sort_keys=True)
