"""A quantized language model on llama.cpp in this very process: messages in, text out, piece by piece.

A fault in llama.cpp or in a model's file ends the process that it happens in. So only the process of
:mod:`rag.models.llm_worker` loads one; all others talk to that through :class:`rag.models.llm.LanguageModel`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from rag.errors import ModelProblem
from rag.models.cores import idle_cores
from rag.models.writer import Message, harmless

# Tokens that llama.cpp reads at a time.
BATCH = 256
ENDS = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")


class Llama:
    """A GGUF model with the chat template that its own file carries.

    ``reading`` is told before every step how many tokens are read in it. Raises ModelProblem when the file is no model.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        context: int,
        threads: int | None = None,
        reading: Callable[[int], None] = lambda tokens: None,
    ) -> None:
        import llama_cpp
        from jinja2 import TemplateError

        self._name, self._context, self._threads, self._reading = name, context, threads, reading
        self._stop: threading.Event | None = None
        try:
            self._llama = llama_cpp.Llama(
                str(path), n_ctx=context, n_threads=1, n_threads_batch=1, n_batch=BATCH, verbose=False
            )
        except TemplateError as error:
            raise _bad_template(name, error) from None
        except (ValueError, RuntimeError, AssertionError, OSError) as error:
            raise ModelProblem(
                f"The language model {path} can't be loaded ({error}): check it with 'sidereus models verify'."
            ) from None
        self._read_at_once = self._llama.eval
        self._llama.eval = self._read
        self._template = _template(self._llama, name)
        self.prompt([{"role": "system", "content": ""}, {"role": "user", "content": ""}])

    def count(self, text: str) -> int:
        """The number of tokens of a text."""
        return len(self._llama.tokenize(text.encode(), add_bos=False))

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation in the model's own chat template, ready for its reply.

        Raises ModelProblem when the template can't be filled in.
        """
        try:
            text = self._template(messages=harmless(messages), enable_thinking=False).prompt
        except Exception as error:  # a template is a program, which fails as it likes
            raise _bad_template(self._name, error) from None
        tokens: list[int] = self._llama.tokenize(text.encode(), add_bos=False, special=True)
        return tokens

    def text(self, tokens: Sequence[int]) -> str:
        """What tokens stand for, marks of turns and all."""
        return str(self._llama.detokenize(list(tokens), special=True).decode())

    def preload(self, system: str) -> None:
        """Read the system message once, so that every prompt that begins with it is read sooner."""
        first, second = (
            self.prompt([{"role": "system", "content": system}, {"role": "user", "content": start}]) for start in "AB"
        )
        shared = next(i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
        self._set_threads()
        self._stop = None
        self._llama.reset()
        self._llama.eval(first[:shared])

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
        grammar: str | None = None,
    ) -> Iterator[str]:
        """Yield the reply piece by piece; ``stop`` ends it at the next token, or at the next step of reading.

        ``grammar`` (GBNF) limits what can be written. Raises ModelProblem when the prompt fills the context.
        """
        tokens = self.prompt(messages)
        room = self._context - len(tokens)
        if room < 1:
            raise ModelProblem(
                f"The question is too long for {self._name}, which reads {self._context:,} tokens: shorten it."
            )
        self._set_threads()
        self._stop = stop
        pieces = self._llama.create_completion(
            tokens,
            max_tokens=min(max_tokens, room),
            temperature=temperature,
            top_k=40 if temperature else 1,
            repeat_penalty=1.0,
            stream=True,
            grammar=_grammar(grammar),
            stop=list(ENDS),
        )
        with contextlib.closing(pieces), contextlib.suppress(_Stopped):
            yield from _texts(pieces, stop)

    def close(self) -> None:
        """Free the model's memory."""
        self._llama.close()

    def _read(self, tokens: Sequence[int]) -> None:
        """What llama_cpp calls to have tokens read, those of a prompt or the one just written."""
        for start in range(0, len(tokens), BATCH):
            if self._stop and self._stop.is_set():
                raise _Stopped
            step = tokens[start : start + BATCH]
            if len(step) > 1:
                self._reading(len(step))
            self._read_at_once(step)

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


class _Stopped(Exception):
    """Nobody waits for what is being read."""


def _texts(pieces: Iterator[Any], stop: threading.Event | None) -> Iterator[str]:
    for piece in pieces:
        if stop and stop.is_set():
            return
        text = piece["choices"][0]["text"]
        if text:
            yield text


def _template(llama: Any, name: str) -> Any:
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata.get("tokenizer.chat_template")
    if not template:
        raise ModelProblem("This language model carries no chat template: choose an instruct model.")
    begin, end = llama.token_bos(), llama.token_eos()
    try:
        return Jinja2ChatFormatter(
            template=template,
            bos_token=llama._model.token_get_text(begin) if begin >= 0 else "",
            eos_token=llama._model.token_get_text(end) if end >= 0 else "",
        )
    except Exception as error:  # a syntax error, or whatever else Jinja finds wrong
        raise _bad_template(name, error) from None


def _bad_template(name: str, error: Exception) -> ModelProblem:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return ModelProblem(f"The chat template that {name} carries can't be used ({reason}): choose another model.")


def _grammar(text: str | None) -> Any:
    if text is None:
        return None
    from llama_cpp import LlamaGrammar

    return LlamaGrammar.from_string(text, verbose=False)
