"""Text as LaTeX takes it: signs that mean something there are escaped, and braces match."""

from __future__ import annotations

import re

SPECIAL = re.compile(r"(?<!\\)([&%#_])(?![^$]*\$(?:[^$]*\$[^$]*\$)*[^$]*$)")


def escaped(text: str) -> str:
    """Text, with its formulas, that can stand in an argument and not end it."""
    balanced = text if _is_balanced(text) else text.replace("{", "(").replace("}", ")")
    return SPECIAL.sub(r"\\\1", balanced.rstrip("\\"))  # or the brace behind it would be one of the text


def bare(value: str) -> str:
    """A name for machines, without anything that could end its argument."""
    return re.sub(r"[{}\\\s\"]", "", value)


def _is_balanced(text: str) -> bool:
    depth = 0
    for mark in re.findall(r"\\[{}]|[{}]", text):
        # Whoever reads BibTeX may or may not count a brace behind a backslash, so none may stand there.
        depth += 1 if mark == "{" else -1 if mark == "}" else -1_000_000
        if depth < 0:
            return False
    return depth == 0
