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


def test_each_update_of_an_answer_sets_again_what_is_no_text(handlers: dict[str, Any]) -> None:
    """Of two updates that come at once Gradio's client loses the properties that the second does not set."""
    opening, *others = _run(handlers, "What is the Hubble constant?", "one")
    set_at_first = {part: set(value) - {"value"} for part, value in opening.items() if isinstance(value, dict)}
    assert set_at_first
    assert len(others) >= 4
    for update in others:
        assert all(names <= set(update[part]) for part, names in set_at_first.items())


def test_the_last_update_of_an_answer_draws_no_answer_since_gradio_draws_it_twice(handlers: dict[str, Any]) -> None:
    *_, before, last = _run(handlers, "What is the Hubble constant?", "one more")
    assert "exchange" in {part.elem_id for part in before}
    assert not {part.elem_id for part in last} & {"exchange", "sources", "past", "pins", "place"}
    assert gr.update(submit_btn="Ask", stop_btn=False) in last.values()


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
