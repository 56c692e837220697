"""One language model in several processes of this machine, so that as many replies are written at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence

from rag.models.writer import Message, Writer


class Workers:
    """Writers of one model, which share the replies: each goes to one that is busy with the fewest.

    One that has died too often is left out as long as there are others.
    """

    def __init__(self, writers: Sequence[Writer]) -> None:
        self.model, self.context = writers[0].model, writers[0].context
        self._writers = writers
        self._busy = [0] * len(writers)
        self._sharing = threading.Lock()

    @property
    def places(self) -> int:
        """How many of them write at present."""
        return max(1, sum(writer.resting is None for writer in self._writers))

    @property
    def resting(self) -> str | None:
        """Why none of them writes, or None when one does."""
        reasons = [writer.resting for writer in self._writers]
        return reasons[0] if all(reasons) else None

    def wait(self) -> None:
        """Wait until all are loaded. Raises as each of them does."""
        for writer in self._writers:
            writer.wait()

    def size(self, messages: Sequence[Message]) -> int:
        """The number of tokens of a conversation, ready for its reply."""
        return next((one for one in self._writers if one.resting is None), self._writers[0]).size(messages)

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        temperature: float = 0.0,
        stop: threading.Event | None = None,
    ) -> Iterator[str]:
        """The reply of one of them, piece by piece; see :class:`rag.models.writer.Writer`."""
        with self._sharing:
            chosen = min(range(len(self._writers)), key=lambda n: (self._writers[n].resting is not None, self._busy[n]))
            self._busy[chosen] += 1
        try:
            yield from self._writers[chosen].stream(messages, max_tokens, temperature, stop)
        finally:
            with self._sharing:
                self._busy[chosen] -= 1

    def close(self) -> None:
        """End all of them."""
        for writer in self._writers:
            writer.close()


def threads_of_each(threads: int | None, workers: int) -> int | None:
    """The processor threads of each of so many workers: of all that were allowed, or of all cores, its share.

    None, for one worker alone, leaves it to that to see what is idle.

    >>> threads_of_each(8, 3), threads_of_each(2, 3), threads_of_each(None, 1)
    (2, 1, None)
    """
    return threads if workers == 1 else max(1, (threads or os.cpu_count() or 1) // workers)
