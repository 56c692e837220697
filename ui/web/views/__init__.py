"""The views beside the chat: search, map and library.

Of each there is a module here that answers its script, a fixed ``static/*.html``, and its look and script beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from ui.web.shown import plain
from ui.web.text import escaped

STATIC = Path(__file__).parent.parent / "static"
# Gradio notices a changed gr.State only in events that go through its queue.
AT_ONCE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
IN_TURN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 8}

Message = dict[str, Any]


def fixed(name: str) -> gr.Markdown:
    """The fixed part of a view, of ``static/NAME.html``. It is ours, so nothing is cleaned out of it."""
    return plain((STATIC / f"{name}.html").read_text(encoding="utf-8"), sanitize_html=False)


def wire(name: str) -> gr.Textbox:
    """A textbox that nobody sees, in which the page's script says what people do. It listens with ``change``."""
    return gr.Textbox(visible="hidden", elem_id=name, label=name)


def message(said: str | None) -> Message:
    """What the page's script said; nothing when that makes no sense."""
    try:
        read = json.loads(said or "")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def text(said: Message, name: str, longest: int = 100_000) -> str:
    """A text out of a message, empty when it is not there."""
    value = said.get(name)
    return value[:longest].strip() if isinstance(value, str) else ""


def number(said: Message, name: str) -> int | None:
    """A whole number out of a message."""
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(said: Message, name: str, most: int = 2000) -> tuple[str, ...]:
    """A list of short texts out of a message, such as identifiers."""
    value = said.get(name)
    return tuple(entry for entry in value[:most] if isinstance(entry, str)) if isinstance(value, list) else ()


def numbers(said: Message, name: str, most: int) -> list[int]:
    """A list of whole numbers out of a message."""
    value = said.get(name)
    return [entry for entry in value[:most] if isinstance(entry, int)] if isinstance(value, list) else []


def problem_html(sentence: str) -> str:
    """What went wrong, as the page says it."""
    return f'<p class="problem" role="alert">{escaped(sentence)}</p>'
