"""The steps of set-up: each in one line with its share done and the time left, what its programs say in a log."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Without a terminal, how many seconds pass between two lines that say how far things are.
PAUSE = 15.0
# Before this much is done, or before so many seconds, a guess at the time left is worth nothing.
SHARE_FOR_GUESS, SECONDS_FOR_GUESS = 0.02, 2.0

# Complaints of pip's that only say that something said before is wrong.
PIPS_OWN = ("error: subprocess-exited-with-error", "ERROR: Failed to build", "ERROR: Failed building")

Reader = Callable[[str], "float | None"]


class Failure(Exception):
    """Set-up can't go on; the message is one clause that says why."""


class Step:
    """One step under way. :meth:`reach` says how much of it is done; until then only its time is shown.

    ``watch`` is asked for the share now and then, where no program says it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.share: float | None = None
        self.watch: Callable[[], float | None] = lambda: None
        self._started = time.monotonic()
        self._first: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.monotonic() - self._started

    def reach(self, share: float | None) -> None:
        """Say what share is done, 0 to 1; it never goes back, is whole at the end alone, and None says nothing."""
        if share is None:
            return
        if self._first is None:  # what went before has no part in the rate
            self._first = (time.monotonic(), share)
        self.share = max(self.share or 0.0, min(share, 0.99))

    def __str__(self) -> str:
        if self.share is None or self._first is None:
            return f"{self.name} {clock(self.seconds)}"
        since, first = self._first
        gained, passed = self.share - first, time.monotonic() - since
        known = gained >= SHARE_FOR_GUESS and passed >= SECONDS_FOR_GUESS
        left = f"{clock(passed / gained * (1 - self.share))} left" if known else clock(self.seconds)
        return f"{self.name} {self.share:.0%}, {left}"


class Board:
    """Shows the steps that are under way, runs their programs and keeps what these say.

    It may be used from several threads. After :meth:`stop` its programs are ended and no new one starts.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self.finished: list[tuple[str, float]] = []
        self._file = log.open("w", encoding="utf-8")
        self._lock = threading.RLock()
        self._steps: list[Step] = []
        self._programs: set[subprocess.Popen[str]] = set()
        self._stopped = threading.Event()
        self._terminal = sys.stderr.isatty()
        self._shown = time.monotonic()
        threading.Thread(target=self._show, daemon=True).start()

    def say(self, words: str) -> None:
        """Show a line that stays."""
        with self._lock:
            self._clear()
            print(f"set-up: {words}", file=sys.stderr, flush=True)
            self._file.write(f"set-up: {words}\n")

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step, shown until it ends; how long it took is remembered when it went well."""
        step = Step(name)
        with self._lock:
            self._steps.append(step)
        if not self._terminal:
            self.say(f"{name} ...")
        try:
            yield step
            self.finished.append((name, step.seconds))
            if self._terminal:
                self.say(f"{name}: {clock(step.seconds)}")
        finally:
            with self._lock:
                self._clear()
                self._steps.remove(step)

    def run(
        self,
        command: list[str],
        step: Step | None = None,
        reader: Reader | None = None,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> list[str]:
        """Run a program; the lines it said, which ``reader`` may read the step's share from.

        Raises Failure, with the program's own last complaint, when it fails.
        """
        with self._lock:
            if self._stopped.is_set():
                raise Failure("stopped")
            program = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=env,
                cwd=cwd,
            )
            self._programs.add(program)
        lines = []
        try:
            assert program.stdout is not None
            for line in program.stdout:
                self._file.write(line)
                lines.append(line.rstrip("\n"))
                share = reader(line) if reader else None
                if step:
                    step.reach(share)
            code = program.wait()
        finally:
            with self._lock:
                self._programs.discard(program)
        self._file.flush()
        if code:
            raise Failure(f"{step.name if step else command[0]} failed ({complaint(lines, code)})")
        return lines

    def stop(self) -> None:
        """End every program, and whatever these started that ends with them."""
        self._stopped.set()
        with self._lock:
            programs = list(self._programs)
        for program in programs:
            program.terminate()

    def close(self) -> None:
        """Show nothing any more."""
        self._stopped.set()
        with self._lock:
            self._clear()
            self._file.close()

    def _show(self) -> None:
        while not self._stopped.wait(0.5):
            with self._lock:
                due = self._terminal or time.monotonic() - self._shown >= PAUSE
                if not self._steps or not due:
                    continue
                self._shown = time.monotonic()
                for step in self._steps:
                    step.reach(step.watch())
                words = " · ".join(map(str, self._steps))
                line = f"\r\x1b[Kset-up: {words}" if self._terminal else f"set-up: {words}\n"
                print(line, end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def complaint(lines: list[str], code: int) -> str:
    """What a program that failed last complained of."""
    errors = [line.strip() for line in lines if line.strip().lower().startswith(("error", "fatal"))]
    errors = [line for line in errors if not line.startswith(PIPS_OWN)]
    return errors[-1] if errors else f"exit code {code}"


def clock(seconds: float) -> str:
    """Seconds as ``m:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
