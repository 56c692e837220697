"""A formula that a browser can't draw is shown as it was written; all others are drawn."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import stand_in
from browser import browser, served, visit
from playwright.sync_api import Browser, expect
from stand_in import HUBBLE, Citation, StandIn

from ui.web.formulas import LONGEST, drawable, parts

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
def test_a_bomb_is_no_formula(name: str) -> None:
    bomb = BOMBS[name]
    assert not drawable(bomb)
    for left, right in (("$", "$"), ("$$", "$$"), (r"\(", r"\)"), (r"\[", r"\]")):
        text = f"before $x$ {left}{bomb}{right} and $y$ after"
        assert "".join(part.text for part in parts(text)) == text
        assert [part.tex for part in parts(text) if part.tex is not None] == ["x", "y"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_papers_write_is_a_formula(formula: str) -> None:
    assert drawable(formula)
    assert [part.tex for part in parts(f"We find ${formula}$, and more.")] == [None, formula, None]


def test_there_is_an_end_to_the_formulas_of_a_text() -> None:
    assert sum(part.tex is not None for part in parts("$x$ " * 5000)) == 300


@pytest.mark.parametrize("opening", ["$", "$$", r"\[", r"\(", "[", "$a", r"\\", "{", "$5", r"\left", "**a ", "<a href"])
def test_finding_formulas_takes_time_in_proportion(opening: str) -> None:
    started = time.perf_counter()
    list(parts(opening * 50_000))
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("name", ["fractions", "powers", "rule", "rows", "definitions", "overlay"])
def test_no_bomb_ends_or_widens_the_tab(browser: Browser, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    bomb = BOMBS[name]
    shapes = f"$x$ ${bomb}$ $${bomb}$$ \\({bomb}\\) \\[{bomb}\\] $a_1$"
    paper = replace(
        HUBBLE, title=f"T {shapes}", abstract=f"A. {shapes}", categories=(f"c\\({bomb}\\)",), authors=(shapes,)
    )
    monkeypatch.setattr(stand_in, "HOSTILE", paper)
    monkeypatch.setattr(stand_in, "FOUND", (Citation(1, paper, (shapes,), 0.5),))
    tab = visit(browser, served(StandIn(pause=0)))
    tab.ask(f"What \\({bomb[:1500]}\\) is?")
    tab.finish()
    tab.page.locator("#t1-1 summary").click()
    expect(tab.page.locator("#t1-1 .title .katex")).to_have_count(2)
    expect(tab.page.locator("#t1-1 .title")).to_contain_text(bomb[:20])
    assert tab.page.locator("#exchange .question .katex").count() == 0
    assert tab.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert tab.page.evaluate("document.documentElement.scrollHeight") < 30_000
    assert tab.errors == []


def test_the_renderer_has_limits_of_its_own(browser: Browser) -> None:
    tab = visit(browser, served(StandIn(pause=0)))
    assert tab.page.evaluate("[({}).maxSize, ({}).maxExpand, ({}).strict]") == [20, 100, "ignore"]
    assert (
        tab.page.evaluate("Object.keys({}).length + (() => { let n = 0; for (const _ in {}) n++; return n; })()") == 0
    )
