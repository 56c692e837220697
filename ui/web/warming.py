"""Loading the indexes and the models while the page is already up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.errors import SidereusError

if TYPE_CHECKING:
    from rag.session import Session

log = logging.getLogger(__name__)

_GLANCE = 0.1  # seconds between looks at how far the loading has come


class Warming:
    """Warms a session in a background thread. What fails is kept, and told again by the first question."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._words = "starting"
        self._begun = threading.Lock()
        self._done = threading.Event()
        self.problem: str | None = None

    def start(self) -> None:
        """Begin, unless it has begun, and return at once."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._run, name="warming", daemon=True).start()

    def until_done(self, stop: threading.Event | None = None) -> Iterator[str]:
        """What is being done, whenever that changes, until all is loaded or ``stop`` is set."""
        self.start()
        said = None
        while not self._done.wait(_GLANCE) and not (stop and stop.is_set()):
            if self._words != said:
                said = self._words
                yield said

    def _run(self) -> None:
        try:
            for words in self.session.warm():
                self._words = words
        except SidereusError as error:
            self.problem = str(error)
        except Exception:
            log.exception("Loading the index and the models failed")
            self.problem = "The index or a model could not be loaded: the terminal Sidereus runs in says why."
        finally:
            self._done.set()


class Warmings:
    """The warming of every session that is in use, one for each index."""

    def __init__(self) -> None:
        self._warmings: dict[str, Warming] = {}
        self._looking = threading.Lock()

    def of(self, session: Session) -> Warming:
        """The warming of a session, begun or not."""
        name = session.describe().index
        with self._looking:
            if name not in self._warmings or self._warmings[name].session is not session:
                self._warmings[name] = Warming(session)
            return self._warmings[name]
