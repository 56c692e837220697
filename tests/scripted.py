"""A language model and a reader that do as a test tells them, and the pipeline around them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from rag.answers.answer import Answer, Event, Finished
from rag.answers.compose import Request, answer
from rag.answers.pipeline import Pipeline
from rag.evidence.decide import Thresholds
from rag.evidence.passage import Passage
from rag.evidence.reader import Reader, best_first
from rag.index.index import Index
from rag.models.catalog import Model
from rag.models.embedder import Embedder, Role, Vectors
from rag.models.turnstile import Turnstile
from rag.models.writer import Message
from rag.progress import Progress, silent
from rag.settings import Settings

LIMITS = Thresholds()
Script = Callable[[str], Iterator[str]]


class Scripted:
    """A language model whose text is a script's, given the prompt; it writes prose unless told that it only quotes."""

    context = 4096
    places = 1
    resting = None

    def __init__(self, script: Script, writes: str = "prose") -> None:
        self.model = Model("scripted", "llm", "extra", "Scripted", "none", writes=writes)
        self._script = script
        self.pieces = 0
        self.asked = 0

    def size(self, messages: Sequence[Message]) -> int:
        """As many tokens as there are words."""
        return sum(len(message["content"].split()) for message in messages)

    def stream(
        self, messages: Sequence[Message], max_tokens: int, temperature: float, stop: threading.Event | None
    ) -> Iterator[str]:
        """The script's pieces, as many as it has: this model does not care how many were asked for."""
        self.asked += 1
        for piece in self._script(messages[-1]["content"]):
            self.pieces += 1
            yield piece


@dataclass(frozen=True)
class Judge:
    """A reader that is sure: a sentence with one of the ``telling`` words answers, one with a ``near`` word almost."""

    telling: tuple[str, ...] = ()
    near: tuple[str, ...] = ()

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """See :class:`rag.evidence.reader.Reader`."""
        return best_first(self._read(passage) for passage in found)

    def _read(self, passage: Passage) -> Passage:
        if any(word in passage.text for word in self.telling):
            return replace(passage, answers=1.0, bears=1.0)
        if any(word in passage.text for word in self.near):
            return replace(passage, answers=(LIMITS.partly + LIMITS.answered) / 2, bears=1.0)
        return replace(passage, answers=0.0, bears=0.0)


class Remembering:
    """An embedding model that doesn't embed a text twice: the tests read the same few papers again and again."""

    def __init__(self, embedder: Embedder) -> None:
        self.model, self.dimensions, self.weights = embedder.model, embedder.dimensions, embedder.weights
        self._embedder = embedder
        self._known: dict[tuple[str, Role], Vectors] = {}

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """See :class:`rag.models.embedder.Embedder`."""
        new = [text for text in dict.fromkeys(texts) if (text, role) not in self._known]
        if new:
            self._known.update(((text, role), v) for text, v in zip(new, self._embedder.encode(new, role), strict=True))
        return np.stack([self._known[text, role] for text in texts])


remembering = cache(Remembering)


def says_nothing(prompt: str) -> Iterator[str]:
    """A script for a model that isn't asked, or that has nothing to say."""
    return iter(())


def words_of(text: str) -> Iterator[str]:
    """A text as a model writes it: word by word."""
    return (piece for piece in re.findall(r"\S+\s*", text))


def pipeline(index: Index, embedder: Embedder, reader: Reader, llm: Scripted | None = None) -> Pipeline:
    """What answers are made with; without a model, one that only quotes."""
    model = llm or Scripted(says_nothing, "quotes")
    return Pipeline(index, remembering(embedder), reader, model, Turnstile(), Settings(max_tokens=120))  # type: ignore[arg-type]


def answered(pipeline: Pipeline, request: Request | str) -> Answer:
    """The answer to a question."""
    return events_of(pipeline, request)[1]


def events_of(pipeline: Pipeline, request: Request | str) -> tuple[list[Event], Answer]:
    """All events of an answer, and the answer, which the last of them holds."""
    events = list(answer(pipeline, Request(request) if isinstance(request, str) else request, None))
    last = events[-1]
    assert isinstance(last, Finished)
    return events, last.answer
