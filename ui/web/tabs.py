"""The open tabs of browsers: which conversation each is in, and the answer under way in it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from rag.chats.conversations import Conversations, Kept
from rag.errors import SidereusError

_MOST = 500
_MOST_LEFT = 100_000  # names of twelve letters


class Tab:
    """One tab. ``person`` is whose it is; ``problem`` says why its conversation could not be written to disk, if so."""

    def __init__(self, kept: Kept, store: Conversations) -> None:
        self.kept = kept
        self.person = ""
        self.problem = ""
        self.stop = threading.Event()
        self._store = store
        self._changing = threading.Lock()

    def change(self, kept: Kept, how: Callable[[Kept], Kept]) -> None:
        """Change a conversation on disk, and here too unless the tab has gone on to another."""
        with self._changing:
            try:
                changed, self.problem = self._store.change(kept, how), ""
            except SidereusError as error:
                changed, self.problem = self._store.read(kept.id) or how(kept), str(error)
            if self.kept.id == kept.id:
                self.kept = changed

    def go(self, kept: Kept) -> None:
        """Go on to another conversation; an answer under way in the old one ends."""
        self.stop.set()
        with self._changing:
            self.kept = kept


class Tabs:
    """Tabs by the hash that Gradio gives each.

    Those that were idle longest are let go but for the name of their conversation, in which they go on when they are
    used again.
    """

    def __init__(self, store: Conversations) -> None:
        self._store = store
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._left: OrderedDict[str, str] = OrderedDict()
        self._looking = threading.Lock()

    def of(self, tag: str | None, index: str) -> Tab:
        """The tab with a hash; a new one begins a conversation with an index."""
        with self._looking:
            tab = self._tabs.pop(tag or "", None) or self._come_back(tag or "") or Tab(Kept(index), self._store)
            self._tabs[tag or ""] = tab
            while len(self._tabs) > _MOST:
                self._let_go(*self._tabs.popitem(last=False))
            return tab

    def stop(self, tag: str | None) -> None:
        """End the answer under way in a tab, if there is such a tab: whoever knows no tab makes none."""
        tab = self._tabs.get(tag or "")
        if tab:
            tab.stop.set()

    def _come_back(self, tag: str) -> Tab | None:
        kept = self._store.read(self._left.pop(tag, ""))
        return Tab(kept, self._store) if kept else None

    def _let_go(self, tag: str, tab: Tab) -> None:
        if tab.kept.entries:
            self._left[tag] = tab.kept.id
        while len(self._left) > _MOST_LEFT:
            self._left.popitem(last=False)
