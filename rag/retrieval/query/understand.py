"""What a query says beside its words: papers it names, and wishes about author, year and category.

All of it is a guess. Each guess keeps its place in the query, so that one given up leaves its words to be
searched like any other.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.index.filters import Filters
from rag.index.index import Index
from rag.retrieval.query import acronyms, authors, categories, identifiers, objects, years
from rag.retrieval.query.identifiers import Identifier

Kind = Literal["author", "years", "category"]

# Longer texts are pasted abstracts, not queries.
LONGEST_READ = 400
MOST_VARIANTS = 6
ASKING_FOR = re.compile(
    r"^(?:please\s+)?(?:(?:show|give|find|list|get)(?:\s+me)?\s+)?(?:(?:all|any|some|the|recent|latest|new)\s+){0,2}"
    r"(?:papers?|articles?|publications?|preprints?|literature)\b\s*(?:(?:published|written)\s*)?"
    r"(?:(?:on|about|regarding|concerning|discussing|dealing\s+with)\s+(?:the\s+)?)?",
    re.I,
)
LIKE = re.compile(r"\b(?:(?:papers?|articles?|more|works?)\s+)?(?:like|similar\s+to|related\s+to|resembling)\s*$", re.I)
REVIEWS = re.compile(
    r"\b(?:reviews?(?:\s+(?:papers?|articles?))?|overviews?)\s+(?:of|on|about|for|since|from|by|in)\b", re.I
)
REVIEWS_LAST = re.compile(r"\b(?:reviews|review\s+(?:papers?|articles?))\W*$", re.I)
RECENT = re.compile(
    r"\b(?:recent|latest|newest)\s+(?:papers?|articles?|work|works|results?|reviews?|studies|publications?|preprints?|"
    r"literature)\b",
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
    author's. ``reviews`` and ``recent`` are preferences, not filters.
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
        spans = [span for guess in self.guesses for span in guess.spans]
        spans += [identifier.span for identifier in self.identifiers]
        rest = self.query
        for start, end in sorted(spans, reverse=True):
            before = LIKE.sub("", rest[:start]) if self.like else rest[:start]
            rest = f"{before} {rest[end:]}"
        if not spans:
            return ASKING_FOR.sub("", rest).strip() or rest
        return HANGING.sub("", HANGING.sub("", ASKING_FOR.sub("", _tidy(rest)))).strip()

    def without(self, given_up: Collection[Guess]) -> Understood:
        """The same with fewer guesses."""
        return replace(self, guesses=tuple(guess for guess in self.guesses if guess not in given_up))


def understand(query: str, index: Index) -> Understood:
    """Read a query with the knowledge of an index: who its authors are, which papers and words it has."""
    if len(query) > LONGEST_READ:
        return Understood(query)
    query = identifiers.unlinked(query)
    found, named, notes = _named(query, index)
    # Blanked, not cut, so that places in the query stay what they are.
    free = _blanked(query, [identifier.span for identifier in found])
    like = any(LIKE.search(query[: identifier.span[0]]) for identifier in found)
    author, unknown = authors.find(free, _Facts(index))
    guesses = [*_author_guesses(author), *_category_guesses(free)]
    free = _blanked(free, [span for guess in guesses for span in guess.spans])
    guesses += _year_guesses(query, free, author)
    notes += [f"No author here is called {name}: the name was searched as a word." for name in unknown[:1]]
    meant = Understood(
        query,
        tuple(guesses),
        tuple(found),
        tuple(named),
        like and bool(named),
        author[0].name if author and author[0].leads else None,
        bool(REVIEWS.search(query) or REVIEWS_LAST.search(query)),
        bool(RECENT.search(query)),
        tuple(notes),
    )
    return replace(meant, expansions=tuple(_expansions(meant.text, index)))


def variants(text: str, expansions: Sequence[Expansion]) -> list[str]:
    """The text with one thing at a time written in another way."""
    written = [text.replace(one.typed, other) for one in expansions for other in one.also if one.typed in text]
    return written[:MOST_VARIANTS]


class _Facts:
    """What the author reader must know of an index."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def is_author(self, name: str, by_surname: bool) -> bool:
        return self._index.content.is_author(name, by_surname)

    def is_rare(self, word: str, share: float) -> bool:
        # Two papers make no common word, however small the index.
        most = max(share * self._index.manifest.papers, 2) if share else 0
        counts = self._index.document_frequencies(word)
        return bool(counts) and max(counts) <= most


def _named(query: str, index: Index) -> tuple[list[Identifier], list[int], list[str]]:
    """The identifiers in a query, the rows of those the index has, and a note on each it has not."""
    found: list[Identifier] = []
    named: list[int] = []
    notes: list[str] = []
    for identifier in identifiers.find(query):
        rows = index.content.rows_of_references(identifier.keys)
        alone = query.strip() == query[slice(*identifier.span)].strip()
        if not rows and not (identifier.certain or alone or LIKE.search(query[: identifier.span[0]])):
            continue
        found.append(identifier)
        named += [row for row in rows if row not in named]
        if not rows:
            notes.append(_missing(identifier, index.manifest.name))
    return found, named, notes


def _missing(identifier: Identifier, index: str) -> str:
    if identifier.scheme == "bibcode":
        return (
            f"{identifier.value} is an ADS bibcode ({_spelt(identifier.value)}), and no paper of the index {index!r} "
            "gives that journal reference or a DOI that spells it out: try its arXiv id or title."
        )
    called = "the DOI" if identifier.scheme == "DOI" else "the arXiv id"
    return f"No paper of the index {index!r} has {called} {identifier.value}: add it with 'sidereus index add'."


def _spelt(bibcode: str) -> str:
    """A bibcode in words: "ApJ 826, 56, 2016"."""
    volume, page = bibcode[9:13].strip("."), bibcode[13:18].strip(".")
    return f"{bibcode[4:9].strip('.')} {volume}, {page}, {bibcode[:4]}"


def _author_guesses(found: Sequence[authors.Author]) -> list[Guess]:
    return [Guess("author", Filters(author=author.name), (author.span,)) for author in found]


def _category_guesses(query: str) -> list[Guess]:
    found = categories.find(query)
    if not found:
        return []
    return [Guess("category", Filters(category=found[0].name), tuple(category.span for category in found))]


def _year_guesses(query: str, free: str, found: Sequence[authors.Author]) -> list[Guess]:
    guesses = []
    for author in found:
        if author.year is not None:
            guesses.append(Guess("years", Filters(since=author.year, until=author.year), ()))
    for span in years.find(query, datetime.datetime.now(datetime.UTC).year, free):
        guesses.append(Guess("years", Filters(since=span.since, until=span.until), (span.span,)))
    return guesses


def _expansions(text: str, index: Index) -> list[Expansion]:
    """Other ways to write the things in a text, kept only when the index has every word of them."""
    expansions: list[Expansion] = []
    for reader in (objects.find, acronyms.find):
        for (start, end), names in reader(text):
            typed = text[start:end]
            also = tuple(name for name in names if all(index.document_frequencies(name)))
            if also and not any(typed in other.typed for other in expansions):
                expansions.append(Expansion(typed, also))
    return expansions


def _blanked(query: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        query = query[:start] + " " * (end - start) + query[end:]
    return query


def _tidy(text: str) -> str:
    return re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split())).strip(" ,;:")
