"""Ctrl-C ends the page, whoever has it open, without a word of what was going on inside."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from functools import partial
from http.client import HTTPResponse
from pathlib import Path

PAGE = """
import sys
from stand_in import StandIn
from ui import cli
from ui.web.app import serve

cli.sidereus.main = lambda *_, **__: serve(StandIn(), "127.0.0.1", int(sys.argv[1]), None, open_browser=False)
cli.main([])
"""


def test_ctrl_c_with_an_open_tab_prints_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    page = subprocess.Popen(
        [sys.executable, "-c", PAGE, str(port)],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert page.stdout
        assert page.stdout.readline().startswith("Sidereus is at")
        tabs = _open_tabs(f"http://127.0.0.1:{port}")
        page.send_signal(signal.SIGINT)
        _, said = page.communicate(timeout=120)
        for tab in tabs:
            tab.close()
    finally:
        page.kill()
    assert page.returncode == 130
    assert said.strip() == "sidereus: Stopped. Run the same command again to go on."


def _open_tabs(address: str) -> list[HTTPResponse]:
    """What two open tabs hold a connection for: that they are there, and in one the answer that is under way."""
    with urllib.request.urlopen(f"{address}/config", timeout=120) as reply:
        config = json.load(reply)
    box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "box")
    ask = next(one["id"] for one in config["dependencies"] if [box, "submit"] in one["targets"])
    asked = {"data": ["a question, at length", None, None, False], "fn_index": ask, "session_hash": "tab0"}
    body, kind = json.dumps(asked).encode(), {"Content-Type": "application/json"}
    tabs = [urllib.request.urlopen(f"{address}/gradio_api/heartbeat/tab{n}", timeout=120) for n in range(2)]
    join = urllib.request.Request(f"{address}/gradio_api/queue/join", body, kind)
    urllib.request.urlopen(join, timeout=120).close()
    answer = urllib.request.urlopen(f"{address}/gradio_api/queue/data?session_hash=tab0", timeout=120)
    while b"process_generating" not in answer.readline():
        continue
    return [*tabs, answer]
