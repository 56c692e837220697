"""What the running page bears: many people at once, many questions, and being killed.

    python benchmarks/endurance.py load --people 50 --minutes 4 [--index NAME]
    python benchmarks/endurance.py soak --questions 300 [--index NAME]
    python benchmarks/endurance.py kills --times 30 [--source FILE]

``load`` lets people ask one question after another and measures the time to the first words. ``soak`` asks questions
in fresh tabs, one at a time, and prints the memory as it goes. ``kills`` kills a process that writes a conversation,
and with ``--source`` one that adds papers to an index, and counts what is lost. All work in temporary homes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests
from application import SIDEREUS, served
from machine import Row, describe, percentiles, table

from rag.chats.conversations import Conversations
from rag.settings import load_settings

QUESTIONS = (
    "What is the mass of the black hole in M87?",
    "How many planets orbit TRAPPIST-1?",
    "How far away is GW170817?",
    "What is the value of the Hubble constant?",
    "Which stars make dust?",
)
WRITER = """
import sys
from pathlib import Path
from rag.chats.conversations import Conversations, Entry, Kept
store, kept = Conversations(Path(sys.argv[1])), Kept("starter", id=sys.argv[2])
for n in range(int(sys.argv[3]), 100_000):
    store.change(kept, lambda now: now.with_entry(Entry(f"question {n}")))
    print(n, flush=True)
"""


class Person:
    """A visitor who asks through the queue, as the page's script does."""

    def __init__(self, address: str) -> None:
        self.address, self.tag = address, secrets.token_hex(6)
        config = requests.get(f"{address}/config", timeout=60).json()
        boxes = {one["id"]: one["props"].get("elem_id") for one in config["components"]}
        self.event = next(one for one in config["dependencies"] if boxes.get((one["inputs"] or [0])[0]) == "box")["id"]

    def ask(self, question: str) -> tuple[float | None, bool]:
        """Seconds to the first words, and whether the answer came to its end."""
        started, first = time.monotonic(), None
        body = {"data": [question, None, None, False], "fn_index": self.event, "session_hash": self.tag}
        requests.post(f"{self.address}/gradio_api/queue/join", json=body, timeout=60).raise_for_status()
        where = f"{self.address}/gradio_api/queue/data"
        with requests.get(where, params={"session_hash": self.tag}, timeout=600, stream=True) as heard:
            for line in heard.iter_lines(decode_unicode=True):
                if first is None and 'class=\\"words\\"' in line:
                    first = time.monotonic() - started
                if "process_completed" in line:
                    return first, json.loads(line.removeprefix("data: ")).get("success", False)
        return first, False


def load(people: int, minutes: float, flags: list[str]) -> None:
    """People who ask again as soon as they are answered."""
    firsts: list[float] = []
    ended: list[bool] = []
    with served(*flags) as address:
        Person(address).ask(QUESTIONS[0])  # the models are loaded by then
        until = time.monotonic() + minutes * 60

        def visit() -> None:
            person = Person(address)
            while time.monotonic() < until:
                first, well = person.ask(random.choice(QUESTIONS))
                ended.append(well)
                firsts.extend([first] if first is not None else [])

        visitors = [threading.Thread(target=visit) for _ in range(people)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
    rows = [
        Row("questions answered", f"{sum(ended)} of {len(ended)}", "all"),
        Row("to the first words", percentiles(firsts), ""),
    ]
    print(describe(f"{people} people for {minutes:g} minutes"), table(rows), sep="\n")


def soak(questions: int, flags: list[str]) -> None:
    """One question after another, each in a tab of its own."""
    rows = []
    with served(*flags) as address:
        server = _server(address)
        for n in range(questions + 1):
            Person(address).ask(QUESTIONS[n % len(QUESTIONS)])
            if n % max(1, questions // 10) == 0:
                rows.append(Row(f"memory after {n} questions", f"{server.memory_info().rss / 2**20:.0f} MiB", "flat"))
    print(describe(f"{questions} questions in as many tabs"), table(rows), sep="\n")


def kills(times: int, source: Path | None) -> None:
    """A process that is killed at any moment, again and again."""
    with tempfile.TemporaryDirectory(prefix="sidereus-kills-") as folder:
        rows = [Row("conversation", _killed_chat(Path(folder) / "conversations", times), "0 lost")]
        if source:
            rows.append(Row("index", _killed_update(Path(folder), source, times), "0 damaged"))
    print(describe(f"{times} kills each"), table(rows), sep="\n")


def _killed_chat(folder: Path, times: int) -> str:
    name, kept = "0123456789ab", -1
    for _ in range(times):
        command = [sys.executable, "-c", WRITER, str(folder), name, str(kept + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(random.uniform(0, 0.5))
            writer.kill()
            said = [int(line) for line in writer.stdout.read().split() if line.isdecimal()]
        kept = max([kept + 1, *said])
    conversation = Conversations(folder).read(name)
    there = {entry.question for entry in conversation.entries} if conversation else set()
    lost = sum(f"question {n}" not in there for n in range(kept + 1))
    return f"{lost} of {kept + 1} entries lost, {len([*folder.glob('.*.tmp')])} files left over"


def _killed_update(home: Path, source: Path, times: int) -> str:
    (home / "models").symlink_to(load_settings().models.resolve())
    environment = os.environ | {"SIDEREUS_HOME": str(home), "SIDEREUS_OFFLINE": "1"}

    def sidereus(*arguments: str) -> subprocess.Popen[bytes]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*SIDEREUS, "index", *arguments], env=environment, **quiet)  # type: ignore[call-overload]

    sidereus("build", "mine", "starter").wait()
    damaged = 0
    for _ in range(times):
        adding = sidereus("add", "mine", str(source))
        with contextlib.suppress(subprocess.TimeoutExpired):
            adding.wait(random.uniform(1, 20))
        adding.kill()
        adding.wait()
        damaged += sidereus("verify", "mine").wait() != 0
    return f"{damaged} of {times} damaged"


def _server(address: str) -> psutil.Process:
    """The process that serves an address."""
    port = address.rsplit(":", 1)[1]
    return next(child for child in psutil.Process().children() if port in child.cmdline())


def _flags(chosen: argparse.Namespace) -> list[str]:
    return ["--index", chosen.index] if chosen.index else []


def _parts(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    parts = parser.add_subparsers(dest="what", required=True)
    for name in ("load", "soak", "kills"):
        part = parts.add_parser(name)
        part.add_argument("--index")
        yield part


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    loading, soaking, killing = _parts(parser)
    loading.add_argument("--people", type=int, default=50)
    loading.add_argument("--minutes", type=float, default=4)
    soaking.add_argument("--questions", type=int, default=300)
    killing.add_argument("--times", type=int, default=30)
    killing.add_argument("--source", type=Path)
    chosen = parser.parse_args()
    if chosen.what == "load":
        load(chosen.people, chosen.minutes, _flags(chosen))
    elif chosen.what == "soak":
        soak(chosen.questions, _flags(chosen))
    else:
        kills(chosen.times, chosen.source)


if __name__ == "__main__":
    main()
