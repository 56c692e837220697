"""The Lists view: what its script says is done, and in a browser it is all done by keyboard, by day and by night."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import papers
import pytest
from browser import browser, served, visit
from playwright.sync_api import Browser, expect
from quick import build_index
from stand_in import BAIT, HUBBLE, PLANCK, StandIn
from viewing import serious

from rag.index.index import open_index
from rag.reading.lists import RECENT, ReadingLists
from rag.reading.reading_list import ReadingList
from rag.settings import Settings
from ui.web.text import marked_down
from ui.web.views.actions import done
from ui.web.views.lists import ListsView, Parts, Update

__all__ = ["browser"]  # a fixture, used by name

QUESTION = "What is the Hubble constant?"


class Room:
    """The view over an index of the invented papers, without a page: updates are known by the names of its parts."""

    def __init__(self, home: Path) -> None:
        settings = Settings(home=home)
        build_index(settings, "invented", str(papers.write(home / "papers.jsonl", [*papers.RECORDS])))
        index = open_index(settings.indexes, "invented")

        def known(ids: Iterator[str]) -> list[Any]:
            return index.papers([row for one in ids if (row := index.row_of(one)) is not None])

        session = SimpleNamespace(index=index, papers=known, settings=settings)
        self.lists = ReadingLists(settings.state)
        self.shared: Any = SimpleNamespace(
            sessions=SimpleNamespace(first=session), session=lambda _: session, about="about", outbox="outbox"
        )
        parts: Any = Parts(*("shelf", "page", "news", "facts", "at"))  # type: ignore[arg-type]
        self.view = ListsView(self.shared, parts)

    def do(self, kept: ReadingList | None, action: str, **values: Any) -> Update:
        return self.view.do(json.dumps({"list": kept.id if kept else "", "do": action, **values}), "")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_what_the_script_says_is_done_to_the_list_and_shown(room: Room, tmp_path: Path) -> None:
    assert "A place for what you read" in room.view.show("{}", "")["page"]
    room.do(None, "create", text="Wakes")
    wakes = room.lists.named("Wakes")
    told = room.do(wakes, "ids", text="2206.91005\n1209.0000")
    assert "1 added to Wakes" in told["news"]
    assert "<li>1209.0000</li>" in told["news"]
    room.do(wakes, "note", paper="2206.91005", text=f"See **4** {BAIT}", before="")
    shown = room.do(wakes, "tag", paper="2206.91005", text="#H0, to read")["page"]
    assert "<strong>4</strong>" in shown
    assert 'value="to read"' in shown
    assert "<img" not in shown
    assert "<script" not in shown
    assert 'value="2206.91005"' in room.view.show(json.dumps({"q": "to read"}), "")["page"]
    assert "No paper in your lists holds" in room.view.show(json.dumps({"q": "nowhere"}), "")["page"]
    (tmp_path / "mine.txt").write_text("2403.91001", encoding="utf-8")
    assert "1 added to mine" in room.view.take(str(tmp_path / "mine.txt"), "", "")["news"]
    assert "There is a reading list &#x27;mine&#x27; already" in room.do(wakes, "rename", text="mine")["news"]
    assert "Undo" in room.do(wakes, "delete")["news"]
    assert room.do(None, "restore")["at"] == wakes.id
    removed = room.do(wakes, "remove", paper="2206.91005")
    assert removed["page"].count("<article") == 0
    assert 'name="again" value="2206.91005"' in removed["news"]
    assert "<strong>4</strong>" in room.do(wakes, "again", paper="2206.91005", of=wakes.id)["page"]


def test_a_list_is_asked_exported_and_cited_as_far_as_its_papers_are_there(room: Room) -> None:
    kept = room.lists.into("Mixed", lambda now: now.with_papers([HUBBLE]))
    assert "None of these papers is in the index" in room.do(kept, "ask")["news"]
    kept = room.lists.change(kept.id, lambda now: now.with_papers(room.shared.session("").papers(["2206.91005"])))
    assert room.do(kept, "ask")["about"].papers == ("2206.91005",)
    assert "1 not in the index in use" in room.view.show(json.dumps({"list": kept.id}), "")["page"]
    assert "mixed.md" in room.do(kept, "save", form="markdown")["outbox"]
    cited = room.do(kept, "menu", form="citep", keys="short", macros=True)["outbox"]
    assert "citep{Riess2018,AdebayoLind2022}" in cited


def test_papers_are_put_into_a_list_from_anywhere_and_a_problem_is_told(room: Room) -> None:
    def menu(**values: Any) -> str:
        return str(done(room.shared, {"do": "menu", **values}, [HUBBLE, PLANCK])["outbox"])

    assert "2 added to Hubble" in menu(form="keep", list="Hubble")
    assert "2 were in Hubble already" in menu(form="keep", list="hubble")
    assert "needs a name" in menu(form="keep", list=" ")
    assert "&quot;papers&quot;: 2" in menu(form="lists")
    assert done(room.shared, {"do": "menu", "form": "citep"}, []) == {}


@pytest.mark.parametrize(
    "text", ["a\n\nb", "```\na\n\nb\n```", "| a | b |\n|---|---|\n| 1 | 2 |", "$x$ \\(y\\) \ue000z\ue001", BAIT]
)
def test_a_note_is_one_line_of_html_that_fetches_and_draws_nothing(text: str) -> None:
    drawn = marked_down(text)
    assert "\n" not in drawn
    assert not {"$", "\\", "\ue000"} & set(drawn)
    assert "<img" not in drawn
    assert "<script" not in drawn
    assert "javascript:" not in drawn.replace("link](javascript:window", "").replace("href{javascript:", "")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_paper_goes_from_a_card_into_a_list_with_a_note_and_is_asked_there_by_keyboard(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    tab = visit(browser, served(StandIn(tmp_path, pause=0.0, warming=0.0)), width=width, scheme=scheme)
    page, keys = tab.page, tab.page.keyboard
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.ask(QUESTION)
    tab.finish()
    card = page.locator("#t1-1")

    card.locator(".citing").press("Enter")
    expect(page.locator("#menu button").first).to_be_focused()
    assert serious(tab, "#menu") == []
    page.locator("#menu select").select_option("short")
    page.locator("#menu button", has_text="citep").press("Enter")
    expect(card.locator(".citing")).to_be_focused()
    page.wait_for_function("navigator.clipboard.readText().then(text => text === '\\\\citep{Riess2018}')")
    page.locator("#exchange .foot .citing").press("Enter")
    page.locator("#menu button", has_text="citet").press("Enter")
    page.wait_for_function(
        "navigator.clipboard.readText().then(text => text === '\\\\citet{Riess2018,PlanckCollaboration2018}')"
    )
    dragged = card.locator(".title > span").evaluate(
        "one => { const data = new DataTransfer();"
        "one.dispatchEvent(new DragEvent('dragstart', { dataTransfer: data, bubbles: true }));"
        "return [one.draggable, data.getData('text/plain')]; }"
    )
    assert dragged[0] is True
    assert dragged[1].startswith("@article{Riess2018_1804.10655,")

    card.locator(".keeping").press("Enter")
    page.locator("#menu input").fill("Hubble tension")
    keys.press("Enter")
    expect(page.locator("#menu")).to_be_hidden()
    card.locator("summary").press("Enter")
    page.get_by_role("tab", name="Lists", exact=True).click()
    item = page.locator("#lists-page .item")
    expect(item).to_have_count(1)
    item.locator(".edit-note").press("Enter")
    page.locator("textarea.writing").fill("See *section 4*")
    page.reload()
    expect(page.locator("textarea.writing")).to_have_value("See *section 4*")
    page.locator("textarea.writing").press("Control+Enter")
    expect(item.locator(".noted em")).to_have_text("section 4")
    item.locator(".edit-tags").press("Enter")
    page.locator("input.writing").fill("H0, to read")
    keys.press("Enter")
    expect(item.locator(".tag")).to_have_count(2)
    assert serious(tab, "#lists-view") == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for selector in (".noted", ".tag", ".item .byline", ".deeds button"):
        assert tab.contrast(f"#lists-page {selector}") >= 4.5, selector

    page.locator(".shelf .show", has_text="Recently read").press("Enter")
    expect(page.locator("#lists-page h2")).to_have_text("Recently read")
    page.go_back()
    expect(page.locator("#lists-page h2")).to_have_text("Hubble tension")
    page.locator("#lists-page .ask").press("Enter")
    expect(page.locator(".scope")).to_contain_text("Answering only from")
    (kept,) = ReadingLists(tmp_path / "var").all()
    assert [(item.paper.id, item.note, item.tags) for item in kept.items] == [
        (HUBBLE.id, "See *section 4*", ("H0", "to read"))
    ]
    assert ReadingLists(tmp_path / "var").read(RECENT) is not None
    assert tab.errors == []
    assert tab.outside == []
