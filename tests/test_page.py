"""The page in a real browser, in front of a scripted session."""

from __future__ import annotations

import socket

import pytest
from browser import Visit, browser, origin, standing, visit
from playwright.sync_api import Browser, expect
from stand_in import BAIT

from rag.errors import SidereusError
from ui.web.server import listen
from ui.web.text import DISPLAY, INLINE, escaped, rich, without_markup

__all__ = ["browser", "origin"]  # fixtures, used by name

# After a question is sent the page can do nothing for a while, so that all that is drawn of the answer comes at once.
BUSY = """() => document.addEventListener("keydown", (event) => event.key === "Enter" && setTimeout(() => {
    const until = performance.now() + 700;
    while (performance.now() < until);
}, 25), { once: true })"""
QUESTION = "What is the Hubble constant?"


@pytest.fixture
def tab(browser: Browser, origin: str) -> Visit:
    return visit(browser, origin)


def test_first_screen_says_what_is_loaded_and_examples_ask(tab: Visit) -> None:
    for words in ("13,124 papers", "1992–2025", "all-minilm-l6-v2", "smollm2-135m-instruct", "very small model"):
        expect(tab.page.locator("#welcome")).to_contain_text(words)
    expect(tab.page.locator(".example")).to_have_count(4)
    tab.page.locator(".example").first.click()
    expect(tab.page.locator("#exchange .question")).to_contain_text("GW150914")
    expect(tab.page.locator("#welcome")).to_be_hidden()


