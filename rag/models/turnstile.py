"""A queue before what can do only so much at once, fair between people."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the queue: whose it is, and the how manyth that anybody took."""

    person: str
    number: int


class Turnstile:
    """Lets so many callers through at a time, and tells the others how many are ahead.

    Whoever had a turn longest ago is next, who had none first of all, and among equals who came first; so a person's
    second question waits for everybody's first, and is overtaken by nobody twice. ``places`` says how many may be
    through at present.
    """

    def __init__(self, places: Callable[[], int] = lambda: 1) -> None:
        self._places = places
        self._changed = threading.Condition()
        self._numbers = count(1)
        self._waiting: dict[object, _Place] = {}
        self._through: set[object] = set()
        self._turns: dict[str, int] = {}

    def enter(self, ticket: object, stop: threading.Event | None = None, person: str = "") -> Iterator[int]:
        """Yield the number of callers ahead whenever it changes, until there is none or ``stop`` is set.

        Every ticket that entered must :meth:`leave`, whether its turn came or not.
        """
        with self._changed:
            self._waiting[ticket] = _Place(person, next(self._numbers))
        told = 0
        while (ahead := self._ahead(ticket)) and not (stop and stop.is_set()):
            if ahead != told:
                yield ahead
                told = ahead
            with self._changed:
                self._changed.wait(0.1)

    def leave(self, ticket: object) -> None:
        """Give up the turn, or the place in the queue."""
        with self._changed:
            self._waiting.pop(ticket, None)
            self._through.discard(ticket)
            if not self._waiting and not self._through:
                self._turns.clear()  # nobody was kept waiting: what came before is forgotten
            self._changed.notify_all()

    def _ahead(self, ticket: object) -> int:
        """How many have to leave before a ticket's turn comes; 0 lets it through."""
        with self._changed:
            mine = self._waiting[ticket]
            earlier = sum(self._order(other) < self._order(mine) for other in self._waiting.values())
            ahead = max(0, earlier + len(self._through) - max(1, self._places()) + 1)
            if not ahead:
                del self._waiting[ticket]
                self._through.add(ticket)
                self._turns[mine.person] = next(self._numbers)
            return ahead

    def _order(self, place: _Place) -> tuple[int, int]:
        return self._turns.get(place.person, 0), place.number
