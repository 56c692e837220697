"""Every function of text takes time in proportion to the text, whatever character it is full of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from rag import papers
from rag.answers import attribution, marks
from rag.answers.answer import Sentence
from rag.citing import names, tex
from rag.text import citations, formulas, latex, quantities, references, sentences, terms
from ui.web import katex, markup, text

FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "terms.plain": terms.plain,
    "terms.names": terms.names,
    "terms.stems": terms.stems,
    "terms.compact": terms.compact,
    "quantities": quantities.quantities,
    "sentences.split": sentences.split,
    "papers.clean": papers.clean,
    "names.with_initials": names.with_initials,
    "references.place_of": references.place_of,
    "tex.escaped": tex.escaped,
    "citations.cited": citations.cited,
    "marks.unmarked": marks.unmarked,
    "attribution.untied": attribution.untied,
    "formulas.is_prose": formulas.is_prose,
    "formulas.in_unicode": formulas.in_unicode,
    "latex.parts": lambda words: list(latex.parts(words)),
    "latex.plain": latex.plain,
    "katex.drawn": katex.drawn,
    "text.rich": text.rich,
    "text.without_markup": text.without_markup,
    "text.emphasised": text.emphasised,
    "markup.sentence": lambda words: markup._sentence(Sentence(words, (1,)), 1),
}
AWKWARD = (
    "a", "A", "1", " ", "$", "\\", "{", "}", "[", "]", "(", ")", "-", ".", ",", "~", "^", "*", "<", "&", "'", '"', "#",
    "%", "é", "$$", "\\[", "\\(", "![", "](", "[1", "**a", "<a href", "A. ", "1 ", "1,", "a-", "1-", "1/", "1.", "10^",
    "x ", "in ", "of ", "one ", "half ", "\\a ", "+/-", "(1) ", "_1", "\n",
)  # fmt: skip
ENOUGH = 0.75  # seconds of a processor; what grows with the square takes several
TRIES = 3  # on a busy machine one may take longer by chance


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sixteen_times_the_text_takes_no_more_than_its_share(name: str) -> None:
    function, slow = FUNCTIONS[name], []
    for mark in AWKWARD:
        for size in (1_024, 4_096, 16_384):
            words, share = (mark * size)[:size], ENOUGH * size / 16_384
            if all((took := seconds(function, words)) > share for _ in range(TRIES)):
                slow.append((mark, size, round(took, 2)))
    assert slow == []


def seconds(function: Callable[[str], Any], words: str) -> float:
    """Seconds of a processor that a function takes."""
    started = time.process_time()
    function(words)
    return time.process_time() - started


@pytest.mark.parametrize(
    "number", ["10^400 m", "1e99999 s", "1.5 hundred and 20 pc", "9" * 5_000, "1 part in 10^99999"]
)
def test_a_number_beyond_all_numbers_is_read_without_a_fault(number: str) -> None:
    assert isinstance(quantities.quantities(number), list)
