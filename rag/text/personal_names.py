"""Author names: the keys under which an index files them, and the keys that find what a person typed.

Keys are folded (no case, no accents). A name gives its words and, with a comma after the surname,
``riess,``, ``riess, a`` and either ``riess, adam`` or, when only an initial is known, ``riess, a.``.
Surnames are filed without blanks, hyphens and apostrophes, so that O'Leary, O Leary and OLeary are one; those of
first authors also with a caret before them, as ADS writes it. A collaboration gives its words and the whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

PARTICLES = frozenset(
    "al af bin da dal de del della den der di do dos du el ibn la le o mac mc st ten ter van von zu zur".split()
)
SUFFIXES = frozenset("jr sr ii iii iv".split())
COLLECTIVE = re.compile(r"\b(?:collaborations?|consorti(?:um|a)|teams?|group)\b", re.I)
# Letters that Unicode does not decompose into a letter and an accent.
LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'", "‐": "-"}
)
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
# "Riess A.", "Riess A G"
TURNED = re.compile(r"((?:[^\W\d_]['’.\w-]*\s+){0,3}[^\W\d_]['’\w-]+)\s+((?:[^\W\d_](?:\.|(?!\w))[\s-]*){1,3})")
FIRST = "^"
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
    """All keys of the authors of a paper, the first of whom come first."""
    keys: set[str] = set()
    for place, author in enumerate(authors):
        parts = _words(folded(author))
        keys.update(part for part in parts if len(part) > 1)
        if COLLECTIVE.search(author):
            mine = {" ".join(parts)}
        else:
            mine = {key for given, surname in _readings(parts) for key in _surname_keys(given, surname)}
        keys |= mine
        if place == 0:
            keys.update(f"{FIRST}{key}" for key in mine)
    return keys


def surname(name: str) -> str:
    """The folded surname of a name that ends with it, with its particles; a collaboration's whole name.

    >>> surname("Tim de Zeeuw"), surname("Planck Collaboration")
    ('de zeeuw', 'planck collaboration')
    """
    parts = _words(folded(name))
    return " ".join(parts if COLLECTIVE.search(name) else _split(parts)[1])


def people(author: str) -> list[str]:
    """The single names in "Press & Schechter" or "Hewish and Bell Burnell"."""
    return [name for name in re.split(r"\s*(?:&|;|\band\b)\s*", author) if any(c.isalpha() for c in name)]


def alternatives(name: str, by_surname: bool = False) -> Alternatives:
    """The keys that find a name as typed: "Riess", "A. Riess", "Riess, A.", "Adam Riess", "Planck Collaboration".

    With a caret before it ("^Riess") only first authors are found. ``by_surname`` keeps to keys that hold a surname,
    or a whole collaboration.
    """
    first = FIRST if name.lstrip().startswith(FIRST) else ""
    any_of: dict[str, None] = {}
    all_of: dict[tuple[str, ...], None] = {}
    for spelling in _spellings(name.lstrip(f" {FIRST}")):
        turned, said = _surname_last(spelling)
        parts = _words(turned)
        long_parts = tuple(part for part in parts if len(part) > 1)
        if not long_parts:
            continue
        if COLLECTIVE.search(name):
            any_of[f"{first}{' '.join(parts)}"] = None
            all_of[long_parts] = None
            continue
        count = len(_words(said)) if said else 0
        readings = [(parts[:-count], parts[-count:])] if count else _readings(parts, whole=True)
        for given, surname in readings:
            any_of.update(dict.fromkeys(f"{first}{key}" for key in _filed(given, surname)))
        if len(long_parts) == len(parts) and not by_surname and not first:
            all_of[long_parts] = None
    return Alternatives(tuple(any_of), tuple(all_of))


def _filed(given: list[str], surname: list[str]) -> list[str]:
    """The surname keys of someone called so: a full given name also finds whoever signs with its initial."""
    filed, first = _squeezed(surname), given[0].lstrip("-") if given else ""
    if len(filed) < 2:
        return []
    if not first:
        return [f"{filed},"]
    if len(first) == 1:
        return [f"{filed}, {first}"]
    return [f"{filed}, {first}", f"{filed}, {first[:1]}."]


def _surname_keys(given: list[str], surname: list[str]) -> set[str]:
    """The keys of one author, whose surname may be typed without its particles."""
    filed = {_squeezed(surname), _squeezed(surname[-1:])} - {""}
    return {key for one in filed for key in (f"{one},", *(f"{one}, {name}" for name in _given_keys(given)))}


def _squeezed(surname: list[str]) -> str:
    return re.sub(r"[^\w]", "", "".join(surname))


def _readings(parts: list[str], whole: bool = False) -> list[tuple[list[str], list[str]]]:
    """How a name may be split into given names and surname: its last word, or its last two ("Bell Burnell").

    ``whole`` also takes two words as nothing but a surname.
    """
    given, surname = _split(parts)
    readings = [(given, surname)]
    if given and len(given[-1]) > 2 and len(surname) == 1 and (len(given) > 1 or whole):
        readings.append((given[:-1], [given[-1], *surname]))
    return readings


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


def _surname_last(name: str) -> tuple[str, str]:
    """As in "riess, a." and "riess a." turned round, and the surname where it is told from the rest."""
    surname, comma, given = name.partition(",")
    if not comma and (match := TURNED.fullmatch(name.strip())):
        surname, given = match[1], match[2]
    given = given.strip(" ,.*")
    return f"{given} {surname}".strip(), surname if given else ""


def _spellings(name: str) -> list[str]:
    """The folded name, and with umlauts written the other way ("Müller", "Mueller")."""
    plain = folded(name)
    return list(dict.fromkeys((plain, folded(name.casefold().translate(UMLAUTS)), CONTRACTED.sub(r"\1", plain))))


def _words(name: str) -> list[str]:
    bare = re.sub(r"^the\s+", "", re.sub(r"[.,]", " ", name))
    return [part for part in (word.strip("-'\"()") for word in bare.split()) if part]
