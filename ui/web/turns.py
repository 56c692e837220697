"""A conversation as one browser tab sees it, and a turn of it while it is answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from rag.answers.answer import Answer, Citation, Event, Finished, Found, Status, Words
from rag.answers.conversation import Conversation
from rag.errors import SidereusError
from ui.web.warming import Warming

if TYPE_CHECKING:
    from rag.session import Session

log = logging.getLogger(__name__)

_FRAME = 0.06  # seconds between redraws while words arrive: faster than one reads, slower than a GPU writes
_PATIENCE = 0.1  # seconds that a stopped answer has to end properly


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what has come of it so far; ``before`` is the conversation it was asked in."""

    number: int
    question: str
    before: Conversation
    status: str = ""
    found: tuple[Citation, ...] = ()
    words: str = ""
    answer: Answer | None = None
    stopped: bool = False
    problem: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or self.stopped or self.problem is not None

    @property
    def after(self) -> Conversation:
        """The conversation that the next question is asked in."""
        return self.before.with_turn(self.answer) if self.answer else self.before


@dataclass(frozen=True, slots=True)
class Tab:
    """The turns on a tab's page, oldest first."""

    turns: tuple[Turn, ...] = ()

    @property
    def conversation(self) -> Conversation:
        """What has been said so far."""
        return self.turns[-1].after if self.turns else Conversation()

    def asked(self, question: str) -> Turn:
        """A new turn with a question."""
        return Turn(len(self.turns) + 1, question, self.conversation)

    def with_turn(self, turn: Turn) -> Tab:
        """The tab after one more turn."""
        return Tab((*self.turns, turn))

    def without_last(self) -> Tab:
        """The tab before its last turn."""
        return Tab(self.turns[:-1])


def answered(turn: Turn, session: Session, warming: Warming, stop: threading.Event) -> Iterator[Turn]:
    """The turn again and again as its answer comes in; what goes wrong is told in the turn itself."""
    try:
        for words in warming.until_done(stop):
            turn = replace(turn, status=words)
            yield turn
        yield from _answered(turn, session, stop)
    except SidereusError as error:
        yield replace(turn, problem=str(error))
    except Exception:
        log.exception("The question %r could not be answered", turn.question)
        yield replace(turn, problem="Something went wrong inside Sidereus: the terminal it runs in says what.")


def _answered(turn: Turn, session: Session, stop: threading.Event) -> Iterator[Turn]:
    drawn = 0.0
    for event in _events(turn, session, stop):
        match event:
            case Status(text):
                turn = replace(turn, status=text)
            case Found(citations):
                turn = replace(turn, found=citations)
            case Words(text):
                turn = replace(turn, words=turn.words + text)
                if time.monotonic() - drawn < _FRAME:
                    continue
            case Finished(answer):
                turn = replace(turn, answer=answer)
        drawn = time.monotonic()
        yield turn
    if not turn.ended:
        yield replace(turn, stopped=True)


def _events(turn: Turn, session: Session, stop: threading.Event) -> Iterator[Event]:
    """The events of an answer, made in a thread of their own.

    A language model can't be interrupted while it reads its prompt; so that Stop works at once even then,
    nobody waits for it here and it ends by itself.
    """
    events: SimpleQueue[Event | Exception | None] = SimpleQueue()

    def ask() -> None:
        try:
            for event in session.ask(turn.question, turn.before, stop):
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
