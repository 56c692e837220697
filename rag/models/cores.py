"""The processor cores that are free: threads that wait for each other are slowest when one of them finds none."""

from __future__ import annotations

import os

import psutil


def idle_cores(sample: float = 0.05) -> int:
    """How many cores the rest of the machine leaves idle, watched for ``sample`` seconds."""
    busy = sum(percent > 40 for percent in psutil.cpu_percent(interval=sample, percpu=True))
    return max(0, (os.cpu_count() or 1) - busy)
