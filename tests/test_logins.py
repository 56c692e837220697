"""A password can't be guessed by trying, nor read off the list of processes."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from stand_in import StandIn

from rag.errors import UsageError
from ui.cli.chat import _credentials
from ui.web.app import serve
from ui.web.logins import MOST


def test_after_some_wrong_logins_one_has_to_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = (StandIn(pause=0), "127.0.0.1", port, ("user", "right"), False)
    threading.Thread(target=serve, args=arguments, daemon=True).start()
    login = f"http://127.0.0.1:{port}/login"
    for _ in range(100):
        try:
            first = requests.post(login, data={"username": "user", "password": "right"}, timeout=30)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    assert first.status_code == 200
    wrong = [requests.post(login, data={"username": "user", "password": f"{n}"}, timeout=30) for n in range(MOST + 5)]
    assert [answer.status_code for answer in wrong] == [400] * MOST + [429] * 5
    assert requests.post(login, data={"username": "user", "password": "right"}, timeout=30).status_code == 429
    assert requests.get(f"http://127.0.0.1:{port}/config", timeout=30).status_code == 401


def test_the_password_can_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("user:from-file\n", encoding="utf-8")
    assert _credentials("127.0.0.1", f"@{tmp_path / 'password'}") == ("user", "from-file")
    with pytest.raises(UsageError, match="can't be read for --auth"):
        _credentials("127.0.0.1", f"@{tmp_path / 'missing'}")
