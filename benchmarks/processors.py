"""Which builds of llama.cpp run on which processors, tried with qemu-user on processors that are not here.

    .venv/bin/python benchmarks/processors.py [BUILD=FOLDER ...]

Each build that set-up or the Dockerfile can make is compiled (4 to 10 minutes for the first, less for the others) and
reads and writes a few tokens (``python -m rag.models.selftest --here``) on each processor. With BUILD=FOLDER what lies
in a folder is tried instead, such as an unpacked wheel. Needs Linux on x86-64 and qemu-user (Debian: apt install
qemu-user). QEMU 7.2 emulates AVX2 but neither AVX-512 nor AMX: what uses these is told apart by dying of SIGILL.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".ci"))

from llama import BUILDS, Workshop  # noqa: E402
from steps import Board  # noqa: E402

# Names of QEMU's, in the order of their years. Which the installed QEMU does not know is said.
PROCESSORS = ("Nehalem", "SandyBridge", "Haswell", "Skylake-Server", "EPYC", "SapphireRapids")
# Emulation makes numpy take a minute to load on a busy machine.
PATIENCE = 900


def libraries(folder: Path) -> dict[str, Path]:
    """Each build, unpacked in a folder."""
    board = Board(folder / "log")
    workshop = Workshop(folder, board)
    places = {}
    for build in BUILDS:
        places[build] = folder / f"library-{build}"
        with zipfile.ZipFile(workshop.compile(build)) as wheel:
            wheel.extractall(places[build])
    board.close()
    return places


def tried(library: Path, processor: str) -> str:
    """How the self-test went with a library on a processor, ``here`` for the real one."""
    emulated = [] if processor == "here" else ["qemu-x86_64", "-cpu", processor]
    command = [*emulated, sys.executable, "-m", "rag.models.selftest", "--here"]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(library)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE} s"
    if "unable to find CPU model" in done.stderr:
        return "unknown to this QEMU"
    if done.returncode < 0:
        return signal.Signals(-done.returncode).name
    return "runs" if done.returncode == 0 else f"exit code {done.returncode}: {done.stdout.strip()[-80:]}"


def main(named: list[str]) -> None:
    """Print the table."""
    if not shutil.which("qemu-x86_64"):
        sys.exit("qemu-user is missing: on Debian, apt install qemu-user.")
    with tempfile.TemporaryDirectory(prefix="sidereus-processors-") as folder:
        places = {build: Path(place) for build, _, place in (name.partition("=") for name in named)}
        places = places or libraries(Path(folder))
        print("| Processor |", " | ".join(places), "|")
        print("|---|" + "---|" * len(places))
        for processor in ("here", *PROCESSORS):
            outcomes = [tried(library, processor) for library in places.values()]
            print("|", processor, "|", " | ".join(outcomes), "|", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