# At each change of the page: how many cards of sources there are, and how long the answer is.
WATCH = """() => {
    window.seen = [];
    const count = (selector) => document.querySelectorAll(selector).length;
    const length = () => document.querySelector("#exchange .words")?.textContent.length ?? 0;
    new MutationObserver(() => seen.push([count("#sources .card"), length()]))
        .observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def test_an_answer_streams_beside_its_sources_and_citations_lead_to_cards(tab: Visit) -> None:
    tab.page.evaluate(WATCH)
    tab.ask(QUESTION)
    tab.finish()
    with_sources = [length for cards, length in tab.page.evaluate("seen") if cards]
    assert min(with_sources) < max(with_sources)
    expect(tab.page.locator("#sources .card[id]")).to_have_count(3)
    expect(tab.page.locator("#sources .card.used")).to_have_count(2)
    expect(tab.page.locator("#t1-3:not(.used)")).to_be_visible()

    citation = tab.page.locator('#exchange a.cite[href="#t1-2"]').first
    citation.hover()
    expect(tab.page.locator("#peek")).to_contain_text("Planck finds a Hubble constant")
    expect(tab.page.locator("#peek")).to_contain_text("Digest written for Sidereus")
    citation.click()
    expect(tab.page.locator("#t1-2.lit")).to_be_in_viewport()
    expect(tab.page.locator("#t1-2")).to_be_focused()
    assert tab.errors == []


def test_a_card_shows_the_paper_its_evidence_and_what_kind_of_text_it_is(tab: Visit) -> None:
    tab.ask(QUESTION)
    tab.finish()
    card = tab.page.locator("#t1-1")
    expect(card.locator(".byline > span").first).to_have_text(
        "Adam G. Riess, Stefano Casertano, Wenlong Yuan et al. · 2018 · astro-ph.CO, astro-ph.SR"
    )
    places = ["abs/1804.10655", "pdf/1804.10655"]
    links = card.locator(".links a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert links[:2] == [f"https://arxiv.org/{place}" for place in places]
    assert links[2] == "https://ui.adsabs.harvard.edu/abs/arXiv:1804.10655/abstract"
    expect(card.locator(".relevance")).to_have_attribute("title", "Relevance 92 %")
    card.locator("summary").click()
    expect(card.locator("mark")).to_contain_text("The best estimate of the Hubble constant")
    expect(tab.page.locator("#t1-2 .label")).to_have_text("Digest written for Sidereus, not the authors' abstract")
    expect(tab.page.locator("#t1-3 .label")).to_have_text("Withdrawn by its authors")
    card.locator(".citing").click()
    tab.page.locator("#menu button", has_text="BibTeX").click()
    expect(card.locator(".citing")).to_have_text("Copied")


def test_mathematics_is_drawn_in_answers_titles_and_abstracts(tab: Visit) -> None:
    tab.ask(QUESTION)
    tab.finish()
    expect(tab.page.locator("#exchange .words .katex")).not_to_have_count(0)
    expect(tab.page.locator("#t1-1 .title .katex")).to_have_count(1)
    assert tab.page.locator("#t1-1 details .katex").count() >= 4
    assert tab.page.locator(".katex-error").count() == 0
    assert "$" not in tab.page.locator("#conversation").inner_text()


@pytest.mark.parametrize("how", ["button", "escape"])
def test_stop_ends_an_answer_at_once_and_it_can_be_asked_again(browser: Browser, how: str) -> None:
    tab = visit(browser, standing(pause=0.25))  # seconds are left when the first words are seen
    tab.ask(QUESTION)
    tab.page.wait_for_selector("#exchange .words")
    if how == "button":
        tab.page.locator("#box .stop-button").click()
    else:
        tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector("#exchange .foot")
    expect(tab.page.locator("#exchange .facts")).to_contain_text("Stopped")
    assert "allow" not in tab.page.locator("#exchange .words").inner_text()
    tab.page.locator("#exchange .retry").click()
    expect(tab.page.locator("#exchange .words")).to_contain_text("errors allow", timeout=60_000)
    expect(tab.page.locator(".question")).to_have_count(1)


def test_an_abstention_shows_the_nearest_papers_and_a_new_conversation_starts_over(tab: Visit) -> None:
    tab.ask("abstain")
    tab.finish()
    expect(tab.page.locator("#sources .heading")).to_have_text("Nearest papers, none of which clearly answers this")
    expect(tab.page.locator("#sources .card")).to_have_count(2)
    tab.ask(QUESTION)
    expect(tab.page.locator("#past .question")).to_have_text("abstain")
    tab.page.locator("#clear").click()
    expect(tab.page.locator("#welcome")).to_be_visible()
    expect(tab.page.locator(".question")).to_have_count(0)
    tab.ask("once more")
    tab.finish()
    expect(tab.page.locator(".question")).to_have_text("once more")


def test_a_browser_that_is_busy_while_an_answer_comes_in_misses_nothing_of_it(browser: Browser) -> None:
    tab = visit(browser, standing(pause=0.0))
    for question in ("first", "second", "third"):
        tab.page.evaluate(BUSY)
        tab.ask(question)
        tab.finish()
        expect(tab.page.locator("#exchange .question")).to_have_text(question)
        expect(tab.page.locator("#box .submit-button")).to_be_visible()
        expect(tab.page.locator("#box textarea")).to_have_value("")
        tab.page.locator("#clear").click()
        expect(tab.page.locator("#welcome")).to_be_visible()


def test_keys(tab: Visit) -> None:
    box = tab.page.locator("#box textarea")
    box.fill("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    assert box.input_value() == "one\ntwo"
    box.blur()
    tab.page.keyboard.press("/")
    expect(box).to_be_focused()
    assert box.input_value() == "one\ntwo"


def test_what_is_typed_while_a_conversation_is_begun_stays(tab: Visit) -> None:
    tab.ask("How")
    tab.finish()
    box = tab.page.locator("#box textarea")
    tab.page.locator("#clear").click()
    box.fill("What limits")
    tab.page.wait_for_selector("#welcome")
    tab.page.wait_for_timeout(300)
    expect(box).to_have_value("What limits")


def test_nothing_planted_in_papers_or_answers_does_anything(tab: Visit) -> None:
    tab.ask("bait")
    tab.finish()
    tab.page.locator("#sources summary").first.click()
    tab.page.locator("#sources [name=pin]").click()
    tab.page.wait_for_selector("#pins .pins")
    tab.page.get_by_role("button", name="Ask about these only").click()
    tab.page.locator("#exchange a.cite").first.hover()
    tab.page.locator("#clear").click()
    tab.ask(f"bait {BAIT}")
    tab.finish()
    tab.page.locator("#kept").click()
    tab.page.wait_for_selector("#shelf .open")
    tab.page.locator("#drawer-close").click()
    tab.page.reload()
    tab.finish()
    tab.page.wait_for_timeout(500)
    assert tab.page.evaluate("window.fired") is None
    assert tab.page.locator("#conversation :is(img, script, iframe, object, svg [onload])").count() == 0
    links = tab.page.eval_on_selector_all("#conversation a", "all => all.map(a => a.getAttribute('href'))")
    assert all(link.startswith(("#t1", "https://arxiv.org/", "https://ui.adsabs.harvard.edu/abs/")) for link in links)
    assert tab.outside == []
    assert tab.errors == []


def test_the_page_talks_to_its_own_origin_only_and_says_so_to_the_browser(tab: Visit) -> None:
    tab.ask(QUESTION)
    tab.finish()
    assert tab.requests
    assert tab.outside == []
    policy = tab.page.request.get(tab.origin).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy


def test_a_phone_shows_sources_below_the_answer_and_never_scrolls_sideways(browser: Browser, origin: str) -> None:
    tab = visit(browser, origin, width=390, height=844)
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert tab.page.evaluate(wide) <= 0
    tab.ask(f"{QUESTION} {'unbreakable' * 12}")
    tab.finish()
    assert tab.page.evaluate(wide) <= 0
    answer, card = (tab.page.locator(part).first.bounding_box() for part in ("#exchange .answer", "#sources .card"))
    assert answer and card
    assert card["y"] >= answer["y"] + answer["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_by_day_and_by_night(browser: Browser, origin: str, scheme: str) -> None:
    tab = visit(browser, origin, scheme=scheme)
    for selector in (".welcome .lead", ".welcome dd", ".example", "#box textarea", "#box .submit-button"):
        assert tab.contrast(selector) >= 4.5, selector
    tab.ask(QUESTION)
    tab.finish()
    tab.page.locator("#t1-1 summary").click()
    card = (".title", ".byline", ".evidence", "summary", "mark", ".number", ".links a", ".citing")
    for selector in (".question", ".words", "a.cite", ".facts", *(f"#t1-1 {part}" for part in card), "#t1-2 .label"):
        assert tab.contrast(selector) >= 4.5, selector


def test_two_browsers_at_once_get_their_own_answers(browser: Browser, origin: str) -> None:
    first, second = visit(browser, origin), visit(browser, origin)
    first.ask("first question, at length")
    first.page.wait_for_selector("#exchange .words")
    second.ask("second question")
    expect(second.page.locator("#exchange .status")).to_have_text("waiting: 1 ahead of you")
    first.page.keyboard.press("Escape")
    first.finish()
    second.finish()
    expect(first.page.locator("#exchange .question")).to_have_text("first question, at length")
    expect(second.page.locator("#exchange .question")).to_have_text("second question")
    expect(second.page.locator("#exchange .words")).to_contain_text("errors allow")


def test_a_taken_port_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SidereusError, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_only_formulas_leave_with_delimiters() -> None:
    (left, right), (first, last) = INLINE, DISPLAY
    assert rich(r"a $x<y$ b \$5 & 10\%") == f"a {left}x&lt;y{right} b $5 &amp; 10%"
    assert rich(r"$$a\)b$$") == f"{first}ab{last}"
    assert rich(f"$a{right}{left}b$ {left}") == f"{left}ab{right} "
    assert escaped(rf"\(x\){left}") == "&#92;(x&#92;)"


def test_links_and_images_of_a_model_lose_their_targets() -> None:
    assert without_markup("see [this](http://e.invalid) ![x](http://e.invalid)[1](http://e.invalid)") == "see this x[1]"
    assert without_markup("r<R and <b>M</b> <img src=x>") == "r<R and <b>M</b> "
