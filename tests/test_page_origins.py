"""What other names and other pages may do with this one: nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from browser import browser, served
from loopback import Loopback
from playwright.sync_api import Browser
from stand_in import StandIn

from ui.web.door import LARGEST
from ui.web.origins import Names

__all__ = ["browser"]  # fixtures, used by name

ROUTES = ("", "config", "gradio_api/startup-events", "gradio_api/heartbeat/x", "theme.css")
FOREIGN = ("http://localhost:1", "http://127.0.0.1:1", "https://evil.example", "null", "http://127.0.0.1", "file://")


@pytest.fixture(scope="module")
def page() -> str:
    """The address of a page."""
    return served(StandIn(pause=0))


class Elsewhere(Loopback):
    """Another server on this machine, with a page of its own."""

    def server(self) -> HTTPServer:
        return HTTPServer(("127.0.0.1", 0), Empty)


class Empty(SimpleHTTPRequestHandler):
    """Gives an empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another page on this machine."""
    with Elsewhere() as server:
        yield server.url


def asked(address: str, route: str, method: str = "GET", **headers: str) -> requests.Response:
    """The answer to a request with some headers; underlines in their names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = requests.request(method, f"{address}/{route}", headers=named, timeout=30, stream=True)
    answer.close()
    return answer


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_is_refused_everywhere_and_never_allowed_anything(page: str, origin: str) -> None:
    for route in ROUTES:
        assert asked(page, route, Origin=origin).status_code == 403
    for route in ("gradio_api/queue/join", "gradio_api/run/predict", "gradio_api/upload", "gradio_api/cancel", "login"):
        sent = asked(page, route, "POST", Origin=origin)
        before = asked(page, route, "OPTIONS", Origin=origin, Access_Control_Request_Method="POST")
        assert sent.status_code == 403
        for answer in (sent, before):
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("name", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "10.1.2.3", "", "a@b"])
def test_a_foreign_host_is_refused(page: str, name: str) -> None:
    for route in ROUTES:
        assert asked(page, route, Host=name).status_code == 421


def test_a_page_that_listens_on_ipv6_refuses_a_foreign_host_too() -> None:
    page = served(StandIn(pause=0), "::1")
    assert asked(page, "").status_code == 200
    assert asked(page, "config", Host="evil.example").status_code == 421
    assert asked(page, "config", Origin="http://evil.example").status_code == 403


def test_the_page_itself_is_let_in(page: str) -> None:
    port = urlsplit(page).port
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        host = f"{name}:{port}"
        assert asked(page, "config", Host=host, Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_may_link_to_the_page_and_nothing_else(page: str, site: str) -> None:
    for route in ROUTES[1:]:
        assert asked(page, route, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status_code == 403
        assert asked(page, route, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status_code == 403
    assert asked(page, "", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status_code == 403
    assert asked(page, "?q=How", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status_code == 200


def test_a_page_on_another_port_gets_nothing_in_a_real_browser(browser: Browser, page: str, elsewhere: str) -> None:
    tab = browser.new_context().new_page()
    tab.goto(elsewhere)
    attack = """async (page) => {
        const form = new FormData();
        form.append("files", new Blob(["{}"]), "a.json");
        const send = (path, options) => fetch(page + path, options).then((answer) => answer.status, () => "blocked");
        return [
            await send("/config", {credentials: "include"}),
            await send("/gradio_api/upload", {method: "POST", body: form, mode: "no-cors"}),
            await send("/gradio_api/upload", {method: "POST", body: form}),
        ];
    }"""
    assert tab.evaluate(attack, page) == ["blocked", 0, "blocked"]  # 0 is what 'no-cors' lets a page see of an answer


def test_names_that_a_proxy_is_reached_by_can_be_given() -> None:
    names = Names("0.0.0.0", "astro.example, sidereus.example")
    assert names.meant("astro.example")
    assert names.meant("192.0.2.7:7860")
    assert names.meant(socket.gethostname())
    assert not names.meant("evil.example")
    assert names.ours("https://sidereus.example", "127.0.0.1:7860")
    assert not names.ours("https://evil.example", "127.0.0.1:7860")


def test_an_upload_that_is_too_large_or_does_not_say_how_large_is_refused(page: str) -> None:
    def body() -> Any:
        yield b"--a\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=a"}
    streamed = requests.post(f"{page}/gradio_api/upload", data=body(), headers=kind, timeout=30)
    assert streamed.status_code == 411
    with socket.create_connection(("127.0.0.1", urlsplit(page).port)) as wire:
        head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {LARGEST + 1}\r\n\r\n"
        wire.sendall(head.encode())
        assert b" 413 " in wire.recv(100)
