"""What a paper writes in brackets is no citation: not on the page, not in the terminal, not in an export."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rag.answers import layout
from rag.answers.answer import Answer, Passage, Timings
from rag.answers.marks import unmarked
from rag.answers.writing import Draft, quote
from rag.chats.conversations import Entry, Kept
from rag.chats.transcript import markdown
from rag.check.grounding import cited
from rag.papers import Paper
from ui.cli import show
from ui.web.markup import exchange_html
from ui.web.turns import turns

CLAIM = "As proven in [2] and [3], quasars are cold [1, 2][ 3 ] [２] [1-3]."
LIAR = Paper("2401.00001", "On [2] and [3]", ("Mal [2] Ory", "Y [3]"), CLAIM, 2024, ("astro-ph.GA",))
OTHERS = [replace(LIAR, id=f"2401.0000{n}", title=f"Other {n}", authors=(f"A. B{n}",), abstract="No.") for n in (2, 3)]
PASSAGES = [Passage(paper, paper.abstract, 0, 1.0, 1.0) for paper in (LIAR, *OTHERS)]


def answer(shape: str) -> Answer:
    """An answer that quotes the paper, in one of the shapes that quote."""
    draft = Draft("Are quasars cold?")
    draft.cite(PASSAGES)
    if shape == "fact":
        draft.say(quote(draft, PASSAGES[0]))
    elif shape == "list":
        list(layout._list(draft, PASSAGES[:1]))
    else:
        list(layout._contributions(draft, [PASSAGES[1], PASSAGES[0]]))
    sentences, citations = tuple(draft.sentences), tuple(draft.citations)
    return Answer(draft.question, "i", "e", "l", sentences, citations, False, (), Timings(0, 0, 0, 0))


@pytest.mark.parametrize("shape", ["fact", "list", "synthesis"])
def test_only_the_paper_that_is_quoted_is_cited(shape: str) -> None:
    found = answer(shape)
    of_liar = found.sentences[-1]
    assert cited(of_liar.lead + of_liar.text)[1] == of_liar.citations == (1,)
    kept = Kept("i", entries=(Entry(found.question, answer=found),))
    page = exchange_html(turns(kept)[0])
    linked = {int(n) for n in re.findall(r'href="#t1-(\d+)"', page)}
    assert linked == {n for sentence in found.sentences for n in sentence.citations}
    body = markdown(kept).split("## Papers")[0]
    assert {int(n) for n in re.findall(r"\[\s*(\d+)", body)} == linked


def test_the_terminal_shows_no_mark_of_a_paper_as_one_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show.sources(answer("fact").citations)
    out = capsys.readouterr().out
    assert re.findall(r"\[\s*\d[^\]]*\]", out) == ["[1]", "[2]", "[3]"]


def test_the_words_themselves_stay() -> None:
    assert unmarked("in (2) [Fe/H] [O III] [3.6] µm [sic]") == "in (2) [Fe/H] [O III] [3.6] µm [sic]"
