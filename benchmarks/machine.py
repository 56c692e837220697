"""What the benchmarks share: the machine they ran on, percentiles, and a table with targets."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil

PACKAGES = ("sidereus", "txtai", "faiss-cpu", "onnxruntime", "torch", "sentence-transformers", "llama-cpp-python")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark's table; ``aim`` is empty where nothing was aimed at."""

    what: str
    measured: str
    aim: str


def describe(subject: str) -> str:
    """A paragraph on what was measured, when, and on what."""
    cores = f"{psutil.cpu_count(logical=False)} cores, {psutil.cpu_count()} threads"
    busy = f"load {os.getloadavg()[0]:.1f} at the end"
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{subject}. {datetime.date.today():%Y-%m-%d}; {processor()}, {cores}, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB; {busy}; Python {platform.python_version()}, {packages}.\n"
    )


def processor() -> str:
    """The processor's name, as Linux tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def percentiles(seconds: Sequence[float]) -> str:
    """p50 and p95 in milliseconds."""
    p50, p95 = np.percentile(seconds, (50, 95)) * 1000
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


def table(rows: Sequence[Row]) -> str:
    """The rows as a markdown table."""
    lines = ["| what | measured | aim |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.measured} | {row.aim} |" for row in rows])
