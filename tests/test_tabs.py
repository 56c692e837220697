"""A tab goes on in its conversation, however many others come and go."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from browser import browser, served, visit
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from rag.chats.conversations import Conversations, Entry
from ui.web import app, tabs
from ui.web.tabs import Tabs
from ui.web.warming import Warmings

__all__ = ["browser"]  # a fixture, used by name


@pytest.fixture
def open_tabs(tmp_path: Path) -> Tabs:
    return Tabs(Conversations(tmp_path / "conversations"))


def test_a_tab_that_was_let_go_comes_back_to_its_conversation(open_tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabs, "_MOST", 5)
    mine = open_tabs.of("mine", "starter")
    mine.change(mine.kept, lambda kept: kept.with_entry(Entry("What is dark matter?")))
    for n in range(20):
        open_tabs.of(f"other {n}", "starter")
    again = open_tabs.of("mine", "starter")
    assert again is not mine
    assert again.kept == mine.kept


def test_stopping_a_tab_that_is_not_there_makes_none(open_tabs: Tabs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabs, "_MOST", 5)
    mine = open_tabs.of("mine", "starter")
    for n in range(20):
        open_tabs.stop(f"never seen {n}")
    assert open_tabs.of("mine", "starter") is mine
    open_tabs.stop("mine")
    assert mine.stop.is_set()


def test_heartbeats_of_nobody_take_no_tab_away(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabs, "_MOST", 3)
    page = served(StandIn(pause=0))
    tab = visit(browser, page)
    tab.ask("first")
    tab.finish()
    for n in range(12):
        requests.get(f"{page}/gradio_api/heartbeat/nobody{n}", timeout=30, stream=True).close()
    threading.Event().wait(1)
    tab.ask("second")
    expect(tab.page.locator("#exchange .question")).to_have_text("second")
    expect(tab.page.locator("#past .question")).to_have_text("first")


def test_gradio_keeps_the_state_of_few_tabs(tmp_path: Path) -> None:
    mounted: Any = app.mounted(StandIn(tmp_path), Warmings(), None)
    (page,) = (route.app for route in mounted.routes if hasattr(getattr(route, "app", None), "state_holder"))
    for n in range(150):
        _ = page.state_holder[f"tab {n}"]
    assert len(page.state_holder.session_data) == app.MOST_STATES
