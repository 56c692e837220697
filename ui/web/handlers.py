"""What the page's controls do, for every open tab."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.web.markup import exchange_html, sources_html, turn_html
from ui.web.text import escaped
from ui.web.turns import Tab, Turn, answered
from ui.web.warming import Warming

if TYPE_CHECKING:
    from rag.session import Session

Update = dict[Any, Any]


@dataclass(frozen=True)
class Parts:
    """The components of the page that change."""

    tab: gr.State
    welcome: gr.Column
    conversation: gr.Column
    past: gr.Markdown
    exchange: gr.Markdown
    sources: gr.Markdown
    box: gr.Textbox
    again: gr.Button
    clear: gr.Button
    status: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        """Everything that an answer changes."""
        shown = [self.welcome, self.conversation, self.clear, self.past, self.exchange, self.sources, self.box]
        return [self.tab, *shown]


class Handlers:
    """Asks on behalf of tabs, each known by the hash that Gradio gives it."""

    def __init__(self, session: Session, warming: Warming, parts: Parts) -> None:
        self._session = session
        self._warming = warming
        self._parts = parts
        self._stops: dict[str, threading.Event] = {}

    def ask(self, question: str, tab: Tab, request: gr.Request) -> Iterator[Update]:
        """Answer a question, redrawing the page as the answer comes in."""
        if question.strip():
            yield from self._answer(tab, question.strip(), request)
        else:
            yield {self._parts.box: ""}

    def again(self, tab: Tab, request: gr.Request) -> Iterator[Update]:
        """Answer the last question once more, as if it had not been asked before."""
        if tab.turns:
            yield from self._answer(tab.without_last(), tab.turns[-1].question, request)

    def stop(self, request: gr.Request) -> None:
        """End the answer that is under way in a tab; also when the tab is closed."""
        stop = self._stops.get(request.session_hash or "")
        if stop:
            stop.set()

    def clear(self, request: gr.Request) -> Update:
        """Begin a new conversation."""
        self.stop(request)
        self._stops.pop(request.session_hash or "", None)
        parts = self._parts
        return {
            parts.tab: Tab(),
            parts.welcome: gr.update(visible=True),
            parts.conversation: gr.update(visible=False),
            parts.clear: gr.update(visible=False),
            parts.past: "",
            parts.exchange: "",
            parts.sources: "",
            parts.box: _ready(value=""),
        }

    def loading(self) -> Iterator[str]:
        """The words of the status line while the index and the models are loaded."""
        for words in self._warming.until_done():
            yield f'<p class="loading">{escaped(words)}</p>'
        problem = self._warming.problem
        yield f'<p class="problem">{escaped(problem)}</p>' if problem else ""

    def _answer(self, tab: Tab, question: str, request: gr.Request) -> Iterator[Update]:
        parts, stop = self._parts, threading.Event()
        tag = request.session_hash or ""
        self._stops[tag] = stop
        turn = tab.asked(question)
        try:
            yield self._opening(tab, turn)
            for now in answered(turn, self._session, self._warming, stop):
                if self._stops.get(tag) is not stop:  # the conversation was cleared meanwhile
                    return
                yield {parts.exchange: exchange_html(now), **self._sources(now, turn)}
                turn = now
            yield {parts.tab: tab.with_turn(turn), parts.box: _ready()}
        finally:
            stop.set()
            if self._stops.get(tag) is stop:
                del self._stops[tag]

    def _opening(self, tab: Tab, turn: Turn) -> Update:
        parts = self._parts
        return {
            parts.welcome: gr.update(visible=False),
            parts.conversation: gr.update(visible=True),
            parts.clear: gr.update(visible=True),
            parts.past: "\n\n".join(turn_html(earlier) for earlier in tab.turns),
            parts.exchange: exchange_html(turn),
            parts.sources: sources_html(turn),
            parts.box: gr.update(value="", submit_btn=False, stop_btn="Stop"),
        }

    def _sources(self, turn: Turn, drawn: Turn) -> Update:
        """The sources, when they have changed since they were last drawn: redrawing closes opened abstracts."""
        if (drawn.found, drawn.answer) == (turn.found, turn.answer):
            return {}
        return {self._parts.sources: sources_html(turn)}


def _ready(**others: Any) -> Any:
    return gr.update(submit_btn="Ask", stop_btn=False, **others)
