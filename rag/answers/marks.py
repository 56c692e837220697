"""The marks [n] by which an answer cites: nothing that is quoted may look like one.

A paper's own "[2]" counts its own references. In an answer it would point at another paper altogether.
"""

from __future__ import annotations

import re

from rag.text.formulas import is_prose

_MARK = re.compile(r"\[(?=\s*\d)([\d\s,;–—-]*)\]")
_FORMULA = re.compile(r"\$\$[^$]{1,400}\$\$|\$[^$]{1,400}\$|\\\([^$]{1,400}?\\\)|\\\[[^$]{1,400}?\\\]")
# What brackets with numbers mean in a formula: an interval, or one of several that a letter stands for.
_MEANT = re.compile(r"\[\s*\d+\s*,\s*\d+\s*\]|(?<=[\w}_^)])\[\s*\d+\s*\]", re.ASCII)


def unmarked(text: str) -> str:
    """A quoted text whose own marks can't be taken for citations; what formulas say stays.

    >>> unmarked("as proven in [2] and [3, 4] for [Fe/H] and [3.6]")
    'as proven in (2) and (3, 4) for [Fe/H] and [3.6]'
    >>> unmarked("spins in $[0, 1]$ and $x[2]$, as proven in $[2]$ and [0, 1]")
    'spins in $[0, 1]$ and $x[2]$, as proven in $(2)$ and (0, 1)'
    """
    parts, end = [], 0
    for formula in _FORMULA.finditer(text):
        if not is_prose(formula[0].strip("$")):  # what stands between the prices of two telescopes
            parts += [_MARK.sub(r"(\1)", text[end : formula.start()]), _MARK.sub(_of_formula, formula[0])]
            end = formula.end()
    return "".join([*parts, _MARK.sub(r"(\1)", text[end:])])


def _of_formula(mark: re.Match[str]) -> str:
    return mark[0] if _MEANT.match(mark.string, mark.start(), mark.end()) else f"({mark[1]})"
