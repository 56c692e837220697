"""What a build takes as it goes on: its rate, and its processor time, memory and disk, for every 50,000 papers."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

import psutil

from rag.progress import Progress

STEP = 50_000
EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Mark:
    """When so many papers were through a stage: by the clock, and in seconds and processor seconds that count."""

    stage: str
    papers: int
    clock: float
    seconds: float
    used: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Bytes of memory and of disk at a moment."""

    at: float
    memory: int
    disk: int


class Sampler:
    """Looks twice a second at the memory of this process and at what it holds on disk; ``with`` begins and ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._over = folder, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[Sample] = []

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def peak(self, since: float = 0.0, until: float = float("inf")) -> tuple[int, int]:
        """The most memory and the most disk between two moments."""
        among = [sample for sample in self.samples if since <= sample.at <= until]
        return max((one.memory for one in among), default=0), max((one.disk for one in among), default=0)

    def _run(self) -> None:
        process = psutil.Process()
        while not self._over.wait(EVERY_SECONDS):
            self.samples.append(Sample(time.perf_counter(), process.memory_info().rss, _held(self._folder)))


class Intake:
    """Notes when every 50,000 papers are through a stage of a build.

    ``apart`` gives the seconds and the processor seconds that went so far into what is not to count.
    """

    def __init__(self, progress: Progress, apart: Callable[[], tuple[float, float]]) -> None:
        self._progress, self._apart = progress, apart
        self.marks = [self._mark("", 0)]

    def __call__(self, done: int, fraction: float, stage: str = "") -> None:
        """Note it, and pass it on."""
        self._progress(done, fraction, stage)
        if stage != self.marks[-1].stage:
            self.marks.append(self._mark(stage, 0))
        if done // STEP > self.marks[-1].papers // STEP or fraction == 1:
            self.marks.append(self._mark(stage, done))

    @property
    def used(self) -> float:
        """The processor seconds of all of it."""
        return self.marks[-1].used - self.marks[0].used

    def table(self, sampler: Sampler) -> str:
        """A markdown table with a row for every 50,000 papers of a stage; what is left at its end has no rate."""
        lines = ["| stage | papers | papers/s | CPU s per 1,000 | RSS | disk |", "|---|---:|---:|---:|---:|---:|"]
        for before, mark in pairwise(self.marks):
            if mark.stage == before.stage:
                memory, disk = sampler.peak(before.clock, mark.clock)
                lines.append(
                    f"| {mark.stage or 'Taking in'} | {mark.papers:,} | {_rates(before, mark)} | "
                    f"{memory / 1e9:.2f} GB | {disk / 1e9:.2f} GB |"
                )
        return "\n".join(lines)

    def _mark(self, stage: str, papers: int) -> Mark:
        now, (seconds, used) = time.perf_counter(), self._apart()
        return Mark(stage, papers, now, now - seconds, time.process_time() - used)


def _rates(before: Mark, mark: Mark) -> str:
    count, seconds, used = mark.papers - before.papers, mark.seconds - before.seconds, mark.used - before.used
    return f"{count / seconds:,.0f} | {used / count * 1000:.2f}" if count else f"{seconds:.0f} s | {used:.0f} s"


def _held(folder: Path) -> int:
    """Bytes on disk of a folder, and of the temporary files that this process has open."""
    places = [*folder.rglob("*"), *_open_files()]
    found = {}
    for place in places:
        with contextlib.suppress(OSError):
            facts = place.stat()
            if stat.S_ISREG(facts.st_mode):
                found[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sum(found.values())


def _open_files() -> Iterator[Path]:
    """What this process has open for writing, on Linux also what has no name any more."""
    descriptors = Path("/proc/self/fd")
    for link in descriptors.iterdir() if descriptors.is_dir() else ():
        with contextlib.suppress(OSError):
            flags = int((Path("/proc/self/fdinfo") / link.name).read_text().split("flags:")[1].split()[0], 8)
            if flags & (os.O_WRONLY | os.O_RDWR):
                yield link
