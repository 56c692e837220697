"""A served page and a browser to look at it with, for the tests of the page."""

from __future__ import annotations

import atexit
import re
import shutil
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect, sync_playwright
from stand_in import StandIn

from ui.web.app import serve

expect.set_options(timeout=20_000)  # a busy machine is no failure

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

# Whether nothing moves or fades, but for what does so without end.
STILL = """() => document.getAnimations()
    .every(one => one.playState !== "running" || one.effect.getComputedTiming().endTime === Infinity)"""

VIOLATIONS = """
window.blocked = [];
document.addEventListener("securitypolicyviolation", (event) => window.blocked.push(event.blockedURI));
"""


@dataclass(frozen=True)
class Profile:
    """A browser profile, and what its tabs asked the network for.

    Tests use it one after another: what it fetched and compiled for one of them it need not for the next.
    """

    context: BrowserContext
    requests: list[str] = field(default_factory=list)

    def tidy(self) -> None:
        """Leave nothing of a test to the next one."""
        for page in self.context.pages:
            page.close()
        self.context.clear_cookies()
        self.requests.clear()


PROFILES: list[Profile] = []


@dataclass
class Visit:
    """A tab that keeps note of what it asked the network for and what went wrong in it."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Requests to anywhere but the app itself, with what the security policy kept from being asked for."""
        blocked = self.page.evaluate("window.blocked")
        return [*blocked, *(url for url in self.requests if not url.startswith((self.origin, "data:", "blob:")))]

    def ask(self, question: str) -> None:
        """Write a question and send it with Enter."""
        self.page.locator("#box textarea").fill(question)
        self.page.wait_for_timeout(60)  # nobody types that fast: Gradio may not have taken the text in yet
        self.page.keyboard.press("Enter")

    def finish(self) -> None:
        """Wait until the answer is complete; say what stands there instead where it never is."""
        try:
            self.page.wait_for_selector("#exchange .foot")
        except TimeoutError as error:
            shown = self.page.locator("#chat-view").inner_html()
            raise AssertionError(f"no answer was finished; errors: {self.errors}; the chat: {shown}") from error

    def settle(self) -> None:
        """Wait until all is drawn and nothing fades in any more: half-way, colours have half their contrast."""
        self.page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        self.page.wait_for_function(STILL)

    def contrast(self, selector: str) -> float:
        """The contrast of the first such element's text against what is behind it."""
        return float(self.page.locator(selector).first.evaluate(CONTRAST))


@pytest.fixture(scope="session")
def origin() -> str:
    """The address of a page in front of the stand-in session."""
    return standing()


@cache
def standing(pause: float = 0.04, warming: float = 0.3) -> str:
    """The address of a page in front of a stand-in session that takes so long, the same for all tests of the process.

    What it keeps of conversations is everybody's: who looks at that has one of its own served.
    """
    return served(StandIn(pause=pause, warming=warming))


def served(session: StandIn, host: str = "127.0.0.1") -> str:
    """The address of a page in front of a session."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        port = probe.getsockname()[1]
    serving = threading.Thread(target=serve, args=(session, host, port, None, False), daemon=True)
    serving.start()
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(address, timeout=5).close()
            break
        except OSError:
            assert serving.is_alive(), "the page could not be served"
            threading.Event().wait(0.1)
    return address


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium without a window; what a test opens in it is closed after the test."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium is installed")
    yield chromium(executable)
    for profile in PROFILES:
        profile.tidy()
    for context in {*chromium(executable).contexts} - {profile.context for profile in PROFILES}:
        context.close()


@cache
def chromium(executable: str) -> Browser:
    """The one browser of the process: a fixture is made anew for every module that imports it, Playwright can't be."""
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))


def visit(
    browser: Browser, origin: str, width: int = 1280, height: int = 800, scheme: str = "light", address: str = ""
) -> Visit:
    """Open the page in a browser profile that no other tab uses, at an address such as "?q=How"."""
    profile = _profile(browser)
    tab = Visit(profile.context.new_page(), origin, profile.requests)
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.page.on("dialog", lambda dialog: tab.errors.append(re.sub(r"\s+", " ", dialog.message)))
    tab.page.goto(f"{origin}/{address}")
    tab.page.wait_for_selector("html[data-ready] #box textarea")
    return tab


def _profile(browser: Browser) -> Profile:
    """A profile without a tab, a new one if all have some."""
    for profile in PROFILES:
        if not profile.context.pages:
            return profile
    context = browser.new_context()
    context.set_default_timeout(30_000)
    context.add_init_script(VIOLATIONS)
    made = Profile(context)
    context.on("request", lambda request: made.requests.append(request.url))
    PROFILES.append(made)
    return made
