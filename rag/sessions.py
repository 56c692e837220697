"""Several indexes open at once, each with its session, all writing with one language model."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from rag.errors import IndexProblem
from rag.index.folders import manifests

if TYPE_CHECKING:
    from rag.session import Session


class Sessions:
    """Sessions by the names of their indexes, made when first asked for. Safe to use from several threads."""

    def __init__(self, first: Session) -> None:
        self.first = first
        self.default = first.describe().index
        self._named = {self.default: first}
        self._making = threading.Lock()

    def of(self, index: str) -> Session:
        """The session of an index, or the default one for an empty name; IndexProblem when there is no such index."""
        name = index or self.default
        with self._making:
            if name not in self._named:
                other = self.first.beside(name)
                other.describe()
                self._named[name] = other
            return self._named[name]

    def names(self) -> tuple[str, ...]:
        """The indexes that can be opened, by name; those that are damaged are left out."""
        found = [m.name for m in manifests(self.first.settings.indexes) if not isinstance(m, IndexProblem)]
        return tuple(sorted({*found, *self._named}))
