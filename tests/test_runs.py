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


def _run(handlers: dict[str, Any], question: str, tab: str) -> Any:
    return handlers["ask"](question, Handed(), "", False, SimpleNamespace(session_hash=tab, query_params={}))


def _draws_nothing(update: Draw) -> bool:
    return all(value == gr.skip() for value in update.values())


def test_the_last_update_of_an_answer_draws_nothing_since_gradio_draws_it_twice(handlers: dict[str, Any]) -> None:
    *_, ready, last = _run(handlers, "What is the Hubble constant?", "one")
    assert not _draws_nothing(ready)
    assert _draws_nothing(last)


def test_an_answer_whose_place_was_taken_draws_nothing_more(handlers: dict[str, Any]) -> None:
    first = _run(handlers, "What is the Hubble constant?", "two")
    next(first)
    second = list(_run(handlers, "And its error?", "two"))
    left = list(first)
    assert left and all(_draws_nothing(update) for update in left)
    assert not any(_draws_nothing(update) for update in second[:-1])


def test_an_answer_whose_conversation_was_left_draws_nothing_more(handlers: dict[str, Any]) -> None:
    first = _run(handlers, "What is the Hubble constant?", "three")
    next(first)
    handlers["clear"]("", SimpleNamespace(session_hash="three", query_params={}))
    left = list(first)
    assert left and all(_draws_nothing(update) for update in left)
