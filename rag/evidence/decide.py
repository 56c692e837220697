"""Decide whether the chosen evidence can answer the question at all.

Question and ranked passages in, a verdict out. The corpus is asked only how telling and
how well known a word is, so the settings carry over to other indexes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.evidence.passage import Passage
from rag.text.terms import Idf, lacks, names, stems

# Whether any paper of the index has a stem.
Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Settings:
    """Log-odds of an answer per sign, and the probability below which to abstain."""

    covered: float = 7.0
    cosine: float = 3.5
    missing: float = 1.6
    offset: float = -7.4
    threshold: float = 0.4
    # A common word that a small index happens to lack says less than a name that it lacks.
    unknown_word: float = 0.5
    # Weight taken for covered beforehand, so that one missing word does not sink a short question.
    slack: float = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """How likely the evidence holds an answer, and what speaks against it."""

    probability: float
    abstain: bool
    covered: float
    cosine: float
    missing: tuple[str, ...]


def coverage(question: str, text: str, idf: Idf, known: Known, settings: Settings) -> float:
    """Share of the question's words, by weight, that `text` has."""
    named = {stem for name in names(question) for stem in stems(name)}
    found = set(stems(text))

    def weight(stem: str) -> float:
        return idf(stem) if stem in named or known(stem) else settings.unknown_word

    weights = {stem: weight(stem) for stem in set(stems(question))}
    covered = sum(value for stem, value in weights.items() if stem in found)
    return (covered + settings.slack) / (sum(weights.values()) + settings.slack)


def judge(
    question: str,
    passages: Sequence[Passage],
    idf: Idf,
    known: Known,
    settings: Settings | None = None,
) -> Verdict:
    """Whether to answer `question` from `passages`, ranked best first, or to abstain.

    The paper of the best passage has to speak of what the question speaks of; a mission, object
    or year of the question that it never mentions weighs most.
    """
    settings = settings or Settings()
    if not passages:
        return Verdict(0.0, True, 0.0, 0.0, tuple(names(question)))
    text = f"{passages[0].paper.title}. {passages[0].paper.abstract}"
    covered = coverage(question, text, idf, known, settings)
    cosine = max(passage.cosine for passage in passages[:3])
    asked = names(question)
    missing = tuple(lacks(text, asked))
    odds = (
        settings.offset
        + settings.covered * covered
        + settings.cosine * cosine
        - settings.missing * len(missing) / max(1, len(asked))
    )
    probability = 1 / (1 + math.exp(-odds))
    return Verdict(probability, probability < settings.threshold, covered, cosine, missing)
