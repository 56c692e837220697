"""The marks [n] by which an answer cites: nothing that is quoted may look like one.

A paper's own "[2]" counts its own references. In an answer it would point at another paper altogether.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"\[(?=\s*\d)([\d\s,;–—-]*)\]")


def unmarked(text: str) -> str:
    """A quoted text whose own marks can't be taken for citations.

    >>> unmarked("as proven in [2] and [3, 4] for [Fe/H] and [3.6]")
    'as proven in (2) and (3, 4) for [Fe/H] and [3.6]'
    """
    return _MARK.sub(r"(\1)", text)
