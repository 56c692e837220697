"""What the views of the page share, and how one hands papers to another."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.web.text import escaped

if TYPE_CHECKING:
    from rag.session import Session
    from rag.sessions import Sessions

VIEWS = ("chat", "search", "map", "lists", "library")


@dataclass(frozen=True, slots=True)
class Handed:
    """Papers, by id, that one view hands to another. The moment makes the same papers handed twice two events."""

    papers: tuple[str, ...] = ()
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Shared:
    """The components that views use together; each view reads and sets them as inputs and outputs of its own events.

    ``index`` is the name of the index a browser tab uses, "" for the default one. Setting ``about`` to papers
    brings up the chat, whose next questions are answered from these alone; setting ``like`` to one paper brings up
    the search for papers like it. What is put into ``outbox`` the browser saves, as :func:`saved` writes it, or gives
    to the menu that is open, as :func:`answered` does. Setting ``news`` to another moment says that papers were added.
    """

    sessions: Sessions
    tabs: gr.Tabs
    index: gr.State
    about: gr.State
    like: gr.State
    outbox: gr.Markdown
    news: gr.State

    def session(self, index: str) -> Session:
        """The session behind an index's name."""
        return self.sessions.of(index)


def saved(name: str, kind: str, text: str) -> str:
    """A file for the browser to save, as ``outbox`` takes it; ``kind`` is a media type such as "text/csv"."""
    return told({"name": name, "type": kind, "text": text, "at": time.monotonic()})


def answered(menu: int | None, **values: Any) -> str:
    """What a menu is told, as ``outbox`` takes it; menus are numbered as they are opened."""
    return told({"menu": {"number": menu, **values}, "at": time.monotonic()})


def told(values: dict[str, Any]) -> str:
    """Values for the page's script, as the text of a component that nobody sees."""
    return f"<pre>{escaped(json.dumps(values))}</pre>"
