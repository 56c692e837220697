"""Progress with a rate and an estimate of the time left, on the error stream."""

from __future__ import annotations

import sys
import time
from typing import Protocol


class Progress(Protocol):
    """Something that can show how far a long task is."""

    def __call__(self, done: int, fraction: float, stage: str = "") -> None:
        """Report ``done`` items, a ``fraction`` (0..1) of the whole, or of a stage of it that has a name."""
        ...


def silent(done: int, fraction: float, stage: str = "") -> None:
    """Show nothing."""


def part(progress: Progress, before: int, count: int, total: int) -> Progress:
    """Progress of a part of a task, ``count`` of its ``total`` items, after the ``before`` items of other parts."""
    return lambda done, fraction, stage="": progress(before + done, (before + fraction * count) / total, stage)


class ProgressLine:
    """A line like ``Indexing  41%  5,380 papers  64/s  2:01 left``, redrawn on a terminal; a stage begins a new one.

    Without a terminal a new line is printed every ``interval`` seconds instead.
    """

    def __init__(self, label: str, unit: str, interval: float = 10.0) -> None:
        self.label, self.unit = label, unit
        self._whole = label
        self.terminal = sys.stderr.isatty()
        self.interval = 0.2 if self.terminal else interval
        self.started = self.shown = time.monotonic()
        self.first: tuple[int, float] | None = None

    def __call__(self, done: int, fraction: float, stage: str = "") -> None:
        """Show the state, unless it was shown a moment ago."""
        now = time.monotonic()
        label = stage or self._whole
        if label != self.label:
            self.close()
            self.label, self.started, self.shown, self.first = label, now, now, None
        if self.first is None:  # what went before has no part in the rate
            self.first, self.started = (done, fraction), now
        if now - self.shown < self.interval and fraction < 1:
            return
        self.shown = now
        print(self._line(done, fraction, now), end="", file=sys.stderr, flush=True)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the line."""
        if self.terminal and self.first is not None:
            print(file=sys.stderr)

    def _line(self, done: int, fraction: float, now: float) -> str:
        first_done, first_fraction = self.first or (0, 0.0)
        elapsed = max(now - self.started, 1e-9)
        rate = (done - first_done) / elapsed
        gained = fraction - first_fraction
        left = clock(elapsed / gained * (1 - fraction)) + " left" if gained > 0 else "estimating"
        text = f"{self.label}  {fraction:4.0%}  {done:,} {self.unit}  {rate:,.0f}/s  {left}"
        return f"\r\x1b[K{text}" if self.terminal else text + "\n"


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
