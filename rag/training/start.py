"""Starting a training: everything it needs is checked and loaded before its first step."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch

from rag.errors import UsageError
from rag.models import adapters, catalog, embedder, store
from rag.progress import Progress, ProgressLine, silent
from rag.resources import adapter_folder
from rag.settings import Settings
from rag.storage import locked, write_text
from rag.training import gguf_lora, report
from rag.training.answering import Answering
from rag.training.contrast import Contrast
from rag.training.dataset import Dataset
from rag.training.distillation import Distillation
from rag.training.exercises import Exercises
from rag.training.finding import Finding, Lesson, selected
from rag.training.fit import Trainer
from rag.training.lora import Rank
from rag.training.reader_student import ReaderStudent
from rag.training.reading import ReadingTask
from rag.training.readings import Readings
from rag.training.recipe import LanguageRecipe, ReaderRecipe, Recipe
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
        chosen = selected(dataset, recipe.limit)
        lesson = _lesson(settings, folder, chosen, recipe, student)
        trainer = Trainer(folder, Finding(chosen, recipe, student, lesson), recipe)
        trainer.run(progress)
        adapters.compose(place, folder, folder / MODEL)
        told = trainer.report()
        write_text(folder / "report.md", report.finding_card(told))
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
        trainer = Trainer(folder, Answering(exercises, recipe, writer), recipe)
        trainer.run(progress)
        gguf_lora.write(folder, base, folder / gguf_lora.FILE)
        told = trainer.report()
        write_text(folder / "report.md", report.answering_card(told))
    return told


def train_reader(
    settings: Settings,
    exercises: Readings,
    folder: Path,
    recipe: ReaderRecipe,
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """The same for a reader; ``folder/model`` is then the whole model, its head in it.

    Raises UsageError as :func:`train` does.
    """
    _prepare(settings, device, "peft")
    model = catalog.find(recipe.base, "embedding")
    place = store.ensure(settings.models, model, settings.offline)
    with locked(folder / ".lock", BUSY.format(folder)):
        student = ReaderStudent(place, Rank(recipe.rank, recipe.alpha), device, recipe.seed)
        if recipe.start:
            student.take(_reader(recipe.start))
        trainer = Trainer(folder, ReadingTask(exercises, recipe, student), recipe)
        trainer.run(progress)
        adapters.compose(place, folder, folder / MODEL)
        told = trainer.report()
        write_text(folder / "report.md", report.reading_card(told))
    return told


def _reader(name: str) -> Path:
    """The folder of a reader's adapters, by a path or by its name in the catalogue."""
    return Path(name) if Path(name).is_dir() else adapter_folder(catalog.find(name, "reader").name)


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


def _lesson(settings: Settings, folder: Path, dataset: Dataset, recipe: Recipe, student: Student) -> Lesson:
    if not recipe.teacher:
        with ProgressLine("Embedding what is known", "papers") as line:
            return Contrast(folder, dataset, recipe, student, line)
    model = catalog.find(recipe.teacher, "embedding")
    store.ensure(settings.models, model, settings.offline)
    teacher = embedder.load(settings.models, model, settings.threads)
    with ProgressLine("Asking the teacher", "texts") as line:
        return Distillation(folder, dataset, recipe, student, teacher, line)
