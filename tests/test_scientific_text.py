"""Scientific text is read once and shown everywhere alike: drawn on the page, in Unicode where nothing is drawn."""

from __future__ import annotations

import pytest
from browser import Visit, browser, origin, visit
from playwright.sync_api import Browser, expect
from stand_in import HUBBLE

from rag.exports import ris, table
from rag.text.formulas import in_unicode, is_prose
from rag.text.latex import parts, plain
from ui.web.text import INLINE, rich

__all__ = ["browser", "origin"]  # fixtures, used by name

IN_UNICODE = {
    r"10^{9}\,M_\odot": "10⁹ M☉",
    r"H_0=73.52\pm 1.62": "H₀ = 73.52 ± 1.62",
    r"M_{\rm BH} \sim 10^{-3}": "M_BH ~ 10⁻³",
    r"\frac{a+b}{2}": "(a+b)/2",
    r"\sqrt{1+z^{2}}": "√(1+z²)",
    r"\dot{M}": "Ṁ",
    r"300\kms": "300 km s⁻¹",
    r"z\simlt 2": "z ≲ 2",
    r"^{13}": "¹³",
    r"40^{\circ}": "40°",
    r"x^{2.5}": "x^2.5",
    r"x^{a+b}": "x^(a+b)",
    r"\log g": "log g",
    r"\Lsheet": "Lsheet",
    r"\langle v \rangle": "⟨v⟩",
}


@pytest.mark.parametrize("tex", IN_UNICODE)
def test_a_formula_is_told_in_unicode(tex: str) -> None:
    assert in_unicode(tex) == IN_UNICODE[tex]


@pytest.mark.parametrize("tex", ["{" * 500 + "x", "x^" * 900, "\\frac" * 300, "a" * 5000, "}", "^", "_", "\\", ""])
def test_whatever_stands_between_dollars_has_an_end(tex: str) -> None:
    assert isinstance(in_unicode(tex), str)


def test_a_formula_before_a_number_does_not_swallow_the_sentence() -> None:
    text = r"a velocity of $\sim$80 km/s and a mass of $\le$3 $M_\odot$ in all"
    assert [part.tex for part in parts(text) if part.tex] == [r"\sim", r"\le", r"M_\odot"]
    assert plain(text) == "a velocity of ~80 km/s and a mass of ≤3 M☉ in all"


def test_prices_and_a_dollar_too_many_are_no_formulas() -> None:
    text = "It costs $5 million for this and $3 million for that, at z=2$, with $x>1$."
    assert [part.tex for part in parts(text) if part.tex] == ["x>1"]
    assert plain(text) == "It costs $5 million for this and $3 million for that, at z=2, with x > 1."
    assert is_prose("5 million for this and ")
    assert not is_prose(r"M_{\rm gas and stars} < \mathrm{all of the mass}")


def test_the_commands_of_running_text_are_read() -> None:
    text = r"R{\o}mer {\it et al.} saw Garc\'ia's 5\% ``glow''~at 10^{-3} \mu m \emph{twice}, H$\alpha$ too"
    assert plain(text) == "Rømer et al. saw García's 5% “glow” at 10⁻³ μm twice, Hα too"
    assert rich(text).replace(INLINE[0], "$").replace(INLINE[1], "$") == (
        "Rømer et al. saw García&#x27;s 5% “glow” at 10⁻³ μm twice, H$\\alpha$ too"
    )


def test_words_between_dollars_are_words() -> None:
    assert rich(r"a $collisionless$ plasma seen by $Fermi$ at $m_{max}$") == (
        f"a collisionless plasma seen by Fermi at {INLINE[0]}m_{{max}}{INLINE[1]}"
    )


def test_lines_stay_lines() -> None:
    assert plain("- $x^2$ [1]\n\n## A {\\it heading}\n- y") == "- x² [1]\n\n## A heading\n- y"


def test_tables_and_ris_are_in_unicode() -> None:
    for text in (table([HUBBLE]), ris([HUBBLE])):
        assert "H₀ at 2.3% precision" in text
        assert "73.52 ± 1.62 km s⁻¹ Mpc⁻¹" in text
        assert "\\" not in text
        assert "$" not in text


@pytest.fixture
def tab(browser: Browser, origin: str) -> Visit:
    return visit(browser, origin)


def test_a_glance_at_a_citation_shows_each_formula_once(tab: Visit) -> None:
    tab.ask("What is the Hubble constant?")
    tab.finish()
    tab.page.locator("#exchange a.cite").first.hover()
    expect(tab.page.locator("#peek .katex")).not_to_have_count(0)
    for formula in tab.page.locator("#peek .katex-mathml").all():
        box = formula.bounding_box()
        assert box is None or box["width"] <= 1
    assert (
        tab.page.locator("#peek .katex").first.evaluate("one => getComputedStyle(one).fontFamily").startswith("KaTeX")
    )


def test_an_answer_is_read_aloud_with_each_formula_once(tab: Visit) -> None:
    tab.ask("What is the Hubble constant?")
    tab.finish()
    voice = tab.page.locator("body > .sr[role=status]")
    expect(voice).to_contain_text("H0=73.52±1.62")
    assert (voice.text_content() or "").count("73.52") == 1
