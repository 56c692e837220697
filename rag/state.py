"""What was used last, kept between commands."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from rag.settings import Settings
from rag.storage import write_json

FILE = "state.json"


@dataclass(frozen=True)
class State:
    """The index used last, and the models chosen with ``sidereus models use``."""

    index: str | None = None
    embedding: str | None = None
    llm: str | None = None
    rerank: str | None = None


def read_state(settings: Settings) -> State:
    """What was kept, or nothing when there is no readable file."""
    try:
        record = json.loads((settings.state / FILE).read_text(encoding="utf-8"))
        return State(**{name: record.get(name) for name in asdict(State())})
    except (OSError, ValueError, AttributeError):
        return State()


def remember(settings: Settings, **values: Any) -> None:
    """Keep some values for later commands; where nothing can be written, they are forgotten."""
    old = read_state(settings)
    new = replace(old, **values)
    if new != old:
        with contextlib.suppress(OSError):
            write_json(settings.state / FILE, asdict(new))
