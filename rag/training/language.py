"""Training a language model to answer from evidence: its recipe, its steps and its report."""

from __future__ import annotations

import io
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from rag.errors import UsageError
from rag.progress import Progress, clock, silent
from rag.storage import write_bytes, write_json
from rag.training.exercises import Exercises, lay_out
from rag.training.writer import Tokens, Writer

STATE, REPORT = "training.pt", "report.json"
CHECKPOINT_SECONDS = 180.0
CLIP = 1.0
# Batches are drawn from so many at once, sorted by length, so that little of what is computed is padding.
SORTED = 8


@dataclass(frozen=True, slots=True)
class LanguageRecipe:
    """The settings of one training.

    Attributes:
        base: the catalogue name of the model to adapt, or its GGUF file.
        passes: how often every question is shown, each time with other evidence.
        limit: at most so many questions; None for all.
        batch: questions a step.
        rate: the largest step size of AdamW, reached after the share ``warmup`` of all steps, then falling to zero.
        rank, alpha: of the low-rank adapters; their product counts ``alpha / rank`` times.
        every: steps between two measurements.
    """

    base: str
    passes: float = 1.0
    limit: int | None = None
    batch: int = 8
    rate: float = 5e-4
    warmup: float = 0.06
    rank: int = 16
    alpha: int = 32
    every: int = 40
    seed: int = 0

    def as_record(self) -> dict[str, Any]:
        """The recipe as JSON-ready values."""
        return asdict(self)


@dataclass
class Course:
    """How far a training has come. ``history`` holds the held-out loss by step, step 0 being the model as it was."""

    step: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    history: dict[int, float] = field(default_factory=dict)

    @property
    def best(self) -> int:
        """The step with the lowest held-out loss."""
        return min(self.history, key=lambda step: self.history[step])


class LanguageTrainer:
    """One training, which writes its adapters, its report and what it needs to go on into ``folder``."""

    def __init__(self, folder: Path, exercises: Exercises, recipe: LanguageRecipe, writer: Writer) -> None:
        self.folder, self.recipe, self.writer = folder, recipe, writer
        self.facts = exercises.facts
        order = random.Random(0).sample(exercises.train, len(exercises.train))
        self.train = order[: recipe.limit]
        shown = (lay_out(one, random.Random(one.id)) for one in exercises.held_out)
        self.held_out = sorted(map(writer.tokens, shown), key=len)
        self.course = Course()
        self.steps = max(1, round(recipe.passes * -(-len(self.train) // recipe.batch)))

    def run(self, progress: Progress = silent) -> Course:
        """Train to the end, or on from where an earlier run of the same recipe stopped.

        Raises UsageError when the folder holds a training by another recipe.
        """
        from transformers import get_linear_schedule_with_warmup

        trained = list(self.writer.masters.values())
        optimizer = torch.optim.AdamW(trained, lr=self.recipe.rate, weight_decay=0.0)
        rising = round(self.recipe.warmup * self.steps)
        schedule = get_linear_schedule_with_warmup(optimizer, rising, self.steps + 1)
        self._resume(optimizer, schedule)
        if not self.course.history:
            self._measure()
        started, saved = time.monotonic() - self.course.seconds, time.monotonic()
        for batch in itertools.islice(self._batches(), self.course.step, self.steps):
            self._step(batch, optimizer, schedule)
            self.course.seconds = time.monotonic() - started
            progress(self.course.step * self.recipe.batch, self.course.step / self.steps)
            if self.course.step % self.recipe.every == 0 or self.course.step == self.steps:
                self._measure()
            elif time.monotonic() - saved < CHECKPOINT_SECONDS:
                continue
            self._save(optimizer, schedule)
            saved = time.monotonic()
        return self.course

    def _batches(self) -> Iterator[Sequence[Tokens]]:
        """Batches without end: each pass in another order and with other evidence."""
        draw, size = random.Random(self.recipe.seed), self.recipe.batch
        while True:
            tokens = [self.writer.tokens(lay_out(one, draw)) for one in draw.sample(self.train, len(self.train))]
            for start in range(0, len(tokens), size * SORTED):
                near = sorted(tokens[start : start + size * SORTED], key=len)
                batches = [near[place : place + size] for place in range(0, len(near), size)]
                yield from draw.sample(batches, len(batches))

    def _step(self, batch: Sequence[Tokens], optimizer: torch.optim.Optimizer, schedule: Any) -> None:
        loss = self.writer.losses(batch).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        self.writer.gather_gradients()
        torch.nn.utils.clip_grad_norm_(self.writer.masters.values(), CLIP)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        self.writer.show()
        self.course.step += 1
        self.course.losses.append(round(float(loss.detach()), 4))

    def _measure(self) -> None:
        size = self.recipe.batch
        with torch.inference_mode():
            parts = [self.writer.losses(self.held_out[at : at + size]) for at in range(0, len(self.held_out), size)]
        self.course.history[self.course.step] = round(float(torch.cat(parts).mean()), 4)
        if self.course.best == self.course.step:
            self.writer.save(self.folder, self.recipe.base)
        write_json(self.folder / REPORT, self.report())

    def report(self) -> dict[str, Any]:
        """What there is to tell of the training, as JSON-ready values."""
        course = self.course
        return {
            "recipe": self.recipe.as_record(),
            "data": self.facts,
            "questions": len(self.train),
            "held_out": len(self.held_out),
            "steps": self.steps,
            "step": course.step,
            "seconds": round(course.seconds),
            "before": course.history[0],
            "after": course.history[course.best],
            "best_step": course.best,
            "history": {str(step): loss for step, loss in course.history.items()},
            "losses": course.losses,
        }

    def _save(self, optimizer: torch.optim.Optimizer, schedule: Any) -> None:
        state = {
            "facts": self._facts(),
            "course": vars(self.course),
            "masters": self.writer.masters,
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(self.folder / STATE, buffer.getvalue())

    def _resume(self, optimizer: torch.optim.Optimizer, schedule: Any) -> None:
        file = self.folder / STATE
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True, map_location=self.writer.device)
        if state["facts"] != self._facts():
            raise UsageError(f"{self.folder} holds a training by another recipe or data: name another folder.")
        self.course = Course(**state["course"])
        self.writer.load(state["masters"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])

    def _facts(self) -> str:
        return json.dumps([self.recipe.as_record(), self.facts], sort_keys=True)


def card(told: dict[str, Any]) -> str:
    """A page for people, in markdown, from what :meth:`LanguageTrainer.report` tells."""
    recipe, data = told["recipe"], told["data"]
    lines = [
        f"# {recipe['base']}, adapted to answer from evidence",
        "",
        f"Trained on {told['questions']:,} questions with written answers and evidence from the index {data['index']}: "
        f"{told['step']:,} of {told['steps']:,} steps of {recipe['batch']} questions in {clock(told['seconds'])}. "
        f"Measured on {told['held_out']:,} held-out questions; the adapters of step {told['best_step']:,} are kept.",
        "",
        "| step | nats a token of the held-out answers |",
        "|---:|---:|",
        *(f"| {int(step):,} | {loss:.3f} |" for step, loss in told["history"].items()),
    ]
    return "\n".join(lines) + "\n"
