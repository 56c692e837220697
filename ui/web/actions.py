"""The small things people do in the chat: open, rename, delete and export conversations, pin papers, judge answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from rag.chats import feedback
from rag.chats.conversations import Conversations, Kept, Vote, titled
from rag.chats.transcript import ENDINGS, Format, written
from rag.errors import SidereusError
from rag.papers import Paper
from rag.reading.lists import ReadingLists
from ui.web import screen
from ui.web.chat import Parts
from ui.web.screen import Update
from ui.web.shared import VIEWS, Handed, Shared, saved
from ui.web.tabs import Tab
from ui.web.views import texts
from ui.web.views.actions import done

Message = dict[str, Any]
MOST_PAPERS = 200  # that an answer may cite


class Actions:
    """Each action takes a message of the page's script and a tab, and gives what is to be redrawn."""

    def __init__(self, shared: Shared, parts: Parts, store: Conversations) -> None:
        self._shared = shared
        self._parts = parts
        self._store = store
        self._actions: dict[str, Callable[[Message, Tab], Update]] = {
            "list": lambda _, tab: self._shelf(tab),
            "open": self._open,
            "go": self._go,
            "rename": self._rename,
            "delete": self._delete,
            "undo": self._undo,
            **{f"export-{how}": partial(self._export, how) for how in ENDINGS},
            "vote": self._vote,
            "pin": self._pin,
            "only": lambda message, _: {shared.about: Handed((_text(message, "value"),))},
            "pinned": lambda _, tab: {shared.about: Handed(tuple(paper.id for paper in tab.kept.pins))},
            "anywhere": lambda *_: {shared.about: Handed()},
            "menu": self._menu,
            "read": self._read,
            "like": lambda message, _: {shared.like: Handed((_text(message, "value"),))},
        }

    def do(self, message: Message, tab: Tab) -> Update:
        """Do what a message says; nothing when it says nothing known. SidereusError when it can't be done."""
        action = self._actions.get(_text(message, "do"))
        if action is None:
            return {}
        tab.problem = ""
        done = action(message, tab)
        return {**done, **screen.notice(self._parts, tab.problem)} if tab.problem else done

    def begin(self, tab: Tab, index: str) -> Update:
        """A new conversation with an index."""
        tab.go(Kept(index))
        return {**screen.whole(self._parts, tab.kept), self._shared.about: Handed(), **screen.notice(self._parts, "")}

    def show(self, tab: Tab, kept: Kept) -> Update:
        """A kept conversation in a tab."""
        tab.go(kept)
        index = {self._shared.index: kept.index} if kept.index in self._shared.sessions.names() else {}
        return {**screen.whole(self._parts, kept), self._shared.about: Handed(), **index}

    def _shelf(self, tab: Tab, deleted: Kept | None = None) -> Update:
        return screen.shelf(self._parts, self._store.all(), tab.kept.id, deleted)

    def _open(self, message: Message, tab: Tab) -> Update:
        kept = self._store.read(_text(message, "value"))
        if kept is None:
            return self._shelf(tab)
        return {**self.show(tab, kept), **self._shelf(tab)}

    def _go(self, message: Message, tab: Tab) -> Update:
        """Where an address leads: a view, and there a conversation, or a new one with an index."""
        view, index = _text(message, "view"), _text(message, "index")
        there = {self._shared.tabs: gr.Tabs(selected=view)} if view in VIEWS else {}
        kept = self._store.read(_text(message, "value"))
        if kept:
            return {**(self.show(tab, kept) if kept.id != tab.kept.id else {}), **there}
        index = index if index in self._shared.sessions.names() else tab.kept.index
        if not tab.kept.entries and index == tab.kept.index:
            return there
        return {**self.begin(tab, index), self._shared.index: index, **there}

    def _rename(self, message: Message, tab: Tab) -> Update:
        kept = self._store.read(_text(message, "value"))
        if kept:
            tab.change(kept, lambda now: replace(now, title=titled(_text(message, "title"))))
        return self._shelf(tab)

    def _delete(self, message: Message, tab: Tab) -> Update:
        deleted = self._store.delete(_text(message, "value"))
        begun = self.begin(tab, tab.kept.index) if deleted and deleted.id == tab.kept.id else {}
        return {**begun, **self._shelf(tab, deleted)}

    def _undo(self, message: Message, tab: Tab) -> Update:
        self._store.restore()
        return self._shelf(tab)

    def _export(self, how: Format, message: Message, tab: Tab) -> Update:
        kept = self._store.read(_text(message, "value"))
        if kept is None:
            return {}
        ending, kind = ENDINGS[how]
        name = "-".join("".join(c if c.isalnum() else " " for c in kept.name.lower()).split()[:8])
        return {self._shared.outbox: saved(f"{name or 'conversation'}.{ending}", kind, written(kept, how))}

    def _vote(self, message: Message, tab: Tab) -> Update:
        entry = tab.kept.entry(_text(message, "value"))
        if entry is None:
            return {}
        vote: Vote = "up" if message.get("vote") == "up" else "down"
        tab.change(tab.kept, lambda kept: kept.with_entry(replace(kept.entry(entry.id) or entry, vote=vote)))
        feedback.add(
            self._shared.sessions.first.settings, feedback.feedback_on(tab.kept, entry, vote, _text(message, "note"))
        )
        return {}

    def _pin(self, message: Message, tab: Tab) -> Update:
        paper = self._known(tab.kept, _text(message, "value"))
        if paper:
            tab.change(tab.kept, lambda kept: kept.pinned(paper))
        return {**screen.pins(self._parts, tab.kept), **screen.place(self._parts, tab.kept)}

    def _menu(self, message: Message, tab: Tab) -> Update:
        """What is chosen from the menus of a card or an answer, and the names in them."""
        found = (self._known(tab.kept, paper) for paper in texts(message, "papers", MOST_PAPERS))
        return done(self._shared, message, [paper for paper in found if paper])

    def _read(self, message: Message, tab: Tab) -> Update:
        """A paper was opened. That it could not be noted is no reason to trouble anybody."""
        paper = self._known(tab.kept, _text(message, "value"))
        if paper:
            with contextlib.suppress(SidereusError):
                ReadingLists(self._shared.sessions.first.settings.state).opened(paper)
        return {}

    def _known(self, kept: Kept, identifier: str) -> Paper | None:
        """A paper of a conversation or of its index, by its id."""
        seen = next((paper for paper in kept.seen() if paper.id == identifier), None)
        return seen or next(iter(self._shared.session(kept.index).papers([identifier])), None)


def _text(message: Message, name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""
