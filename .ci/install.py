"""Puts Sidereus into the virtual environment that runs this, and finds that there is nothing to do when there isn't.

    .venv/bin/python .ci/install.py [--is-ready] [--check] [test]

``--is-ready`` only says by its exit code whether all is there. ``--check`` tries the library of the language model even
then. With ``test`` the tools of the tests come too.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import llama
from steps import Board, Failure, Step, clock

ROOT = llama.ROOT
VENV = Path(sys.prefix)
UNFINISHED = VENV / ".unfinished"
LOG = VENV / "set-up.log"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# Share of a step that is done once everything is downloaded.
DOWNLOADED = 0.7


def stamp(extras: str) -> Path:
    """The file that says that all is there: named by what says what to install, and by where the checkout lies."""
    digest = hashlib.sha256()
    steps = sorted(path for path in (ROOT / ".ci").iterdir() if path.is_file())
    for file in (ROOT / "pyproject.toml", ROOT / "constraints.txt", *steps):
        digest.update(file.read_bytes())
    digest.update(f"{ROOT}\n{extras}\n{llama.processor()}".encode())
    return VENV / f".ready-{digest.hexdigest()[:16]}"


def is_ready(extras: str) -> bool:
    """Whether there is nothing to do."""
    whole = not UNFINISHED.exists() and (VENV / "bin" / "sidereus").exists()
    return whole and (stamp("test").exists() or (not extras and stamp("").exists()))


class Installation:
    """Everything that goes into the environment, in steps, some of them beside each other."""

    def __init__(self, extras: str, board: Board, folder: Path) -> None:
        self._extras = extras
        self._board = board
        self._llama = llama.Llama(board, folder)

    def run(self) -> None:
        """Install all that is missing. Raises Failure."""
        if not is_installed(llama.PACKAGE) or self._llama_fails():
            together(self._board, self._packages, self._llama.prepare)
            self._llama.settle()
        else:
            self._packages()
        self._sidereus()

    def _llama_fails(self) -> bool:
        try:
            with self._board.step("Trying llama.cpp"):
                llama.try_installed()
        except llama.Trouble as trouble:
            self._board.say(f"The llama.cpp that is installed does not run: {trouble}. It is compiled again.")
            return True
        return False

    def _packages(self) -> None:
        self._torch()
        wanted = [need for need in needs(self._extras) if not need.startswith(llama.PACKAGE)]
        with self._board.step("Installing the other packages") as step:
            self._install(step, *wanted)

    # PyTorch for processors is 200 MB; what plain pip brings on Linux may hold CUDA, which is 3 GB.
    def _torch(self) -> None:
        if is_installed("torch"):
            return
        on_linux = sys.platform == "linux"
        more: tuple[str, ...] = ()
        what = "PyTorch"
        if on_linux and has_nvidia():
            what = "PyTorch with CUDA, up to 3 GB"
        elif on_linux and answers(f"{CPU_INDEX}/torch/"):
            more = ("--extra-index-url", CPU_INDEX)
        elif on_linux and brings_cuda():
            self._board.say(
                "PyTorch's index of builds without CUDA does not answer, so this may download up to 3 GB of CUDA "
                "libraries. Stop with Ctrl-C if that is too much: where pip finds a CPU build of PyTorch "
                "(PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL), it is taken."
            )
        with self._board.step(f"Installing {what}") as step:
            self._install(step, *more, "torch")

    def _sidereus(self) -> None:
        with self._board.step("Installing Sidereus") as step:
            wanted = f".[{self._extras}]" if self._extras else "."
            self._install(step, "--editable", wanted)
        self._board.run([str(VENV / "bin" / "sidereus"), "--version"])

    def _install(self, step: Step, *what: str) -> None:
        command = [*llama.pip("install"), "--constraint", str(ROOT / "constraints.txt"), *what]
        share = Share()
        step.watch = share.now
        self._board.run(command, step, share, cwd=ROOT)


class Share:
    """How much of an installation is done, by what pip says and by which packages have come."""

    def __init__(self) -> None:
        self._all = len((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
        self._seen = self._coming = 0
        self._before = installed_packages()

    def __call__(self, line: str) -> float | None:
        """The share after a line of pip's."""
        if (share := llama.downloaded(line)) is not None:
            return DOWNLOADED * share
        if re.match(r"\s*(Collecting|Processing|Requirement already satisfied)\b", line):
            self._seen += 1
            return DOWNLOADED * self._seen / max(self._all, self._seen + 1)
        if line.startswith("Installing collected packages:"):
            self._coming = line.count(",") + 1
        return self.now()

    def now(self) -> float | None:
        """The share at this moment, while pip says nothing and unpacks."""
        if not self._coming:
            return None
        return DOWNLOADED + (1 - DOWNLOADED) * (installed_packages() - self._before) / self._coming


