"""Take the pictures of the page in docs/images from the real application.

Run from the checkout: ``python benchmarks/screenshots.py [--index NAME] [--llm NAME]``. Needs the test extra and
a Chromium; index and language model must be there already.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
ANSWERED = "How much energy did GW150914 radiate in gravitational waves?"
NOT_ANSWERED = "How long does sourdough bread need in the oven?"
PATIENCE = 300_000  # milliseconds for one answer of a language model on a slow machine


def main() -> None:
    """Start the application, take every picture, end it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    sidereus = str(Path(sys.executable).with_name("sidereus"))
    command = [sidereus, "chat", "--no-browser", "--offline", "--port", str(port)]
    application = subprocess.Popen([*command, *_flags()])
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            for device, size in SIZES.items():
                for scheme in ("light", "dark"):
                    _shoot(browser, f"http://127.0.0.1:{port}", f"{device}-{scheme}", size, scheme)
            browser.close()
    finally:
        application.terminate()
        application.wait()


def _flags() -> list[str]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index")
    parser.add_argument("--llm")
    chosen = vars(parser.parse_args())
    return [word for name, value in chosen.items() if value for word in (f"--{name}", value)]


def _shoot(browser: Browser, address: str, name: str, size: tuple[int, int], scheme: str) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    _open(page, address)
    _save(page, f"{name}-first")
    for number, (question, what) in enumerate(((ANSWERED, "answer"), (NOT_ANSWERED, "abstention")), 1):
        page.locator("#box textarea").fill(question)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#exchange #t{number}")
        page.wait_for_selector("#exchange .foot", timeout=PATIENCE)
        _save(page, f"{name}-{what}")
    context.close()


def _open(page: Page, address: str) -> None:
    for _ in range(60):
        try:
            page.goto(address)
            break
        except Exception:  # the server is not up yet
            page.wait_for_timeout(1000)
    page.wait_for_selector("#box textarea")
    page.wait_for_selector("#status .loading", state="detached", timeout=PATIENCE)


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(1000)  # fonts and the smooth scroll
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
