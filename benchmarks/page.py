"""How soon the page is there and how quickly it takes keys: first paint, usable box, latency while answers stream.

Run from the checkout: ``python benchmarks/page.py [--index NAME]``. Needs the test extra and a Chromium. The
application runs offline in a temporary home with links to the models and the indexes, so nothing of yours changes.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from statistics import median
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from application import served
from machine import Row, describe, table
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
CONTEXTS = 5
WAITING = 20
KEYS = 40
PATIENCE = 300_000  # milliseconds
QUESTIONS = ("What is the mass of the black hole in M87?", "How far away is TRAPPIST-1?")
# The time from a key to the next picture that can show it.
LATENCY = """() => {
    window.latencies = [];
    document.querySelector("#box textarea").addEventListener("keydown", (event) =>
        requestAnimationFrame(() => setTimeout(() => window.latencies.push(performance.now() - event.timeStamp))));
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
USABLE = """() => {
    const box = document.querySelector("#box textarea");
    return box && box.offsetParent && "ready" in document.documentElement.dataset ? performance.now() : null;
}"""


def main() -> None:
    """Print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index to ask")
    index = parser.parse_args().index
    with served("--index", index) as address, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        rows = [*_arrivals(browser, address), *_latency(browser, address)]
        browser.close()
    print(describe(f"The page in Chromium without a window, index {index}"))
    print(table(rows))


def _arrivals(browser: Browser, address: str) -> Iterator[Row]:
    """First paint and usable box, each in a fresh context."""
    paints, usable = [], []
    for _ in range(CONTEXTS):
        context = browser.new_context()
        page = context.new_page()
        page.goto(address, wait_until="commit")
        usable.append(float(page.wait_for_function(USABLE, timeout=PATIENCE).json_value()))
        paints.append(float(page.evaluate(PAINT)))
        context.close()
    yield Row(f"first contentful paint, median of {CONTEXTS} fresh contexts", f"{median(paints) / 1000:.2f} s", "1.5 s")
    yield Row(f"usable box, median of {CONTEXTS} fresh contexts", f"{median(usable) / 1000:.2f} s", "3 s")


def _latency(browser: Browser, address: str) -> Iterator[Row]:
    """Keys typed while an answer streams and others wait, after the same on an idle page."""
    page = _opened(browser, address)
    yield _typed(page, "idle")
    with page.expect_request("**/queue/join*") as request:
        _ask(page, QUESTIONS[0])
    page.wait_for_selector("#exchange .foot", timeout=PATIENCE)
    others = [Thread(target=_wait, args=(address, request.value.post_data_json, n)) for n in range(WAITING)]
    for other in others:
        other.start()
    _ask(page, QUESTIONS[1])
    page.wait_for_selector("#exchange #t2")
    yield _typed(page, f"while an answer streams and {WAITING} other people wait for theirs")
    for other in others:
        other.join()


def _wait(address: str, request: dict[str, Any], number: int) -> None:
    """Ask what the page asked, as somebody else would whose browser is elsewhere, and hear the answer out."""
    person = f"other{number}"
    asked = json.dumps({**request, "session_hash": person}).encode()
    headers = {"Content-Type": "application/json"}
    urlopen(Request(f"{address}/gradio_api/queue/join", asked, headers), timeout=60).close()
    with urlopen(f"{address}/gradio_api/queue/data?session_hash={person}", timeout=600) as events:
        for line in events:
            if b"process_completed" in line:
                return


def _typed(page: Page, when: str) -> Row:
    page.evaluate(LATENCY)
    box = page.locator("#box textarea")
    box.focus()
    for key in "supernovae " * (KEYS // 11 + 1):
        page.keyboard.press("Space" if key == " " else key)
        page.wait_for_timeout(30)
    page.wait_for_timeout(300)
    latencies = sorted(page.evaluate("window.latencies"))
    box.fill("")
    worst = latencies[int(0.95 * (len(latencies) - 1))]
    return Row(f"key to next frame, {when}", f"p50 {median(latencies):.0f} ms, p95 {worst:.0f} ms", "100 ms")


def _ask(page: Page, question: str) -> None:
    page.locator("#box textarea").fill(question)
    page.locator("#box textarea").press("Enter")


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_function(USABLE)
    return page


if __name__ == "__main__":
    main()
