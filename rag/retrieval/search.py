"""From a query to ranked papers: what it names and filters, nearest vectors, matching words, one ranking."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
import numpy.typing as npt

from rag.errors import UsageError
from rag.index.content import Rows
from rag.index.filters import Filters
from rag.index.index import Index
from rag.models.embedder import Embedder
from rag.papers import clean
from rag.retrieval import hyde, order
from rag.retrieval.fusion import Fused, FusionSettings, RankedList, fuse, idf
from rag.retrieval.hits import Hit, SearchResult
from rag.retrieval.query.meaning import Guess, Understood
from rag.retrieval.query.understand import understand, variants
from rag.text import identifiers, personal_names
from rag.text.forms import FORM

LONGEST_QUERY = 20_000
CANDIDATES = 200
# How many of the best papers are reordered, and how many more than wanted are read in case some are folded.
REORDERED = 60
# How many of the best papers a re-ranker reads.
RERANKED = 30
SPARE = 5
# Two words, which may be a term such as "gravitational focusing".
TERM = re.compile(r"[^\W\d_]{3,}[ -][^\W\d_]{3,}")
# What the words of a thing's other name count, beside those that were typed.
WRITTEN_OTHERWISE = 0.9
RECENT = 0.5
LAST_YEAR = 9999

Vector = npt.NDArray[np.float32]
Rerank = Callable[[str, Sequence[str]], Vector]
Imagine = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Options:
    """How a search differs from the plain one.

    ``recency`` and ``diversity`` are 0..1, 0 being relevance alone. ``like`` is the identifier of a paper to find
    others like. ``ignore`` are the kinds of guesses ("author", "years", "category", "journal", "spelling") not to
    make, and ``literal`` takes the query as mere words. ``rerank`` scores texts for a query, and reorders the best
    papers; a place in the list keeps its probability then, since a re-ranker tells which papers come first, and not
    how likely one there is to be relevant. ``imagine`` writes the abstract that a query looks for
    (:mod:`rag.retrieval.hyde`), or nothing.
    """

    recency: float = 0.0
    diversity: float = 0.0
    like: str | None = None
    ignore: frozenset[str] = frozenset()
    literal: bool = False
    rerank: Rerank | None = None
    imagine: Imagine | None = None


PLAIN = Options()


def checked(query: str) -> str:
    """The query in one line of well-formed text; UsageError when nothing is left of it, or far too much."""
    line = clean(query)
    if not any(c.isalnum() for c in line):
        raise UsageError("The question is empty: type a few words.")
    if len(line) > LONGEST_QUERY:
        raise UsageError(f"The question is {len(line):,} characters long: shorten it to {LONGEST_QUERY:,}.")
    return line


def search(
    index: Index, embedder: Embedder, query: str, filters: Filters, limit: int, options: Options = PLAIN
) -> SearchResult:
    """The best papers for a query among those that the filters admit.

    ``filters`` hold whatever comes of it; those read out of the query are given up, fewest first, when they leave
    nothing. Raises UsageError for an empty query, filters that contradict themselves or an unknown ``like``.
    """
    started = time.monotonic()
    query = checked(f"like {options.like} {query}" if options.like else query)
    _check(filters)
    meant = _meant(query, index, options)
    kept, relaxed, admitted = _admit(index, filters, meant)
    admitted = _left_in(index, admitted, kept.without_words)
    hits, notes = _Search(index, embedder, kept, admitted, limit, options, _years_of(relaxed)).hits()
    if admitted is not None and not len(admitted):
        notes = (*notes, _nothing_admitted(filters))
    if index.manifest.words < FORM:
        notes = (*notes, _outdated(index.manifest.name))
    return SearchResult(
        query,
        index.manifest.name,
        embedder.model.name,
        time.monotonic() - started,
        filters.narrowed(kept.filters),
        tuple(guess.label for guess in relaxed),
        tuple(hits),
        kept.filters,
        tuple(f"{one.typed}: {', '.join(_unlike(one.also))}" for one in kept.expansions),
        (*kept.notes, *notes),
        kept.corrections,
    )


def _unlike(names: Sequence[str]) -> list[str]:
    """Names without those that differ from one before only by blanks."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.replace(" ", ""), name)
    return list(first.values())


def _meant(query: str, index: Index, options: Options) -> Understood:
    if options.literal and not options.like:
        return Understood(query)
    meant = understand(query, index, "spelling" not in options.ignore)
    if options.like and not meant.named:
        known = identifiers.find(identifiers.unlinked(options.like))
        what = "is in no paper of" if known else "is no arXiv id, DOI or bibcode, so it names no paper of"
        raise UsageError(f"{options.like} {what} the index {index.manifest.name!r}: give the arXiv id of one that is.")
    return meant.without([guess for guess in meant.guesses if guess.kind in options.ignore])


