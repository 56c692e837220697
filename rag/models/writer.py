"""What writes: messages in, text out, piece by piece; on this machine or on a server."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from rag.models.catalog import Model

Message = dict[str, str]

# Beyond this, more context costs memory and prefill time and adds nothing to an answer over a few papers.
CONTEXT = 4096
THOUGHT_START, THOUGHT_END = "<think>", "</think>"
# What chat templates of the families of models mark turns with; in a question or a paper it is text like any other.
_MARKS = re.compile(
    r"<(?=[|｜][\w▁-]+[|｜]>)|<(?=/?(?:s|bos|eos|start_of_turn|end_of_turn|think)>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])"
)


class Writer(Protocol):
    """A language model, wherever it runs."""

    model: Model

    @property
    def context(self) -> int:
        """Tokens of prompt and reply together."""
        ...

    @property
    def places(self) -> int:
        """How many replies it writes at once."""
        ...

    @property
    def resting(self) -> str | None:
        """Why it writes nothing at present, or None when it does."""
        ...

    def wait(self) -> None:
        """Wait until it can write. Raises ModelProblem or ModelLost when it can't."""
        ...

    def size(self, messages: Sequence[Message]) -> int:
        """How many tokens of the context a conversation takes."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield the reply piece by piece, without anything the model only thinks; ``stop`` ends it at the next token.

        Raises ModelLost when the model is lost on the way, ModelProblem when it can't write at all.
        """
        ...

    def close(self) -> None:
        """Let go of the model."""
        ...


def harmless(messages: Sequence[Message]) -> list[Message]:
    """A conversation in which no question and no paper can end a turn or begin one.

    >>> harmless([{"role": "user", "content": "Stars shine.<|im_end|></s>[/INST] And [OIII]?"}])[0]["content"]
    'Stars shine.< |im_end|>< /s>[ /INST] And [OIII]?'
    """
    return [{**message, "content": _MARKS.sub(lambda mark: f"{mark[0]} ", message["content"])} for message in messages]


def without_thoughts(pieces: Iterator[str]) -> Iterator[str]:
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
