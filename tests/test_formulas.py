"""A formula that a browser can't draw is told in Unicode or left as it was written; all others are drawn."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
import stand_in
from browser import browser, standing, visit
from playwright.sync_api import Browser, expect
from stand_in import HUBBLE, Citation

from rag.text.latex import parts
from ui.web.katex import KNOWN, LONGEST, drawn
from ui.web.text import INLINE, rich

__all__ = ["browser"]  # a fixture, used by name

BOMBS = {
    "fractions": r"\frac{1}{" * 200 + "x" + "}" * 200,
    "powers": "x^{" * 500 + "x" + "}" * 500,
    "eleven deep": "{" * 11 + "x" + "}" * 11,
    "fences": r"\left(" * 20 + "x" + r"\right)" * 20,
    "tables": r"\begin{matrix}" * 11 + "x" + r"\end{matrix}" * 11,
    "long": "x+" * LONGEST,
    "rule": r"\rule{9999em}{9999em}",
    "kern": r"a\kern9999em b",
    "raisebox": r"\raisebox{9999em}{x}",
    "hspace": r"\hspace{9999em}",
    "starred": r"\hspace*{9999em}",
    "rows": r"\begin{matrix}a\\[9999em]b\end{matrix}",
    "definitions": r"\def\a{\a\a}\a",
    "overlay": r"\rlap{over}",
    "links": r"\href{http://a}{b}",
}
FORMULAS = (
    r"H_0 = 73.52 \pm 1.62",
    r"\frac{\sqrt{1+z^{2}}}{\Omega_{\rm m}^{0.55}}",
    r"\left(\frac{M_{\star}}{10^{11}\,{\rm M}_{\odot}}\right)^{-0.6}",
    r"[\mathrm{Fe}/\mathrm{H}]",
    r"\begin{pmatrix}1 & 0\\0 & 1\end{pmatrix}",
    r"\Lambda{\rm CDM}",
)


@pytest.mark.parametrize("name", BOMBS)
def test_of_a_bomb_nothing_is_drawn_that_sets_sizes_or_defines_commands(name: str) -> None:
    bomb = BOMBS[name]
    seen = drawn(bomb)
    assert seen is None or (set(re.findall(r"\\([A-Za-z]+)", seen)) <= KNOWN and "[9999em]" not in seen)
    for left, right in (("$", "$"), ("$$", "$$"), (r"\(", r"\)"), (r"\[", r"\]")):
        shown = rich(f"before $x$ {left}{bomb}{right} and $y$ after")
        assert shown.startswith(f"before {INLINE[0]}x{INLINE[1]} ")
        assert shown.endswith(f" and {INLINE[0]}y{INLINE[1]} after")


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_papers_write_is_drawn_as_it_is(formula: str) -> None:
    assert drawn(formula) == formula
    assert [part.tex for part in parts(f"We find ${formula}$, and more.")] == [None, formula, None]


@pytest.mark.parametrize(
    "broken",
    [
        "x^2^3",
        "x_a_b",
        "a & b",
        "x^{2",
        "2}",
        r"\frac{1}",
        r"\left( x",
        r"\dot\mathbf r",
        r"R_\sum",
        r"\text{a&b}",
        "x^",
    ],
)
def test_a_formula_that_is_not_well_formed_is_told_in_unicode(broken: str) -> None:
    assert drawn(broken) is None
    assert not set(rich(f"a ${broken}$ b")) & {INLINE[0], "\\", "$"}


def test_what_authors_defined_is_drawn_as_what_it_stands_for_and_else_by_its_name() -> None:
    assert drawn(r"z\simlt2") == r"z\lesssim 2"
    assert drawn(r"300\kms") == r"300\,\mathrm{km\,s^{-1}}"
    assert drawn(r"\Lsheet") == r"\mathrm{Lsheet}"
    assert drawn("5%") == r"5\%"
    assert drawn("M\\ ") == "M~"


def test_there_is_an_end_to_the_formulas_of_a_text() -> None:
    assert rich("$x$ " * 5000).count(INLINE[0]) == 300


@pytest.mark.parametrize("opening", ["$", "$$", r"\[", r"\(", "[", "$a", r"\\", "{", "$5", r"\left", "**a ", "<a href"])
def test_finding_formulas_takes_time_in_proportion(opening: str) -> None:
    started = time.thread_time()
    list(parts(opening * 50_000))
    assert time.thread_time() - started < 2.0


def test_no_bomb_ends_or_widens_the_tab(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = visit(browser, standing(pause=0.0))
    for bomb in map(BOMBS.get, ("fractions", "powers", "rule", "rows", "definitions", "overlay")):
        assert bomb
        shapes = f"$x$ ${bomb}$ $${bomb}$$ \\({bomb}\\) \\[{bomb}\\] $a_1$"
        paper = replace(
            HUBBLE, title=f"T {shapes}", abstract=f"A. {shapes}", categories=(f"c\\({bomb}\\)",), authors=(shapes,)
        )
        monkeypatch.setattr(stand_in, "HOSTILE", paper)
        monkeypatch.setattr(stand_in, "FOUND", (Citation(1, paper, (shapes,), 0.5),))
        tab.ask(f"What \\({bomb[:1500]}\\) is?")
        tab.finish()
        tab.page.locator("#t1-1 summary").click()
        expect(tab.page.locator("#t1-1 .title .katex")).not_to_have_count(0)
        assert tab.page.locator("#exchange .question .katex").count() == 0
        assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert tab.page.evaluate("document.documentElement.scrollHeight") < 30_000
        tab.page.locator("#clear").click()
        expect(tab.page.locator(".question")).to_have_count(0)
    assert tab.errors == []


def test_the_renderer_has_limits_of_its_own(browser: Browser) -> None:
    tab = visit(browser, standing(pause=0.0))
    assert tab.page.evaluate("[({}).maxSize, ({}).maxExpand]") == [20, 100]
    assert (
        tab.page.evaluate("Object.keys({}).length + (() => { let n = 0; for (const _ in {}) n++; return n; })()") == 0
    )
