"""The page hands out no file of the machine and fetches nothing, whatever a request says is an uploaded file."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import papers
import pytest
import requests
import uvicorn
from browser import served
from stand_in import StandIn

from ui.web.app import mounted
from ui.web.server import listen
from ui.web.warming import Warmings

SECRET = "the secret of this machine"
Events = list[tuple[int, int, bool]]  # number, inputs, whether it goes through the queue


@pytest.fixture(scope="module")
def page() -> str:
    """The address of a page as it is served."""
    return served(StandIn(pause=0))


@pytest.fixture(scope="module")
def bare(page: str) -> Iterator[str]:
    """The address of a page without its door, so that what Gradio itself refuses can be seen."""
    app = mounted(StandIn(pause=0), Warmings(), None)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that only the user of the server may read."""
    path = tmp_path / "secret.txt"
    path.write_text(SECRET, encoding="utf-8")
    return path


def record(path: str, **more: Any) -> dict[str, Any]:
    """What Gradio takes for an uploaded file."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def events(address: str) -> Events:
    """Every event of the page that takes something."""
    config = requests.get(f"{address}/config", timeout=30).json()
    return [(one["id"], len(one["inputs"]), one["queue"] is not False) for one in config["dependencies"]]


def told(address: str, event: int, data: list[Any], queued: bool, tag: str = "attack") -> str:
    """All that the page answers to an event."""
    body = {"data": data, "fn_index": event, "session_hash": tag}
    if not queued:
        return requests.post(f"{address}/gradio_api/run/predict", json=body, timeout=30).text
    joined = requests.post(f"{address}/gradio_api/queue/join", json=body, timeout=30)
    if not joined.ok:
        return joined.text
    said = requests.get(f"{address}/gradio_api/queue/data", params={"session_hash": tag}, timeout=30, stream=True)
    heard = []
    for line in said.iter_lines(decode_unicode=True):
        heard.append(line)
        if '"process_completed"' in line or '"close_stream"' in line:
            break
    return "\n".join(heard)


def every_event(address: str, payload: Any) -> str:
    """All that the page answers when every input of every event is the payload."""
    heard = []
    for event, inputs, queued in events(address):
        if inputs:
            heard.append(told(address, event, [payload] * inputs, queued, f"attack{event}"))
            heard.append(told(address, event, [[{"deep": payload}]] * inputs, queued, f"attack{event}"))
    return "\n".join(heard)


def copies(secret: Path) -> list[Path]:
    """Copies of the secret in folders that Gradio hands files out of."""
    from gradio.utils import get_upload_folder

    folder = Path(get_upload_folder())
    return [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == secret.read_bytes()]


@pytest.mark.parametrize("which", ["page", "bare"])
def test_no_event_copies_or_shows_a_file_of_the_machine(
    which: str, request: pytest.FixtureRequest, secret: Path
) -> None:
    address = request.getfixturevalue(which)
    secret.write_text(f"{SECRET} of {which}", encoding="utf-8")
    heard = every_event(address, record(str(secret)))
    assert SECRET not in heard
    assert copies(secret) == []
    for route in ("file=", "file/"):
        assert SECRET not in requests.get(f"{address}/gradio_api/{route}{secret}", timeout=30).text


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../../etc/passwd", "etc/passwd", "file:///etc/passwd", "/proc/self/environ", "", "\0", 7, ["/"]],
    ids=repr,
)
def test_a_path_outside_the_uploads_is_refused_at_the_door(page: str, path: Any) -> None:
    body = {"data": [record(path)], "fn_index": 0, "session_hash": "door"}
    for route in ("queue/join", "run/predict"):
        answer = requests.post(f"{page}/gradio_api/{route}", json=body, timeout=30)
        assert answer.status_code in (400, 403), path
        assert "root" not in answer.text


def test_a_way_out_of_the_uploads_is_no_way_in(page: str, secret: Path) -> None:
    uploaded = Path(upload(page, "mine.jsonl", b"{}"))
    for path in (f"{uploaded}/../../../../../../..{secret}", f"{uploaded.parent}/link"):
        if path.endswith("link"):
            Path(path).symlink_to(secret)
        answer = requests.post(
            f"{page}/gradio_api/queue/join", json={"data": [record(path)], "fn_index": 0}, timeout=30
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("where", ["path", "url"])
def test_nothing_is_looked_up_or_fetched(page: str, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    looked_up: list[str] = []
    getaddrinfo = socket.getaddrinfo

    def watched(host: Any, *rest: Any, **options: Any) -> Any:
        looked_up.append(str(host))
        return getaddrinfo(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        port = elsewhere.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}/a.json", f"HTTPS://localhost:{port}/b", "http://look.me.up.invalid/c"):
            mine = upload(page, "mine.jsonl", b"{}")
            every_event(page, record(url) if where == "path" else record(mine, url=url))
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
    assert set(looked_up) <= {"127.0.0.1"}


def test_uploads_lie_where_nobody_else_can_read_them(page: str) -> None:
    mine = Path(upload(page, "mine.jsonl", b"{}"))
    folder = next(folder for folder in mine.parents if folder.name == "arrivals")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_checked_is_what_is_passed_on(page: str, secret: Path) -> None:
    mine = upload(page, "mine.jsonl", b"{}")
    twice = f'{{"path": {json.dumps(mine)}, "path": {json.dumps(str(secret))}, "meta": {{"_type": "gradio.FileData"}}}}'
    body = f'{{"data": [{twice}], "fn_index": 0, "session_hash": "twice"}}'
    answer = requests.post(f"{page}/gradio_api/queue/join", data=body, timeout=30)
    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"{", b"[" * 300_000, b'{"data": [' * 90_000, b"\xff\xfe", b""])
def test_what_is_no_message_is_refused_with_a_sentence(page: str, body: bytes) -> None:
    answer = requests.post(f"{page}/gradio_api/queue/join", data=body, timeout=30)
    assert answer.status_code == 400
    assert answer.text == "This is no message of the page.\n"


def test_a_message_longer_than_any_of_the_page_is_refused(page: str) -> None:
    answer = requests.post(f"{page}/gradio_api/queue/join", data=b" " * (1 << 21), timeout=30)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "route",
    ["openapi.json", "gradio_api/openapi.json", "docs", "monitoring", "monitoring/summary", "gradio_api/proxy=http://a",
     "gradio_api/runs", "gradio_api/stream/a/b/1/playlist.m3u8", "gradio_api/vibe-code", "gradio_api/mcp/"],
)  # fmt: skip
def test_what_the_page_never_asks_for_is_not_there(page: str, route: str) -> None:
    assert requests.get(f"{page}/{route}", timeout=30).status_code == 404
    assert requests.post(f"{page}/{route}", json={}, timeout=30).status_code == 404


def test_an_uploaded_file_can_still_be_added(page: str) -> None:
    mine = upload(page, "mine.jsonl", json.dumps(papers.RECORDS[0]).encode())
    config = requests.get(f"{page}/config", timeout=30).json()
    boxes = {one["id"]: one["props"].get("elem_id") for one in config["components"]}
    events = [one for one in config["dependencies"] if "library-drop" in [boxes.get(n) for n in one["inputs"]]]
    event = max(events, key=lambda one: len(one["inputs"]))  # the other one only looks at the file
    data = [record(mine, orig_name="mine.jsonl") if boxes.get(n) == "library-drop" else None for n in event["inputs"]]
    data[0] = "mine"  # the name of the index
    heard = told(page, event["id"], data, True, "adding")
    assert "process_completed" in heard
    assert "Only files that were uploaded" not in heard
    assert not Path(mine).exists()  # it was taken over


def upload(address: str, name: str, content: bytes) -> str:
    """The place of a file after it was uploaded."""
    answer = requests.post(f"{address}/gradio_api/upload", files={"files": (name, content)}, timeout=30)
    assert answer.ok, answer.text
    return str(answer.json()[0])
