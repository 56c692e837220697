"""A turn of a conversation as the page shows it, and while it is answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from rag.answers.answer import Event, Finished, Found, Said, Status
from rag.chats.conversations import Entry, Kept
from rag.errors import SidereusError
from rag.question.conversation import Conversation
from ui.web.warming import Warming

if TYPE_CHECKING:
    from rag.session import Session

log = logging.getLogger(__name__)

_FRAME = 0.06  # seconds between redraws while words arrive: faster than one reads, slower than a GPU writes
_PATIENCE = 0.1  # seconds that a stopped answer has to end properly


@dataclass(frozen=True, slots=True)
class Turn:
    """An entry of a conversation at its place, counted from 1; ``status`` says what is done while it has not ended."""

    number: int
    entry: Entry
    before: Conversation
    status: str = ""
    waiting: bool = False
    ended: bool = False

    @property
    def stopped(self) -> bool:
        """Whether it ended without an answer, for no reason but that it was to."""
        return self.ended and self.entry.answer is None and self.entry.problem is None

    def grown(self, **values: Any) -> Turn:
        """The turn with more in its entry."""
        return replace(self, entry=replace(self.entry, **values))


def turns(kept: Kept) -> list[Turn]:
    """The turns of a conversation, all of them ended."""
    return [Turn(n, entry, kept.before(n - 1), ended=True) for n, entry in enumerate(kept.entries, 1)]


def asked(kept: Kept, entry: Entry) -> Turn:
    """The turn that a new entry at the end of a conversation begins."""
    return Turn(len(kept.entries) + 1, entry, kept.before(len(kept.entries)))


def answered(turn: Turn, session: Session, warming: Warming, stop: threading.Event, person: str = "") -> Iterator[Turn]:
    """The turn again and again as its answer comes in; what goes wrong is told in the turn itself."""
    try:
        for words in warming.until_done(stop):
            turn = replace(turn, status=words)
            yield turn
        for turn in _answered(turn, session, stop, person):  # noqa: B020
            yield turn
        yield replace(turn, ended=True)
    except SidereusError as error:
        yield replace(turn.grown(problem=str(error)), ended=True)
    except Exception:
        log.exception("The question %r could not be answered", turn.entry.question)
        problem = "Something went wrong inside Sidereus: the terminal it runs in says what."
        yield replace(turn.grown(problem=problem), ended=True)


def _answered(turn: Turn, session: Session, stop: threading.Event, person: str) -> Iterator[Turn]:
    drawn = 0.0
    for event in _events(turn, session, stop, person):
        match event:
            case Status(text, waiting):
                turn = replace(turn, status=text, waiting=waiting)
            case Found(citations):
                turn = turn.grown(found=citations)
            case Said(blocks):
                turn = turn.grown(said=blocks)
                if time.monotonic() - drawn < _FRAME:
                    continue
            case Finished(answer):
                turn = turn.grown(answer=answer, said=())
        drawn = time.monotonic()
        yield turn
    yield turn


def _events(turn: Turn, session: Session, stop: threading.Event, person: str) -> Iterator[Event]:
    """The events of an answer, made in a thread of their own.

    A language model can't be interrupted while it reads its prompt; so that Stop works at once even then,
    nobody waits for it here and it ends by itself.
    """
    events: SimpleQueue[Event | Exception | None] = SimpleQueue()

    def ask() -> None:
        try:
            entry = turn.entry
            for event in session.ask(
                entry.question,
                turn.before,
                stop,
                within=entry.within,
                without=entry.without,
                shape=entry.shape,
                alone=entry.alone,
                person=person,
            ):
                events.put(event)
            events.put(None)
        except Exception as error:  # it is raised where the events are read
            events.put(error)

    if not stop.is_set():
        threading.Thread(target=ask, name="answering", daemon=True).start()
    while True:
        try:
            event = events.get(timeout=_PATIENCE)
        except Empty:
            if stop.is_set():
                return
            continue
        if event is None:
            return
        if isinstance(event, Exception):
            raise event
        yield event
