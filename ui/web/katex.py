"""What the page's renderer of formulas, KaTeX, can draw of TeX; what authors defined themselves is put in its terms.

TeX is a programming language, and what a browser draws of it grows faster than what is written: 200 nested fractions
end a tab, and one rule can be a kilometre wide. Only commands that draw are let through, in formulas that are short
and shallow.
"""

from __future__ import annotations

import re

from rag.text.macros import MACROS

LONGEST = 400  # characters
DEEPEST = 10  # groups within groups; an abstract's formulas have up to six

KNOWN = frozenset(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi
    varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon
    Phi Psi Omega digamma ell hbar hslash imath jmath wp aleph beth eth mho Re Im
    le leq leqq leqslant ge geq geqq geqslant lt gt ll gg lll ggg lesssim gtrsim lessapprox gtrapprox lessgtr gtrless
    prec succ preceq succeq precsim succsim sim simeq approx approxeq cong equiv doteq propto varpropto ne neq not
    in notin ni subset supset subseteq supseteq mid nmid parallel nparallel perp bot top vdash models asymp
    times div cdot pm mp ast star circ bullet oplus ominus otimes odot oslash wedge vee cap cup setminus uplus sqcap
    sqcup bigoplus bigotimes bigcup bigcap bigtriangleup bigtriangledown triangle triangleleft triangleright diamond
    Diamond Box square blacksquare bigcirc amalg dagger ddagger dag ddag wr rtimes ltimes shortparallel circledR
    to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow longrightarrow
    Longrightarrow longleftrightarrow mapsto uparrow downarrow updownarrow Uparrow Downarrow nearrow searrow swarrow
    nwarrow hookrightarrow rightleftharpoons leadsto rightharpoonup leftharpoonup iff implies
    sum prod int iint iiint oint coprod lim limsup liminf sup inf max min arg det dim exp gcd hom ker lg ln log deg Pr
    sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth
    nabla partial infty forall exists nexists neg lnot emptyset varnothing angle measuredangle prime backprime surd
    therefore because ldots cdots vdots ddots dots dotsc dotsb natural flat sharp checkmark
    langle rangle lbrace rbrace lbrack rbrack lfloor rfloor lceil rceil vert Vert lvert rvert lVert rVert backslash
    left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr bigm
    frac dfrac tfrac sqrt binom stackrel overset underset over choose substack
    hat widehat tilde widetilde bar overline underline vec dot ddot dddot check acute grave breve mathring
    overrightarrow overleftarrow overbrace underbrace
    rm it bf sf tt cal mathrm mathit mathbf mathsf mathtt mathcal mathscr mathfrak mathbb boldsymbol bm pmb
    text textrm textit textbf textsf texttt textnormal emph operatorname
    quad qquad enspace thinspace displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits
    begin end hline
    """.split()
)
_WITHOUT_EFFECT = frozenset(
    "protect noindent relax nonumber boldmath unboldmath em sl sc normalsize small large null allowbreak nolinebreak "
    "ensuremath strut mathstrut bgroup egroup mathchar nonumber displaylimits".split()
)
_PERCENT = re.compile(r"(?<!\\)%")  # would hide the rest of the formula
_COMMAND = re.compile(r"\\([A-Za-z]+)(\*?)|\\(.)", re.S)
_BARRED = re.compile(r"\\(?:\\|cr|newline)\s*\*?\s*\[|&\s*&\s*&\s*&\s*&\s*&")  # the space below a row, wide tables
_SIGNS = frozenset(",;:!>{}%&#_$|\\")  # that mean something behind a backslash
_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\S", re.S)
_FONTS = frozenset(f"\\{name}" for name in "mathrm mathit mathbf mathsf mathtt mathcal mathscr mathfrak mathbb".split())
_TEXTS = frozenset(f"\\{name}" for name in "text textrm textit textbf textsf texttt textnormal emph".split())
_OF_TWO = frozenset(f"\\{name}" for name in "frac dfrac tfrac binom stackrel overset underset".split())
_OF_ONE = _FONTS | frozenset(
    f"\\{name}"
    for name in "sqrt hat widehat tilde widetilde bar overline underline vec dot ddot dddot check acute grave breve "
    "mathring overrightarrow overleftarrow overbrace underbrace boldsymbol bm pmb operatorname substack".split()
)
_BETWEEN = frozenset(  # what stands alone, and so is no exponent
    f"\\{name}"
    for name in "sum prod int iint iiint oint coprod bigoplus bigotimes bigcup bigcap over choose "
    "left right middle begin end rm it bf sf tt cal limits nolimits displaystyle textstyle scriptstyle".split()
)
_FENCES = re.compile(r"\\(?:left|right|middle)(?![A-Za-z])\s*(\\[A-Za-z{}|]+|.)?", re.S)
_FENCE = frozenset("()[]|/.<>") | frozenset(
    f"\\{name}"
    for name in "{ } | lbrace rbrace langle rangle lfloor rfloor lceil rceil vert Vert lvert rvert lVert rVert lbrack "
    "rbrack backslash uparrow downarrow".split()
)
_ENVIRONMENTS = frozenset(
    "matrix pmatrix bmatrix vmatrix Bmatrix Vmatrix smallmatrix array cases aligned split".split()
)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*(?:\{([^{}]*)\})?(?:\{[^{}]*\})?")


def drawn(tex: str) -> str | None:
    """A formula as KaTeX draws it, or None when it must not: too long, too deep, or not well formed.

    >>> drawn(r"z\\simlt 2\\kms"), drawn(r"x^{2"), drawn(r"\\Lsheet")
    ('z\\\\lesssim  2\\\\,\\\\mathrm{km\\\\,s^{-1}}', None, '\\\\mathrm{Lsheet}')
    """
    if len(tex) > LONGEST or _BARRED.search(tex):
        return None
    known = _COMMAND.sub(_known, _PERCENT.sub(r"\\%", tex))
    return known if len(known) <= 2 * LONGEST and _is_well_formed(known) else None


def _known(match: re.Match[str]) -> str:
    """A command as KaTeX knows it: a known one, what an author's own stands for, or else its name."""
    name, sign = match[1], match[3]
    if sign is not None:
        return match[0] if sign in _SIGNS else "~" if sign.isspace() else "" if sign in "()[]/-@" else sign
    if name in MACROS:
        return MACROS[name]
    if name in KNOWN:
        return f"\\{name}"
    return "" if name in _WITHOUT_EFFECT else rf"\mathrm{{{name}}}"


def _is_well_formed(tex: str) -> bool:
    """Whether groups, fences and environments close, commands have what they are of, and scripts a single base."""
    if not all(match[1] in _FENCE for match in _FENCES.finditer(tex)):
        return False
    within = [match[1] for match in _ENVIRONMENT.finditer(tex)]
    if not all(name in _ENVIRONMENTS for name in within):
        return False
    shape = _Shape(bool(within))
    return all(map(shape.takes, _TOKEN.findall(_ENVIRONMENT.sub(_rows, _FENCES.sub(_fence, tex))))) and shape.ends


def _fence(match: re.Match[str]) -> str:
    return "{" if "left" in match[0] else "}" if "right" in match[0] else " "


def _rows(match: re.Match[str]) -> str:
    return "{" if "begin" in match[0] else "}"


class _Shape:
    """Follows a formula sign by sign, through the groups it is in."""

    def __init__(self, in_rows: bool) -> None:
        self._in_rows = in_rows  # where & goes to the next column
        self._outer: list[tuple[int, set[str], bool]] = []
        self._missing = 0  # arguments still to come
        self._scripts: set[str] = set()  # what the last base has already
        self._text = self._opens_text = False

    @property
    def ends(self) -> bool:
        """Whether the formula may end here."""
        return not self._outer and not self._missing

    def takes(self, sign: str) -> bool:
        """Whether a sign may come next."""
        if sign == "{":
            return self._open()
        if sign == "}":
            return self._close()
        if self._text:
            return not (sign in "^_&#%$" or (sign[0] == "\\" and sign not in _TEXTS and sign[1].isalpha()))
        if sign in ("^", "_", "'"):
            return self._script(sign)
        if sign in ("#", "%", "$") or (sign == "&" and not self._in_rows):
            return False
        return self._atom(sign)

    def _open(self) -> bool:
        if self._missing:
            self._missing -= 1
        else:
            self._scripts = set()
        self._outer.append((self._missing, self._scripts, self._text))
        self._missing, self._scripts = 0, set()
        self._text, self._opens_text = self._text or self._opens_text, False
        return len(self._outer) <= DEEPEST

    def _close(self) -> bool:
        if self._missing or not self._outer:
            return False
        self._missing, self._scripts, self._text = self._outer.pop()
        return True

    def _script(self, sign: str) -> bool:
        if self._missing or sign in self._scripts or (sign == "'" and "^" in self._scripts):
            return False
        if sign != "'":
            self._scripts = self._scripts | {sign}
            self._missing = 1
        return True

    def _atom(self, sign: str) -> bool:
        of = 2 if sign in _OF_TWO else 1 if sign in _OF_ONE or sign in _TEXTS else 0
        if self._missing:
            if sign in _BETWEEN or (of and not (sign in _FONTS | _TEXTS and self._scripts)):
                return False
            self._missing += of - 1
        else:
            self._missing, self._scripts = of, set()
        self._opens_text = sign in _TEXTS
        return True
