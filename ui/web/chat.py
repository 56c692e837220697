"""The chat's components, and what each of them sets off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from ui.web.shown import formulas, plain
from ui.web.welcome import header_html, welcome_html

if TYPE_CHECKING:
    from rag.description import Description
    from rag.session import Session
    from ui.web.handlers import Handlers
    from ui.web.shared import Shared

TOGETHER = 200  # questions that may be under way at once; the session lets one at a time write
THREADS = TOGETHER + 40  # each holds one while it waits, and what else is done on the page must not wait for them
EXAMPLES = 4
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
AT_ONCE: dict[str, Any] = {**QUIET, "queue": False}
# Gradio notices a changed gr.State only in events that go through its queue.
NOW: dict[str, Any] = {**QUIET, "concurrency_limit": None}


@dataclass(frozen=True)
class Frame:
    """What stands around all views: the header, and the drawer with the kept conversations."""

    masthead: gr.Markdown
    kept: gr.Button
    clear: gr.Button
    find: gr.Textbox
    drawer: gr.Markdown
    place: gr.Markdown


@dataclass(frozen=True)
class Parts:
    """The components of the chat that change."""

    frame: Frame
    shared: Shared
    facts: gr.Markdown
    examples: tuple[gr.Button, ...]
    past: gr.Markdown
    exchange: gr.Markdown
    pins: gr.Markdown
    sources: gr.Markdown
    scope: gr.Markdown
    status: gr.Markdown
    box: gr.Textbox
    review: gr.Checkbox
    said: gr.Textbox
    asked: gr.Textbox

    @property
    def shown(self) -> list[Any]:
        """What a change of the conversation changes."""
        turns = [self.past, self.exchange, self.pins, self.sources]
        return [*turns, self.box, self.review, self.status, self.frame.clear, self.frame.drawer, self.frame.place]

    @property
    def outputs(self) -> list[Any]:
        """Everything that a control of the chat may change."""
        shared = [self.shared.index, self.shared.about, self.shared.like, self.shared.outbox, self.shared.tabs]
        return [*self.shown, *shared, self.scope, *self.described]

    @property
    def described(self) -> list[Any]:
        """What says which index is in use."""
        return [self.frame.masthead, self.facts]


def frame(loaded: Description) -> Frame:
    """The header and the drawer."""
    with gr.Row(elem_id="header"):
        masthead = plain(header_html(loaded), elem_id="masthead")
        kept = gr.Button("Conversations", elem_id="kept", elem_classes="quiet", size="sm")
        clear = gr.Button("New", elem_id="clear", elem_classes="quiet", size="sm")
    with gr.Column(elem_id="drawer"):
        with gr.Row(elem_classes="drawer-head"):
            plain("## Conversations")
            gr.Button("Close", elem_id="drawer-close", elem_classes="quiet", size="sm")
        find = gr.Textbox(label="Search conversations", show_label=False, placeholder="Search", elem_id="find")
        drawer = plain(elem_id="shelf")
    place = plain(elem_id="place", visible="hidden")
    return Frame(masthead, kept, clear, find, drawer, place)


def build(session: Session, frame: Frame, shared: Shared) -> Parts:
    """The chat's own components."""
    with gr.Column(elem_id="chat-view"):
        with gr.Column(elem_id="welcome"):
            facts = plain(welcome_html(session.describe()), elem_id="facts")
            with gr.Column(elem_id="examples"):
                examples = tuple(_example(text) for text in padded(session.examples()))
        with gr.Column(elem_id="conversation"):
            past = _rendered("past")
            with gr.Row(elem_id="now"):
                exchange = _rendered("exchange")
                with gr.Column(elem_id="aside"):
                    pins = _rendered("pins")
                    sources = _rendered("sources")
        with gr.Column(elem_id="composer"):
            scope = _rendered("scope")
            with gr.Row(elem_id="above-box"):
                status = plain(elem_id="status")
                review = gr.Checkbox(label="Write a review", container=False, elem_id="review")
            box = gr.Textbox(
                label="Your question",
                show_label=False,
                placeholder="Ask the literature",
                lines=1,
                max_lines=6,
                submit_btn="Ask",
                autofocus=True,
                elem_id="box",
            )
            said, asked = (_channel(name) for name in ("said", "asked"))
    turns = (past, exchange, pins, sources)
    return Parts(frame, shared, facts, examples, *turns, scope, status, box, review, said, asked)


def padded(examples: tuple[str, ...]) -> tuple[str, ...]:
    """The examples, made as many as there are buttons."""
    return (*examples, *[""] * EXAMPLES)[:EXAMPLES]


def connect(page: gr.Blocks, parts: Parts, handlers: Handlers) -> None:
    """Tell each control what it does."""
    frame, shared, box = parts.frame, parts.shared, parts.box
    _answers(box.submit, handlers.ask, box, parts)
    _answers(parts.asked.change, handlers.asked, parts.asked, parts)
    for button in parts.examples:
        _answers(button.click, handlers.ask, button, parts)
    box.stop(handlers.stop, **AT_ONCE)
    frame.clear.click(handlers.clear, [shared.index], parts.outputs, **NOW)
    parts.said.change(handlers.said, [parts.said, shared.index], parts.outputs, trigger_mode="multiple", **NOW)
    frame.find.change(handlers.find, inputs=[frame.find], outputs=[frame.drawer], trigger_mode="always_last", **AT_ONCE)
    shared.about.change(handlers.narrowed, [shared.about, shared.index], [parts.scope, shared.tabs], **AT_ONCE)
    shared.like.change(handlers.liked, outputs=[shared.tabs], **AT_ONCE)
    shared.tabs.change(handlers.described, [shared.index], parts.described, **AT_ONCE)
    shared.news.change(handlers.described, [shared.index], parts.described, **AT_ONCE)
    shared.index.change(handlers.switched, [shared.index], [*parts.examples, *parts.outputs], **QUIET).then(
        handlers.loading, [shared.index], [parts.status, *parts.examples], concurrency_limit=None, **QUIET
    )
    page.load(handlers.opened, outputs=parts.outputs, **QUIET).then(
        handlers.loading, [shared.index], [parts.status, *parts.examples], concurrency_limit=None, **QUIET
    )
    page.unload(handlers.stop)


def _answers(event: Callable[..., Any], handler: Callable[..., Any], said: gr.Component, parts: Parts) -> None:
    """Let an event of a control ask a question."""
    event(
        handler,
        inputs=[said, parts.shared.about, parts.shared.index, parts.review],
        outputs=parts.outputs,
        concurrency_limit=TOGETHER,
        trigger_mode="multiple",
        **QUIET,
    )


def _rendered(name: str) -> gr.Markdown:
    return formulas(elem_id=name)


def _example(text: str) -> gr.Button:
    return gr.Button(text, elem_classes="example", visible=bool(text))


def _channel(name: str) -> gr.Textbox:
    """Where the page's script tells the handlers something, as JSON."""
    return gr.Textbox(visible="hidden", elem_id=name, label=f"What was {name}")
