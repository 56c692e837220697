"""A long task in a thread of its own, which goes on whoever watches it, and says how far it is."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from rag.errors import SidereusError, of_database, of_system
from rag.progress import Progress, clock

log = logging.getLogger(__name__)

Result = TypeVar("Result")

GLANCE = 0.25  # seconds between looks at how far it is


class Work(Generic[Result]):
    """A task that has begun. Safe to watch from several threads."""

    def __init__(self, task: Callable[[Progress], Result]) -> None:
        self.done = 0
        self.fraction = 0.0
        self.stage = ""
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._result: Result | None = None
        self._problem: SidereusError | None = None
        threading.Thread(target=self._run, args=[task], name="work", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.is_set()

    @property
    def left(self) -> str:
        """An estimate of the time that it still takes, for people; empty while there is none."""
        elapsed = time.monotonic() - self._started
        if self.fraction < 0.01 or elapsed < 1:
            return ""
        return f"{clock(elapsed / self.fraction * (1 - self.fraction))} left"

    def watch(self) -> Iterator[float]:
        """The fraction that is done, of the whole or of a stage, whenever it has grown, until the task ends."""
        seen = ("", -1.0)
        while not self._ended.wait(GLANCE):
            if (self.stage, self.fraction) != seen:
                seen = (self.stage, self.fraction)
                yield self.fraction

    def result(self) -> Result:
        """What came of it; waits for its end, and raises the SidereusError that it ended with."""
        self._ended.wait()
        if self._problem:
            raise self._problem
        return self._result  # type: ignore[return-value]

    def _run(self, task: Callable[[Progress], Result]) -> None:
        try:
            self._result = task(self._advance)
        except SidereusError as error:
            self._problem = error
        except OSError as error:
            self._problem = of_system(error)
        except sqlite3.OperationalError as error:
            self._problem = of_database(error) or self._unexpected()
        except Exception:
            self._problem = self._unexpected()
        finally:
            self._ended.set()

    def _unexpected(self) -> SidereusError:
        log.exception("A task failed")
        return SidereusError("Something went wrong inside Sidereus: the terminal it runs in says what.")

    def _advance(self, done: int, fraction: float, stage: str = "") -> None:
        if stage != self.stage:
            self.stage, self._started = stage, time.monotonic()
        self.done, self.fraction = done, fraction
