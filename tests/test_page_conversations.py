"""Conversations on the page: kept, found again, renamed, taken away, brought back, written out; and what one may do
with an answer and its papers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import bibtexparser
import pytest
from browser import Visit, browser, served, standing, visit
from playwright.sync_api import Browser, Locator, expect
from stand_in import UNDERSTOOD, StandIn

from rag.chats import feedback
from rag.chats.conversations import Conversations
from rag.settings import load_settings

__all__ = ["browser"]  # a fixture, used by name

QUESTION = "What is the Hubble constant?"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def origin(home: Path) -> str:
    return served(StandIn(home, pause=0.01, warming=0.0))


@pytest.fixture
def tab(browser: Browser, origin: str) -> Visit:
    return visit(browser, origin)


@pytest.fixture
def store(home: Path) -> Conversations:
    return Conversations(home / "var" / "conversations")


def shelf(tab: Visit) -> Locator:
    """Open the drawer."""
    tab.page.locator("#kept").click()
    expect(tab.page.locator("#drawer")).to_be_visible()
    return tab.page.locator("#shelf")


def test_a_conversation_is_there_after_a_reload_and_after_a_restart(
    browser: Browser, tab: Visit, home: Path, store: Conversations
) -> None:
    tab.ask(QUESTION)
    tab.finish()
    tab.ask("And why do they differ?")
    tab.page.wait_for_selector("#t2")
    tab.finish()
    expect(tab.page).to_have_url(re.compile(r"(?=.*[?&]c=)(?=.*[?&]index=stand-in)(?=.*[?&]q=And\+why)"))
    tab.page.reload()
    expect(tab.page.locator(".question")).to_have_text([QUESTION, "And why do they differ?"])
    expect(tab.page.locator("#exchange .words")).to_contain_text("errors allow")
    expect(tab.page.locator("#sources .card.used")).to_have_count(2)

    (kept,) = store.all()
    assert [entry.question for entry in kept.entries] == [QUESTION, "And why do they differ?"]
    assert [path.stat().st_mode & 0o777 for path in (home / "var" / "conversations").iterdir()] == [0o600]
    restarted = visit(browser, served(StandIn(home, pause=0.01)), address=f"?c={kept.id}")
    expect(restarted.page.locator(".question")).to_have_count(2)
    restarted.ask("Once more?")
    expect(restarted.page.locator("#exchange #t3")).to_be_visible()


def test_an_answer_cut_off_by_a_reload_is_kept_as_far_as_it_came(browser: Browser, home: Path) -> None:
    tab = visit(browser, served(StandIn(home, pause=0.2)))
    tab.ask(QUESTION)
    tab.page.wait_for_selector("#exchange .words")
    expect(tab.page).to_have_url(re.compile("[?&]c="))
    tab.page.reload()
    expect(tab.page.locator("#exchange .question")).to_have_text(QUESTION)
    expect(tab.page.locator("#exchange .facts")).to_have_text("Stopped")
    tab.page.locator("#exchange .retry").click()
    expect(tab.page.locator("#exchange .words")).to_be_visible()
    expect(tab.page.locator(".question")).to_have_count(1)


def test_the_drawer_opens_searches_renames_deletes_and_takes_back(tab: Visit, store: Conversations) -> None:
    for question in ("What is dark matter?", "What are cosmic rays?"):
        tab.ask(question)
        tab.finish()
        tab.page.locator("#clear").click()
        expect(tab.page.locator("#welcome")).to_be_visible()
    rows = shelf(tab).locator(".open")
    expect(rows).to_contain_text(["What are cosmic rays?", "What is dark matter?"])
    tab.page.locator("#find textarea").fill("dark matter")
    expect(rows).to_have_count(1)
    tab.page.locator("#find textarea").fill("nothing of the kind")
    expect(tab.page.locator("#shelf .nothing")).to_be_visible()
    tab.page.locator("#find textarea").fill("")
    expect(rows).to_have_count(2)

    tab.page.locator("#shelf summary").last.click()
    tab.page.locator("#shelf .rename").last.click()
    tab.page.keyboard.type("The dark side")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#shelf")).to_contain_text("The dark side")
    assert sorted(kept.name for kept in store.all()) == ["The dark side", "What are cosmic rays?"]

    dark = tab.page.locator("#shelf li", has_text="The dark side")
    dark.locator("summary").click()
    dark.get_by_text("Delete").click()
    expect(rows).to_have_count(1)
    assert [kept.name for kept in store.all()] == ["What are cosmic rays?"]
    tab.page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)

    tab.page.locator("#shelf .open", has_text="The dark side").click()
    expect(tab.page.locator("#drawer")).not_to_be_visible()
    expect(tab.page.locator("#exchange .question")).to_have_text("What is dark matter?")
    assert tab.errors == []


def test_the_drawer_closes_with_escape_and_gives_the_focus_back(tab: Visit) -> None:
    expect(shelf(tab)).to_contain_text("What you ask is kept here")
    expect(tab.page.locator("#find textarea")).to_be_focused()
    expect(tab.page.locator("#kept")).to_have_attribute("aria-expanded", "true")
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#drawer")).not_to_be_visible()
    expect(tab.page.locator("#kept")).to_be_focused()


def test_a_conversation_is_written_out_in_three_formats(tab: Visit) -> None:
    tab.ask(QUESTION)
    tab.finish()
    shelf(tab)
    texts = {}
    for name in ("Markdown", "BibTeX", "JSON"):
        tab.page.locator("#shelf summary").click()
        with tab.page.expect_download() as download:
            tab.page.get_by_text(f"Export {name}").click()
        texts[download.value.suggested_filename] = download.value.path().read_text(encoding="utf-8")
    name = "what-is-the-hubble-constant"
    assert set(texts) == {f"{name}.md", f"{name}.bib", f"{name}.json"}
    assert f"## {QUESTION}" in texts[f"{name}.md"]
    assert "- [1] Riess et al. 2018. Milky Way Cepheid Standards" in texts[f"{name}.md"]
    entries = bibtexparser.parse_string(texts[f"{name}.bib"])
    assert not entries.failed_blocks
    assert {entry["eprint"] for entry in entries.entries} == {"1804.10655", "1807.06209"}
    assert json.loads(texts[f"{name}.json"])["entries"][0]["question"] == QUESTION


def test_the_last_question_is_rewritten_in_its_place(tab: Visit, store: Conversations) -> None:
    tab.ask(QUESTION)
    tab.finish()
    tab.page.locator("#exchange .edit").click()
    field = tab.page.get_by_label("Rewrite the question")
    expect(field).to_have_value(QUESTION)
    field.press("Escape")
    expect(tab.page.locator("#exchange .question")).to_be_visible()
    tab.page.locator("#exchange .edit").click()
    field.fill("What is the age of the Universe?")
    field.press("Enter")
    expect(tab.page.locator(".question")).to_have_text(["What is the age of the Universe?"])
    tab.finish()
    assert [[entry.question for entry in kept.entries] for kept in store.all()] == [
        ["What is the age of the Universe?"]
    ]


def test_a_question_that_was_understood_by_others_can_be_asked_as_it_stands(tab: Visit, store: Conversations) -> None:
    tab.ask("It leans on others")
    tab.finish()
    expect(tab.page.locator("#exchange .understood")).to_contain_text(f"Understood as: {UNDERSTOOD}")
    tab.page.get_by_role("button", name="Ask it as it stands").click()
    expect(tab.page.locator("#exchange .understood")).to_have_count(0)
    tab.finish()
    expect(tab.page.locator(".question")).to_have_text(["It leans on others"])
    (kept,) = store.all()
    assert [(entry.question, entry.alone) for entry in kept.entries] == [("It leans on others", True)]
    answer_differently(tab, "As a list")
    tab.page.wait_for_timeout(500)
    tab.finish()
    expect(tab.page.locator("#exchange .understood")).to_have_count(0)
    assert store.all()[0].entries[0].alone
    assert tab.errors == []


def answer_differently(tab: Visit, how: str) -> None:
    tab.page.locator("#exchange .again summary").click()
    tab.page.locator("#exchange .again").get_by_role("button", name=how).click()


def test_an_answer_can_be_had_shorter_and_from_other_papers(tab: Visit, store: Conversations) -> None:
    tab.ask(QUESTION)
    tab.finish()
    answer_differently(tab, "Shorter")
    expect(tab.page.locator("#exchange .cite")).to_have_count(1)
    tab.finish()
    assert store.all()[0].entries[0].shape == "fact"
    answer_differently(tab, "From other papers")
    expect(tab.page.locator("#sources .card[id]")).to_have_count(2)
    tab.finish()
    (kept,) = store.all()
    assert [(entry.question, entry.without) for entry in kept.entries] == [(QUESTION, ("1804.10655",))]
    assert tab.errors == []


def test_the_menu_of_other_answers_closes_with_escape(browser: Browser) -> None:
    tab = visit(browser, standing(pause=0.01))
    tab.ask(QUESTION)
    tab.finish()
    menu = tab.page.locator("#exchange .again")
    menu.locator("summary").focus()
    tab.page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="As a list")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="As a list")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_a_paper_that_is_cited_again_says_where_it_was_before(browser: Browser) -> None:
    tab = visit(browser, standing(pause=0.01))
    tab.ask(QUESTION)
    tab.finish()
    tab.ask("And then?")
    tab.page.wait_for_selector("#t2")
    tab.finish()
    expect(tab.page.locator("#t2-1 .before")).to_have_text(f"Cited before: [1] of “{QUESTION}”")
    expect(tab.page.locator("#t1-1 .before")).to_have_count(0)


def test_rewriting_an_earlier_question_begins_another_conversation_and_loses_nothing(
    tab: Visit, store: Conversations
) -> None:
    tab.ask(QUESTION)
    tab.finish()
    tab.ask("And then?")
    tab.page.wait_for_selector("#t2")
    tab.finish()
    tab.page.locator("#past .edit").click()
    field = tab.page.get_by_label("Rewrite the question")
    field.fill("What is a Cepheid?")
    field.press("Enter")
    expect(tab.page.locator(".question")).to_have_text(["What is a Cepheid?"])
    tab.finish()
    asked = [[entry.question for entry in kept.entries] for kept in store.all()]
    assert asked == [["What is a Cepheid?"], [QUESTION, "And then?"]]


def test_a_verdict_with_a_note_is_kept_on_this_machine(tab: Visit, home: Path) -> None:
    tab.ask(QUESTION)
    tab.finish()
    down = tab.page.get_by_role("button", name="Poor answer")
    expect(down).to_have_attribute("aria-pressed", "false")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    note = tab.page.get_by_label("A note on this answer")
    note.fill("It forgets the uncertainty")
    note.press("Enter")
    expect(tab.page.locator(".remark")).to_have_text("Kept. Thank you.")
    settings = load_settings(home=home)
    for _ in range(50):
        if any(given.note for given in feedback.read(settings)):
            break
        tab.page.wait_for_timeout(100)
    (given,) = feedback.read(settings)
    assert (given.vote, given.note, given.question) == ("down", "It forgets the uncertainty", QUESTION)
    assert given.papers == ("1804.10655", "1807.06209")
    tab.page.reload()
    expect(tab.page.get_by_role("button", name="Poor answer")).to_have_attribute("aria-pressed", "true")


def test_a_pinned_paper_stays_in_view_and_can_be_asked_alone(tab: Visit, store: Conversations) -> None:
    tab.ask(QUESTION)
    tab.finish()
    pin = tab.page.locator("#t1-2").get_by_role("button", name="Pin")
    pin.click()
    expect(tab.page.locator("#pins")).to_contain_text("Planck 2018 results")
    expect(tab.page.locator("#t1-2 [name=pin]")).to_have_attribute("aria-pressed", "true")
    tab.page.get_by_role("button", name="Ask about these only").click()
    expect(tab.page.locator("#scope")).to_contain_text("Answering only from “Planck 2018 results")
    tab.ask("What does it find?")
    tab.page.wait_for_selector("#t2")
    tab.finish()
    expect(tab.page.locator("#exchange .within")).to_have_text("Asked of 1 paper only")
    assert store.all()[0].entries[1].within == ("1807.06209",)
    expect(tab.page.locator("#pins")).to_contain_text("Planck 2018 results")
    tab.page.get_by_role("button", name="Ask all papers again").click()
    expect(tab.page.locator("#scope .scope")).to_have_count(0)
    tab.page.get_by_role("button", name="Unpin").click()
    expect(tab.page.locator("#pins .pins")).to_have_count(0)


def test_an_address_with_a_question_asks_it(browser: Browser, origin: str) -> None:
    tab = visit(browser, origin, address="?q=How+far+is+M31%3F")
    expect(tab.page.locator("#exchange .question")).to_have_text("How far is M31?")
    tab.finish()
    tab.page.reload()
    expect(tab.page.locator(".question")).to_have_text("How far is M31?")


def test_an_address_that_names_nothing_opens_the_first_screen(tab: Visit) -> None:
    for address in ("?c=000000000000", "?c=../../state", "?index=nowhere&c=%00", "?view=nothing"):
        tab.page.goto(f"{tab.origin}/{address}")
        tab.page.wait_for_selector("html[data-ready] #welcome")
        tab.ask(QUESTION)
        tab.finish()
    assert tab.errors == []


def test_a_full_disk_is_told_and_the_answer_still_comes(
    tab: Visit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "var").mkdir(exist_ok=True)
    (home / "var" / "conversations").write_text("a file in the way of the folder")
    tab.ask(QUESTION)
    tab.finish()
    expect(tab.page.locator("#status .problem")).to_contain_text("could not be kept")
    expect(tab.page.locator("#exchange .words")).to_contain_text("errors allow")
