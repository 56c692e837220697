"""What is asked while an answer is written waits for its turn; long questions are folded, and too long ones told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Visit, browser, served, standing, visit
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from rag.answers.answer import Event, Finished
from rag.chats.conversations import Conversations

__all__ = ["browser"]  # a fixture, used by name

QUESTIONS = ("What is it?", "And then?", "And why?")


class Patient(StandIn):
    """Ends no answer before it may."""

    may = threading.Event()

    def ask(self, *arguments: Any, **options: Any) -> Iterator[Event]:
        for event in super().ask(*arguments, **options):
            stop = arguments[2]
            while isinstance(event, Finished) and not self.may.wait(0.05) and not stop.is_set():
                pass
            yield event


@pytest.fixture
def tab(browser: Browser, tmp_path: Path) -> Visit:
    Patient.may.clear()
    return visit(browser, served(Patient(tmp_path, pause=0.02, warming=0.0)))


def ask_more(tab: Visit) -> None:
    tab.ask(QUESTIONS[0])
    tab.page.wait_for_selector("#exchange .words")
    for question in QUESTIONS[1:]:
        tab.ask(question)
    expect(tab.page.locator("#waiting span")).to_have_text(QUESTIONS[1:])
    expect(tab.page.locator("#box textarea")).to_have_value("")
    expect(tab.page.locator(".question")).to_have_text([QUESTIONS[0]])


def test_questions_asked_meanwhile_are_answered_in_turn(tab: Visit, tmp_path: Path) -> None:
    ask_more(tab)
    Patient.may.set()
    expect(tab.page.locator(".question")).to_have_text(QUESTIONS)
    tab.finish()
    expect(tab.page.locator("#waiting li")).to_have_count(0)
    (kept,) = Conversations(tmp_path / "var" / "conversations").all()
    assert [entry.question for entry in kept.entries] == list(QUESTIONS)
    assert all(entry.answer and not entry.answer.stopped for entry in kept.entries)
    assert tab.errors == []


def test_a_question_that_waits_can_be_taken_away_with_the_keyboard(tab: Visit) -> None:
    ask_more(tab)
    remove = tab.page.get_by_role("button", name="Remove the question “And then?”")
    remove.focus()
    remove.press("Enter")
    expect(tab.page.locator("#waiting span")).to_have_text(["And why?"])
    expect(tab.page.locator("#box textarea")).to_be_focused()
    Patient.may.set()
    expect(tab.page.locator(".question")).to_have_text([QUESTIONS[0], QUESTIONS[2]])


def test_a_reload_forgets_no_question_that_waits(tab: Visit) -> None:
    ask_more(tab)
    Patient.may.set()
    tab.page.reload()
    expect(tab.page.locator(".question")).to_have_text(QUESTIONS)


def test_a_new_conversation_begins_without_those_that_waited(tab: Visit) -> None:
    ask_more(tab)
    tab.page.locator("#clear").click()
    expect(tab.page.locator("#welcome")).to_be_visible()
    expect(tab.page.locator("#waiting li")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_long_question_is_folded_and_unfolded(browser: Browser, width: int, scheme: str) -> None:
    tab = visit(browser, standing(pause=0.0), width=width, scheme=scheme)
    tab.ask("What do we know of it? " * 60)
    tab.finish()
    question = tab.page.locator("#exchange .question")
    folded = question.bounding_box()
    assert folded
    assert folded["height"] < 160
    tab.page.get_by_role("button", name="Whole question").click()
    unfolded = question.bounding_box()
    assert unfolded
    assert unfolded["height"] > folded["height"]
    assert tab.contrast(".asked .unfold") >= 4.5
    tab.page.get_by_role("button", name="Less").click()
    again = question.bounding_box()
    assert again
    assert again["height"] == folded["height"]


def test_a_question_over_the_limit_is_told_and_not_cut(tab: Visit) -> None:
    words = "x" * 20_001
    Patient.may.set()
    tab.page.locator("#box textarea").fill(words)
    expect(tab.page.locator("#too-long")).to_contain_text("20,000 characters; this one has 20,001")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_timeout(300)
    expect(tab.page.locator("#box textarea")).to_have_value(words)
    expect(tab.page.locator(".question")).to_have_count(0)
    tab.page.locator("#box textarea").fill("x y")
    expect(tab.page.locator("#too-long")).to_be_hidden()
