"""Author names: the keys under which an index files them, and the keys that find what a person typed.

Keys are folded (no case, no accents). A name gives its words and, with a comma after the surname,
``riess,``, ``riess, a`` and either ``riess, adam`` or, when only an initial is known, ``riess, a.``.
A collaboration gives its words and the whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

PARTICLES = frozenset(
    "al af bin da dal de del della den der di do dos du el ibn la le st ten ter van von zu zur".split()
)
SUFFIXES = frozenset("jr sr ii iii iv".split())
COLLECTIVE = re.compile(r"\b(?:collaborations?|consorti(?:um|a)|teams?|group)\b", re.I)
# Letters that Unicode does not decompose into a letter and an accent.
LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'", "‐": "-"}
)
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
CONTRACTED = re.compile(r"(?<=[^\W\d_])([aou])e(?=[^\W\d_]{2})")


@dataclass(frozen=True, slots=True)
class Alternatives:
    """How an author may be filed: under any key of ``any_of``, or under all keys of one tuple of ``all_of``."""

    any_of: tuple[str, ...]
    all_of: tuple[tuple[str, ...], ...]


def folded(name: str) -> str:
    """A name without case and accents, for comparison."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def author_keys(authors: Iterable[str]) -> set[str]:
    """All keys of the authors of a paper."""
    keys: set[str] = set()
    for author in authors:
        parts = _words(folded(author))
        keys.update(part for part in parts if len(part) > 1)
        if COLLECTIVE.search(author):
            keys.add(" ".join(parts))
        else:
            given, surname = _split(parts)
            for filed in {" ".join(surname), surname[-1]} if surname else ():
                keys.add(f"{filed},")
                keys.update(f"{filed}, {key}" for key in _given_keys(given))
    return keys


def people(author: str) -> list[str]:
    """The single names in "Press & Schechter" or "Hewish and Bell Burnell"."""
    return [name for name in re.split(r"\s*(?:&|;|\band\b)\s*", author) if any(c.isalpha() for c in name)]


def alternatives(name: str, by_surname: bool = False) -> Alternatives:
    """The keys that find a name as typed: "Riess", "A. Riess", "Riess, A.", "Adam Riess", "Planck Collaboration".

    ``by_surname`` keeps to keys that hold a surname, or a whole collaboration.
    """
    any_of: dict[str, None] = {}
    all_of: dict[tuple[str, ...], None] = {}
    for spelling in _spellings(name):
        parts = _words(_surname_last(spelling))
        long_parts = tuple(part for part in parts if len(part) > 1)
        given, surname = _split(parts)
        if not long_parts or not surname:
            continue
        if COLLECTIVE.search(name):
            any_of[" ".join(parts)] = None
            all_of[long_parts] = None
        elif given:
            any_of.update(dict.fromkeys(_filed(given, surname)))
            if len(long_parts) == len(parts) and not by_surname:
                all_of[long_parts] = None
        else:
            any_of[f"{' '.join(surname)},"] = None
            if not by_surname:
                all_of[long_parts] = None
    return Alternatives(tuple(any_of), tuple(all_of))


def _filed(given: list[str], surname: list[str]) -> list[str]:
    """The surname keys of someone called so: a full given name also finds whoever signs with its initial."""
    filed, first = " ".join(surname), given[0].lstrip("-")
    if len(first) == 1:
        return [f"{filed}, {first}"]
    return [f"{filed}, {first}", f"{filed}, {first[:1]}."]


def _given_keys(given: list[str]) -> list[str]:
    if not given or not given[0].lstrip("-"):
        return []
    first = given[0].lstrip("-")
    return [first, f"{first}."] if len(first) == 1 else [first[0], first]


def _split(parts: list[str]) -> tuple[list[str], list[str]]:
    """Given names and surname of a name that ends with its surname, "van den Bergh" taken as one."""
    parts = [part for part in parts if part not in SUFFIXES] or parts
    start = max(len(parts) - 1, 0)
    while start > 0 and parts[start - 1] in PARTICLES:
        start -= 1
    return parts[:start], parts[start:]


def _surname_last(name: str) -> str:
    """As in "riess, a." and "riess a." turned round."""
    surname, comma, given = name.partition(",")
    if not comma and (match := re.fullmatch(r"(.*[^\W\d_]{2,})\s+((?:[^\W\d_]\.?[\s-]*){1,3})", name.strip())):
        surname, given = match[1], match[2]
    return f"{given} {surname}".strip()


def _spellings(name: str) -> list[str]:
    """The folded name, and with umlauts written the other way ("Müller", "Mueller")."""
    plain = folded(name)
    return list(dict.fromkeys((plain, folded(name.casefold().translate(UMLAUTS)), CONTRACTED.sub(r"\1", plain))))


def _words(name: str) -> list[str]:
    bare = re.sub(r"^the\s+", "", re.sub(r"[.,]", " ", name))
    return [part for part in (word.strip("-'\"()") for word in bare.split()) if part]
