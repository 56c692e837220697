"""The process that holds the language model: it answers requests from a pipe until the pipe's other end is gone.

    python -m rag.models.llm_worker DESCRIPTOR PARENT

DESCRIPTOR is the number of the inherited socket, PARENT the process that this one ends with. It imports neither torch
nor txtai nor the page, so that it is soon ready and small.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from rag.errors import ModelProblem
from rag.models.llm_messages import (
    Count,
    Counted,
    Done,
    Failed,
    Last,
    Load,
    Piece,
    Preload,
    Prompt,
    Reading,
    Reply,
    Request,
    Stop,
    Tokens,
    Write,
    decoded,
    encoded,
)

if TYPE_CHECKING:
    from rag.models.llama import Llama

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


class Worker:
    """Reads and writes in its main thread; another hears requests meanwhile, and answers those that need no turn."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._telling = threading.Lock()
        self._turns: SimpleQueue[tuple[int, Request]] = SimpleQueue()
        self._stops: dict[int, threading.Event] = {}
        self._loaded = threading.Event()
        self._model: Llama
        self._call = 0

    def run(self) -> None:
        """Answer until the process is ended."""
        threading.Thread(target=self._hear, daemon=True).start()
        while True:
            self._call, request = self._turns.get()
            self._answer(self._call, request)

    def _hear(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                call, request = decoded(self._connection.recv_bytes())
                if isinstance(request, Stop):
                    if stop := self._stops.get(call):
                        stop.set()
                elif isinstance(request, Count | Prompt):
                    self._loaded.wait()
                    self._answer(call, request)
                else:
                    self._stops[call] = threading.Event()
                    self._turns.put((call, request))
        os._exit(0)  # the process that asked is gone, whatever this one is doing

    def _answer(self, call: int, request: Request) -> None:
        try:
            self._tell(call, self._done(call, request))
        except ModelProblem as problem:
            self._tell(call, Failed(str(problem), True))
        except Exception:
            self._tell(call, Failed(traceback.format_exc(), False))
        finally:
            self._stops.pop(call, None)

    def _done(self, call: int, request: Request) -> Last:
        """Do what is asked, and give the reply that ends the call."""
        match request:
            case Load():
                self._load(request)
            case Preload(system):
                self._model.preload(system)
            case Count(text):
                return Counted(self._model.count(text))
            case Prompt(messages):
                return Tokens(self._model.prompt(messages))
            case Write(messages, max_tokens, temperature, grammar):
                stop = self._stops[call]
                for piece in self._model.stream(messages, max_tokens, temperature, stop, grammar):
                    self._tell(call, Piece(piece))
        return Done()

    def _load(self, request: Load) -> None:
        try:
            import llama_cpp  # noqa: F401

            from rag.models.llama import Llama
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelProblem(f"llama.cpp can't be loaded ({error}): run 'make setup' to mend it.") from None
        reading = self._say_reading
        self._model = Llama(request.name, Path(request.path), request.context, request.threads, reading)
        self._loaded.set()

    def _say_reading(self, tokens: int) -> None:
        self._tell(self._call, Reading(tokens))

    def _tell(self, call: int, reply: Reply) -> None:
        try:
            with self._telling:
                self._connection.send_bytes(encoded(call, reply))
        except OSError:
            os._exit(0)


def main(descriptor: int, parent: int) -> None:
    """Serve the process ``parent`` through an inherited socket."""
    _end_with(parent)
    with contextlib.suppress(OSError):  # Linux: where memory runs out, this process goes before the page does
        Path("/proc/self/oom_score_adj").write_text("500")
    Worker(Connection(descriptor)).run()


def _end_with(parent: int) -> None:
    """Let Linux kill this process when the thread that started it ends, even while it hangs. The pipe's end, elsewhere
    the only sign, tells it too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
