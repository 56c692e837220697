"""Which models to run: what the user named, else the best that is here, else the best that can be had."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from rag.errors import ModelProblem, UsageError
from rag.models import catalog, store
from rag.models.catalog import Model, ModelKind
from rag.settings import Settings
from rag.state import read_state

# Memory left for the index, the page and everything else on the machine.
SPARE_GB = 2.0


def fits(model: Model) -> bool:
    """Whether the machine has the memory that a model needs."""
    return model.ram_gb + SPARE_GB <= psutil.virtual_memory().total / 1e9


def candidates(kind: ModelKind) -> list[Model]:
    """The models of the default set that fit the machine, then those of the offline set, best first."""
    fitting = [model for model in catalog.catalog() if model.kind == kind and fits(model)]
    return [m for m in fitting if m.set == "default"] + [m for m in fitting if m.set == "offline"]


def choose(models: Path, kind: ModelKind, wanted: str | None) -> Model:
    """The model to run, without touching the network.

    Raises UsageError when ``wanted`` is no model, ModelProblem when nothing is here.
    """
    if wanted:
        return catalog.find(wanted, kind)
    for model in candidates(kind):
        if store.at_hand(models, model):
            return model
    raise ModelProblem("No model is on this machine yet: run 'sidereus models get' once, with a network.")


def obtainable(models: Path, kind: ModelKind, offline: bool) -> Model:
    """The best model that is here or can be fetched: of the default set when a hub answers, else of the offline set.

    Raises ModelProblem when nothing is here and the network may not be used.
    """
    from rag.models import hub

    for model in candidates(kind):
        if store.at_hand(models, model):
            return model
        if not offline and (model.adapter or model.package or (model.hub and hub.reachable())):
            return model
    raise ModelProblem(
        "No model is on this machine: run 'sidereus models get' with a network, or name a local .gguf with --llm."
    )


def at_hand(models: Path, kind: ModelKind, offline: bool) -> Model:
    """The best model that is here, else the best that can be fetched."""
    try:
        return choose(models, kind, None)
    except ModelProblem:
        return obtainable(models, kind, offline)


def in_use(settings: Settings) -> set[str]:
    """The names of the models that a new index, a search and an answer would use now."""
    names = set()
    for kind, wanted in _wanted(settings):
        try:
            names.add(choose(settings.models, kind, wanted).name)
        except ModelProblem:
            continue
    others = (reranking(settings), reading(settings))
    return names | {model.name for model in others if model}


def _wanted(settings: Settings) -> tuple[tuple[ModelKind, str | None], ...]:
    """What the user wants to find and to write with, as far as that was said."""
    state = read_state(settings)
    return ("embedding", settings.embedding or state.embedding), ("llm", settings.llm or state.llm)


def known(settings: Settings) -> tuple[Model, ...]:
    """The models of the catalogue, and those in use that are a file or a server of the user's own."""
    found = list(catalog.catalog())
    for kind, wanted in _wanted(settings):
        with contextlib.suppress(ModelProblem, UsageError):
            model = choose(settings.models, kind, wanted)
            found += [] if model in found else [model]
    return tuple(found)


def reading(settings: Settings) -> Model | None:
    """The reader that answers are read with: the first that is here, or none."""
    return next((model for model in candidates("reader") if store.at_hand(settings.models, model)), None)


def reranking(settings: Settings) -> Model | None:
    """The re-ranker that the user asked for, present or not; none is ever chosen otherwise.

    Raises UsageError when what is named is no model.
    """
    wanted = settings.rerank if settings.rerank is not None else read_state(settings).rerank
    return catalog.find(wanted, "reranker") if wanted else None
