"""Take the pictures of the page in docs/images from the real application.

Run from the checkout: ``python benchmarks/screenshots.py [--index NAME] [--llm NAME]``. Needs the test extra and
a Chromium; index and language model must be there already.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from application import served
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
ASKED = {
    "answer": "How much energy did GW150914 radiate in gravitational waves?",
    "list": "Which papers discuss dark energy?",
    "abstention": "How long does sourdough bread need in the oven?",
}
VIEWS = {"search": "&q=black+hole+mass", "map": "&q=black+hole+mass", "lists": "", "library": ""}
PATIENCE = 300_000  # milliseconds for one answer of a language model on a slow machine


def main() -> None:
    """Start the application, take every picture, end it."""
    with served(*_flags()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for device, size in SIZES.items():
            for scheme in ("light", "dark"):
                _shoot(browser, address, f"{device}-{scheme}", size, scheme)
        browser.close()


def _flags() -> list[str]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index")
    parser.add_argument("--llm")
    chosen = vars(parser.parse_args())
    return [word for name, value in chosen.items() if value for word in (f"--{name}", value)]


def _shoot(browser: Browser, address: str, name: str, size: tuple[int, int], scheme: str) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    _settle(page)
    _save(page, f"{name}-first")
    for number, (what, question) in enumerate(ASKED.items(), 1):
        page.locator("#box textarea").fill(question)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#exchange #t{number}")
        page.wait_for_selector("#exchange .foot", timeout=PATIENCE)
        _save(page, f"{name}-{what}")
    page.locator("#kept").click()
    page.wait_for_selector("#shelf .open")
    _save(page, f"{name}-conversations")
    for view, parameters in VIEWS.items():
        page.goto(f"{address}/?view={view}{parameters}")
        page.wait_for_selector(f"#{view}-view", timeout=PATIENCE)
        page.wait_for_timeout(5000)  # the view asks the server for what it shows
        _save(page, f"{name}-{view}")
    context.close()


def _settle(page: Page) -> None:
    page.wait_for_selector("html[data-ready] #box textarea")
    page.wait_for_selector("#status .loading", state="detached", timeout=PATIENCE)


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(1000)  # fonts and the smooth scroll
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
