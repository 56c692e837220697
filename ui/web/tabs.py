"""The open tabs of browsers: which conversation each is in, and the answer under way in it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from rag.chats.conversations import Conversations, Kept
from rag.errors import SidereusError

_MOST = 500


class Tab:
    """One tab. ``problem`` says why its conversation could not be written to disk, where that is so."""

    def __init__(self, kept: Kept, store: Conversations) -> None:
        self.kept = kept
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
    """Tabs by the hash that Gradio gives each; those that were idle longest are forgotten, never what is on disk."""

    def __init__(self, store: Conversations) -> None:
        self._store = store
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._looking = threading.Lock()

    def of(self, tag: str | None, index: str) -> Tab:
        """The tab with a hash; a new one begins a conversation with an index."""
        with self._looking:
            tab = self._tabs.pop(tag or "", None) or Tab(Kept(index), self._store)
            self._tabs[tag or ""] = tab
            while len(self._tabs) > _MOST:
                self._tabs.popitem(last=False)
            return tab
