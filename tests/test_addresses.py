"""Every view and conversation has an address, and reload, Back, Forward and a shared link lead there."""

from __future__ import annotations

import re

import pytest
from browser import Visit, browser
from playwright.sync_api import Browser, Page, expect
from viewing import Observatory, look, observatory

__all__ = ["browser", "observatory"]  # fixtures, used by name

FIRST, SECOND = "What is dark energy?", "How are exoplanets found?"


@pytest.fixture
def tab(browser: Browser, observatory: Observatory) -> Visit:
    return look(browser, observatory, "Chat")


def go(page: Page, view: str) -> None:
    page.get_by_role("tab", name=view).click()
    expect(page.locator("html")).to_have_attribute("data-view", view.lower())


def ask(tab: Visit, question: str) -> None:
    tab.ask(question)
    expect(tab.page.locator("#exchange .question")).to_have_text(question)
    tab.finish()


def search(page: Page, words: str) -> None:
    page.locator("#find-words").fill(words)
    page.locator("#find-words").press("Enter")
    expect(page).to_have_url(re.compile(f"view=search.*q={words}"))
    expect(page.locator("#search-results:not([aria-busy]) .paper").first).to_be_visible()


def test_another_view_and_back_keeps_the_conversation_and_a_reload_shows_it(tab: Visit) -> None:
    ask(tab, FIRST)
    expect(tab.page).to_have_url(re.compile("[?&]c="))
    here = tab.page.url
    go(tab.page, "Search")
    search(tab.page, "pulsar")
    go(tab.page, "Chat")
    assert tab.page.url == here
    tab.page.reload()
    expect(tab.page.locator("#exchange .question")).to_have_text(FIRST)
    expect(tab.page.locator(".question")).to_have_count(1)
    assert tab.page.url == here


def test_words_of_the_search_are_never_asked_in_the_chat(tab: Visit) -> None:
    go(tab.page, "Search")
    search(tab.page, "pulsar")
    go(tab.page, "Chat")
    assert "pulsar" not in tab.page.url
    tab.page.reload()
    expect(tab.page.locator("#welcome")).to_be_visible()
    tab.page.wait_for_timeout(500)
    expect(tab.page.locator(".question")).to_have_count(0)


def test_back_and_forward_lead_through_views_searches_and_conversations(tab: Visit) -> None:
    ask(tab, FIRST)
    go(tab.page, "Search")
    search(tab.page, "pulsar")
    search(tab.page, "quasar")
    tab.page.go_back()
    expect(tab.page.locator("#find-words")).to_have_value("pulsar")
    expect(tab.page.locator("#search-results:not([aria-busy]) .paper").first).to_be_visible()
    tab.page.go_back()
    tab.page.go_back()
    expect(tab.page.get_by_role("tab", name="Chat")).to_have_attribute("aria-selected", "true")
    expect(tab.page.locator("#exchange .question")).to_have_text(FIRST)
    tab.page.go_forward()
    expect(tab.page.get_by_role("tab", name="Search")).to_have_attribute("aria-selected", "true")
    tab.page.go_forward()
    expect(tab.page.locator("#find-words")).to_have_value("pulsar")
    assert tab.errors == []


def test_back_leads_to_the_conversation_before(tab: Visit) -> None:
    ask(tab, FIRST)
    tab.page.locator("#clear").click()
    expect(tab.page.locator("#welcome")).to_be_visible()
    ask(tab, SECOND)
    tab.page.go_back()
    expect(tab.page.locator("#welcome")).to_be_visible()
    tab.page.go_back()
    expect(tab.page.locator(".question")).to_have_text([FIRST])
    tab.page.go_forward()
    tab.page.go_forward()
    expect(tab.page.locator(".question")).to_have_text([SECOND])
    ask(tab, "And from the ground?")
    expect(tab.page.locator(".question")).to_have_count(2)


def test_the_map_has_words_of_its_own(tab: Visit) -> None:
    go(tab.page, "Search")
    search(tab.page, "pulsar")
    go(tab.page, "Map")
    tab.page.wait_for_selector("#map-legend button")
    expect(tab.page.locator("#light-words")).to_have_value("")
    tab.page.locator("#light-words").fill("comet")
    tab.page.locator("#light-words").press("Enter")
    expect(tab.page).to_have_url(re.compile("view=map.*q=comet"))
    expect(tab.page.locator("#map-state")).to_contain_text("lit")
    go(tab.page, "Search")
    expect(tab.page).to_have_url(re.compile("view=search.*q=pulsar"))
    tab.page.go_back()
    expect(tab.page.get_by_role("tab", name="Map")).to_have_attribute("aria-selected", "true")
    expect(tab.page.locator("#light-words")).to_have_value("comet")


@pytest.mark.parametrize(
    ("address", "view", "field", "words"),
    [
        ("?view=search&q=pulsar&since=2010", "Search", "#find-words", "pulsar"),
        ("?view=map&q=comet", "Map", "#light-words", "comet"),
    ],
)
def test_a_shared_link_opens_the_view_with_its_words(
    tab: Visit, observatory: Observatory, address: str, view: str, field: str, words: str
) -> None:
    tab.page.goto(f"{observatory.address}/{address}")
    expect(tab.page.get_by_role("tab", name=view)).to_have_attribute("aria-selected", "true")
    expect(tab.page.locator(field)).to_have_value(words)
    expect(tab.page).to_have_url(re.compile(f"q={words}"))


def test_a_link_to_a_library_of_another_index_opens_that_index(tab: Visit, observatory: Observatory) -> None:
    tab.page.goto(f"{observatory.address}/?view=library&index=invented")
    expect(tab.page.get_by_role("tab", name="Library")).to_have_attribute("aria-selected", "true")
    expect(tab.page.locator("#library-indexes")).to_contain_text("What invented holds")
