"""A served page and a browser to look at it with, for the tests of the page."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from stand_in import StandIn

from ui.web.app import serve

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
CONTRAST = """element => {
    const channels = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => channels(colour).slice(0, 3)
        .map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    let ground = element;
    while (channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const [low, high] = [light(getComputedStyle(element).color), light(getComputedStyle(ground).backgroundColor)]
        .sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
}"""


@dataclass
class Visit:
    """A tab that keeps note of what it asked the network for and what went wrong in it."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Requests to anywhere but the app itself."""
        return [url for url in self.requests if not url.startswith((self.origin, "data:", "blob:"))]

    def ask(self, question: str) -> None:
        """Write a question and send it with Enter."""
        self.page.locator("#box textarea").fill(question)
        self.page.keyboard.press("Enter")

    def finish(self) -> None:
        """Wait until the answer is complete."""
        self.page.wait_for_selector("#exchange .foot")

    def contrast(self, selector: str) -> float:
        """The contrast of the first such element's text against what is behind it."""
        return float(self.page.locator(selector).first.evaluate(CONTRAST))


@pytest.fixture(scope="session")
def origin() -> str:
    """The address of a page in front of the stand-in session."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    threading.Thread(target=serve, args=(StandIn(), "127.0.0.1", port, None, False), daemon=True).start()
    address = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=30).close()
            break
        except OSError:
            threading.Event().wait(0.1)
    return address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


def visit(browser: Browser, origin: str, width: int = 1280, height: int = 800, scheme: str = "light") -> Visit:
    """Open the page in a browser profile of its own."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.set_default_timeout(15_000)
    tab = Visit(context.new_page(), origin)
    context.on("request", lambda request: tab.requests.append(request.url))
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.page.on("dialog", lambda dialog: tab.errors.append(re.sub(r"\s+", " ", dialog.message)))
    tab.page.goto(origin)
    tab.page.wait_for_selector("#box textarea")
    return tab
