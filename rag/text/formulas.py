r"""Formulas in TeX: which text between two marks is one, and the same in Unicode.

What a terminal, a table or a tooltip can't draw is told with the letters that there are: ``10^{9}\,M_\odot`` is
"10⁹ M☉". Where Unicode has no letter, TeX's own signs stay: "T_eff", "x^(2.5)".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from rag.text.macros import MACROS

LONGEST = 2000  # characters of a formula
DEEPEST = 20  # groups within groups; deeper ones are left as they were written

# Between two dollars that belong to two formulas, or to two prices, there is prose. Words in it that are set as words
# don't count.
_WORDED = re.compile(
    r"\\(?:text|mbox|hbox|math|operatorname|bf|it|rm|sf)[A-Za-z]*\s*\{[^{}]*\}|\{\\(?:rm|it|bf|sf)\b[^{}]*\}"
    r"|\\[A-Za-z]+"
)
_PROSE = re.compile(
    r"(?<![A-Za-z_^{}\\])(?:(?:the|of|and|is|are|was|were|with|from|for|by|at|that|than|this|we|an|as|which|but|or|its"
    r"|our)(?![A-Za-z_^{}])|[a-z]{2,}[,;]?\s+[a-z]{3,}[,;]?\s+[a-z]{2,}(?![A-Za-z_^{}]))"
)
_TOKEN = re.compile(r"\\(?P<name>[A-Za-z]+)\*?\s*|\\(?P<sign>.)|(?P<space>[\s~]+)|(?P<one>.)", re.S)
_SUPERSCRIPTS = dict(zip("0123456789+-−=()nidhmstr∘°′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵈʰᵐˢᵗʳ°°′", strict=True))
_SUBSCRIPTS = dict(zip("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎", strict=True))
_AS_THEY_ARE = frozenset("☉⊕⋆★*")
_ACCENTS = {
    "dot": "\u0307", "ddot": "\u0308", "bar": "\u0304", "overline": "\u0304", "hat": "\u0302", "widehat": "\u0302",
    "tilde": "\u0303", "widetilde": "\u0303", "vec": "\u20d7", "check": "\u030c", "acute": "\u0301", "grave": "\u0300",
    "breve": "\u0306", "mathring": "\u030a",
}  # fmt: skip
_RELATIONS = frozenset("=<>≤≥≲≳≈≃≅≡≠∝≪≫∼~±∓×→←↔⇒∈⊂⊃⪅⪆")
_CLOSING = frozenset("⟩)]")
_FUNCTIONS = frozenset("arccos arcsin arctan cos cosh cot det exp lim ln log max min sin sinh sup tan tanh".split())
_SIGNS = {
    "odot": "☉", "sim": "~", "lesssim": "≲", "gtrsim": "≳", "leq": "≤", "le": "≤", "leqslant": "≤", "geq": "≥",
    "ge": "≥", "geqslant": "≥", "times": "×", "cdot": "·", "ast": "*", "star": "⋆", "prime": "′", "circ": "∘",
    "ell": "ℓ", "hbar": "ħ", "infty": "∞", "to": "→", "ldots": "…", "dots": "…", "cdots": "…", "lbrace": "{",
    "rbrace": "}", "vert": "|", "Vert": "‖", "mid": "|", "parallel": "∥", "perp": "⊥", "bot": "⊥", "langle": "⟨",
    "rangle": "⟩", "varphi": "φ", "phi": "φ", "epsilon": "ε", "varepsilon": "ε", "degree": "°", "AA": "Å",
    "micro": "μ", "lt": "<", "gt": ">", "i": "i", "l": "ł", "o": "ø", "ae": "æ", "ss": "ß", "S": "§", "quad": " ",
    "qquad": " ", "space": " ", "over": "/", "nabla": "∇", "lessapprox": "≲", "gtrapprox": "≳", "neq": "≠", "ne": "≠",
    "not": "≠", "simeq": "≃", "surd": "√", "div": "÷", "partial": "∂", "Box": "□", "propto": "∝", "varpropto": "∝",
    "bullet": "•", "int": "∫", "sum": "∑", "prod": "∏",
}  # fmt: skip
_STYLES = frozenset(
    "rm it bf sf tt cal mathrm mathit mathbf mathsf mathtt mathcal mathscr mathfrak mathbb text textrm textit "
    "textbf texttt textsf textsc emph bm boldsymbol boldmath pmb operatorname left right big Big bigg Bigg bigl "
    "bigr Bigl Bigr limits nolimits displaystyle textstyle scriptstyle scriptscriptstyle mathop mathrel mathord "
    "mathbin underline substack protect mathstrut strut nonumber em sl sc phantom ensuremath hskip".split()
)


def is_prose(inside: str) -> bool:
    """Whether what stands between two marks of formulas is running text, and so no formula.

    >>> is_prose("5 million for this and"), is_prose(r"M_{\\rm gas and stars} < 10^9"), is_prose(r"\\sim")
    (True, False, False)
    """
    return bool(_PROSE.search(_WORDED.sub(" # ", inside)))


def in_unicode(tex: str) -> str:
    r"""A formula with the letters of Unicode; as it was written when it is too long or too deep for that.

    >>> in_unicode(r"M_{\rm BH} \sim 10^{9}\,M_\odot"), in_unicode(r"\frac{a+b}{2}"), in_unicode(r"H_0 = 70\pm 2")
    ('M_BH ~ 10⁹ M☉', '(a+b)/2', 'H₀ = 70 ± 2')
    """
    if len(tex) > LONGEST:
        return tex
    try:
        said = _Formula(tex).read()
    except RecursionError:
        return tex
    return " ".join(unicodedata.normalize("NFC", said).split())


class _Formula:
    """Reads one formula from left to right."""

    def __init__(self, tex: str, depth: int = 0) -> None:
        if depth > DEEPEST:
            raise RecursionError
        self.tex, self.at, self.depth = tex, 0, depth

    def read(self) -> str:
        pieces = ""
        while self.at < len(self.tex):
            pieces = self._joined(pieces, self._next())
        return pieces

    def _joined(self, before: str, piece: str) -> str:
        """Relations between two terms stand apart from them, and functions from what they are of."""
        if piece in _RELATIONS and before.strip() and before[-1] not in "(<>=±" and not before.endswith(" "):
            return f"{before} {piece} "
        if piece in _RELATIONS and before.endswith(" ") and before.strip():
            return f"{before}{piece} "
        if before.endswith(" ") and piece == " ":
            return before
        return (before.rstrip() if piece in _CLOSING else before) + piece

    def _next(self) -> str:
        match = _TOKEN.match(self.tex, self.at)
        assert match is not None
        self.at = match.end()
        if match["name"]:
            return self._command(match["name"])
        if match["sign"]:
            return " " if match["sign"] in " ,;:~\\\n" else "" if match["sign"] in "!/()[]'\"`^." else match["sign"]
        if match["space"]:
            return " "
        return self._character(match["one"])

    def _character(self, one: str) -> str:
        if one == "{":
            return self._inner(self._group())
        if one == "^":
            return _raised(self._argument())
        if one == "_":
            return _lowered(self._argument())
        return {"}": "", "-": "−", "'": "′", "&": " ", "$": ""}.get(one, one)

    def _command(self, name: str) -> str:
        if name in _STYLES:
            return ""
        if name in ("frac", "dfrac", "tfrac", "nicefrac"):
            return f"{_enclosed(self._argument())}/{_enclosed(self._argument())}"
        if name == "sqrt":
            return f"√{_enclosed(self._argument())}"
        if name == "stackrel":
            return "" if self._argument() == "" else self._argument()
        if name in ("begin", "end", "label", "hspace", "vspace"):
            self._argument()
            return " "
        if name in _ACCENTS:
            inner = self._argument()
            return inner + _ACCENTS[name] if len(inner) == 1 else inner
        if name in _FUNCTIONS:
            return f" {name} " if self.at > len(name) + 1 else f"{name} "
        if name in MACROS and name not in _SIGNS:
            return self._inner(MACROS[name])
        return _SIGNS.get(name) or _letter(name) or name

    def _argument(self) -> str:
        """What a command or a script is of: the group that follows, or one sign."""
        while self.tex[self.at : self.at + 1].isspace():
            self.at += 1
        if self.tex[self.at : self.at + 1] == "{":
            self.at += 1
            return self._inner(self._group()).strip()
        if self.tex[self.at : self.at + 1] in ("", "}"):
            return ""
        inner = _Formula(self.tex, self.depth + 1)
        inner.at = self.at
        said = inner._next()
        while not said and inner.at < len(self.tex) and self.tex[inner.at] != "}":  # a command of style, then a sign
            said = inner._next()
        self.at = inner.at
        return said.strip()

    def _group(self) -> str:
        """What a group holds that has just been opened; the rest of the formula when it is not closed."""
        start, depth = self.at, 1
        for brace in re.compile(r"\\.|[{}]", re.S).finditer(self.tex, start):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                self.at = brace.end()
                return self.tex[start : brace.start()]
        self.at = len(self.tex)
        return self.tex[start:]

    def _inner(self, tex: str) -> str:
        return _Formula(tex, self.depth + 1).read()


def _raised(said: str) -> str:
    return _scripted(said, _SUPERSCRIPTS, "^")


def _lowered(said: str) -> str:
    return said if said in _AS_THEY_ARE else _scripted(said, _SUBSCRIPTS, "_")


def _scripted(said: str, letters: dict[str, str], mark: str) -> str:
    bare = said.replace(" ", "")
    if bare in ("", "*", "⋆"):
        return bare
    if bare in ("∘", "°"):
        return "°"
    if set(bare) == {"′"}:
        return {"′": "′", "′′": "″"}.get(bare, bare)
    if all(sign in letters for sign in bare):
        return "".join(letters[sign] for sign in bare)
    if len(said) > 1 and not re.fullmatch(r"[\w.]+|−[\d.]+", said):
        return f"{mark}({said})"
    return mark + said


def _enclosed(said: str) -> str:
    return f"({said})" if re.search(r"[\s+−=±×/]", said) else said


@cache
def _letter(name: str) -> str:
    """The sign of Unicode that pylatexenc knows for a command, empty when there is none."""
    from pylatexenc.latex2text import get_default_latex_context_db

    macro = get_default_latex_context_db().get_macro_spec(name)
    sign: str | Callable[..., str] | None = getattr(macro, "simplify_repl", None)
    return sign if isinstance(sign, str) and "%" not in sign and not sign.isspace() else ""
