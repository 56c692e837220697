"""Whether llama.cpp runs on this processor, tried in a process of its own, which it may end or hang.

    python -m rag.models.selftest                     tries it and says how it went
    python -m rag.models.selftest --models FOLDER     tries it with a language model of the folder too, if one is there
    python -m rag.models.selftest --here [FILE.gguf]  does the work in this very process

A 300-token prompt is read and eight tokens are written.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rag.models.processor import KNOWN, instruction_sets

READ, WRITTEN = 300, 8
# A small model is done within a second; reading one of many billion weights takes minutes on two cores.
PATIENCE, PATIENCE_PER_GB = 120.0, 120.0
PASSED = "passed"
# Exit codes beside 0: of this module's command when a library that is compiled otherwise may run and when it can't be
# tried at all, and of the child when the library reckons wrongly.
OF_THE_BUILD, UNTRIED, WRONG = 1, 2, 3
MEND_LIBRARY = "Run 'make setup', which compiles it anew, or install llama-cpp-python again, compiled on this machine."
# What llama.cpp lists beside instruction sets.
NO_INSTRUCTIONS = {"LLAMAFILE", "OPENMP", "REPACK", "ACCELERATE", "KLEIDIAI", "BLAS"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the test went: ``problem`` is one clause on what went wrong, and empty when nothing did.

    ``built_with`` are the instruction sets that the library was compiled to use, in llama.cpp's own names. A library
    with a problem that is ``of_the_build`` may run when it is compiled otherwise.
    """

    built_with: tuple[str, ...]
    problem: str = ""
    of_the_build: bool = False

    @property
    def passed(self) -> bool:
        """Whether the library read and wrote as it should."""
        return not self.problem

    @property
    def lacking(self) -> tuple[str, ...]:
        """The instruction sets that the library uses and this processor lacks, where the system tells."""
        here = instruction_sets()
        return tuple(name for name in self.built_with if here and name in KNOWN and name not in here)


def try_library(gguf: Path | None = None, patience: float | None = None) -> Outcome:
    """Let a child process read and write with a model, by default a tiny one made for this.

    The child is ended after ``patience`` seconds.
    """
    if patience is None:
        patience = PATIENCE + PATIENCE_PER_GB * (gguf.stat().st_size / 1e9 if gguf else 0)
    command = [sys.executable, "-m", "rag.models.selftest", "--here", *([str(gguf)] if gguf else [])]
    root = Path(__file__).parents[2]
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, cwd=root, text=True
        )
        try:
            code: int | None = child.wait(patience)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            child.kill()
            child.wait()
        said.seek(0)
        lines = said.read().splitlines()
    problem = _problem(code, lines, patience)
    return Outcome(_built_with(lines), problem, bool(problem) and (code is None or code < 0 or code == WRONG))


def _problem(code: int | None, lines: list[str], patience: float) -> str:
    if code is None:
        return f"it was not done after {patience:.0f} seconds"
    if code == -signal.SIGILL:
        return "it was compiled for another processor and uses instructions that this one lacks (SIGILL)"
    if code < 0:
        return f"it was ended by {_signal(-code)}"
    if code == WRONG:
        return "what it reckons is not a number"
    if code or PASSED not in lines:
        return next((line.strip() for line in reversed(lines) if line.strip()), f"it ended with exit code {code}")
    return ""


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _built_with(lines: list[str]) -> tuple[str, ...]:
    found = next((line for line in lines if line.startswith("CPU :")), "")
    return tuple(name for name in re.findall(r"(\w+) = 1\b", found) if name not in NO_INSTRUCTIONS)


def read_and_write(gguf: Path) -> bool:
    """The work itself: whether all that is reckoned is numbers. Raises what llama.cpp raises."""
    import llama_cpp
    import numpy as np

    print(llama_cpp.llama_print_system_info().decode(), flush=True)
    context = READ + WRITTEN + 4
    llama = llama_cpp.Llama(str(gguf), n_ctx=context, n_batch=256, n_threads=1, n_threads_batch=1, verbose=False)
    tokens = [7 + step % 200 for step in range(READ)]
    for _ in range(1 + WRITTEN):
        llama.eval(tokens)
        scores = np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(llama.ctx, -1), (llama.n_vocab(),))
        if not np.isfinite(scores).all():
            return False
        tokens = [int(scores.argmax())]
    return True


def _work(gguf: Path | None) -> int:
    import resource

    from rag.models.tiny import write_tiny_model

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is expected here, and its core would fill the disk

    with tempfile.TemporaryDirectory(prefix="sidereus-selftest-") as folder:
        if gguf is None:
            gguf = Path(folder) / "tiny.gguf"
            write_tiny_model(gguf)
        try:
            if not read_and_write(gguf):
                return WRONG
        except Exception as error:
            print(f"{type(error).__name__}: {error}")
            return UNTRIED
    print(PASSED)
    return 0


def whole_model(models: Path) -> Path | None:
    """The smallest language model of the catalogue that is in a folder of models, if its files are whole."""
    from rag.models import catalog, store

    here = [model for model in catalog.catalog() if model.kind == "llm" and store.present(models, model)]
    smallest = min(here, key=lambda model: model.ram_gb, default=None)
    return store.gguf(models, smallest) if smallest and not store.verify(models, smallest) else None


def main(arguments: list[str]) -> int:
    """Run the test, here or in a child process; the exit code."""
    match arguments:
        case ["--here", *files]:
            return _work(Path(files[0]) if files else None)
        case ["--models", folder]:
            outcome = try_library()
            if outcome.passed and (model := whole_model(Path(folder))):
                outcome = try_library(model)
        case _:
            outcome = try_library()
    print(outcome.problem or PASSED)
    return 0 if outcome.passed else OF_THE_BUILD if outcome.of_the_build else UNTRIED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
