"""Set-up leaves a llama.cpp that runs: it tries what it installed, compiles for others, and takes no old wheel."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import made_up_llama
import pytest
from workbench import CHECKOUT

from rag.models import selftest

SETTLE = """
import sys; from pathlib import Path
sys.path.insert(0, sys.argv[1]); import llama, steps
llama.MODELS = Path(sys.argv[2])
board = steps.Board(Path(sys.argv[2]) / "log")
try:
    library = llama.Llama(board, Path(sys.argv[2])); library.prepare(); library.settle()
except steps.Failure as failure:
    sys.exit(f"FAILED: {failure}")
finally:
    board.close()
"""
VERSION = next(
    line.partition("==")[2].strip()
    for line in (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith("llama_cpp_python==")
)
ON_X86 = platform.machine() == "x86_64" and sys.platform == "linux"
on_x86 = pytest.mark.skipif(not ON_X86, reason="only Linux on x86-64 has AMX and builds for older processors")


@dataclass
class Machine:
    """A virtual environment without llama.cpp, a cache of pip's, and a source that is not the real llama.cpp."""

    place: Path

    def pip(self, *arguments: str, does: Sequence[str] = ("runs", "runs", "runs")) -> None:
        """Call pip as anyone would."""
        self._run(["-m", "pip", "--disable-pip-version-check", "-q", *arguments], does)

    def set_up(self, *does: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Let set-up see to llama.cpp; what the three builds will do."""
        work = self.place / f"work{len(list(self.place.glob('work*')))}"
        work.mkdir()
        return self._run(["-c", SETTLE, str(CHECKOUT / ".ci"), str(work)], does, variables, check=False)

    @property
    def compiled(self) -> list[str]:
        """The builds that were compiled, in order."""
        return [line.split()[0] for line in self.log.splitlines()]

    @property
    def log(self) -> str:
        """Each compile with its options."""
        log = self.place / "compiles"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    @property
    def installed(self) -> str:
        """The build that is installed."""
        return self._run(["-c", "import llama_cpp; print(llama_cpp.build)"], ["runs"] * 3).stdout.strip()

    def _run(
        self, arguments: list[str], does: Sequence[str], variables: dict[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME", "TMPDIR")}
        env = known | {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.place),
            "PIP_CACHE_DIR": str(self.place / "cache"),
            "MADE_UP": json.dumps(dict(zip(("native", "x86-64-v3", "x86-64-v2"), does, strict=True))),
            "MADE_UP_LOG": str(self.place / "compiles"),
        }
        command = [str(self.place / "venv" / "bin" / "python"), *arguments]
        return subprocess.run(
            command, env=env | (variables or {}), check=check, capture_output=True, text=True, timeout=300
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine whose environment has every package of this one but llama.cpp."""
    made_up_llama.write_source(tmp_path, VERSION)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    packages = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(("llama_cpp", "__pycache__")) and not (packages / package.name).exists():
            (packages / package.name).symlink_to(package)
    return Machine(tmp_path)


def test_a_library_that_runs_is_compiled_once_for_this_processor(machine: Machine) -> None:
    result = machine.set_up("runs", "runs", "runs")
    assert result.returncode == 0, result.stderr
    assert machine.compiled == ["native"]
    assert machine.installed == "native"


@on_x86
def test_a_library_that_dies_at_once_is_compiled_for_more_processors_and_kept(machine: Machine) -> None:
    for _ in range(2):
        result = machine.set_up("SIGSEGV", "runs", "runs")
        assert result.returncode == 0, result.stderr
        assert machine.compiled == ["native", "x86-64-v3"]
        assert machine.installed == "x86-64-v3"


@on_x86
def test_the_last_resort_is_a_library_for_nearly_any_processor(machine: Machine) -> None:
    result = machine.set_up("SIGSEGV", "SIGILL", "runs")
    assert result.returncode == 0, result.stderr
    assert machine.installed == "x86-64-v2"
    last = machine.log.splitlines()[-1]
    assert "-DGGML_AVX=OFF" in last
    assert "-DGGML_SSE42=ON" in last


@on_x86
def test_when_nothing_runs_set_up_gives_up_with_one_sentence(machine: Machine) -> None:
    result = machine.set_up("SIGSEGV", "SIGILL", "SIGSEGV")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "does not run on this machine however it is compiled (it was ended by SIGSEGV)" in result.stderr
    assert machine.compiled == ["native", "x86-64-v3", "x86-64-v2"]
    assert not list((machine.place / "cache").rglob("llama_cpp_python*.whl"))


def test_what_does_not_compile_is_told_with_the_compilers_complaint(machine: Machine) -> None:
    result = machine.set_up("does not compile", "runs", "runs")
    assert result.returncode == 1
    assert "the compiler is too old" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wheel_that_pip_kept_from_an_earlier_set_up_is_not_taken(machine: Machine) -> None:
    machine.pip("install", "--no-build-isolation", "llama-cpp-python", does=("SIGSEGV",) * 3)
    machine.pip("uninstall", "--yes", "llama-cpp-python")
    assert list((machine.place / "cache").rglob("llama_cpp_python*.whl")), "pip keeps what it compiles"
    result = machine.set_up("runs", "runs", "runs")
    assert result.returncode == 0, result.stderr
    assert machine.compiled == ["native", "native"]


def test_what_was_compiled_and_ran_is_taken_again(machine: Machine) -> None:
    machine.set_up("runs", "runs", "runs")
    machine.pip("uninstall", "--yes", "llama-cpp-python")
    result = machine.set_up("SIGSEGV", "SIGSEGV", "SIGSEGV")
    assert result.returncode == 0, result.stderr
    assert machine.compiled == ["native"]


def test_a_kept_wheel_that_no_longer_runs_is_dropped_and_compiled_anew(machine: Machine) -> None:
    machine.set_up("runs", "runs", "runs")
    (kept,) = (machine.place / "cache" / "sidereus").rglob("*.whl")
    kept.write_bytes(kept.read_bytes().replace(b'"runs" == "hangs"', b'"runs" != "hangs"').replace(b"600", b"1/0"))
    result = machine.set_up("runs", "runs", "runs")
    assert result.returncode == 0, result.stderr
    assert machine.compiled == ["native", "native"]


def test_other_options_of_the_user_make_another_wheel_and_come_last(machine: Machine) -> None:
    machine.set_up("runs", "runs", "runs")
    for variable in ("CMAKE_ARGS", "CXXFLAGS"):
        machine.set_up("runs", "runs", "runs", **{variable: "-DMINE=1"})
    first, second, third = machine.log.splitlines()
    assert "-DMINE=1" not in first
    assert second.endswith("-DMINE=1")
    assert third == first


def test_a_library_that_cannot_be_tried_is_told_and_not_compiled_for_others(machine: Machine) -> None:
    result = machine.set_up("cannot be imported", "runs", "runs")
    assert result.returncode == 1
    assert "FAILED: ImportError: no such symbol" in result.stderr
    assert machine.compiled == ["native"]


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("SIGSEGV", "ended by SIGSEGV"),
        ("SIGABRT", "ended by SIGABRT"),
        ("SIGKILL", "ended by SIGKILL"),
        ("SIGILL", "compiled for another processor"),
        ("reckons wrongly", "not a number"),
        ("cannot be imported", "no such symbol"),
        ("hangs", "not done after 3 seconds"),
        ("runs", ""),
    ],
)
def test_the_trial_survives_whatever_the_library_does(
    does: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(made_up_llama.write_library(tmp_path / does, does)))
    outcome = selftest.try_library(patience=3 if does == "hangs" else 60)
    assert says in outcome.problem
    assert outcome.passed == (does == "runs")
    assert outcome.of_the_build == (does not in ("runs", "cannot be imported"))
    if does not in ("hangs", "cannot be imported"):
        assert outcome.built_with == ("AVX2", "FMA")


def test_the_real_library_reads_and_writes_with_the_tiny_model() -> None:
    outcome = selftest.try_library()
    assert outcome.passed, outcome.problem
    assert not outcome.lacking


def test_a_file_that_is_no_model_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    assert not selftest.try_library(broken).passed
