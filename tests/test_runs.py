"""What the page draws when an answer ends or another question takes its place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from stand_in import StandIn

from ui.web.app import build
from ui.web.shared import Handed
from ui.web.warming import Warmings

Draw = dict[Any, Any]


@pytest.fixture(scope="module")
def handlers() -> dict[str, Any]:
    """The page's handlers by their names."""
    page = build(StandIn(pause=0, warming=0), Warmings())  # type: ignore[arg-type]
    return {fn.name: fn.fn for fn in page.fns.values() if fn.fn}


def _request(tab: str) -> SimpleNamespace:
    return SimpleNamespace(session_hash=tab, query_params={}, username=None, client=None)


def _run(handlers: dict[str, Any], question: str, tab: str) -> Any:
    return handlers["ask"](question, Handed(), "", False, _request(tab))


def _draws_nothing(update: Draw) -> bool:
    return all(value == gr.skip() for value in update.values())


def test_every_update_of_an_answer_says_all_that_changed_since_the_question(handlers: dict[str, Any]) -> None:
    """Gradio's client may draw only the latest of several that come at once."""
    first, *others = _run(handlers, "What is the Hubble constant?", "one")
    assert len(others) >= 4
    for update in others:
        assert set(update) >= set(first) - {part for part in first if part.elem_id == "review"}
        for part, value in first.items():
            if isinstance(value, dict):
                assert set(value) - {"value"} <= set(update[part])


def test_the_last_update_of_an_answer_is_whole_since_gradio_draws_it_twice(handlers: dict[str, Any]) -> None:
    *_, last = _run(handlers, "What is the Hubble constant?", "one more")
    shown = {part.elem_id: value for part, value in last.items() if part.elem_id}
    assert 'class="foot"' in shown["exchange"]
    assert shown["box"] == gr.update(submit_btn="Ask", stop_btn=False)
    assert shown["conversation"] == gr.update(visible=True)


def test_an_answer_whose_place_was_taken_draws_nothing_more(handlers: dict[str, Any]) -> None:
    first = _run(handlers, "What is the Hubble constant?", "two")
    next(first)
    for _ in _run(handlers, "And its error?", "two"):
        pass
    left = list(first)
    assert left and all(_draws_nothing(update) for update in left)


def test_an_answer_whose_conversation_was_left_draws_nothing_more(handlers: dict[str, Any]) -> None:
    first = _run(handlers, "What is the Hubble constant?", "three")
    next(first)
    handlers["clear"]("", _request("three"))
    left = list(first)
    assert left and all(_draws_nothing(update) for update in left)