def installed_packages() -> int:
    """How many packages are in the environment."""
    return len(list(VENV.glob("lib/python*/site-packages/*.dist-info")))


def needs(extras: str) -> list[str]:
    """What pyproject.toml says that Sidereus needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *(project["optional-dependencies"][extras] if extras else ())]


def is_installed(name: str) -> bool:
    """Whether a package is in the environment."""
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def has_nvidia() -> bool:
    """Whether there is a GPU of NVIDIA's."""
    name = shutil.which("nvidia-smi")
    return name is not None and subprocess.run([name, "-L"], capture_output=True).returncode == 0


def answers(address: str) -> bool:
    """Whether an address answers within three seconds, name look-up included."""
    asked = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method='HEAD'), timeout=3)"
    try:
        return subprocess.run([sys.executable, "-c", asked, address], capture_output=True, timeout=3).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def brings_cuda() -> bool:
    """Whether the torch that pip would take is not built for processors alone."""
    command = [*llama.pip("install"), "--dry-run", "--quiet", "--no-deps", "--report", "-"]
    command += ["--constraint", str(ROOT / "constraints.txt"), "torch"]
    answer = subprocess.run(command, capture_output=True, text=True)
    try:
        return not any("+cpu" in item["metadata"]["version"] for item in json.loads(answer.stdout)["install"])
    except (ValueError, KeyError):
        return True


def together(board: Board, *tasks: Callable[[], None]) -> None:
    """Do tasks beside each other. The first that fails ends the others, and what it raised is raised here."""
    failures: list[BaseException] = []

    def attempt(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as failure:
            failures.append(failure)
            board.stop()

    threads = [threading.Thread(target=attempt, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)
    if failures:
        raise failures[0]


def install(extras: str) -> int:
    """Run all steps and say how long each took; the exit code."""
    started = time.monotonic()
    UNFINISHED.touch()
    for old in VENV.glob(".ready-*"):
        old.unlink()
    board = Board(LOG)
    try:
        with tempfile.TemporaryDirectory(prefix="sidereus-set-up-") as folder:
            Installation(extras, board, Path(folder)).run()
        UNFINISHED.unlink()
        stamp(extras).touch()
        took = "; ".join(f"{name}, {clock(seconds)}" for name, seconds in board.finished)
        board.say(f"Done in {clock(time.monotonic() - started)}. {took}.")
    except Failure as failure:
        board.stop()
        board.say(f"{failure}. Everything that was said is in {LOG.relative_to(ROOT)}.")
        return 1
    except KeyboardInterrupt:
        board.stop()
        board.say("Stopped. The same command starts again with what pip has kept.")
        return 130
    finally:
        board.close()
    return 0


def main(arguments: list[str]) -> int:
    """Do what the arguments say; the exit code."""
    extras = "test" if "test" in arguments else ""
    ready = is_ready(extras)
    if ready and "--check" in arguments:
        with contextlib.suppress(llama.Trouble):
            llama.try_installed()
            return 0
        ready = False
    if "--is-ready" in arguments:
        return 0 if ready else 1
    return 0 if ready else install(extras)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
