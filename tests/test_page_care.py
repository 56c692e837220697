"""The page for everybody: screen readers, keys, small screens, and nothing that jumps."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser import Visit, browser, origin, standing, visit
from playwright.sync_api import Browser, expect

__all__ = ["browser", "origin"]  # fixtures, used by name

QUESTION = "What is the Hubble constant?"
GRAVE = {"serious", "critical"}


def grave(tab: Visit) -> list[str]:
    """What axe finds that keeps somebody from using the page, with the elements it is about."""
    tab.settle()
    tab.page.evaluate(AXE_SCRIPT)
    found = tab.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_grave_in_any_state_of_the_chat(
    browser: Browser, origin: str, scheme: str, width: int
) -> None:
    tab = visit(browser, origin, width=width, scheme=scheme)
    assert grave(tab) == []
    tab.ask(QUESTION)
    tab.page.wait_for_selector("#exchange .words")
    tab.finish()
    tab.page.locator("#t1-1 summary").click()
    tab.page.locator("#t1-2 [name=pin]").click()
    tab.page.wait_for_selector("#pins .pins")
    tab.page.get_by_role("button", name="Ask about these only").click()
    tab.page.wait_for_selector("#scope .scope")
    tab.page.get_by_role("button", name="Good answer").click()
    assert grave(tab) == []
    tab.page.locator("#kept").click()
    tab.page.wait_for_selector("#shelf .open")
    tab.page.locator("#shelf summary").first.click()
    assert grave(tab) == []
    tab.page.keyboard.press("Escape")
    tab.page.locator("#exchange .edit").click()
    assert grave(tab) == []


def test_nothing_jumps_while_an_answer_streams(browser: Browser, origin: str) -> None:
    tab = visit(browser, origin)
    tab.ask(QUESTION)
    tab.page.wait_for_selector("#sources .card")
    # By the page's own clock the question comes to the top in this time.
    tab.page.evaluate("() => new Promise((done) => setTimeout(done, 800))")
    tab.page.locator("#t1-2 summary").click()
    tab.page.evaluate(
        """() => {
            window.shift = 0;
            new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value)))
                .observe({ type: "layout-shift", buffered: false });
        }"""
    )
    before = tab.page.locator("#t1-3").bounding_box()
    tab.finish()
    tab.page.wait_for_timeout(300)
    assert tab.page.locator("#t1-3").bounding_box() == before
    assert tab.page.locator("#t1-2 details").get_attribute("open") is not None
    assert tab.page.evaluate("window.shift") < 0.02


def test_the_whole_way_can_be_gone_with_keys(browser: Browser, origin: str) -> None:
    tab = visit(browser, origin)
    tab.page.locator("#box textarea").blur()
    tab.page.keyboard.press("/")
    tab.page.keyboard.type(QUESTION)
    tab.page.keyboard.press("Enter")
    tab.finish()
    citation = tab.page.locator("#exchange a.cite").first
    citation.focus()
    expect(tab.page.locator("#peek")).to_be_visible()
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#t1-1")).to_be_focused()
    for _ in range(3):
        tab.page.keyboard.press("Tab")
        if tab.page.evaluate("document.activeElement.matches('#t1-1 summary')"):
            break
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#t1-1 details p")).to_be_visible()
    tab.page.locator("#views [role=tab][aria-selected=true]").focus()
    expect(tab.page.locator("#views [role=tab][aria-selected=true]")).to_be_focused()


def test_what_happens_is_said_to_screen_readers(browser: Browser) -> None:
    tab = visit(browser, standing(pause=0.4))  # slow enough for a busy machine to draw every step
    voice = tab.page.locator(".sr[role=status]")
    tab.ask(QUESTION)
    expect(voice).to_contain_text("searching")
    tab.finish()
    expect(voice).to_contain_text("Answer: Cepheids of the Milky Way")


def test_nothing_hangs_over_the_edge_at_any_width(browser: Browser, origin: str) -> None:
    tab = visit(browser, origin, width=390, height=844)
    tab.ask(QUESTION)
    tab.finish()
    for width in (390, 820, 1280, 2560):
        tab.page.set_viewport_size({"width": width, "height": 844})
        tab.settle()
        for name in ("#clear", "#kept", "#box", "#views [role=tab]", "#t1-1"):
            box = tab.page.locator(name).first.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width, (name, width)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
