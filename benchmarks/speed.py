"""How long people wait: start-up of each command, indexing, search, answers, the page; and how much memory it takes.

Everything runs offline in a temporary home with links to the models and the index, so nothing of yours changes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from machine import Row, describe, percentiles, table

from rag.answers.answer import Answer, Finished
from rag.index.filters import Filters
from rag.prompts import answer_messages
from rag.session import Session
from rag.settings import load_settings

SIDEREUS = (sys.executable, str(Path(sysconfig.get_path("scripts")) / "sidereus"))
STARTS = ("--help", "search --help", "models list", "index list", "doctor")
BUILT = "built"
WRITTEN_TOKENS = 96
PATIENCE = 120.0


def main() -> None:
    """Print a markdown table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="sidereus-speed-") as folder:
        home = _home(Path(folder), options.index)
        os.environ.update(SIDEREUS_HOME=str(home), SIDEREUS_OFFLINE="1", SIDEREUS_INDEX=options.index)
        session = Session(load_settings())
        titles = _titles(session, options.searches)
        rows = [_started(command, "0.3 s" if command == "--help" else "") for command in STARTS]
        rows += _built(home, options.source, options.limit)
        rows += _searched(session, titles)
        rows += _answered(session, titles)
        rows += _chat()
        print(describe(f"index {options.index}, {session.manifest.papers:,} papers"))
        print(table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index to search and ask")
    parser.add_argument("--source", default="starter", help="what to index: 'starter' or a file in arXiv's bulk layout")
    parser.add_argument("--limit", type=int, default=1000, help="how many papers of it")
    parser.add_argument("--searches", type=int, default=200, help="how many searches to time")
    return parser.parse_args()


def _home(folder: Path, index: str) -> Path:
    """A home with links to the models and the one index."""
    settings = load_settings()
    (folder / "indexes").mkdir()
    (folder / "models").symlink_to(settings.models)
    (folder / "indexes" / index).symlink_to(settings.indexes / index)
    return folder


def _titles(session: Session, count: int) -> list[str]:
    """Titles from all over the index, as things to search for."""
    rows = session.index.admitted(Filters(since=0))
    assert rows is not None
    chosen = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    return [paper.title for paper in session.index.papers(chosen.tolist())]


def _run(*arguments: str) -> tuple[float, float]:
    """Run the command to its end: seconds, and peak memory in bytes."""
    started = time.perf_counter()
    process = subprocess.Popen([*SIDEREUS, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _end(process, started)


def _end(process: subprocess.Popen[bytes], started: float) -> tuple[float, float]:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - started, usage.ru_maxrss * 1024.0


def _started(command: str, aim: str) -> Row:
    seconds = sorted(_run(*command.split())[0] for _ in range(5))
    return Row(f"`sidereus {command}`", f"{seconds[2]:.2f} s (median of 5)", aim)


def _built(home: Path, source: str, limit: int) -> Iterator[Row]:
    seconds, peak = _run("index", "build", BUILT, source, "--limit", str(limit))
    manifest = json.loads((home / "indexes" / BUILT / "index.json").read_text(encoding="utf-8"))
    papers, run = manifest["papers"], manifest["runs"][-1]["seconds"]
    yield Row(f"index {papers:,} papers", f"{papers / run:.1f} papers/s; {seconds:.1f} s with start-up", "")
    yield Row("peak memory of indexing", f"{peak / 1e9:.2f} GB", "2 GB")


def _searched(session: Session, titles: Sequence[str]) -> Iterator[Row]:
    cold = sorted(_run("search", titles[0])[0] for _ in range(3))
    yield Row("`sidereus search`, from the shell", f"{cold[1]:.2f} s (median of 3)", "6 s")
    session.search(titles[0])
    seconds = []
    for title in titles:
        started = time.perf_counter()
        session.search(title)
        seconds.append(time.perf_counter() - started)
    yield Row(f"search, warm, {len(titles)} different queries", percentiles(seconds), "p50 50 ms")


def _answered(session: Session, titles: Sequence[str]) -> Iterator[Row]:
    questions = session.examples() or tuple(f"What is known about {title}?" for title in titles[:4])
    _warm(session)
    answers = [_answer(session, question) for question in questions]
    for name, aim in (("first_token", "4 s"), ("first_text", ""), ("total", "")):
        times = [value for answer in answers if (value := getattr(answer.timings, name)) is not None]
        if times:
            measured = f"median {np.median(times):.2f} s, worst {max(times):.2f} s"
            yield Row(f"ask, warm: {name.replace('_', ' ')}", measured, aim)
    yield _generation(session)


def _warm(session: Session) -> None:
    """Load everything."""
    for _ in session.warm():
        pass


def _answer(session: Session, question: str) -> Answer:
    *_, last = session.ask(question)
    assert isinstance(last, Finished)
    return last.answer


def _generation(session: Session) -> Row:
    """How fast the language model reads and writes, apart from what is then done with its words."""
    evidence = [(1, "The merger released three solar masses of energy in gravitational waves. " * 12)]
    messages = answer_messages("What did the merger release?", evidence)
    read = len(session.llm.prompt(messages))
    started = time.perf_counter()
    times = [time.perf_counter() for _ in session.llm.stream(messages, WRITTEN_TOKENS, temperature=1.0)]
    wrote = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else float("nan")
    first = f"{read / (times[0] - started):.0f} prompt tokens/s, " if times else ""
    return Row(f"{session.llm.model.title}", f"{first}{wrote:.0f} tokens/s written", "")


def _chat() -> Iterator[Row]:
    """Seconds from the command to a page that answers, and to one with its box, and the memory it takes."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with _browser() as page:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*SIDEREUS, "chat", "--no-browser", "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            answered = _answers(address, started, process)
            yield Row("`sidereus chat`: the page answers", f"{answered:.1f} s" if answered else "never", "")
            if answered and page:
                page.goto(address)
                page.wait_for_selector("#box textarea", timeout=PATIENCE * 1000)
                yield Row(
                    "`sidereus chat`: the box is there (Chromium)", f"{time.perf_counter() - started:.1f} s", "10 s"
                )
                time.sleep(20)  # the models load behind the page
        finally:
            process.terminate()
            _, peak = _end(process, started)
    yield Row("peak memory of the chat", f"{peak / 1e9:.2f} GB", "")


def _answers(address: str, started: float, process: subprocess.Popen[bytes]) -> float | None:
    """Seconds until the page answers with 200, or None."""
    while time.perf_counter() - started < PATIENCE and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(address, timeout=5) as reply:
            if reply.status == 200:
                return time.perf_counter() - started
        time.sleep(0.05)
    return None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def _browser() -> Iterator[object]:
    """A page of a Chromium that is running already, or None where there is none."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        executable = None
    if executable is None:
        yield None
        return
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium.new_page()
        chromium.close()


if __name__ == "__main__":
    main()
