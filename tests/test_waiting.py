"""Whoever waits for an answer sees that, and how many are ahead."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import requests
from browser import served
from stand_in import FOUND, StandIn

from rag.answers.answer import Block, Sentence
from rag.chats.conversations import Entry
from rag.question.conversation import Conversation
from ui.web.markup import exchange_html
from ui.web.turns import Turn

MANY = 45  # more than Gradio has threads for by itself


def test_the_place_in_the_queue_stands_below_the_first_quotation() -> None:
    said = (Block("prose", (Sentence("Cepheids give a value.", (1,)),)),)
    turn = Turn(1, Entry("What?", said=said, found=FOUND), Conversation(), "waiting: 3 ahead of you", waiting=True)
    html = exchange_html(turn)
    assert html.index("Cepheids give a value") < html.index("waiting: 3 ahead of you")
    writing = exchange_html(replace(turn, status="reading 3 papers and writing", waiting=False))
    assert "Cepheids give a value" in writing
    assert "reading" not in writing


def test_who_waits_sees_it_before_the_first_quotation_too() -> None:
    turn = Turn(1, Entry("What?", found=FOUND), Conversation(), "waiting: 3 ahead of you", waiting=True)
    assert "waiting: 3 ahead of you" in exchange_html(turn)


def test_every_one_of_many_questions_is_on_the_screen_at_once() -> None:
    session = StandIn(pause=0.2)
    page = served(session)
    config = requests.get(f"{page}/config", timeout=60).json()
    boxes = {one["id"]: one["props"].get("elem_id") for one in config["components"]}
    ask = next(one for one in config["dependencies"] if [boxes.get(n) for n in one["inputs"][:1]] == ["box"])
    seen: dict[int, float] = {}

    def question(n: int) -> None:
        tag, started = f"many{n}", time.monotonic()
        body = {"data": [f"question {n}", None, None, False], "fn_index": ask["id"], "session_hash": tag}
        requests.post(f"{page}/gradio_api/queue/join", json=body, timeout=60)
        heard = requests.get(f"{page}/gradio_api/queue/data", params={"session_hash": tag}, timeout=60, stream=True)
        for line in heard.iter_lines(decode_unicode=True):
            if "process_generating" in line and f"question {n}<" in line:
                seen[n] = time.monotonic() - started
                break
        heard.close()

    threads = [threading.Thread(target=question, args=(n,), daemon=True) for n in range(MANY)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 90
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    assert sorted(seen) == list(range(MANY))
    assert session.persons == {"@127.0.0.1"}
