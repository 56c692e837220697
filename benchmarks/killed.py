"""What people notice of a language model that is killed again and again while they chat.

Run from the checkout: ``python benchmarks/killed.py [--index NAME] [--kills 50] [--clients 5]``. Clients ask through
the page's own queue, without a pause; meanwhile the model's process gets a signal at random moments. With ``--kills 0
--questions 300`` nothing is killed, and the page's memory over so many questions is what is measured. The application
runs offline in a temporary home with links to the models and the indexes, so nothing of yours changes.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any
from urllib.request import Request, urlopen

import psutil
from application import Application, running
from machine import Row, describe, table

from rag.chats.conversations import Conversations, Entry

SIGNALS = (signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, signal.SIGKILL)
# Seconds between two kills: from before the model is loaded again to after an answer or two.
PAUSES = (0.1, 4.0)
QUESTIONS = (
    "How many planets orbit TRAPPIST-1?",
    "What is the mass of the black hole in M87?",
    "What is the evidence that the expansion of the Universe is accelerating?",
    "How much energy did GW150914 radiate in gravitational waves?",
    "What is known about fast radio bursts?",
)
# The model would be left alone after the third death within five minutes, and there would be nothing to kill.
UNTIRING = "from rag.models import deaths; deaths.WITHIN = 0.0; from ui.cli import main; main()"
PATIENCE = 300


class Client(threading.Thread):
    """Somebody who asks one question after another in a tab until ``ended``, or so many of them."""

    def __init__(self, application: Application, ask: int, name: str, ended: threading.Event, most: int | None) -> None:
        super().__init__(name=name, daemon=True)
        self.asked = 0
        self._application, self._ask, self._ended, self._most = application, ask, ended, most

    def run(self) -> None:
        """Chat."""
        for question in cycle(QUESTIONS):
            if self._ended.is_set() or self.asked == self._most:
                return
            self.hear_out(question)

    def hear_out(self, question: str) -> None:
        """Ask a question and wait for the end of its answer."""
        self.asked += 1
        address, headers = self._application.address, {"Content-Type": "application/json"}
        asked = {"data": [question, None, None, False], "fn_index": self._ask, "session_hash": self.name}
        urlopen(Request(f"{address}/gradio_api/queue/join", json.dumps(asked).encode(), headers), timeout=60).close()
        with urlopen(f"{address}/gradio_api/queue/data?session_hash={self.name}", timeout=PATIENCE) as events:
            for line in events:
                if b"process_completed" in line:
                    return


def main() -> None:
    """Print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index to ask")
    parser.add_argument("--kills", type=int, default=50, help="how often the model's process is killed")
    parser.add_argument("--clients", type=int, default=5, help="how many people ask at once")
    parser.add_argument(
        "--questions", type=int, default=0, help="how many questions are asked in all (0: until the last kill)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the moments and signals")
    options = parser.parse_args()
    with running("--index", options.index, command=(sys.executable, "-c", UNTIRING)) as application:
        page = psutil.Process(application.process.pid)
        rows = [*_chatted(application, page, options)]
        children = page.children(recursive=True)
    _, left = psutil.wait_procs(children, timeout=5)
    rows.append(Row("processes left after the page was closed", str(len(left)), "0"))
    print(describe(f"{options.clients} clients, index {options.index}"))
    print(table(rows))


def _chatted(application: Application, page: psutil.Process, options: argparse.Namespace) -> Iterator[Row]:
    """Let the clients chat, kill the model's process meanwhile, and see what came of it."""
    ended, ask = threading.Event(), _ask(application)
    most = options.questions // options.clients if options.questions else None
    clients = [Client(application, ask, f"client{n}", ended, most) for n in range(options.clients)]
    clients[0].hear_out(QUESTIONS[0])  # all is loaded before the memory is measured
    memory, model, started = [page.memory_info().rss], _model(page).memory_info().rss, time.monotonic()
    for client in clients:
        client.start()
    kills = _killed(page, options.kills, random.Random(options.seed))
    if most is None:
        ended.set()
    memory += _watched(page, clients)
    yield Row("kills, by signal", ", ".join(f"{n} {name}" for name, n in sorted(kills.items())) or "none", "")
    yield Row("questions asked", f"{sum(c.asked for c in clients):,} in {time.monotonic() - started:.0f} s", "")
    yield from _outcomes(application, clients)
    yield Row("the page's process", "lives" if application.process.poll() is None else "died", "lives")
    yield Row("zombies", str(_zombies(page)), "0")
    told = [f"{each / 1e6:.0f}" for each in (*memory[:: len(memory) // 8 + 1], memory[-1])]
    yield Row("the page's memory, from the start to the end", f"{', '.join(told)} MB", "flat")
    yield Row("the memory of the model's process, at the start", f"{model / 1e6:.0f} MB", "")


def _ask(application: Application) -> int:
    """The number by which the page knows its box's question."""
    with urlopen(f"{application.address}/config", timeout=60) as reply:
        config: dict[str, Any] = json.load(reply)
    box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "box")
    return next(int(one["id"]) for one in config["dependencies"] if [box, "submit"] in one["targets"])


def _model(page: psutil.Process) -> psutil.Process:
    """The model's process."""
    return next(child for child in page.children() if "rag.models.llm_worker" in child.cmdline())


def _killed(page: psutil.Process, kills: int, chance: random.Random) -> Counter[str]:
    """Kill the model's process so many times; how often with which signal."""
    done: Counter[str] = Counter()
    last = None
    while done.total() < kills and page.is_running():
        time.sleep(chance.uniform(*PAUSES))
        try:
            model = _model(page)
            if model != last:
                kind = chance.choice(SIGNALS)
                model.send_signal(kind)
                done[kind.name], last = done[kind.name] + 1, model
        except (StopIteration, psutil.NoSuchProcess):
            continue
    return done


def _watched(page: psutil.Process, clients: list[Client]) -> list[int]:
    """The page's memory, in bytes, from time to time until the clients have had their answers."""
    memory = []
    for client in clients:
        while client.is_alive():
            client.join(2)
            memory.append(page.memory_info().rss)
    return [*memory, page.memory_info().rss]


def _outcomes(application: Application, clients: list[Client]) -> Iterator[Row]:
    """What the kept conversations tell: each question with an answer, or a sentence that says what is wrong."""
    kept = Conversations(application.home / "var" / "conversations").all()
    entries = [entry for conversation in kept for entry in conversation.entries]
    outcomes = Counter(_outcome(entry) for entry in entries)
    yield Row("ended with", ", ".join(f"{n:,} {what}" for what, n in outcomes.most_common()), "no nothing")
    notes = Counter(entry.answer.note for entry in entries if entry.answer and entry.answer.note)
    for note, n in islice(notes.most_common(), 8):
        yield Row(f"said {n} times", note or "", "")
    for problem, n in Counter(entry.problem for entry in entries if entry.problem).most_common(3):
        yield Row(f"said {n} times in an answer's place", problem or "", "")
    asked = sorted(client.asked for client in clients)
    whole = sorted(len(conversation.entries) for conversation in kept) == asked
    yield Row(
        "conversations", f"{len(kept)}, {'each with all its questions' if whole else 'not all whole'}", "all whole"
    )


def _outcome(entry: Entry) -> str:
    if entry.answer:
        return "a cited answer" if entry.answer.citations else "an abstention"
    return "a sentence" if entry.problem else "nothing"


def _zombies(page: psutil.Process) -> int:
    return sum(child.status() == psutil.STATUS_ZOMBIE for child in page.children(recursive=True))


if __name__ == "__main__":
    main()
