"""What a query was understood to mean: papers it names, wishes about them, and the words that remain."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.index.filters import Filters
from rag.text.identifiers import Identifier

Kind = Literal["author", "years", "category", "journal"]

ASKING_FOR = re.compile(
    r"^(?:please\s+)?(?:(?:show|give|find|list|get)(?:\s+me)?\s+)?(?:(?:all|any|some|the|recent|latest|new)\s+){0,2}"
    r"(?:papers?|articles?|publications?|preprints?|literature)\b\s*(?:(?:published|written)\s*)?"
    r"(?:(?:on|about|regarding|concerning|discussing|dealing\s+with)\s+(?:the\s+)?)?",
    re.I,
)
LIKE = re.compile(r"\b(?:(?:papers?|articles?|more|works?)\s+)?(?:like|similar\s+to|related\s+to|resembling)\s*$", re.I)
# What is left of "What does Riess 2016 find?" without its paper.
ASKED = re.compile(
    r"^what\s+(?:do|does|did|have|has)\s+(?:find|found|say|said|show|shown|report|conclude|argue|claim|present|discuss)\W*$",
    re.I,
)
# What is left hanging when a filter's words are taken out.
HANGING = re.compile(
    r"^[\s,;:.]*(?:(?:and|or|on|about|of|in|from|for|by|with|published|regarding)\b[\s,;:.]*)+"
    r"|[\s,;:]*(?:\b(?:and|or|on|about|of|in|from|for|by|with|published|written|the)\b[\s,;:]*)+$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A filter read out of a query, where it stands there, and what to call it."""

    kind: Kind
    filters: Filters
    spans: tuple[tuple[int, int], ...]

    @property
    def label(self) -> str:
        """The guess for people: "author: Smith", "years: 2003-2007", "category: gr-qc"."""
        wanted = self.filters
        if self.kind == "author":
            return f"author: {wanted.author}"
        if self.kind == "category":
            return f"category: {wanted.category}"
        if self.kind == "journal":
            return f"journal: {wanted.journal}"
        if wanted.since is None or wanted.until is None:
            return f"since: {wanted.since}" if wanted.until is None else f"until: {wanted.until}"
        return f"years: {wanted.since}" + (f"-{wanted.until}" if wanted.until != wanted.since else "")


@dataclass(frozen=True, slots=True)
class Expansion:
    """Something that papers write in several ways: as typed, and otherwise."""

    typed: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """A query taken apart.

    ``text`` is what remains to be searched for, ``named`` are the papers it names as (identifier, row), ``like``
    says that papers like those are sought and not they themselves, ``leads`` is a surname cited as a first
    author's. ``reviews`` and ``recent`` are preferences, not filters, and papers with one of the ``phrases`` are
    preferred too. Papers with any of ``without_words`` are left out. ``words`` is the text where it isn't read off
    the query, and ``unanswerable`` says that nothing in the query can be searched for.
    ``corrections`` are the words that were taken for others, as (typed, meant).
    """

    query: str
    guesses: tuple[Guess, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    named: tuple[int, ...] = ()
    like: bool = False
    leads: str | None = None
    reviews: bool = False
    recent: bool = False
    notes: tuple[str, ...] = ()
    expansions: tuple[Expansion, ...] = field(default=())
    words: str | None = None
    phrases: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    unanswerable: bool = False
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def filters(self) -> Filters:
        """All guesses as filters."""
        filters = Filters()
        for guess in self.guesses:
            filters = filters.narrowed(guess.filters)
        return filters

    @property
    def text(self) -> str:
        """The query without the words of its guesses and identifiers; empty when nothing else is asked for."""
        if self.words is not None:
            return self.words
        spans = [span for guess in self.guesses for span in guess.spans]
        spans += [identifier.span for identifier in self.identifiers]
        rest = self.query
        for start, end in sorted(spans, reverse=True):
            before = LIKE.sub("", rest[:start]) if self.like else rest[:start]
            rest = f"{before} {rest[end:]}"
        if not spans:
            return ASKING_FOR.sub("", rest).strip() or rest
        rest = ASKED.sub("", _tidy(rest))
        return HANGING.sub("", HANGING.sub("", ASKING_FOR.sub("", rest))).strip()

    def without(self, given_up: Collection[Guess]) -> Understood:
        """The same with fewer guesses."""
        return replace(self, guesses=tuple(guess for guess in self.guesses if guess not in given_up))


def _tidy(text: str) -> str:
    return re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split())).strip(" ,;:")
