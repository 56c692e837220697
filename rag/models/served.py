"""A language model on servers that speak OpenAI's protocol: messages in, text out, piece by piece."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue

from rag.errors import ModelLost
from rag.models.catalog import Model
from rag.models.endpoint import Facts, Wanted
from rag.models.servers import Servers
from rag.models.writer import CONTEXT, Message, without_thoughts

# Replies that a server is asked for at once, when it doesn't say itself how many it writes.
AT_ONCE = 8
# No tokenizer in use makes more tokens of a text than this: of English letters one of 2.5, of all else one a byte.
LETTERS_A_TOKEN, TOKENS_A_MESSAGE = 2.5, 16
LOOK = 0.1  # seconds between looks at whether somebody has pressed Stop

Replies = SimpleQueue[str | ModelLost | None]


class ServedModel:
    """A model of a catalogue's entry with ``servers``, which share the replies by how busy they are.

    One that fails before its first word is replaced by another, and left alone for some seconds when it can't be
    reached. ``context`` is how many tokens it reads (None: as the servers say), ``at_once`` how many replies each of
    them writes at once (None: likewise); a server is given up after ``patience`` seconds without a word.
    """

    def __init__(
        self,
        model: Model,
        key: str = "",
        context: int | None = None,
        at_once: int | None = None,
        patience: float = 60.0,
    ) -> None:
        self.model = model
        self._context, self._at_once = context, at_once
        self._servers = Servers(model.servers, key, patience)

    @property
    def context(self) -> int:
        """Tokens of prompt and reply together, as was set, else as the servers say, else those of a local model."""
        said = (facts.context for facts in self._servers.known if facts.context)
        return self._context or min(said, default=CONTEXT)

    @property
    def places(self) -> int:
        """How many replies the servers write at once that are not left alone at present."""
        awake = [one for one in self._servers.endpoints if not one.rests]
        return sum(self._at_once or (one.facts and one.facts.slots) or AT_ONCE for one in awake)

    @property
    def resting(self) -> str | None:
        """Why none of the servers is asked at present, or None when one is."""
        if not all(one.rests for one in self._servers.endpoints):
            return None
        return f"{self._servers.endpoints[0].problem}, so for some seconds answers quote the papers"

    def wait(self) -> None:
        """Ask the servers what they serve. Raises ModelLost when none of them can be used."""
        found = self.look()
        if not any(isinstance(one, Facts) for one in found):
            raise next(one for one in found if isinstance(one, ModelLost))

    def look(self) -> list[Facts | ModelLost]:
        """What each server says of its model, or what is wrong with it."""
        return self._servers.look()

    def size(self, messages: Sequence[Message]) -> int:
        """At most so many tokens a conversation takes: only the server has the model's tokenizer."""
        return sum(_most_tokens(message["content"]) + TOKENS_A_MESSAGE for message in messages)

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield the reply piece by piece, without anything the model only thinks; ``stop`` ends it, and the connection.

        Raises ModelLost when no server can be used, or when the one that writes fails on the way.
        """
        replies: Replies = SimpleQueue()
        writing = self._servers.start(self._write(Wanted(messages, max_tokens, temperature), replies))
        try:
            yield from without_thoughts(_until_the_end(replies, stop))
        finally:
            writing.cancel()

    def close(self) -> None:
        """End what is being written, and let go of all connections."""
        self._servers.close()

    async def _write(self, wanted: Wanted, replies: Replies) -> None:
        """Put a reply into a queue; None ends it, and before that a ModelLost says why it ended too soon."""
        begun = False

        def say(text: str) -> None:
            nonlocal begun
            begun = True
            replies.put(text)

        try:
            await self._servers.share_out(lambda one: one.write(wanted, say), lambda: begun)
        except ModelLost as lost:
            replies.put(lost)
        finally:
            replies.put(None)


def _until_the_end(replies: Replies, stop: threading.Event | None) -> Iterator[str]:
    while not (stop and stop.is_set()):
        try:
            reply = replies.get(timeout=LOOK)
        except Empty:
            continue
        if reply is None:
            return
        if isinstance(reply, ModelLost):
            raise reply
        yield reply


def _most_tokens(text: str) -> int:
    """At least as many tokens as any tokenizer in use makes of a text.

    >>> _most_tokens("seven planets"), _most_tokens("73.52 km/s")
    (5, 7)
    """
    letters = len(re.findall(" ?[A-Za-z]", text))  # a space before a word is a part of it
    others = len(re.sub(" ?[A-Za-z]", "", text).encode())
    return round(letters / LETTERS_A_TOKEN + others)
