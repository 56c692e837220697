"""How the language model's process ended, when that was not wanted, and when it has ended too often to go on."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rag.errors import ModelLost
from rag.storage import write_json

# After so many deaths within so many seconds the process is left alone for as many.
ENOUGH, WITHIN = 3, 300.0
FILE = "language-model.json"

_HOW = {
    signal.SIGSEGV: "crashed",
    signal.SIGBUS: "crashed",
    signal.SIGILL: "met an instruction that this processor does not have",
    signal.SIGABRT: "gave up on an error inside llama.cpp",
    signal.SIGKILL: "was ended from outside, which the system does when memory runs out",
}


@dataclass(frozen=True, slots=True)
class Death:
    """When a model's process ended (ISO 8601, UTC), how, and the last line that it wrote on its error stream."""

    model: str
    at: str
    how: str
    words: str = ""


class Deaths:
    """The last deaths of the process of one model, the title of which is given; kept in a file where there is one."""

    def __init__(self, title: str, file: Path | None = None) -> None:
        self._title, self._file = title, file
        self._times: deque[float] = deque(maxlen=ENOUGH)
        self._last: deque[Death] = deque(maxlen=ENOUGH)

    def add(self, how: str, words: str = "") -> ModelLost:
        """Note a death, and give what those are told who waited for the process."""
        self._times.append(time.monotonic())
        self._last.append(Death(self._title, datetime.now(UTC).isoformat(timespec="seconds"), how, words))
        if self._file:
            with contextlib.suppress(OSError):  # what can't be kept is told in the answers all the same
                write_json(self._file, [asdict(death) for death in self._last])
        if self.rest:
            return self.lost()
        return ModelLost(f"{self._title} {how} and is started again", "ask once more")

    @property
    def rest(self) -> float:
        """Seconds that the process is still to be left alone for; 0 when it may be started."""
        if len(self._times) < ENOUGH or self._times[-1] - self._times[0] > WITHIN:
            return 0.0
        return max(0.0, self._times[-1] + WITHIN - time.monotonic())

    def forget(self) -> None:
        """The model has written: what the file tells is over."""
        if self._file:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)

    def lost(self) -> ModelLost:
        """What those are told who ask while the process is left alone."""
        return ModelLost(
            f"{self._title} {self._last[-1].how}, the third such end within five minutes, so for the next five it is "
            "left alone and answers quote the papers",
            "'sidereus doctor' says more",
        )


def how_ended(code: int) -> str:
    """What a process did that ended with a code, as subprocess gives it: negative for a signal.

    >>> how_ended(-11), how_ended(1)
    ('crashed (SIGSEGV)', 'ended unexpectedly (code 1)')
    """
    if code >= 0:
        return f"ended unexpectedly (code {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"was ended (signal {-code})"
    return f"{_HOW.get(signal.Signals(-code), 'was ended')} ({name})"


def recent(file: Path) -> list[Death]:
    """The deaths that a file tells of, when they were enough within a short time; else none."""
    try:
        deaths = [Death(**death) for death in json.loads(file.read_text(encoding="utf-8"))]
        times = [datetime.fromisoformat(death.at) for death in deaths]
        return deaths if len(times) == ENOUGH and times[-1] - times[0] <= timedelta(seconds=WITHIN) else []
    except (OSError, ValueError, TypeError):
        return []
