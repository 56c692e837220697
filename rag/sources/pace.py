"""The pace of requests to an archive: one at a time and a pause between any two, whatever process sends them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock


class Pace:
    """Keeps at least ``seconds`` between the end of a request and the start of the next.

    The time of the last one is kept in ``file``, so that a command that was killed and run again, or two
    running side by side, keep the pause too. Where nothing can be written, this process keeps it alone.
    """

    def __init__(self, file: Path, seconds: float) -> None:
        self._file, self._seconds = file, seconds
        self._last = 0.0

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn of a request, and hold it while the request lasts."""
        with contextlib.ExitStack() as held:
            with contextlib.suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                held.enter_context(FileLock(self._file.with_suffix(".lock")))
            # A clock that was set back must not make anybody wait for hours.
            time.sleep(min(max(self._read() + self._seconds - time.time(), 0.0), self._seconds))
            self._note()
            try:
                yield
            finally:
                self._note()

    def _read(self) -> float:
        try:
            return max(float(self._file.read_text(encoding="ascii")), self._last)
        except (OSError, ValueError):
            return self._last

    def _note(self) -> None:
        self._last = time.time()
        with contextlib.suppress(OSError):
            self._file.write_text(repr(self._last), encoding="ascii")
