"""What is redrawn when something changes: updates of the chat's components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from rag.chats.conversations import Kept
from rag.description import Description
from rag.papers import Paper
from ui.web.cards import pins_html
from ui.web.chat import Parts, padded
from ui.web.drawer import drawer_html
from ui.web.markup import exchange_html, scope_html, sources_html, turn_html
from ui.web.shared import Handed, told
from ui.web.text import escaped
from ui.web.turns import Turn, turns
from ui.web.welcome import header_html, welcome_html

Update = dict[Any, Any]
ANSWERING: dict[str, Any] = {"submit_btn": False, "stop_btn": "Stop"}


def whole(parts: Parts, kept: Kept) -> Update:
    """A conversation from its first turn to its last, or the first screen when it has none."""
    past = turns(kept)
    last = past.pop() if past else None
    return {
        parts.past: _past(past),
        parts.exchange: exchange_html(last) if last else "",
        parts.sources: sources_html(last) if last else "",
        **pins(parts, kept),
        parts.box: ready(),
        **place(parts, kept),
    }


def opening(parts: Parts, kept: Kept, turn: Turn) -> Update:
    """A question as it is asked, below the turns before it."""
    return {
        parts.past: _past(turns(kept)[: turn.number - 1]),
        parts.exchange: exchange_html(turn),
        parts.sources: sources_html(turn),
        **pins(parts, kept),
        parts.box: gr.update(value="", **ANSWERING),
        parts.review: False,
        **place(parts, kept),
    }


def progress(parts: Parts, turn: Turn, drawn: Turn) -> Update:
    """A turn after something was added to it. The sources are redrawn only when they differ, since that closes
    abstracts that were opened.

    The box's buttons are told each time. Gradio's client changes the properties that an update sets into those of the
    next in place: of two that come at once, those of the first alone are lost. Values that are a text are not.
    """
    update: Update = {parts.exchange: exchange_html(turn), parts.box: gr.update(**ANSWERING)}
    sources = sources_html(turn)
    return update if sources == sources_html(drawn) else {**update, parts.sources: sources}


def end(parts: Parts, problem: str) -> Update:
    """When nothing more comes. Gradio draws this twice, the second time maybe after something else."""
    return {parts.box: ready(), **notice(parts, problem)}


def place(parts: Parts, kept: Kept) -> Update:
    """Where the tab is, for its address, and which papers are pinned there."""
    asked = kept.entries[-1].question if kept.entries else None
    where = {"index": kept.index, "c": kept.id if asked else None, "q": asked}
    return {parts.frame.place: told({**where, "pins": [paper.id for paper in kept.pins]})}


def shelf(parts: Parts, found: Sequence[Kept], current: str, deleted: Kept | None = None) -> Update:
    """The list of kept conversations."""
    return {parts.frame.drawer: drawer_html(found, current, deleted=deleted)}


def pins(parts: Parts, kept: Kept) -> Update:
    """The papers that stay in view."""
    return {parts.pins: pins_html(kept.pins)}


def scope(parts: Parts, about: Handed, papers: Sequence[Paper]) -> Update:
    """What the next questions are restricted to."""
    return {parts.scope: scope_html(papers, len(about.papers))}


def described(parts: Parts, loaded: Description) -> Update:
    """What is loaded, in the header and on the first screen."""
    return {parts.frame.masthead: header_html(loaded), parts.facts: welcome_html(loaded)}


def examples(parts: Parts, questions: tuple[str, ...]) -> Update:
    """What to ask first."""
    pairs = zip(parts.examples, padded(questions), strict=True)
    return {button: gr.update(value=text, visible=bool(text)) for button, text in pairs}


def notice(parts: Parts, problem: str) -> Update:
    """Something that went wrong, above the box; nothing when there is no problem."""
    return {parts.status: f'<p class="problem" role="alert">{escaped(problem)}</p>' if problem else ""}


def ready() -> Any:
    """The box as it is when a question may be asked. What stands in it stays: it may just have been typed."""
    return gr.update(submit_btn="Ask", stop_btn=False)


def _past(past: Sequence[Turn]) -> str:
    return "\n\n".join(turn_html(earlier) for earlier in past)
