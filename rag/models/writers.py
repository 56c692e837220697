"""The language model that the settings name, ready to be asked, wherever it runs."""

from __future__ import annotations

import contextlib

from rag import prompts
from rag.errors import ModelLost
from rag.models import deaths, store
from rag.models.catalog import Model
from rag.models.llm import LanguageModel
from rag.models.served import ServedModel
from rag.models.workers import Workers, threads_of_each
from rag.models.writer import Writer
from rag.settings import Settings, secret


def load(settings: Settings, model: Model) -> Writer:
    """A language model, which may be loading still. Raises ModelProblem when it is not here and can't be fetched."""
    if model.servers:
        return served(settings, model)
    store.ensure(settings.models, model, settings.offline)
    file, record = store.gguf(settings.models, model), settings.state / deaths.FILE
    workers = settings.workers if model.writes == "prose" else 1
    threads = threads_of_each(settings.threads, workers)
    local = [LanguageModel(model, file, threads, record) for _ in range(workers)]
    if model.writes == "prose":
        with contextlib.suppress(ModelLost):
            for one in local:
                one.preload(prompts.SYSTEM)
    return Workers(local) if workers > 1 else local[0]


def served(settings: Settings, model: Model) -> ServedModel:
    """A language model on servers, none of which has been asked yet.

    Raises UsageError when the file of its key can't be read.
    """
    limits = settings.llm_context, settings.llm_at_once, settings.llm_patience
    return ServedModel(model, secret(settings.llm_key, "SIDEREUS_LLM_KEY"), *limits)
