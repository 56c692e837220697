"""A local quantized language model in a process of its own: messages in, text out, piece by piece.

It knows nothing of papers. One generation runs at a time; :class:`rag.models.turnstile.Turnstile` lets callers queue.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.errors import ModelProblem
from rag.models import llm_messages as say
from rag.models.catalog import Model
from rag.models.deaths import Deaths
from rag.models.llm_messages import Piece, Reply
from rag.models.llm_process import LlmProcess
from rag.models.writer import CONTEXT, Message, without_thoughts


class LanguageModel:
    """A GGUF model with the chat template that its own file carries.

    Its process begins with the first call, and loads while this one goes on; :meth:`wait` waits for it. Whatever goes
    wrong there, this process lives: each method raises ModelProblem when the file can't be loaded, and ModelLost when
    the process dies of a call or has died too often. ``record`` is the file that keeps such deaths.
    """

    places = 1

    def __init__(self, model: Model, path: Path, threads: int | None = None, record: Path | None = None) -> None:
        if not path.is_file():
            raise ModelProblem(f"The language model {path} is not there: run 'sidereus models get {model.name}'.")
        self.model = model
        self.context = min(model.context_length or CONTEXT, CONTEXT)
        self._deaths = Deaths(model.title, record)
        self._load = say.Load(model.name, str(path.resolve()), self.context, threads)
        self._begun: LlmProcess | None = None
        self._beginning = threading.Lock()

    @property
    def _process(self) -> LlmProcess:
        with self._beginning:
            if self._begun is None:
                self._begun = LlmProcess(self._load, self._deaths)
                weakref.finalize(self, self._begun.close)
            return self._begun

    @property
    def resting(self) -> str | None:
        """Why the model writes nothing at present, or None when it does."""
        return self._deaths.lost().told if self._deaths.rest else None

    def wait(self) -> None:
        """Wait until the model is loaded, or has died too often for that."""
        self._process.wait()

    def count(self, text: str) -> int:
        """The number of tokens of a text."""
        reply = self._last(say.Count(text))
        assert isinstance(reply, say.Counted)
        return reply.tokens

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation in the model's own chat template, ready for its reply."""
        reply = self._last(say.Prompt(list(messages)))
        assert isinstance(reply, say.Tokens)
        return reply.tokens

    def size(self, messages: Sequence[Message]) -> int:
        """The number of tokens of a conversation, ready for its reply."""
        return len(self.prompt(messages))

    def preload(self, system: str) -> None:
        """Have the system message read once, so that every prompt that begins with it is read sooner.

        That happens while this process goes on, and again when the model's process had to be started again.
        """
        self._process.preload(say.Preload(system))

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
        grammar: str | None = None,
    ) -> Iterator[str]:
        """Yield the reply piece by piece, without anything the model only thinks; ``stop`` ends it at the next token.

        ``grammar`` (GBNF) limits what can be written. Raises ModelProblem when the prompt fills the context.
        """
        call = self._process.begin(say.Write(list(messages), max_tokens, temperature, grammar))
        with contextlib.closing(self._process.replies(call, stop)) as replies:
            yield from without_thoughts(_texts(replies))
        self._deaths.forget()

    def close(self) -> None:
        """End the model's process, if it has begun."""
        if self._begun:
            self._begun.close()

    def _last(self, request: say.Request) -> Reply:
        *_, last = self._process.replies(self._process.begin(request))
        return last


def _texts(replies: Iterator[Reply]) -> Iterator[str]:
    for reply in replies:
        if isinstance(reply, Piece):
            yield reply.text
