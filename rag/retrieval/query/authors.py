"""Author names in what people type: "papers by Sandage", "Riess et al. 2016", "Planck Collaboration".

A name is believed only when the index has an author of that name. Many surnames are words of astronomy too
(White, Young, Kepler), and many stand for a thing (the Salpeter function), so a surname alone is no filter
but with a cue, and the weaker the cue the rarer the word must be in the texts of the index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from rag.retrieval.query.years import is_question
from rag.text.personal_names import COLLECTIVE, PARTICLES, folded

WORD = r"(?:[^\W\d_](?:[^\W\d_]|['’.\-‐](?=[^\W\d_]))*\.?)"
INITIALS = r"(?:(?:[^\W\d_]\.[\s-]*){1,3})"
WORKS = r"(?:papers?|articles?|publications?|preprints?|works?|studies|reviews?|theses|thesis)"
YEAR = r"\(?((?:19|20)\d\d)[a-z]?\)?(?![\w.+-])"
JOINT = r"(?:\s*,\s*(?:and\s+|&\s*)?|\s+and\s+|\s*&\s*)"
LIST = rf"{WORD}(?:(?:{JOINT}|[ \t]+){WORD}){{0,9}}"
# What follows makes "Vera Rubin Observatory" of a name.
THING = re.compile(
    r"\s+(?:space\s+)?(?:observator\w+|telescopes?|missions?|satellites?|spacecraft|medal|prize|institute|laboratory|"
    r"crater|effects?|laws?|theorem|equations?|functions?|models?|profiles?|diagrams?|relations?|limits?|mass|process|"
    r"mechanism|instabilit\w+|constants?|parameters?|numbers?|waves?|radius|belt|belts|cloud|clouds|catalog\w*|survey)\b",
    re.I,
)
MONTHS = frozenset(
    "january february march april may june july august september october november december spring autumn".split()
)
# No name ends with one.
LITTLE = frozenset("in on of by from for and or the to at with about since after before until between during".split())
LONGEST_NAME = 4
LONGEST_LIST = 6
# An author and words, in so many words together.
FEW = 5


@dataclass(frozen=True, slots=True)
class Author:
    """Who a query names, as "Riess" or "Press & Schechter", and where. ``year`` is that of "Riess 2016".

    ``leads`` says that the name was cited as a first author's.
    """

    name: str
    span: tuple[int, int]
    year: int | None = None
    leads: bool = False


class Facts(Protocol):
    """What must be known of an index to tell names from words."""

    def is_author(self, name: str, by_surname: bool) -> bool:
        """Whether somebody of that name wrote a paper; with ``by_surname``, not one of that first name."""

    def is_rare(self, word: str, share: float) -> bool:
        """Whether at most that share of the papers have the word in their text."""

    def papers_by_saying(self, name: str, words: str) -> int:
        """How many papers are by somebody of that surname and say all of some words."""

    def texts_saying(self, words: str) -> int:
        """How many papers have all of some words in their text."""


# Shares of the papers in whose texts a word may stand and still be taken for a name.
RARE = 5e-4
UNHEARD_OF = 0.0


def find(query: str, facts: Facts) -> tuple[list[Author], list[str]]:
    """The author a query names, if any, and names that it gives as authors and the index does not have."""
    reader = _Reader(query, facts)
    for cue in (reader.labelled, reader.collaboration, reader.cited, reader.by, reader.whose_works, reader.in_full):
        for author in cue():
            return [author], []
    if not reader.unknown:
        for author in chain(reader.with_words(), reader.unheard_of()):
            return [author], []
    return [], reader.unknown


class _Reader:
    """Reads one query, strongest cue first."""

    def __init__(self, query: str, facts: Facts) -> None:
        self.query, self.facts = query, facts
        self.asks = is_question(query)
        self.unknown: list[str] = []

    def labelled(self) -> Iterator[Author]:
        """As in author:Riess, author: "Adam Riess"."""
        for match in re.finditer(
            rf"\bauthors?\s*(?:[:=]\s*)?(?:[\"“]([^\"”]+)[\"”]|(?<=[:=\s])({LIST}))", self.query, re.I
        ):
            if match[1]:
                yield from self._known(match[1], match.span())
            elif ":" in match[0] or "=" in match[0]:
                name, end = self._longest(match.start(2), match.end(2))
                if name:
                    yield Author(name, (match.start(), end))
                else:
                    self.unknown.append(match[2].split()[0])

    def collaboration(self) -> Iterator[Author]:
        """As in "by the Planck Collaboration", "IceCube Collaboration 2013"; not in the midst of a question."""
        whole = rf"((?:{WORD}\s+){{1,3}}?(?:collaboration|consortium|team))\b(?:\s+et\s+al\.?)?"
        pattern = rf"(?:\bby\s+)?(?:\bthe\s+)?\b{whole}(?:\s+{WORKS}\b)?(?:\s+{YEAR})?"
        for match in re.finditer(pattern, self.query, re.I):
            words = match[1].split()
            for start in range(len(words) - 1):
                name = " ".join(words[start:])
                if words[start].lower() == "the":
                    continue
                if self.facts.is_author(name, True) and (not self.asks or "by" in match[0].lower().split()):
                    begin = match.start() if start == 0 else self.query.index(name, match.start())
                    yield Author(name, (begin, match.end()), int(match[2]) if match[2] else None)

    def cited(self) -> Iterator[Author]:
        """As in "Riess et al. 2016", "Press & Schechter 1974", "White (1993)", "Riess 2016"."""
        others = r"(?:et\.?\s*al\b\.?|and\s+(?:collaborators|co-?workers))"
        et_al = rf"({INITIALS}?(?:{WORD}\s+){{0,2}}?{WORD}),?\s+{others}(['’]s)?,?(?:\s*{YEAR})?"
        for match in re.finditer(et_al, self.query, re.I):
            start, end = match.span(1)
            name, begin = self._ending(start, end)
            if name and (match[3] or not self.asks):
                yield Author(name, (begin, match.end()), int(match[3]) if match[3] else None, True)
            elif not name and not self.asks:
                self.unknown.append(match[1].split()[-1])
        for match in re.finditer(rf"({WORD}(?:{JOINT}{WORD}){{1,2}}),?\s+{YEAR}", self.query):
            members = [part for part in re.split(JOINT, match[1]) if part]
            if all(self._surname(name) for name in members) and any(self.facts.is_rare(name, RARE) for name in members):
                yield Author(" & ".join(members), match.span(), int(match[2]), True)
        for match in re.finditer(rf"({WORD}),?\s+{YEAR}", self.query):
            bracketed = "(" in match[0] and match[1][0].isupper()
            if self._surname(match[1]) and (bracketed or self.facts.is_rare(match[1], RARE)):
                yield Author(match[1], match.span(), int(match[2]), True)

    def by(self) -> Iterator[Author]:
        """As in "papers by A. Sandage and G. Tammann", "written by Riess", "distance ladder by Riess"."""
        for match in re.finditer(
            rf"(?P<works>\b(?:{WORKS}|written|authored|published|results)\s+)?\bby\s+(?:the\s+)?(?P<list>{LIST})",
            self.query,
            re.I,
        ):
            name, end = self._list(*match.span("list"))
            if name and (match["works"] or self._stands_alone(name, end)):
                yield Author(name, (match.start(), end))
            elif match["works"] and not name:
                self.unknown.append(match["list"].split(",")[0].split(" on ")[0])

    def whose_works(self) -> Iterator[Author]:
        """As in "Sandage papers on H0", "Adam Riess's recent work"."""
        pattern = rf"({WORD}(?:\s+{WORD}){{0,3}}?)(['’]s?)?\s+(?:(?:recent|latest|early|first|last|all)\s+)?{WORKS}\b"
        for start in [0, *(match.end() for match in re.finditer(r"\s", self.query))]:
            match = re.compile(pattern, re.I).match(self.query, start)
            if match:
                name, begin = self._ending(*match.span(1))
                possessive = name.endswith(("'s", "’s"))
                name = re.sub(r"['’]s$", "", name)
                full = " " in name
                if name and (full or possessive or match[2] or self.facts.is_rare(name, RARE)):
                    yield Author(name, (begin, match.end()))
                elif not name and start == 0 and match[1][0].isupper() and self.facts.is_rare(match[1], RARE):
                    self.unknown.append(match[1])

    def in_full(self) -> Iterator[Author]:
        """As in "A. Sandage", "Adam Riess Hubble constant", unless it goes on as the name of a thing."""
        if self.asks:
            return
        for match in re.finditer(rf"(?<!\w)(?={INITIALS}\s*({WORD}))", self.query):
            name, end = self._longest(match.start(), len(self.query))
            if len(name.rpartition(" ")[2]) > 2 and not THING.match(self.query, end):
                yield Author(name, (match.start(), end))
        middle = rf"(?:(?:[^\W\d_]\.?|{'|'.join(PARTICLES)})\s+){{0,3}}"
        for match in re.finditer(rf"(?<!\w)(?=({WORD})\s+({middle}{WORD}))", self.query):
            name, end = f"{match[1]} {match[2]}", match.end(2)
            rare = any(self.facts.is_rare(word, RARE) for word in (match[1], match[2].split()[-1]))
            if len(match[1]) > 2 and rare and self._full(name) and not THING.match(self.query, end):
                yield Author(name, (match.start(), end))

    def with_words(self) -> Iterator[Author]:
        """A surname before or after words that its own papers say, and others with the name no more often."""
        words = list(re.finditer(WORD, self.query))
        if self.asks or not 2 <= len(words) <= FEW:
            return
        found: list[tuple[int, Author]] = []
        for match in (words[0], words[-1]):
            rest = re.sub(r"\b(?:19|20)\d\d\b", " ", self.query[: match.start()] + self.query[match.end() :])
            if len(match[0]) > 2 and self._surname(match[0]) and not THING.match(self.query, match.end()):
                theirs = self.facts.papers_by_saying(match[0], rest)
                if theirs and theirs >= self.facts.texts_saying(f"{match[0]} {rest}"):
                    found.append((theirs, Author(match[0], match.span())))
        if found:
            yield max(found, key=lambda one: one[0])[1]

    def unheard_of(self) -> Iterator[Author]:
        """A capitalised surname, as in "Perlmutter supernovae", that is no word of any paper's text."""
        if self.asks or self.query.istitle():
            return
        for match in re.finditer(rf"(?<!\w)({WORD})(?!\w)", self.query):
            word = match[1]
            capitalised = word[0].isupper() and not word.isupper() and len(word) > 3
            known = capitalised and self.facts.is_rare(word, UNHEARD_OF) and self._surname(word)
            if known and not THING.match(self.query, match.end()):
                yield Author(word, match.span())

    def _known(self, name: str, span: tuple[int, int]) -> Iterator[Author]:
        if self.facts.is_author(name, False):
            yield Author(name, span)
        else:
            self.unknown.append(name)

    def _surname(self, name: str) -> bool:
        bare = folded(name).strip(".")
        return len(bare) > 1 and bare not in MONTHS and self.facts.is_author(name, True)

    def _full(self, name: str) -> bool:
        first, *middle, last = name.split()
        if any(len(part.rstrip(".")) > 1 and part.lower() not in PARTICLES for part in middle):
            return False
        if not self._surname(last) or not self.facts.is_author(f"{first} {last}", True):
            return False
        if self.facts.papers_by_saying(last, first):  # "MOND Milgrom"
            return False
        return self.facts.is_author(first, False) or (first[0].isupper() and self.facts.is_rare(first, RARE))

    def _list(self, start: int, end: int) -> tuple[str, int]:
        """The names of known authors that a list begins with, joined by " & ", and where they end."""
        names: list[str] = []
        stop = start
        while start < end and len(names) < LONGEST_LIST:
            name, after = self._longest(start, end)
            if not name:
                break
            names.append(name)
            stop = after
            joint = re.compile(JOINT).match(self.query, after)
            if not joint:
                break
            start = joint.end()
        return " & ".join(names), stop

    def _longest(self, start: int, end: int) -> tuple[str, int]:
        """The longest known author's name that begins at ``start``, and where it ends."""
        words = list(re.finditer(WORD, self.query[start:end]))[:LONGEST_NAME]
        for count in range(len(words), 0, -1):
            stop = start + words[count - 1].end()
            name = self.query[start:stop]
            whole = (
                "," not in name
                and " and " not in name
                and "&" not in name
                and not LITTLE & {words[count - 1][0].lower()}
            )
            if whole and len(words[count - 1][0].rstrip(".")) > 1 and self._plausible(name):
                return re.sub(r"['’]s$", "", name), stop
        return "", start

    def _ending(self, start: int, end: int) -> tuple[str, int]:
        """The longest known author's name that ends at ``end``, and where it begins."""
        words = list(re.finditer(WORD, self.query[start:end]))
        for word in words:
            name = self.query[start + word.start() : end]
            if self._plausible(re.sub(r"['’]s$", "", name)):
                return name, start + word.start()
        return "", start

    def _plausible(self, name: str) -> bool:
        """Whether a string is an author's name: in full, with initials, a surname or a collaboration."""
        words = name.split()
        if len(words) == 1 or COLLECTIVE.search(name):
            return self._surname(name)
        short = all(re.fullmatch(INITIALS, word) or word.lower() in PARTICLES for word in words[:-1])
        return self._surname(name) if short else self._full(name)

    def _stands_alone(self, name: str, end: int) -> bool:
        """Whether "by" and a name without more are about who wrote: at the end, and no common word."""
        rest = self.query[end:].strip(" .,;!?")
        last = name.split()[-1]
        follows = re.match(r"(?:since|after|before|in|from|between|about|on|until|\(?\d{4})\b", rest, re.I)
        rare = self.facts.is_rare(last, RARE) or " " in name
        return (not rest or bool(follows)) and rare and not self.asks
