"""What the language model's process is asked and what it replies, and how that goes through a pipe.

Each message carries the number of the call that it belongs to. It goes as JSON: what a process says that a hostile
model's file may have got hold of is not unpickled.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, get_args

Chat = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Load:
    """The first request: load a model from a file, to read ``context`` tokens with so many threads."""

    name: str
    path: str
    context: int
    threads: int | None


@dataclass(frozen=True, slots=True)
class Preload:
    """Read a system message."""

    system: str


@dataclass(frozen=True, slots=True)
class Count:
    """Count the tokens of a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Say which tokens a conversation becomes."""

    messages: Chat


@dataclass(frozen=True, slots=True)
class Write:
    """Write the reply to a conversation."""

    messages: Chat
    max_tokens: int
    temperature: float
    grammar: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """End the writing of this call; it is followed by Done."""


@dataclass(frozen=True, slots=True)
class Reading:
    """So many tokens are read next, and nothing is said before that is done."""

    tokens: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tokens a text has; ends the call."""

    tokens: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that were asked for; ends the call."""

    tokens: list[int]


@dataclass(frozen=True, slots=True)
class Done:
    """Ends the call."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Ends the call: what went wrong, a sentence for the user or, when it was not expected, a traceback."""

    problem: str
    expected: bool


Request = Load | Preload | Count | Prompt | Write | Stop
Last = Counted | Tokens | Done | Failed
Reply = Reading | Piece | Last

_KINDS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Request | Reply)}


def encoded(call: int, message: Request | Reply) -> bytes:
    """A message of a call as it goes through the pipe."""
    return json.dumps([call, type(message).__name__, asdict(message)]).encode()


def decoded(data: bytes) -> tuple[int, Any]:
    """The call that a message belongs to, and the message. Raises ValueError when it is none."""
    try:
        call, kind, values = json.loads(data)
        return call, _KINDS[kind](**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no message: {data[:80]!r}") from error