def _admit(index: Index, filters: Filters, meant: Understood) -> tuple[Understood, tuple[Guess, ...], Rows | None]:
    """What is kept of the guesses, the fewest that had to be given up to admit a paper, and what is admitted."""
    overruled = [guess for guess in meant.guesses if _overruled(guess, filters)]
    meant = meant.without(overruled)
    counts = range(len(meant.guesses) + 1)
    for given_up in chain.from_iterable(combinations(reversed(meant.guesses), count) for count in counts):
        kept = meant.without(given_up)
        admitted = index.admitted(filters.narrowed(kept.filters))
        if admitted is None or len(admitted):
            return kept, given_up, admitted
    return meant, (), np.zeros(0, dtype=np.int64)


def _left_in(index: Index, admitted: Rows | None, without: Sequence[str]) -> Rows | None:
    """The rows that are admitted and have none of some words."""
    excluded = [index.rows_with(words) for words in without]
    if not any(map(len, excluded)):
        return admitted
    rows = index.content.matching(Filters()) if admitted is None else admitted
    return np.setdiff1d(rows, np.concatenate(excluded))


def _years_of(relaxed: Sequence[Guess]) -> Filters | None:
    """The years that had to be given up, to which the nearest come first."""
    return next((guess.filters for guess in relaxed if guess.kind == "years"), None)


def _overruled(guess: Guess, filters: Filters) -> bool:
    """Whether a flag says the same kind of thing already."""
    return (guess.kind == "author" and filters.author is not None) or (
        guess.kind == "category" and filters.category is not None
    )


