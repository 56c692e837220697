"""The names of authors as bibliographies sort and shorten them."""

from __future__ import annotations

import re

from rag.text.personal_names import PARTICLES, SUFFIXES

COLLECTIVE = re.compile(r"collaboration|team|consortium|group", re.I)
MORE = "et al."  # stands for the authors that are not named


def surname_first(author: str) -> str:
    """A person's name as catalogues sort it; that of a collaboration as it is.

    >>> surname_first("Adam G. Riess"), surname_first("Arjen van der Wel"), surname_first("Planck Collaboration")
    ('Riess, Adam G.', 'van der Wel, Arjen', 'Planck Collaboration')
    """
    given, last = _split(author)
    return f"{last}, {given}" if given else last


def surname(author: str) -> str:
    """The surname, with its particles and what follows it; a collaboration's whole name."""
    return _split(author)[1]


def with_initials(author: str, between: str = " ") -> str:
    """The surname and the initials of the given names.

    >>> with_initials("Adam G. Riess"), with_initials("Jean-Pierre Luminet"), with_initials("A.G. Riess", "~")
    ('Riess, A. G.', 'Luminet, J.-P.', 'Riess, A.~G.')
    """
    given, last = _split(author)
    initials = [_initial(name) for name in re.findall(r"[^\s.]+", given.replace(".-", "-"))]
    return ", ".join(part for part in (last, between.join(filter(None, initials))) if part)


def _initial(name: str) -> str:
    parts = [part[0].upper() for part in name.split("-") if part and part[0].isalpha()]
    return "".join(f"{'-' if place else ''}{letter}." for place, letter in enumerate(parts))


def _split(author: str) -> tuple[str, str]:
    words = author.split()
    if len(words) < 2 or COLLECTIVE.search(author):
        return "", author
    start = len(words) - 1
    while start > 1 and words[start].strip(".").lower() in SUFFIXES:
        start -= 1
    while start > 1 and words[start - 1] in PARTICLES:  # as written in small letters: De may be a given name
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])
