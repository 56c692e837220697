"""Two shells that set one checkout up at the same time: one does it, the other waits and finds it done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from workbench import CHECKOUT

ALONE = CHECKOUT / ".ci" / "alone.py"
WAITS = "set-up: Another set-up of this checkout is under way: this one waits.\n"
# Stands in for the Python of a virtual environment: it installs in a second, and says how often it did.
PYTHON = """#!/bin/sh
case "$*" in
    *--is-ready*) test -e .venv/ready ;;
    .ci/install.py*) echo begin >> log; sleep 1; echo end >> log; touch .venv/ready ;;
esac
"""


def run_alone(folder: Path, script: str) -> subprocess.Popen[str]:
    """Run a line of shell alone in a folder."""
    return subprocess.Popen(
        [sys.executable, str(ALONE), "sh", "-c", script], cwd=folder, stderr=subprocess.PIPE, text=True
    )


def wait_for(file: Path) -> None:
    """Wait until a file is there."""
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_runs_alone_runs_one_after_the_other(tmp_path: Path) -> None:
    first = run_alone(tmp_path, "echo begin >> log; sleep 1; echo end >> log")
    wait_for(tmp_path / "log")
    second = run_alone(tmp_path, "echo begin >> log; echo end >> log")
    assert first.communicate()[1] == ""
    assert second.communicate()[1] == WAITS
    assert (tmp_path / "log").read_text().split() == ["begin", "end"] * 2


def test_the_turn_of_one_that_was_killed_is_free(tmp_path: Path) -> None:
    first = run_alone(tmp_path, "touch log; exec sleep 60")
    wait_for(tmp_path / "log")
    second = run_alone(tmp_path, "exit 3")
    first.send_signal(signal.SIGKILL)
    second.communicate(timeout=30)
    assert second.returncode == 3
    first.communicate()


def test_two_set_ups_at_once_install_once(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / ".ci", tmp_path / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)
    set_up = [str(tmp_path / ".ci" / "setup")]
    environment = {**os.environ, "PYTHON": sys.executable}
    both = [subprocess.Popen(set_up, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(one.communicate(timeout=60)[1] for one in both)
    assert [one.returncode for one in both] == [0, 0], said
    assert (tmp_path / "log").read_text().split() == ["begin", "end"]
    assert sum(WAITS in words for words in said) == 1