class _Search:
    """One search for what a query was understood to mean."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        meant: Understood,
        admitted: Rows | None,
        limit: int,
        options: Options,
        near: Filters | None = None,
    ) -> None:
        self.index, self.embedder, self.meant, self.options = index, embedder, meant, options
        self.admitted, self.limit, self.near = admitted, limit, near

    def hits(self) -> tuple[list[Hit], tuple[str, ...]]:
        """The hits, and notes about them for the person."""
        text, named = self.meant.text, self._named()
        known = self.index.document_frequencies(text)
        notes: tuple[str, ...] = ()
        if self.meant.unanswerable:
            return [], ()
        if self.meant.like:
            rows, scores = self._ranked(self._like(list(self.meant.named), text), exclude=self.meant.named)
        elif named and not known:
            rows, scores = self._ranked(self._like(named, ""), exclude=named)
        elif known:
            if not any(known):
                notes = ("None of these words is in any paper here: these are the nearest in meaning.",)
            rows, scores = self._ranked(self._by_text(text), exclude=named)
        elif self.meant.guesses:
            rows, scores = self._listed()
        else:
            rows, scores = [], []
            if self.meant.named:
                notes = ("The paper named in the query does not pass the filters: widen them.",)
            elif not self.meant.identifiers:
                notes = ("There are only common words in this: name what you look for.",)
        first = [] if self.meant.like else named
        return self._hits([*first, *rows], [*(1.0 for _ in first), *scores]), notes

    def _named(self) -> list[int]:
        """The papers named in the query that the filters admit."""
        if self.admitted is None:
            return list(self.meant.named)
        return [row for row in self.meant.named if row in self.admitted]

    def _by_text(self, text: str) -> Fused:
        typed = self.embedder.encode([text], "query")[0]
        abstract = self.options.imagine(text) if self.options.imagine else ""
        vector = hyde.towards(typed, self.embedder.encode([abstract], "document")[0]) if abstract else typed
        return self._fused(vector, [text, *variants(text, self.meant.expansions)], typed)

    def _like(self, rows: Sequence[int], text: str) -> Fused:
        """Papers like some papers: near their mean vector, with the words of the query or else of the first."""
        vector = self.index.vectors(rows).mean(axis=0)
        if text:
            vector = vector + self.embedder.encode([text], "query")[0]
        return self._fused(vector / np.linalg.norm(vector), [text or self.index.papers(rows[:1])[0].text])

    def _fused(self, vector: Vector, texts: Sequence[str], typed: Vector | None = None) -> Fused:
        many = max(CANDIDATES, self.limit)
        return fuse(
            idf(self.index.document_frequencies(texts[0]), self.index.manifest.papers),
            self._matching(texts, many),
            RankedList(*self.index.nearest(vector, many, self.admitted)),
            vector,
            lambda rows: self.index.vectors(rows.tolist()),
            FusionSettings(**self.embedder.model.fusion),  # type: ignore[arg-type]
            typed,
        )

    def _matching(self, texts: Sequence[str], many: int) -> RankedList:
        """The keyword hits of a text; papers that write it in another way count nearly as if they used its words."""
        rows, scores = self.index.matching_words(texts[0], many, self.admitted)
        mass = self._mass(texts[0])
        for other in texts[1:]:
            more, theirs = self.index.matching_words(other, many, self.admitted)
            both = np.union1d(rows, more)
            best = np.zeros(len(both), dtype=np.float32)
            best[np.searchsorted(both, rows)] = scores
            places = np.searchsorted(both, more)
            best[places] = np.maximum(best[places], theirs * (WRITTEN_OTHERWISE * mass / max(self._mass(other), 1e-6)))
            rows, scores = both, best
        return RankedList(rows, scores)

    def _mass(self, text: str) -> float:
        return float(idf(self.index.document_frequencies(text), self.index.manifest.papers).sum())

    def _ranked(self, fused: Fused, exclude: Sequence[int]) -> tuple[list[int], list[float]]:
        """The fused hits in the order asked for, with their probabilities."""
        keep = ~np.isin(fused.rows, exclude)
        rows, scores, chances = self._reranked(fused.rows[keep]), fused.scores[keep], fused.probabilities[keep]
        places = self._preferred(rows, scores)
        return rows[places].tolist(), chances[places].tolist()

    def _reranked(self, rows: Rows) -> Rows:
        """The rows with the best of them in the order of the re-ranker, if there is one and words to compare with."""
        if not self.options.rerank or not self.meant.text or not len(rows):
            return rows
        texts = [paper.text for paper in self.index.papers(rows[:RERANKED].tolist())]
        best = np.argsort(-self.options.rerank(self.meant.text, texts), kind="stable")
        return np.concatenate([rows[best], rows[RERANKED:]])

    def _preferred(self, rows: Rows, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Places in the fused list, in the order asked for: that of the list when nothing else is."""
        places = np.arange(len(rows))
        recency = max(self.options.recency, RECENT if self.meant.recent else 0.0)
        if recency and len(rows):
            scores = order.newer(scores, self.index.content.years(rows), recency)
            places = np.argsort(-scores, kind="stable")
        term = self.meant.text if TERM.fullmatch(self.meant.text) else ""
        if self.meant.reviews or self.meant.leads or self.meant.phrases or term:
            best, rest = places[:REORDERED], places[REORDERED:]
            papers = self.index.papers(rows[best].tolist())
            if self.meant.phrases:
                scores = scores.copy()
                scores[best] = order.phrases_first(scores[best], papers, self.meant.phrases)
            elif term:
                scores = scores.copy()
                scores[best] = order.terms_first(scores[best], papers, term)
            if self.meant.reviews:
                scores = scores.copy()
                scores[best] = order.reviews_first(scores[best], papers)
            places = np.concatenate([best[np.lexsort((-scores[best], ~self._led(rows[best])))], rest])
        if self.options.diversity and len(rows):
            best = places[: max(REORDERED, 3 * self.limit)]
            vectors = self.index.vectors(rows[best].tolist())
            places = best[order.diverse(scores[best], vectors, self.options.diversity, len(best))]
        return places

    def _led(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of some papers have the author that was named, the first of several, as their first."""
        if not self.meant.leads:
            return np.zeros(len(rows), dtype=bool)
        first = personal_names.people(self.meant.leads)[0]
        return np.isin(rows, self.index.content.matching(Filters(author=f"^{first}")))

    def _listed(self) -> tuple[list[int], list[float]]:
        """All that the filters admit, when the query says nothing else: first authors, then the newest, first.

        Where the years that were asked for leave nothing, the nearest to them come before others.
        """
        admitted = np.zeros(0, dtype=np.int64) if self.admitted is None else self.admitted
        years = self.index.content.years(admitted).astype(np.int64)
        ahead = np.lexsort((-years, order.years_away(years, self.near), ~self._led(admitted)))
        rows: list[int] = admitted[ahead[: max(CANDIDATES, self.limit + SPARE)]].tolist()
        return rows, [1.0] * len(rows)

    def _hits(self, rows: Sequence[int], scores: Sequence[float]) -> list[Hit]:
        """The first hits with their papers, near-duplicates folded into the first of them."""
        some = list(rows[: self.limit + SPARE])
        # Another order than that of the probabilities must not make a score rise down the list.
        capped = np.minimum.accumulate(np.array(scores[: len(some)], dtype=np.float64)).tolist()
        papers = self.index.papers(some)
        groups = order.folded_duplicates(papers, self.index.vectors(some))[: self.limit]
        return [
            Hit(rank, capped[place], papers[place], tuple(papers[other].id for other in others))
            for rank, (place, others) in enumerate(groups, start=1)
        ]


def _check(filters: Filters) -> None:
    for year in (filters.since, filters.until):
        if year is not None and abs(year) > LAST_YEAR:
            raise UsageError(f"{year} is no year: give one such as 2015.")
    if filters.since is not None and filters.until is not None and filters.since > filters.until:
        raise UsageError(f"No year is both since {filters.since} and until {filters.until}: swap the two.")


def _outdated(index: str) -> str:
    return (
        f"The words of the index {index!r} are in the form of an earlier Sidereus, which finds less: run "
        f"'sidereus index refresh {index}'. It embeds nothing anew."
    )


def _nothing_admitted(filters: Filters) -> str:
    wanted = ", ".join(f"{name} {value}" for name, value in filters.as_record().items())
    return f"No paper here passes the filters ({wanted}): widen them."
