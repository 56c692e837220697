"""Starting a training: everything it needs is checked and loaded before its first step."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch

from rag.errors import UsageError
from rag.models import adapters, catalog, embedder, store
from rag.progress import Progress, ProgressLine, silent
from rag.settings import Settings
from rag.storage import locked, write_text
from rag.training import gguf_lora, language, report
from rag.training.contrast import Contrast
from rag.training.dataset import Dataset
from rag.training.distillation import Distillation
from rag.training.exercises import Exercises
from rag.training.fit import Lesson, Trainer
from rag.training.language import LanguageRecipe, LanguageTrainer
from rag.training.lora import Rank
from rag.training.recipe import Recipe
from rag.training.student import Student
from rag.training.writer import Writer

MODEL = "model"
BUSY = "Another process is training in {}: wait for it to finish."


def train(
    settings: Settings, dataset: Dataset, folder: Path, recipe: Recipe, device: str = "cpu", progress: Progress = silent
) -> dict[str, Any]:
    """Train, or go on with a training, and give the report that is also written to ``folder``.

    ``folder/model`` is then the adapted model, whole: what ``--embedding`` takes.

    Raises UsageError when the device or the packages for it are missing, or the folder holds another training.
    """
    _prepare(settings, device, "peft")
    model = catalog.find(recipe.base, "embedding")
    place = store.ensure(settings.models, model, settings.offline)
    with locked(folder / ".lock", BUSY.format(folder)):
        student = Student(place, Rank(recipe.rank, recipe.alpha), device, recipe.seed)
        trainer = Trainer(folder, dataset, recipe, student)
        trainer.run(_lesson(settings, trainer), progress)
        adapters.compose(place, folder, folder / MODEL)
        told = trainer.report()
        write_text(folder / "report.md", report.card(told))
    return told


def train_language(
    settings: Settings,
    exercises: Exercises,
    folder: Path,
    recipe: LanguageRecipe,
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """The same for a language model that learns to answer; its adapters are also written as GGUF, for llama.cpp.

    Raises UsageError as :func:`train` does, and when the model can't be trained.
    """
    _prepare(settings, device, "peft", "gguf")
    model = catalog.find(recipe.base, "llm")
    store.ensure(settings.models, model, settings.offline)
    base = store.gguf(settings.models, model)
    with locked(folder / ".lock", BUSY.format(folder)):
        writer = Writer(model, base, Rank(recipe.rank, recipe.alpha), device, recipe.seed)
        trainer = LanguageTrainer(folder, exercises, recipe, writer)
        trainer.run(progress)
        gguf_lora.write(folder, base, folder / gguf_lora.FILE)
        told = trainer.report()
        write_text(folder / "report.md", language.card(told))
    return told


def _prepare(settings: Settings, device: str, *packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise UsageError(
                f"Training needs the package {package}: install it with \"pip install 'sidereus[train]'\"."
            )
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("PyTorch finds no CUDA device on this machine: leave out --device cuda.")
    if settings.threads:
        torch.set_num_threads(settings.threads)


def _lesson(settings: Settings, trainer: Trainer) -> Lesson:
    parts = (trainer.folder, trainer.dataset, trainer.recipe, trainer.student)
    if not trainer.recipe.teacher:
        line = ProgressLine("Embedding what is known", "papers")
        lesson: Lesson = Contrast(*parts, line)
    else:
        model = catalog.find(trainer.recipe.teacher, "embedding")
        store.ensure(settings.models, model, settings.offline)
        teacher = embedder.load(settings.models, model, settings.threads)
        line = ProgressLine("Asking the teacher", "texts")
        lesson = Distillation(*parts, teacher, line)
    line.close()
    return lesson
