"""What a query says beside its words: papers it names, and wishes about author, year and category.

All of it is a guess. Each guess keeps its place in the query, so that one given up leaves its words to be
searched like any other.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.index.filters import Filters
from rag.index.index import Index
from rag.retrieval.query import acronyms, ads, authors, bare_names, categories, leaving_out, objects, years
from rag.retrieval.query.meaning import LIKE, Expansion, Guess, Understood
from rag.text import identifiers, references
from rag.text.forms import comparable
from rag.text.identifiers import Identifier
from rag.text.spelling import Correction

# Longer texts are pasted abstracts, not queries.
LONGEST_READ = 400
MOST_VARIANTS = 6
# Words of the shortest sentence that is taken for a quotation, with its full stop.
SENTENCE = 8
# In so many of the best papers it is looked up how something is said.
PAPERS_ASKED = 100
LONE_YEAR = re.compile(r"\(?((?:19|20)\d\d)\)?")
REVIEWS = re.compile(
    r"\b(?:reviews?(?:\s+(?:papers?|articles?))?|overviews?)\s+(?:of|on|about|for|since|from|by|in)\b", re.I
)
REVIEWS_LAST = re.compile(r"\b(?:reviews|review\s+(?:papers?|articles?))\W*$", re.I)
RECENT = re.compile(
    r"\b(?:recent|latest|newest)\s+(?:papers?|articles?|work|works|results?|reviews?|studies|publications?|preprints?|"
    r"literature)\b",
    re.I,
)


def understand(query: str, index: Index, spelling: bool = True) -> Understood:
    """Read a query with the knowledge of an index: who its authors are, which papers and words it has.

    With ``spelling``, words that no paper here has are taken for those they are a slip of.
    """
    meant = _understood(query, index)
    if not spelling or len(query) > LONGEST_READ:
        return meant
    if meant.words is not None:
        return _with_words_corrected(meant, index)
    taken = [identifier.span for identifier in meant.identifiers]
    taken += [span for guess in meant.guesses for span in guess.spans]
    found = index.speller.corrections(_blanked(meant.query, taken))
    corrected = _corrected(meant.query, found)
    return _told(_understood(corrected, index) if corrected != meant.query else meant, corrected, found)


def _with_words_corrected(meant: Understood, index: Index) -> Understood:
    """The same with the slips in its words corrected, where the words are not read off the query."""
    words = meant.words or ""
    found = index.speller.corrections(words)
    corrected = _corrected(words, found)
    return _told(replace(meant, words=corrected, expansions=tuple(_expansions(corrected, index))), corrected, found)


def _corrected(text: str, found: Sequence[Correction]) -> str:
    for one in reversed([one for one in found if one.sure]):
        text = text[: one.span[0]] + one.meant + text[one.span[1] :]
    return text


def _told(meant: Understood, corrected: str, found: Sequence[Correction]) -> Understood:
    """With what was corrected, and what may be a slip."""
    sure = tuple((one.typed, one.meant) for one in found if one.sure)
    notes = [f"Did you mean “{one.meant}” by “{one.typed}”?" for one in found if not one.sure]
    if sure:
        typed = ", ".join(f"“{word}”" for word, _ in sure)
        notes.insert(0, f"Showing results for “{corrected}”: no paper here says {typed}.")
    return replace(meant, notes=(*notes, *meant.notes), corrections=sure)


def _understood(query: str, index: Index) -> Understood:
    if len(query) > LONGEST_READ:
        return Understood(query)
    query = identifiers.unlinked(query)
    if ads.is_ads(query) and (reading := ads.read(query)):
        return _as_ads(query, reading, index)
    found, named, notes = _named(query, index)
    if not found and (names := bare_names.find(query, _Facts(index))):
        return _as_names(query, names)
    # Blanked, not cut, so that places in the query stay what they are.
    free = _blanked(query, [identifier.span for identifier in found])
    like = any(LIKE.search(query[: identifier.span[0]]) for identifier in found)
    if quoted := _is_sentence(query):
        free = " " * len(query)
    author, unknown = authors.find(free, _Facts(index))
    guesses = [*_author_guesses(author), *_category_guesses(free)]
    free = _blanked(free, [span for guess in guesses for span in guess.spans])
    guesses += [] if quoted else _year_guesses(query, free, author)
    notes += [f"No author here is called {name}: the name was searched as a word." for name in unknown[:1]]
    query, without = leaving_out.split(query, lambda whole: _texts(whole, index))
    meant = Understood(
        query,
        tuple(guesses),
        tuple(found),
        tuple(named),
        like and bool(named),
        author[0].name if author else None,
        bool(REVIEWS.search(query) or REVIEWS_LAST.search(query)),
        bool(RECENT.search(query)),
        tuple(notes),
        phrases=(query,) if quoted else (),
        without_words=without,
    )
    return replace(meant, expansions=tuple(_expansions(meant.text, index)))


def _is_sentence(query: str) -> bool:
    """Whether a query is a sentence, as quoted from a paper: what it names are no wishes."""
    return query.rstrip().endswith(".") and len(query.split()) >= SENTENCE and not ads.is_ads(query)


def _texts(query: str, index: Index) -> list[str]:
    """The texts of the papers that say most of a query."""
    return [paper.text for paper in index.papers(index.matching_words(query, PAPERS_ASKED)[0].tolist())]


def variants(text: str, expansions: Sequence[Expansion]) -> list[str]:
    """The text with one thing at a time written in another way."""
    written = [text.replace(one.typed, other) for one in expansions for other in one.also if one.typed in text]
    return written[:MOST_VARIANTS]


def _as_ads(query: str, reading: ads.Reading, index: Index) -> Understood:
    """A query in the syntax of ADS."""
    whole = ((0, len(query)),)
    words = " ".join(word for word in reading.words if word.lower() not in ("and", "or"))
    if reading.authors and reading.since is reading.until is None and (year := LONE_YEAR.fullmatch(words)):
        reading.since = reading.until = int(year[1])
        words = ""
    notes = [f"No author here is called {name}." for name in _unknown(reading.authors, index)]
    guesses = []
    if reading.authors:
        guesses.append(Guess("author", Filters(author=" & ".join(reading.authors)), whole))
    if reading.journal and (journal := references.journal_of(reading.journal.rstrip("*"))):
        guesses.append(Guess("journal", Filters(journal=journal), whole))
    elif reading.journal:
        reading.aside.append(f"bibstem:{reading.journal}")
    if reading.category:
        guesses.append(Guess("category", Filters(category=reading.category), whole))
    if reading.since is not None or reading.until is not None:
        guesses.append(Guess("years", Filters(since=reading.since, until=reading.until), whole))
    found, named, missing = _named(" ".join(reading.identifiers), index)
    if reading.aside:
        notes.append(f"This can't be asked of titles and abstracts, so it was set aside: {', '.join(reading.aside)}.")
    if reading.counted:
        notes.append(
            f"Who cites what and who reads what is not known here, so {', '.join(reading.counted)} can't be answered: "
            "ask ADS."
        )
    meant = Understood(
        query,
        tuple(guesses),
        tuple(found),
        tuple(named),
        notes=(*notes, *missing),
        words=words,
        phrases=tuple(reading.phrases),
        without_words=tuple(reading.without),
        unanswerable=bool(reading.counted) and not (words or guesses or named),
    )
    return replace(meant, expansions=tuple(_expansions(words, index)))


def _as_names(query: str, named: bare_names.Named) -> Understood:
    """A query that is nothing but names."""
    whole = ((0, len(query)),)
    guesses = [Guess("author", Filters(author=f"{'^' if named.first else ''}{named.authors}"), whole)]
    if named.since is not None:
        guesses.append(Guess("years", Filters(since=named.since, until=named.until), whole))
    return Understood(query, tuple(guesses), leads=named.authors)


def _unknown(names: Sequence[str], index: Index) -> list[str]:
    """Those of some authors whom the index does not have."""
    single = [one.strip() for name in names for one in name.split("|")]
    return [name.lstrip("^") for name in single if not index.content.is_author(name, False)]


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
        return bool(counts) and min(counts) <= most

    def papers_by(self, name: str) -> int:
        return self._index.content.papers_by(name)

    def papers_by_all(self, names: str) -> int:
        return len(self._index.content.matching(Filters(author=names)))

    def papers_by_saying(self, name: str, words: str) -> int:
        theirs = self._index.content.matching(Filters(author=name))
        return len(np.intersect1d(theirs, self._index.rows_with(words)))

    def texts_saying(self, words: str) -> int:
        return len(self._index.rows_with(words))

    def texts_with(self, word: str) -> int:
        return min(self._index.document_frequencies(word), default=0)


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
    if identifier.scheme == "arXiv" and identifier.value.isdigit():
        return f"The arXiv id {identifier.value} lacks its archive: write astro-ph/{identifier.value}, say."
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
            others = (name for name in names if comparable(name).lower() != comparable(typed).lower())
            also = tuple(name for name in others if all(index.document_frequencies(name)))
            if also and not any(typed in other.typed for other in expansions):
                expansions.append(Expansion(typed, also))
    return expansions


def _blanked(query: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        query = query[:start] + " " * (end - start) + query[end:]
    return query
