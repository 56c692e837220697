"""Queries that are names and nothing else: "Kochanek", "Kochanek, C. S. 2004", "Hernquist & Katz", "Falcke+93".

Whether a word is a name or a word of astronomy is a matter of evidence: how many papers are by somebody of that name,
and how many say the word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from rag.text.personal_names import COLLECTIVE, PARTICLES, SUFFIXES, people

LONGEST = 120
MOST_WORDS = 5
MOST_TOGETHER = 3
WORKS = r"(?:papers?|articles?|publications?|preprints?|works?|studies)"
FIRST = re.compile(rf"^\s*(?:{WORKS}\s+(?:with|by)\s+)?(?:first|lead)\s+authors?\s*:?\s+", re.I)
CUE = re.compile(rf"^\s*(?:(?:all\s+)?(?:the\s+)?{WORKS}\s+(?:written\s+)?(?:by|of)\s+|authors?\s*:?\s+|by\s+)", re.I)
OTHERS = re.compile(r",?\s+(?:et\.?\s*al\b\.?|and\s+(?:collaborators|co-?workers))", re.I)
NO_NAME = re.compile(
    rf"\b(?:{WORKS}|by|of|the|on|in|et|al|with|from|for|about|authors?|is|are|what|who|how|reviews?)\b", re.I
)
PLUS_YEAR = re.compile(r"\s*\+\s*['’]?(\d{4}|\d\d)\s*$", re.I)
YEAR = re.compile(r"[\s,]+\(?((?:19|20)\d\d)[a-z]?\)?(?:\s*(?:-|–|to)\s*\(?((?:19|20)\d\d)\)?)?\s*$")
NAME = re.compile(r"[^\W\d_][^\d_()\[\]{}<>?!=:\"/]*")
GIVEN = r"(?:[^\W\d_]\.?(?:[\s-]*[^\W\d_]\.?){0,3}|[^\W\d_][\w'’-]+(?:\s+[^\W\d_]\.?)*)"
INVERTED = re.compile(rf"(?P<surname>[^,]+?)\s*,\s*(?P<given>{GIVEN})\s*,?")
# So many papers may say a word for each that is by somebody of that name: written small, or like a name.
SMALL, CAPITAL = 2, 6
CENTURY_TURNS = 50


@dataclass(frozen=True, slots=True)
class Named:
    """The authors that a query names, joined by "&", whether as first authors, and the years it gives."""

    authors: str
    first: bool
    since: int | None = None
    until: int | None = None


class Facts(Protocol):
    """What must be known of an index."""

    def is_author(self, name: str, by_surname: bool) -> bool:
        """Whether somebody of that name wrote a paper."""

    def papers_by(self, name: str) -> int:
        """How many papers are by somebody of that surname."""

    def papers_by_all(self, names: str) -> int:
        """How many papers are by all of some authors, joined by "&"."""

    def papers_by_saying(self, name: str, words: str) -> int:
        """How many papers are by somebody of that surname and say all of some words."""

    def texts_with(self, word: str) -> int:
        """How many papers have a word in their text."""


def find(query: str, facts: Facts) -> Named | None:
    """The authors that a query consists of, if it does."""
    if len(query) > LONGEST:
        return None
    first = FIRST.match(query)
    cue = first or CUE.match(query)
    rest, since, until = _dated(query[cue.end() :] if cue else query)
    bare = OTHERS.sub("", rest)
    told = bool(cue) or since is not None or bare != rest
    rest = bare.strip(" \t,.;:&+")
    if not rest or not NAME.fullmatch(rest) or NO_NAME.search(rest):
        return None
    names = _names(rest, facts)
    if len(names) == 1 and not facts.is_author(names[0], True):
        names = _side_by_side(names[0], facts) or names
    likely = [name for name in names if _plausible(name, facts, told or len(names) > 1)]
    together = len(names) > 1 and likely and all(facts.is_author(name, True) for name in names)
    if len(likely) < len(names) and not (together and facts.papers_by_all(" & ".join(names))):
        return None
    if not names:
        return None
    return Named(" & ".join(names), bool(first), since, until)


def _dated(query: str) -> tuple[str, int | None, int | None]:
    """A query without the year at its end, and that year or those years."""
    if plus := PLUS_YEAR.search(query):
        year = int(plus[1])
        if year < 100:
            year += 1900 if year > CENTURY_TURNS else 2000
        return query[: plus.start()], year, year
    if match := YEAR.search(query):
        return query[: match.start()], int(match[1]), int(match[2] or match[1])
    return query, None, None


def _names(text: str, facts: Facts) -> list[str]:
    """The names in a list of names, or none when one of them is nobody's."""
    found: list[str] = []
    for part in people(text):
        inverted = INVERTED.fullmatch(part.strip())
        given = inverted["given"] if inverted else ""
        initials = bool(inverted) and all(len(word.strip(".")) == 1 for word in re.split(r"[\s.-]+", given) if word)
        if inverted and (initials or facts.is_author(part, True)):
            found.append(part.strip(" ,"))
        else:
            found += [one.strip() for one in part.split(",") if one.strip(" .")]
    return found


def _side_by_side(text: str, facts: Facts) -> list[str]:
    """The surnames of people who wrote a paper together, with nothing between them, as in "press schechter"."""
    words = text.split()
    together = 1 < len(words) <= MOST_TOGETHER and all(facts.is_author(word, True) for word in words)
    return words if together and facts.papers_by_all(" & ".join(words)) else []


def _plausible(name: str, facts: Facts, told: bool) -> bool:
    """Whether a name is an author's rather than words; ``told`` says that the query gives other signs of that."""
    words = [word for word in re.split(r"[\s,]+", name) if word.strip(".")]
    if len(words) > MOST_WORDS or not facts.is_author(name, True):
        return False
    if COLLECTIVE.search(name):
        return True
    long_words = [word for word in words if len(word.strip(".")) > 1 and word.lower().strip(".") not in SUFFIXES]
    if len(words) > len(long_words) and len(long_words) == 1:  # "Hill, M.": nothing but a name has initials
        told = True
    capital = long_words and all(word[0].isupper() or word.lower() in PARTICLES for word in long_words)
    allowed = CAPITAL if capital or told else SMALL
    if len(long_words) > 1:
        # "Adam Riess" and "dark matter": the two must be somebody's, and rarely said; "MOND Milgrom" is about MOND.
        if len(long_words) == len(words) == 2 and "," not in name and facts.papers_by_saying(words[1], words[0]):
            return False
        return facts.texts_with(name) <= allowed * facts.papers_by(name)
    return facts.texts_with(name) <= allowed * (facts.papers_by(name) + 1)
