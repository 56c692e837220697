"""Embedding in several processes, each with a model of its own. They hand vectors back and write nothing."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType

from rag.errors import SidereusError
from rag.models.embedder import Embedder, Vectors

Job = tuple[list[int], list[str]]
"""The positions of some papers in the journal, and their texts."""


class Workers:
    """Embeds batches: as many at once as there are processes, or one in this process where one is wanted.

    ``with`` starts the processes and ends them; they end too when this one is killed.
    """

    def __init__(self, embedder: Embedder, count: int = 1) -> None:
        self._embedder, self._count = embedder, count
        self._waiting: Job | None = None
        self._processes: list[BaseProcess] = []
        self._idle: list[Connection] = []
        self._busy: dict[Connection, list[int]] = {}

    def __enter__(self) -> Workers:
        spawn = multiprocessing.get_context("spawn")  # a fork would copy threads that hold locks
        with _interrupts_ignored():
            for _ in range(self._count if self._count > 1 else 0):
                here, there = spawn.Pipe()
                process = spawn.Process(target=_work, args=(there, self._embedder), name="embedding", daemon=True)
                process.start()
                there.close()  # held by the process alone, so that its death closes it
                self._processes.append(process)
                self._idle.append(here)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.join()
        for connection in (*self._idle, *self._busy):
            connection.close()

    @property
    def free(self) -> bool:
        """Whether one more batch can be begun."""
        return bool(self._idle) if self._processes else self._waiting is None

    @property
    def busy(self) -> bool:
        """Whether a batch is begun that has not come back."""
        return bool(self._busy) or self._waiting is not None

    def begin(self, positions: list[int], texts: list[str]) -> None:
        """Begin with the papers at some positions of the journal. Raises SidereusError when a process has died."""
        if not self._processes:
            self._waiting = positions, texts
            return
        connection = self._idle.pop(0)
        self._busy[connection] = positions
        try:
            connection.send(texts)
        except OSError:
            raise self._death() from None

    def finished(self) -> tuple[list[int], Vectors]:
        """Wait for the next batch that is done: its positions, and vectors of shape (positions, dimensions).

        Raises SidereusError when a process has died.
        """
        if self._waiting:
            (positions, texts), self._waiting = self._waiting, None
            return positions, self._embedder.encode(texts, "document")
        connection = next(one for one in wait(list(self._busy)) if isinstance(one, Connection))
        try:
            vectors: Vectors = connection.recv()
        except (EOFError, OSError):
            raise self._death() from None
        self._idle.append(connection)
        return self._busy.pop(connection), vectors

    def _death(self) -> SidereusError:
        return SidereusError(
            f"One of the {self._count} processes that embed was ended, most likely for lack of memory: run the same "
            "command again with a smaller --processes; what was embedded is kept."
        )


def threads_each(threads: int | None, count: int) -> int | None:
    """The processor threads of each of so many processes, which share those of the settings or of the machine."""
    return threads if count == 1 else max((threads or os.cpu_count() or 1) // count, 1)


def _work(connection: Connection, embedder: Embedder) -> None:
    """Embed what comes in until the process is ended."""
    faulthandler.enable(2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        texts: Sequence[str] = connection.recv()
        connection.send(embedder.encode(texts, "document"))


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(0)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """What is started meanwhile ignores Ctrl-C from its first moment on: the process that started it ends it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
