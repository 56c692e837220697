"""The process of the language model, seen from outside: it is started, listened to, and started again when it dies."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

import rag
from rag.errors import ModelProblem, SidereusError
from rag.models.deaths import Deaths, how_ended
from rag.models.llm_messages import Done, Failed, Last, Load, Preload, Reading, Reply, Request, Stop, decoded, encoded

# Seconds between looks at whether the process still does something. It hangs when nothing was heard of it for so many
# looks, and more for each token that it is reading or for the bytes that it is loading.
LOOK = 1.0
QUIET = 60
LOOKS_A_TOKEN = 1.0
BYTES_A_LOOK = 10e6
# Seconds that a process whose pipe has ended is given to be gone by itself, so that its own way to end is told.
LAST_BREATH = 5.0
LOADING = 0
CLOSED = "The language model was closed."


@dataclass(frozen=True, slots=True)
class Call:
    """A request under way, and what was replied to it so far; an error among that ends it."""

    number: int
    replies: SimpleQueue[Reply | SidereusError] = field(default_factory=SimpleQueue)


class LlmProcess:
    """Keeps one process with a model alive from the first moment on. Safe to use from several threads.

    A process that dies, or hangs, costs the calls under way and is started again, unless that happens too often.
    """

    def __init__(self, load: Load, deaths: Deaths) -> None:
        self._load, self._deaths = load, deaths
        self._size = Path(load.path).stat().st_size
        self._preload: Preload | None = None
        self._numbers = itertools.count(LOADING + 1)
        self._calls: dict[int, Call] = {}
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._connection: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded = False
        self._problem: str | None = None
        self._closed = False
        # Linux ends a process with the thread that started it: one that goes on as long as this program.
        threading.Thread(target=self._keep, name="language model", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def wait(self) -> None:
        """Wait until the model is loaded. Raises ModelProblem when it can't be, ModelLost while it is left alone."""
        with self._changed:
            while not self._loaded:
                self._check()
                self._changed.wait()

    def preload(self, preload: Preload) -> None:
        """Have a system message read now, and whenever the process is started again."""
        self._preload = preload
        self.begin(preload)

    def begin(self, request: Request) -> Call:
        """Make a request. Raises as :meth:`wait` does, but doesn't wait until the model is loaded."""
        with self._changed:
            while self._connection is None:
                self._check()
                self._changed.wait()
            call = Call(next(self._numbers))
            self._calls[call.number] = call
            connection = self._connection
        self._send(connection, call.number, request)
        return call

    def replies(self, call: Call, stop: threading.Event | None = None) -> Generator[Reply, None, None]:
        """The replies to a request, the one that ends it last, or none any more once ``stop`` is set.

        Raises ModelLost when the process dies, ModelProblem when it can't load the model or do what it was asked, and
        RuntimeError for what no user can cause. Who stops listening before the end stops the work.
        """
        reply: Reply | SidereusError | None = None
        try:
            while not isinstance(reply, Last) and not (stop and stop.is_set()):
                try:
                    reply = call.replies.get(timeout=0.1)
                except Empty:
                    continue
                if isinstance(reply, SidereusError):
                    raise reply
                if isinstance(reply, Failed):
                    raise ModelProblem(reply.problem) if reply.expected else RuntimeError(reply.problem)
                yield reply
        finally:
            with self._changed:
                connection = self._connection if call.number in self._calls else None
            if connection:
                self._send(connection, call.number, Stop())

    def close(self) -> None:
        """End the process."""
        self._closed = True
        if self._process:
            self._process.kill()

    def _check(self) -> None:
        if self._problem or self._closed:
            raise ModelProblem(self._problem or CLOSED)
        if self._deaths.rest:
            raise self._deaths.lost()

    def _send(self, connection: Connection, number: int, request: Request) -> None:
        try:
            with self._sending:
                connection.send_bytes(encoded(number, request))
        except OSError:
            return  # whoever waits for the reply is told of the death by the thread that listens

    def _keep(self) -> None:
        while not self._closed and not self._problem:
            if self._deaths.rest:
                with self._changed:
                    self._changed.wait(LOOK)
                continue
            try:
                self._process, here, errors = _started()
            except OSError as error:
                self._bury(f"could not be started ({error.strerror})")
                continue
            if self._closed:
                self._process.kill()
            with errors:
                how = self._live(here, self._process)
                self._bury(how, _last_line(errors))
            with self._sending:
                here.close()
        with self._changed:
            self._changed.notify_all()

    def _live(self, here: Connection, process: subprocess.Popen[bytes]) -> str:
        """Serve calls until the process ends, and say how it ended."""
        with self._changed:
            self._calls[LOADING] = Call(LOADING)
            self._send(here, LOADING, self._load)
            if self._preload:
                again = Call(next(self._numbers))
                self._calls[again.number] = again
                self._send(here, again.number, self._preload)
            self._connection = here
            self._changed.notify_all()
        hung = self._listen(here)
        with self._changed:  # who asks from now on waits for the next process
            self._connection, self._loaded = None, False
        if hung or self._problem:
            process.kill()
        try:
            code = process.wait(LAST_BREATH)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return hung or how_ended(code)

    def _listen(self, here: Connection) -> str | None:
        """Hand out replies until the pipe ends (None), or nothing came through it for too long (how long)."""
        quiet, patience = 0, QUIET + self._size / BYTES_A_LOOK
        with contextlib.suppress(EOFError, OSError, ValueError):
            while not self._problem:
                if here.poll(LOOK):
                    number, reply = decoded(here.recv_bytes())
                    quiet, patience = 0, QUIET + (reply.tokens * LOOKS_A_TOKEN if isinstance(reply, Reading) else 0)
                    self._hand_out(number, reply)
                    continue
                quiet = quiet + 1 if self._calls else 0
                if quiet > patience:
                    return f"made no progress for {quiet * LOOK:.0f} seconds and was ended"
        return None

    def _hand_out(self, number: int, reply: Reply) -> None:
        with self._changed:
            call = self._calls.get(number)
            if isinstance(reply, Last):
                self._calls.pop(number, None)
                if number == LOADING:
                    self._loaded = isinstance(reply, Done)
                    self._problem = reply.problem if isinstance(reply, Failed) else None
                    self._changed.notify_all()
        if call:
            call.replies.put(reply)

    def _bury(self, how: str, words: str = "") -> None:
        """Tell all that wait for the process of its death."""
        ended: SidereusError
        with self._changed:
            calls, self._calls = list(self._calls.values()), {}
            if self._problem or self._closed:
                ended = ModelProblem(self._problem or CLOSED)
            else:
                ended = self._deaths.add(how, words)
            self._changed.notify_all()
        for call in calls:
            call.replies.put(ended)


def _started() -> tuple[subprocess.Popen[bytes], Connection, IO[bytes]]:
    """A fresh process, this end of its socket, and what it writes on its error stream.

    It finds the very package that runs here, and nothing else in the folder that this program was called in.
    """
    here, there = Pipe()
    errors = _scratch()
    paths = [str(Path(rag.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    with there:  # held by the process alone, so that its death closes it
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rag.models.llm_worker", str(there.fileno()), str(os.getpid())],
            # llama.cpp would call a debugger before it aborts.
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "GGML_NO_BACKTRACE": "1"},
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            process_group=0,  # Ctrl-C is for the program that started it, which ends it
        )
    return process, here, errors


def _scratch() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # a full disk
        return Path(os.devnull).open("r+b")


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
