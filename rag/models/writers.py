"""The language model that the settings name, ready to be asked, wherever it runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rag import prompts
from rag.errors import ModelLost, UsageError
from rag.models import deaths, store
from rag.models.catalog import Model
from rag.models.llm import LanguageModel
from rag.models.served import ServedModel
from rag.models.writer import Writer
from rag.settings import Settings


def load(settings: Settings, model: Model) -> Writer:
    """A language model, which may be loading still. Raises ModelProblem when it is not here and can't be fetched."""
    if model.servers:
        return served(settings, model)
    store.ensure(settings.models, model, settings.offline)
    file, record = store.gguf(settings.models, model), settings.state / deaths.FILE
    local = LanguageModel(model, file, settings.threads, record)
    if model.writes == "prose":
        with contextlib.suppress(ModelLost):
            local.preload(prompts.SYSTEM)
    return local


def served(settings: Settings, model: Model) -> ServedModel:
    """A language model on servers, none of which has been asked yet. Raises UsageError as :func:`key` does."""
    limits = settings.llm_context, settings.llm_at_once, settings.llm_patience
    return ServedModel(model, key(settings), *limits)


def key(settings: Settings) -> str:
    """The key for model servers, which may be in a file of its own (``@FILE``); empty when there is none.

    Raises UsageError when the file can't be read.
    """
    given = settings.llm_key.get_secret_value()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{given[1:]} can't be read for SIDEREUS_LLM_KEY ({error}): name a file that holds the key."
        ) from None
