"""A local quantized language model on llama.cpp: messages in, text out, piece by piece.

It knows nothing of papers. One generation runs at a time; :class:`Turnstile` lets callers queue for it.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from rag.errors import ModelProblem
from rag.models.catalog import Model

# Beyond this, more context costs memory and prefill time and adds nothing to an answer over a few papers.
CONTEXT = 4096
# What chat templates mark turns with; in a question or a paper it is text like any other.
SPECIAL = re.compile(r"<\|(?=[\w-]+\|>)")
THOUGHT_START, THOUGHT_END = "<think>", "</think>"

Message = dict[str, str]


class LanguageModel:
    """A GGUF model with the chat template that its own file carries."""

    def __init__(self, model: Model, path: Path, threads: int | None = None) -> None:
        if not path.is_file():
            raise ModelProblem(f"The language model {path} is not there: run 'sidereus models get {model.name}'.")
        import llama_cpp

        self.model = model
        self._threads = threads
        self.context = min(model.context_length or CONTEXT, CONTEXT)
        try:
            self._llama = llama_cpp.Llama(
                str(path), n_ctx=self.context, n_threads=1, n_threads_batch=1, n_batch=256, verbose=False
            )
        except (ValueError, RuntimeError, AssertionError, OSError) as error:
            raise ModelProblem(
                f"The language model {path} can't be loaded ({error}): check it with 'sidereus models verify'."
            ) from None
        self._template = _template(self._llama)

    def count(self, text: str) -> int:
        """The number of tokens of a text."""
        return len(self._llama.tokenize(text.encode(), add_bos=False))

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation in the model's own chat template, ready for its reply."""
        harmless = [{**message, "content": SPECIAL.sub("< |", message["content"])} for message in messages]
        text = self._template(messages=harmless, enable_thinking=False).prompt
        tokens: list[int] = self._llama.tokenize(text.encode(), add_bos=False, special=True)
        return tokens

    def preload(self, system: str) -> None:
        """Read the system message once, so that every prompt that begins with it is read sooner."""
        first, second = (
            self.prompt([{"role": "system", "content": system}, {"role": "user", "content": start}]) for start in "AB"
        )
        shared = next(i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
        self._set_threads()
        self._llama.eval(first[:shared])

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
        tokens = self.prompt(messages)
        room = self.context - len(tokens)
        if room < 1:
            raise ModelProblem(
                f"The question is too long for {self.model.name}, which reads {self.context:,} tokens: shorten it."
            )
        self._set_threads()
        pieces = self._llama.create_completion(
            tokens,
            max_tokens=min(max_tokens, room),
            temperature=temperature,
            top_k=40 if temperature else 1,
            repeat_penalty=1.0,
            stream=True,
            grammar=_grammar(grammar),
            stop=["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
        )
        with contextlib.closing(pieces):
            yield from _without_thoughts(_texts(pieces, stop))

    def close(self) -> None:
        """Free the model's memory."""
        self._llama.close()

    def _set_threads(self) -> None:
        """Use the cores that are idle now.

        llama.cpp's threads wait for each other at every layer, so one thread on a core that something else
        (a browser, say) is using slows all of them: on two cores, two threads beside one busy process are
        ten times slower than one thread. Generation therefore always leaves a core alone on small machines.
        """
        import llama_cpp

        cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
        reading = self._threads or max(1, min(cores, idle_cores()))
        writing = self._threads or max(1, min(reading, cores - 1))
        llama_cpp.llama_set_n_threads(self._llama.ctx, writing, reading)


def idle_cores(sample: float = 0.05) -> int:
    """How many cores the rest of the machine leaves idle, watched for ``sample`` seconds."""
    busy = sum(percent > 40 for percent in psutil.cpu_percent(interval=sample, percpu=True))
    return max(0, (os.cpu_count() or 1) - busy)


class Turnstile:
    """Lets one caller through at a time, in the order they came, and tells the others how many are ahead."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    def enter(self, ticket: object, stop: threading.Event | None = None) -> Iterator[int]:
        """Yield the number of callers ahead whenever it changes, until there is none or ``stop`` is set.

        Every ticket that entered must :meth:`leave`, whether its turn came or not.
        """
        with self._changed:
            self._queue.append(ticket)
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
            self._queue.remove(ticket)
            self._changed.notify_all()

    def _ahead(self, ticket: object) -> int:
        with self._changed:
            return self._queue.index(ticket)


def _texts(pieces: Iterator[Any], stop: threading.Event | None) -> Iterator[str]:
    for piece in pieces:
        if stop and stop.is_set():
            return
        text = piece["choices"][0]["text"]
        if text:
            yield text


def _without_thoughts(pieces: Iterator[str]) -> Iterator[str]:
    """Drop what stands between <think> and </think>; hold back a piece that may begin such a mark."""
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while True:
            mark = THOUGHT_END if thinking else THOUGHT_START
            before, found, after = held.partition(mark)
            if not found:
                break
            if not thinking and before:
                yield before
            held, thinking = after, not thinking
        keep = next((n for n in range(min(len(mark) - 1, len(held)), 0, -1) if mark.startswith(held[-n:])), 0)
        if not thinking and len(held) > keep:
            yield held[: len(held) - keep]
        held = held[len(held) - keep :]
    if held and not thinking:
        yield held


def _template(llama: Any) -> Any:
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata.get("tokenizer.chat_template")
    if not template:
        raise ModelProblem("This language model carries no chat template: choose an instruct model.")
    begin, end = llama.token_bos(), llama.token_eos()
    return Jinja2ChatFormatter(
        template=template,
        bos_token=llama._model.token_get_text(begin) if begin >= 0 else "",
        eos_token=llama._model.token_get_text(end) if end >= 0 else "",
    )


def _grammar(text: str | None) -> Any:
    if text is None:
        return None
    from llama_cpp import LlamaGrammar

    return LlamaGrammar.from_string(text, verbose=False)
