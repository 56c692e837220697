"""The formulas in a text: where they stand, and whether they are such as a browser can draw.

TeX is a programming language, and what a browser draws of it grows faster than what is written: 200 nested fractions
end a tab, and one rule can be a kilometre wide. A formula that is too long or too deep, that sets sizes or defines
commands is therefore left as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 400  # characters
DEEPEST = 10  # groups within groups; an abstract's formulas have up to six
MOST = 300  # formulas drawn of one text

_OPENING = re.compile(r"\$\$|\\\[|\\\(|(?<!\\)\$")
_CLOSINGS = {"$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_TO_DOLLAR = re.compile(r"(?:[^$\\]|\\.)+?(\$)", re.DOTALL)
_NEST = re.compile(r"(?P<in>\{|\\(?:left|begin)(?![A-Za-z]))|(?P<out>\}|\\(?:right|end)(?![A-Za-z]))|\\.", re.DOTALL)
_BARRED = re.compile(
    r"\\(?:"
    r"rule|[mh]?kern|[mh]skip|[vh]space\*?|raisebox|raise|lower|moveleft|moveright|vcenter|vbox|above|genfrac"
    r"|(?:math)?[lrc]lap|smash|[vh]?phantom|arraystretch|tag|href|url|includegraphics|html[A-Za-z]+"
    r"|[egx]?def|let|futurelet|global|long|char|expandafter|noexpand|(?:re|provide)?newcommand|newenvironment"
    r"|DeclareMathOperator|definecolor|f?colorbox|bbox|cssId|class|style"
    r")(?![A-Za-z])"
    r"|\\(?:\\|cr|newline)\s*\*?\s*\["  # the space below a row
    r"|&\s*&\s*&\s*&\s*&\s*&"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text: words as they are, or a formula, of which ``text`` is what was written."""

    text: str
    tex: str | None = None
    display: bool = False


def parts(text: str) -> Iterator[Part]:
    """A text in pieces, which together are the whole of it. Takes time in proportion to its length."""
    told = at = formulas = 0
    unclosed: set[str] = set()  # marks that nothing closes any more
    while opening := _OPENING.search(text, at):
        mark, start = opening[0], opening.end()
        closing = None if mark in unclosed else _closing(text, mark, start)
        if closing is None:
            unclosed.add(mark)
            at = opening.start() + 1
            continue
        stop, at = closing
        if stop and formulas < MOST and drawable(text[start:stop]):
            yield from _words(text[told : opening.start()])
            yield Part(text[opening.start() : at], text[start:stop], mark in ("$$", r"\["))
            told, formulas = at, formulas + 1
    yield from _words(text[told:])


def drawable(tex: str) -> bool:
    """Whether a formula is short, shallow, and neither sets sizes nor defines commands."""
    if len(tex) > LONGEST or _BARRED.search(tex):
        return False
    depth = 0
    for step in _NEST.finditer(tex):
        depth += bool(step["in"]) - bool(step["out"])
        if depth > DEEPEST:
            return False
    return True


def _closing(text: str, mark: str, start: int) -> tuple[int, int] | None:
    """Where a formula stops and where the text goes on, or None when nothing closes it.

    A dollar before a digit is a price and closes nothing: it stops at 0 then.
    """
    if mark != "$":
        stop = text.find(_CLOSINGS[mark], start + 1)
        return None if stop < 0 else (stop, stop + 2)
    found = _TO_DOLLAR.match(text, start)
    if found is None:
        return None
    return (0, start) if text[found.end() : found.end() + 1].isdigit() else (found.start(1), found.end())


def _words(text: str) -> Iterator[Part]:
    if text:
        yield Part(text)
