"""Orders people want beside the most relevant first: newer, more varied, reviews, and each result once.

Arrays and papers in, arrays out. Scores are the fusion's: higher is better, and only their ratios matter here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rag.index.filters import Filters
from rag.papers import Paper
from rag.text.personal_names import folded

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]

# Years after which a paper has lost 63 % of what recency can cost it.
FADING = 8.0
# How much a review is worth when reviews are asked for, as a share of the best score.
REVIEW_BONUS = 0.35
# How much it is worth to have two words side by side, as a share of the best score.
TERM_BONUS = 0.5
SAME = 0.97
# Two papers may share a short title by chance; then their texts differ more than this.
SAME_TITLE = 0.80
ALIKE_TITLES = 0.8
REVIEW_TITLE = re.compile(
    r"\b(?:reviews?|overview|introduction to|lectures?|lecture notes|progress in|status of|primer|tutorial|"
    r"perspectives?|handbook|roadmap|state of the art|history of|past, present|"
    r"(?:recent|new) (?:advances|developments|progress))\b",
    re.I,
)
REVIEW_TEXT = re.compile(
    r"\b(?:(?:we|i|this|paper|article|chapter|work|lectures?|and) (?:briefly )?reviews?\b"
    r"|(?:are|is|be) (?:briefly )?reviewed|review article|in this (?:review|chapter|lecture)|these lectures"
    r"|(?:this|a|brief|short|the present) (?:brief |short |comprehensive |critical )?(?:review|overview)\b"
    r"|recent progress)",
    re.I,
)


def newer(scores: Floats, years: npt.NDArray[np.int16], weight: float) -> Floats:
    """Scores in which a paper loses up to ``weight`` (0..1) of its score with its age.

    Ages count back from the newest of the papers.
    """
    age = (years.max(initial=0) - years).astype(np.float32)
    fresh = 1.0 - weight + weight * np.exp(-age / FADING)
    return np.asarray(np.maximum(scores, 0) * fresh, dtype=np.float32)


def reviews_first(scores: Floats, papers: Sequence[Paper]) -> Floats:
    """Scores in which papers that look like reviews gain."""
    bonus = REVIEW_BONUS * float(scores.max(initial=0))
    likely = np.array([_review_likeness(paper) for paper in papers], dtype=np.float32)
    return np.asarray(scores + bonus * likely, dtype=np.float32)


def phrases_first(scores: Floats, papers: Sequence[Paper], phrases: Sequence[str]) -> Floats:
    """Scores in which papers that have the phrases word for word come before others."""
    return _with_phrases(scores, papers, phrases, float(scores.max(initial=0)) + 1.0)


def terms_first(scores: Floats, papers: Sequence[Paper], term: str) -> Floats:
    """Scores in which papers that have two words side by side gain, for these may be a term."""
    return _with_phrases(scores, papers, [term.rstrip("s")], TERM_BONUS * float(scores.max(initial=0)))


def _with_phrases(scores: Floats, papers: Sequence[Paper], phrases: Sequence[str], bonus: float) -> Floats:
    wanted = [" ".join(re.findall(r"\w+", phrase.lower())) for phrase in phrases]
    texts = (" ".join(re.findall(r"\w+", paper.text.lower())) for paper in papers)
    held = np.array([sum(phrase in text for phrase in wanted) for text in texts], dtype=np.float32)
    return np.asarray(scores + bonus * held, dtype=np.float32)


def years_away(years: npt.NDArray[np.int64], wanted: Filters | None) -> npt.NDArray[np.int64]:
    """How many years each is away from those wanted; 0 where none are."""
    if wanted is None:
        return np.zeros_like(years)
    since = wanted.since if wanted.since is not None else years.min(initial=0)
    until = wanted.until if wanted.until is not None else years.max(initial=0)
    return np.maximum(np.maximum(since - years, years - until), 0)


def diverse(scores: Floats, vectors: Floats, weight: float, count: int) -> Positions:
    """The positions of ``count`` papers by maximal marginal relevance (Carbonell & Goldstein 1998).

    Each next one is the best by score less ``weight`` (0..1) times its cosine with the nearest chosen before.
    """
    relevance = scores / max(float(scores.max(initial=0)), 1e-6)
    nearest = np.zeros(len(scores), dtype=np.float32)
    left = np.ones(len(scores), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(count, len(scores)):
        gain = np.where(left, (1 - weight) * relevance - weight * nearest, -np.inf)
        best = int(np.argmax(gain))
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return np.array(chosen, dtype=np.int64)


def folded_duplicates(papers: Sequence[Paper], vectors: Floats) -> list[tuple[int, tuple[int, ...]]]:
    """The positions of the papers, each once, with the positions of its near-duplicates further down."""
    titles = [frozenset(re.findall(r"[^\W_]+", folded(paper.title))) for paper in papers]
    cosines = vectors @ vectors.T
    kept: dict[int, list[int]] = {}
    for position in range(len(papers)):
        near = np.flatnonzero(cosines[position, :position] >= SAME_TITLE).tolist()
        first = next((one for one in near if one in kept and _same(titles, cosines, one, position)), position)
        kept.setdefault(first, []).append(position)
    return [(first, tuple(others)) for first, (_, *others) in kept.items()]


def _same(titles: Sequence[frozenset[str]], cosines: Floats, one: int, other: int) -> bool:
    if titles[one] == titles[other]:
        return True
    shared, either = len(titles[one] & titles[other]), len(titles[one] | titles[other])
    return bool(
        cosines[one, other] > SAME and shared >= ALIKE_TITLES * either and _same_parts(titles[one], titles[other])
    )


def _same_parts(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether titles don't differ in a number, as "Paper II" from "Paper III"."""
    return not any(re.fullmatch(r"\d+|[ivx]+|[a-z]", word) for word in one ^ other)


def _review_likeness(paper: Paper) -> float:
    if REVIEW_TITLE.search(paper.title):
        return 1.0
    return 0.7 if REVIEW_TEXT.search(paper.abstract) else 0.0
