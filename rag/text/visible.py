"""Text without the characters that nobody sees, which steer terminals, split lines and reorder what one reads."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    """The text without control characters, but for new lines, and without marks of direction and of no width.

    >>> visible("safe\x1b[2J\u202e\u200btext")
    'safe[2Jtext'
    """
    if text.isprintable():
        return text
    return "".join(char for char in text if char == "\n" or unicodedata.category(char)[0] != "C")
