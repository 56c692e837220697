"""What it costs that the language model has a process of its own: beside the same model in the process that asks.

Run from the checkout: ``python benchmarks/own_process.py [--index NAME] [--rounds 12]``. Both read the same prompts and
write the same words in turns, on the same number of threads; ``sidereus ask`` is started in turns with the one and the
other. The best of all rounds is told beside the median, and processor time beside the clock's: on a machine that others
use these say more. It works offline in a temporary home with links to the models and the indexes, so nothing of yours
changes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from statistics import median

import psutil
from application import SIDEREUS
from machine import describe

from rag import prompts
from rag.models import choice, store
from rag.models.llama import Llama
from rag.models.llm import LanguageModel
from rag.models.writer import CONTEXT
from rag.settings import load_settings

QUESTIONS = (
    "How many planets orbit TRAPPIST-1?",
    "What is the mass of the black hole in M87?",
    "How much energy did GW150914 radiate in gravitational waves?",
)
EVIDENCE = "The merger released three solar masses of energy in gravitational waves. "
TOKENS = 96
THREADS = 1
# ``sidereus`` as it was before: the model in its own process, loaded after the rest.
TOGETHER = """
import rag.models.llm
from rag.models.llama import Llama

class Together(Llama):
    resting = None

    def __init__(self, model, path, threads=None, record=None):
        self.model, self.context = model, min(model.context_length or 4096, 4096)
        super().__init__(model.name, path, self.context, threads)

    def wait(self):
        pass

rag.models.llm.LanguageModel = Together
from ui.cli import main
main()
"""

Stream = Callable[[list[dict[str, str]]], Iterator[str]]


def main() -> None:
    """Print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index to ask")
    parser.add_argument("--rounds", type=int, default=12, help="how often each reads and writes, and is asked cold")
    options = parser.parse_args()
    settings = load_settings()
    model = choice.choose(settings.models, "llm", settings.llm)
    file = store.gguf(settings.models, model)
    here = Llama(model.name, file, min(model.context_length or CONTEXT, CONTEXT), THREADS)
    apart = LanguageModel(model, file, THREADS)
    print("| what | in the process that asks | in a process of its own | ratio |\n|---|---|---|---|")
    for row in chain(_spoken(here, apart, options.rounds), _asked(options.index, options.rounds)):
        print(row, flush=True)
    print(f"\n{describe(f'{model.title}, {THREADS} thread, {options.rounds} rounds, best (and median)')}")


def _spoken(here: Llama, apart: LanguageModel, rounds: int) -> Iterator[str]:
    """Reading and writing, both in turns; what is read differs every time, so that nothing is known already."""
    streams: tuple[Stream, Stream] = (
        lambda messages: here.stream(messages, TOKENS, 1.0),
        lambda messages: apart.stream(messages, TOKENS, 1.0),
    )
    apart.wait()
    worker, own = psutil.Process(apart._process.pid), psutil.Process()
    for length in (4, 12):
        spoken: list[list[tuple[float, float, float]]] = [[], []]
        for number in range(rounds + 1):
            evidence = [(1, f"In case {number}: {EVIDENCE * length}")]
            messages = prompts.answer_messages("What did the merger release?", evidence)
            for stream, measured in list(zip(streams, spoken, strict=True))[:: 1 if number % 2 else -1]:
                before = _worked(own) + _worked(worker)
                first, rate = _timed(stream, messages)
                if number:  # the first time reads the system message too
                    measured.append((first * 1000, rate, _worked(own) + _worked(worker) - before))
        firsts, rates, worked = ([[one[place] for one in each] for each in spoken] for place in range(3))
        yield _row(f"first token after a prompt of {len(here.prompt(messages))} tokens", "ms", firsts)
        yield _row("written after it", "tokens/s", rates, max)
        yield _row(f"processor time of both, for {TOKENS} tokens", "s", worked)


def _worked(process: psutil.Process) -> float:
    """Seconds of processor time that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _timed(stream: Stream, messages: list[dict[str, str]]) -> tuple[float, float]:
    """Seconds to the first token, and tokens a second from there."""
    started = time.perf_counter()
    times = [time.perf_counter() for _ in stream(messages)]
    return times[0] - started, (len(times) - 1) / (times[-1] - times[0])


def _asked(index: str, rounds: int) -> Iterator[str]:
    """``sidereus ask`` from the shell, in turns."""
    settings = load_settings()
    with tempfile.TemporaryDirectory(prefix="sidereus-own-process-") as folder:
        for name in ("models", "indexes"):
            (Path(folder) / name).symlink_to(getattr(settings, name).resolve())
        environment = os.environ | {"SIDEREUS_HOME": folder, "SIDEREUS_OFFLINE": "1", "SIDEREUS_INDEX": index}
        seconds: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + 1):
            question = QUESTIONS[number % len(QUESTIONS)]
            for command, each in zip(((sys.executable, "-c", TOGETHER), SIDEREUS), seconds, strict=True):
                started = time.perf_counter()
                subprocess.run([*command, "ask", question], env=environment, capture_output=True, check=True)
                if number:
                    each.append(time.perf_counter() - started)
    yield _row("`sidereus ask`, from the shell to its end", "s", seconds)


def _row(what: str, unit: str, both: Sequence[Sequence[float]], best: Callable[..., float] = min) -> str:
    told = [f"{best(each):.3g} {unit} ({median(each):.3g})" for each in both]
    ratios = [take(both[1]) / take(both[0]) for take in (best, median)]
    return f"| {what} | {told[0]} | {told[1]} | {ratios[0]:.3f} ({ratios[1]:.3f}) |"


if __name__ == "__main__":
    main()
