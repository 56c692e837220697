"""A conversation on paper: the page prints what was asked and said, and a file of its own holds the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from browser import browser, standing, visit
from playwright.sync_api import Browser, expect
from stand_in import BAIT, HOSTILE
from test_conversations import ENTRY

from rag.answers.answer import Block, Citation, Sentence
from rag.chats.conversations import Kept
from rag.chats.transcript import written

__all__ = ["browser"]  # a fixture, used by name

QUESTION = "What is the Hubble constant?"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_shows_the_words_and_their_papers_and_nothing_to_click(browser: Browser, scheme: str) -> None:
    tab = visit(browser, standing(pause=0.0), scheme=scheme)
    for turn in (1, 2):
        tab.ask(QUESTION)
        tab.page.wait_for_selector(f"#exchange #t{turn}")
        tab.finish()
    tab.page.emulate_media(media="print")
    for gone in ("#header", "#views [role=tablist]", "#composer", "#exchange .tools", "#t2-1 .citing", "#t2-3"):
        expect(tab.page.locator(gone).first).to_be_hidden()
    for there in ("#t1", "#t2", "#past .words", "#exchange .words", "#t1-1 .title", "#t2-1 .evidence"):
        expect(tab.page.locator(there).first).to_be_visible()
    words, card = tab.page.locator("#exchange .words").bounding_box(), tab.page.locator("#t2-1").bounding_box()
    assert words
    assert card
    assert card["y"] >= words["y"] + words["height"]
    assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.contrast("#exchange .words") >= 7


def test_the_file_needs_nothing_else_and_its_citations_lead_to_papers(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "talk.html"
    file.write_text(written(Kept("starter").with_entry(ENTRY), "html"), encoding="utf-8")
    page = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    expect(page.locator("h2")).to_have_text("What is H₀?")
    for link in page.locator("p a, ul:not(.papers) a").all():
        assert page.locator(f"[id='{(link.get_attribute('href') or '')[1:]}']").count() == 1
    expect(page.locator(".papers")).to_contain_text("Milky Way Cepheid Standards")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert asked == [file.as_uri()]
    assert len(page.pdf()) > 5_000


def test_a_hostile_paper_is_mere_text_in_the_file() -> None:
    answer = ENTRY.answer
    assert answer
    blocks = (Block("prose", (Sentence(BAIT, (1,)),), BAIT),)
    entry = replace(
        ENTRY, question=BAIT, answer=replace(answer, blocks=blocks, citations=(Citation(1, HOSTILE, (BAIT,)),))
    )
    text = written(replace(Kept("starter").with_entry(entry), title=BAIT), "html")
    assert not re.search(r"<(?:script|img|svg|iframe)", text)
    assert "javascript:" not in re.sub(r">[^<]*<", "><", text)
