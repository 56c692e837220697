"""What a paper writes in brackets is no citation: not on the page, not in the terminal, not in an export."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rag.answers import layout, render
from rag.answers.answer import Answer, Timings
from rag.answers.composition import Composition
from rag.answers.gathering import Gathered
from rag.answers.marks import unmarked
from rag.chats.conversations import Entry, Kept
from rag.chats.transcript import markdown
from rag.evidence.passage import Passage
from rag.papers import Paper
from rag.question.readings import Reading
from rag.retrieval.hits import Hit
from rag.text.citations import cited
from ui.cli import show
from ui.web.markup import exchange_html
from ui.web.turns import turns

CLAIM = "As proven in [2] and [3], quasars are cold [1, 2][ 3 ] [２] [1-3]."
LIAR = Paper("2401.00001", "On [2] and [3]", ("Mal [2] Ory", "Y [3]"), CLAIM, 2024, ("astro-ph.GA",))
OTHERS = [replace(LIAR, id=f"2401.0000{n}", title=f"Other {n}", authors=(f"A. B{n}",), abstract="No.") for n in (2, 3)]
PASSAGES = [Passage(paper, paper.abstract, 0, 1.0, 1.0) for paper in (LIAR, *OTHERS)]


def answer(shape: str) -> Answer:
    """An answer that quotes the paper, in one of the shapes that quote."""
    composition = Composition("Are quasars cold?")
    composition.cite(PASSAGES)
    if shape == "fact":
        composition.say(composition.quote(PASSAGES[0]))
    elif shape == "list":
        hits = tuple(Hit(n, 0.5, passage.paper) for n, passage in enumerate(PASSAGES[:1], start=1))
        list(layout._list(composition, Gathered(Reading("quasars"), hits, tuple(PASSAGES[:1]))))
    else:
        hits = tuple(Hit(n, 0.5, passage.paper) for n, passage in enumerate(PASSAGES[1::-1], start=1))
        list(layout._each(composition, Gathered(Reading("quasars"), hits, tuple(PASSAGES))))
    return Answer(
        composition.question, "i", "e", "l", composition.blocks, composition.citations, "answered", (),
        Timings(0, 0, 0, 0),
    )  # fmt: skip


@pytest.mark.parametrize("shape", ["fact", "list", "synthesis"])
def test_only_the_paper_that_is_quoted_is_cited(shape: str) -> None:
    found = answer(shape)
    of_liar = found.sentences[-1]
    assert cited(f"{of_liar.label}: {render.marked(of_liar)}")[1] == of_liar.citations == (1,)
    kept = Kept("i", entries=(Entry(found.question, answer=found),))
    page = exchange_html(turns(kept)[0])
    linked = {int(n) for n in re.findall(r'href="#t1-(\d+)"', page)}
    assert linked == {n for sentence in found.sentences for n in sentence.citations}
    body = markdown(kept).split("\n- [")[0]
    assert {int(n) for n in re.findall(r"\[\s*(\d+)", body)} == linked


def test_the_terminal_shows_no_mark_of_a_paper_as_one_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show.sources(answer("fact").citations)
    out = capsys.readouterr().out
    assert re.findall(r"\[\s*\d[^\]]*\]", out) == ["[1]", "[2]", "[3]"]


def test_the_words_themselves_stay() -> None:
    assert unmarked("in (2) [Fe/H] [O III] [3.6] µm [sic]") == "in (2) [Fe/H] [O III] [3.6] µm [sic]"


@pytest.mark.parametrize(
    "formula",
    [
        r"$[0,1]$", r"$x \in [0, 1]$", r"\(a \in [0,2]\)", r"$$[1,3]$$", r"\[[0, 1]\]", r"$a[2]$", r"$x_{i}[3] + y$",
    ],
)  # fmt: skip
def test_a_formula_says_what_it_said(formula: str) -> None:
    assert unmarked(f"Spins lie in {formula}, see [2].") == f"Spins lie in {formula}, see (2)."


@pytest.mark.parametrize(
    "text", ["$[2]$", "$ [2] $ and $[3]$", "it costs $5, as proven in [2] and [3, 4] with US$ 7", "$in [2] and [3]$"]
)
def test_a_formula_hides_no_mark(text: str) -> None:
    assert not re.search(r"\[\s*\d", unmarked(text))
