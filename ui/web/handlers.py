"""What the page's controls do, for every open tab of a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.chats.conversations import Conversations, Entry
from rag.errors import SidereusError
from rag.question.shape import Shape
from ui.web import screen
from ui.web.actions import Actions
from ui.web.chat import Parts
from ui.web.drawer import drawer_html
from ui.web.screen import Update
from ui.web.shared import VIEWS, Handed, Shared
from ui.web.tabs import Tab, Tabs
from ui.web.text import escaped
from ui.web.turns import Turn, answered, asked
from ui.web.warming import Warmings

SHAPES: dict[str, Shape] = {"shorter": "fact", "more": "synthesis", "list": "list"}  # in which a question is asked anew


class Handlers:
    """Acts on behalf of tabs, each known by the hash that Gradio gives it."""

    def __init__(self, shared: Shared, warmings: Warmings, parts: Parts) -> None:
        self._shared = shared
        self._warmings = warmings
        self._parts = parts
        self._store = Conversations(shared.sessions.first.settings.state / "conversations")
        self._tabs = Tabs(self._store)
        self._actions = Actions(shared, parts, self._store)

    def ask(self, question: str, about: Handed, index: str, review: bool, request: gr.Request) -> Iterator[Update]:
        """Answer a question, or review what the papers say of it, redrawing the page as the answer comes in."""
        if question.strip():
            entry = Entry(question.strip(), within=about.papers, shape="review" if review else None)
            yield from self._answer(self._tab(request, index), entry)
        else:
            yield {self._parts.box: ""}

    def asked(self, said: str, about: Handed, index: str, _review: bool, request: gr.Request) -> Iterator[Update]:
        """Answer what the page's script asks: a question of the address, or an earlier one anew, alone or rewritten."""
        message, tab = heard(said), self._tab(request, index)
        question = str(message.get("question", "")).strip()
        place = message.get("turn")
        if place is None and question:
            yield from self._answer(tab, Entry(question, within=about.papers))
        elif isinstance(place, int) and 0 < place <= len(tab.kept.entries):
            old = tab.kept.entries[place - 1]
            shorter = tab.kept.without(old)
            if shorter.id == tab.kept.id:
                tab.change(tab.kept, lambda kept: kept.without(old) if old in kept.entries else kept)
            else:
                tab.go(shorter)
            yield from self._answer(tab, _again(old, question, message))
        else:
            yield {self._parts.box: gr.skip()}

    def stop(self, request: gr.Request) -> None:
        """End the answer that is under way in a tab; also when the tab is closed."""
        self._tabs.stop(request.session_hash)

    def clear(self, index: str, request: gr.Request) -> Update:
        """Begin a new conversation."""
        return self._actions.begin(self._tab(request, index), self._named(index))

    def said(self, said: str, index: str, request: gr.Request) -> Update:
        """Do what the page's script says."""
        tab = self._tab(request, index)
        try:
            return self._actions.do(heard(said), tab) or {self._parts.frame.place: gr.skip()}
        except SidereusError as error:
            return screen.notice(self._parts, str(error))

    def find(self, words: str, request: gr.Request) -> str:
        """The kept conversations that hold the words."""
        return drawer_html(self._store.all(words), self._tab(request, "").kept.id, words=words)

    def opened(self, request: gr.Request) -> Update:
        """A tab has been opened: at its address's view, index and conversation, where there are such."""
        asked_for = dict(request.query_params)
        index = asked_for.get("index", "")
        index = index if index in self._shared.sessions.names() else ""
        kept = self._store.read(asked_for.get("c", ""))
        view = asked_for.get("view")
        there = {self._shared.tabs: gr.Tabs(selected=view)} if view in VIEWS else {}
        tab = self._tab(request, index)
        if kept is None:
            shown = {self._shared.index: index, **screen.place(self._parts, tab.kept)}
            return {**shown, **self.described(index), **there}
        return {**self._actions.show(tab, kept), **self.described(kept.index), **there}

    def switched(self, index: str, request: gr.Request) -> Update:
        """A tab uses another index: say so, and begin a conversation with it unless one has been opened."""
        parts, session, tab = self._parts, self._shared.session(index), self._tab(request, index)
        loaded = session.describe()
        self._warmings.of(session).start()
        begun = self._actions.begin(tab, loaded.index) if tab.kept.index != loaded.index else {}
        return {
            **screen.described(parts, loaded),
            **screen.examples(parts, session.examples()),
            **begun,
        }

    def described(self, index: str) -> Update:
        """What the page says of the index in use, which may have been brought up to date since it was said."""
        try:
            return screen.described(self._parts, self._shared.session(index).describe())
        except SidereusError:  # the index was removed since, which a question is told
            return {self._parts.facts: gr.skip()}

    def narrowed(self, about: Handed, index: str) -> Update:
        """Papers were handed to the chat, or all are to be asked again."""
        papers = self._shared.session(index).papers(about.papers[:1])
        to_chat = {self._shared.tabs: gr.Tabs(selected="chat")} if about.papers else {}
        return {**screen.scope(self._parts, about, papers), **to_chat}

    def liked(self) -> Update:
        """A paper was handed to the search."""
        return {self._shared.tabs: gr.Tabs(selected="search")}

    def loading(self, index: str) -> Iterator[Update]:
        """The words of the status line while the index and the models are loaded; then what can be asked."""
        session, status = self._shared.session(index), self._parts.status
        warming = self._warmings.of(session)
        for words in warming.until_done():
            yield {status: f'<p class="loading">{escaped(words)}</p>'}
        if warming.problem:
            yield {status: f'<p class="problem">{escaped(warming.problem)}</p>'}
            return
        yield {status: ""}
        if not session.examples():
            yield screen.examples(self._parts, session.find_examples())

    def _tab(self, request: gr.Request, index: str) -> Tab:
        tab = self._tabs.of(request.session_hash, self._named(index))
        tab.person = f"{request.username or ''}@{request.client.host if request.client else ''}"
        return tab

    def _named(self, index: str) -> str:
        return index or self._shared.sessions.default

    def _answer(self, tab: Tab, entry: Entry) -> Iterator[Update]:
        parts = self._parts
        tab.stop.set()
        stop = tab.stop = threading.Event()
        kept, turn = tab.kept, asked(tab.kept, entry)
        tab.change(kept, lambda now: now.with_entry(entry))

        def current() -> bool:
            """Whether no other question and no other conversation has come."""
            return tab.stop is stop and tab.kept.id == kept.id

        try:
            yield screen.opening(parts, tab.kept, turn)
            for now in self._answered(turn, kept.index, stop, tab.person):
                if not current():
                    break
                yield screen.progress(parts, now, turn)
                turn = now
        finally:
            stop.set()
            tab.change(kept, lambda now: now.with_entry(_merged(now.entry(entry.id), turn.entry)))
        if current():
            yield {**screen.end(parts, tab.problem), **self.described(kept.index)}
        else:  # when a run ends Gradio draws its last update once more, which would be over what came meanwhile
            yield {parts.box: gr.skip()}

    def _answered(self, turn: Turn, index: str, stop: threading.Event, person: str) -> Iterator[Turn]:
        try:
            session = self._shared.session(index)
        except SidereusError as error:  # the index was removed since
            yield replace(turn.grown(problem=str(error)), ended=True)
            return
        yield from answered(turn, session, self._warmings.of(session), stop, person)


def heard(said: str | None) -> dict[str, Any]:
    """What the page's script said, or nothing when that is not to be understood."""
    try:
        message = json.loads(said or "")
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _again(old: Entry, question: str, message: dict[str, Any]) -> Entry:
    """What was asked, once more: as it stands, of all papers, in another shape or of others, where that is wanted; or
    another question in its place."""
    how = message.get("how")
    without = (*old.without, *_cited(old)) if how == "others" else old.without
    within = () if message.get("everywhere") is True else old.within
    shape = SHAPES.get(how, old.shape) if isinstance(how, str) else old.shape
    if question:
        return Entry(question, within=within, shape=old.shape)
    alone = message.get("alone") is True or old.alone
    return Entry(old.question, within=within, shape=shape, alone=alone, without=without)


def _cited(entry: Entry) -> tuple[str, ...]:
    return tuple(citation.paper.id for citation in entry.answer.citations) if entry.answer else ()


def _merged(there: Entry | None, entry: Entry) -> Entry:
    """An entry after its answer; a verdict that was given meanwhile stays."""
    return replace(entry, vote=there.vote) if there else entry
