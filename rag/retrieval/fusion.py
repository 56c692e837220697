"""Hybrid ranking: a keyword list and a dense list in, one order with probabilities out.

The two sides are put on scales that mean the same for every query, and added:

- ``coverage`` of a document is its BM25 score over the idf mass of the query: about 1
  when it holds everything the query asked for, about 0.2 when it shares a stray word.
- ``cosine`` is the dense similarity, after one step of pseudo-relevance feedback.

    trust = coverage ** power
    score = cosine * (1 + agreement * trust) + gain * trust ** 2

The power is what decides whom to trust, per document and without a switch: near full
coverage the keyword side outweighs any difference in cosine; at the coverage that
chance words reach, it vanishes and the dense order stands. In between, for queries of
keywords and half-remembered words, coverage counts more where the meaning agrees.

No model, no index and no text here: arrays in, arrays out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]
VectorsOf = Callable[[Rows], Floats]


@dataclass(frozen=True)
class Calibration:
    """Logistic weights that turn a hit's features into a probability of relevance.

    Fitted to the best hits of the development queries, of those with their paper taken out and of those
    that no paper answers. The best hit's lead over the second is left out on purpose: where many papers
    are relevant, none leads.

    Attributes:
        bias: constant term.
        cosine: weight of the cosine with the query as typed (no feedback, nothing imagined).
        coverage: weight of the keyword coverage, cut at 1.5.
    """

    bias: float = -4.96
    cosine: float = 1.57
    coverage: float = 5.14


@dataclass(frozen=True)
class FusionSettings:
    """The settings of the ranking, chosen once on the development questions.

    Attributes:
        gain: what full coverage is worth, in units of cosine.
        power: how fast partial coverage loses its worth.
        agreement: how much more cosine counts in a document with full coverage.
        feedback: how far the query vector moves towards its best dense hits.
        feedback_hits: how many of them it moves towards.
        feedback_temperature: how fast their weight falls with their cosine.
        calibration: the weights of the probability.
    """

    gain: float = 2.0
    power: float = 2.0
    agreement: float = 0.5
    feedback: float = 0.3
    feedback_hits: int = 3
    feedback_temperature: float = 0.05
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(frozen=True)
class RankedList:
    """One side's hits, best first: document rows and that side's own scores."""

    rows: Rows
    scores: Floats


@dataclass(frozen=True)
class Fused:
    """The fused hits, best first, with what each side said about them."""

    rows: Rows
    scores: Floats
    probabilities: Floats
    cosines: Floats
    coverages: Floats


def idf(document_frequency: NDArray[np.int64] | Sequence[int], documents: int) -> Floats:
    """Return the BM25 idf of terms: log(1 + (N - df + 0.5) / (df + 0.5)).

    A term that no document holds (df = 0) gets the largest idf there is, so that an
    unknown word counts fully against a document's coverage of the query.
    """
    df = np.asarray(document_frequency, dtype=np.float64)
    return np.log1p((documents - df + 0.5) / (df + 0.5)).astype(np.float32)


def coverage(scores: Floats, term_idf: Floats) -> Floats:
    """Return the share of the query's idf mass that BM25 scores stand for.

    Args:
        scores: raw BM25 scores, 0 for documents not on the keyword list.
        term_idf: idf of every distinct query term, unknown terms included.
    """
    mass = float(np.sum(term_idf))
    return scores / mass if mass > 0.0 else np.zeros_like(scores)


def softmax(values: Floats, temperature: float) -> Floats:
    """Return the softmax of values / temperature."""
    if not len(values):
        return values
    weights: Floats = np.exp((values - values.max()) / temperature)
    return np.asarray(weights / weights.sum(), dtype=np.float32)


def feedback_vector(query: Floats, hits: Floats, settings: FusionSettings) -> Floats:
    """Return the query vector moved towards the vectors of its best dense hits."""
    cosines = hits @ query
    best = np.argsort(-cosines, kind="stable")[: settings.feedback_hits]
    weights = softmax(cosines[best], settings.feedback_temperature)
    moved = query + settings.feedback * (weights @ hits[best])
    return np.asarray(moved / (1.0 + settings.feedback), dtype=np.float32)


def candidates(sparse: RankedList, dense: RankedList) -> tuple[Rows, Floats]:
    """Return the rows on either list, sorted, and their BM25 scores (0 if not listed)."""
    rows = np.union1d(sparse.rows, dense.rows).astype(np.int64)
    scores = np.zeros(len(rows), dtype=np.float32)
    scores[np.searchsorted(rows, sparse.rows)] = sparse.scores
    return rows, scores


def probabilities(cosines: Floats, coverages: Floats, calibration: Calibration) -> Floats:
    """Return P(relevant) for each candidate."""
    logits = calibration.bias + calibration.cosine * cosines + calibration.coverage * np.minimum(coverages, 1.5)
    return (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)


def fuse(
    term_idf: Floats,
    sparse: RankedList,
    dense: RankedList,
    query_vector: Floats,
    vectors_of: VectorsOf,
    settings: FusionSettings = FusionSettings(),
    typed: Floats | None = None,
) -> Fused:
    """Merge a keyword list and a dense list into one order with probabilities.

    Args:
        term_idf: idf of every distinct query term (stop words out, unknown terms in).
        sparse: BM25 hits with raw scores; may be empty.
        dense: dense hits with cosines; may be empty.
        query_vector: the L2-normalised query embedding.
        vectors_of: returns the L2-normalised vectors of document rows, in their order.
        settings: the settings of the ranking.
        typed: the embedding of the query as typed, when ``query_vector`` is another; probabilities rest on it.

    Example:
        >>> axes = np.eye(3, dtype=np.float32)
        >>> keyword = RankedList(np.array([2]), np.array([3.0], np.float32))
        >>> nearest = RankedList(np.array([0, 1]), np.array([1.0, 0.0], np.float32))
        >>> fuse(np.array([3.0]), keyword, nearest, axes[0], lambda r: axes[r]).rows.tolist()
        [2, 0, 1]
    """
    rows, bm25 = candidates(sparse, dense)
    vectors = vectors_of(rows)
    cosines = vectors @ query_vector
    covered = coverage(bm25, term_idf)
    moved = vectors @ feedback_vector(query_vector, vectors, settings)
    trust = covered**settings.power
    scores = moved * (1.0 + settings.agreement * trust) + settings.gain * trust**2
    as_typed = cosines if typed is None else vectors @ typed
    chance = probabilities(as_typed, covered, settings.calibration)
    order = np.argsort(-scores, kind="stable")
    return Fused(rows[order], scores[order], chance[order], cosines[order], covered[order])
