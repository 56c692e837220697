"""Citations as a language model writes them: numbers in brackets after what they are for."""

from __future__ import annotations

import re

# A run of blanks is tried from its start alone, so that many of them take no longer than their share.
CITATION = re.compile(r"(?<!\s)\s*\[(\d+(?:\s*,\s*\d+)*)\]")


def cited(sentence: str) -> tuple[str, tuple[int, ...]]:
    """A sentence without its citations, and the numbers it cites.

    >>> cited("It is 5 kpc away [1][3, 4].")
    ('It is 5 kpc away.', (1, 3, 4))
    """
    numbers = [int(n) for found in CITATION.findall(sentence) for n in found.split(",")]
    return CITATION.sub("", sentence).strip(), tuple(dict.fromkeys(numbers))
