"""Reading: how likely each sentence is to answer a question, and to bear on it at all.

All that an answer does with evidence rests on these two chances: which sentence leads, when to stop, which papers are
spoken of, and whether to answer. There are two readers. :class:`SignsReader` adds up the signs of a good sentence
(:mod:`rag.evidence.signs`) and needs no model. :class:`TrainedReader` lets a cross-encoder that was taught on judged
questions read the sentences that the signs put first, and weighs its word with theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.evidence.passage import Passage, in_context
from rag.models.reader import SentenceReader


class Reader(Protocol):
    """Reads the sentences found for a question."""

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """Those that are worth showing with their chances, the likeliest answer first.

        ``found`` are ranked by their signs, the best first.
        """
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds as a weighted sum of what is known of a sentence.

    Attributes:
        offset: what every sentence has.
        answers, bears: weights of the trained reader's two log-odds.
        score, cosine, relevance: weights of the sum of signs, the nearness in meaning, and the paper's relevance.
        opening: what the first sentence of a digest has, since these say first what a thing is.
    """

    offset: float
    answers: float = 0.0
    bears: float = 0.0
    score: float = 0.0
    cosine: float = 0.0
    relevance: float = 0.0
    opening: float = 0.0

    def chance(self, passage: Passage, answers: float = 0.0, bears: float = 0.0) -> float:
        """The chance, in 0..1."""
        odds = self.offset + self.answers * answers + self.bears * bears
        odds += self.score * passage.score + self.cosine * passage.cosine + self.relevance * passage.relevance
        if passage.paper.kind == "digest" and passage.position == 0:
            odds += self.opening
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


@dataclass(frozen=True, slots=True)
class SignsReader:
    """Reads by signs alone; its weights were fitted to judged training questions (docs/TRAINING.md)."""

    answers: Line = Line(-5.792, score=0.590, cosine=2.422, relevance=2.092)
    bears: Line = Line(-4.658, cosine=4.008, relevance=2.514)
    most: int = 40

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """See :class:`Reader`."""
        read = (
            replace(passage, answers=self.answers.chance(passage), bears=self.bears.chance(passage))
            for passage in found[: self.most]
        )
        return best_first(read)


@dataclass(frozen=True, slots=True)
class TrainedReader:
    """Reads the ``most`` best sentences with a cross-encoder; the weights are fitted as those of the signs are."""

    model: SentenceReader
    answers: Line = Line(-3.805, answers=0.673, score=0.700, cosine=2.133, relevance=0.692, opening=0.456)
    bears: Line = Line(-3.438, bears=0.568, cosine=3.304, relevance=1.487)
    most: int = 48

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """See :class:`Reader`."""
        some = found[: self.most]
        if not some:
            return []
        logits = self.model.logits(question, [in_context(passage.paper, passage.text) for passage in some]).tolist()
        return best_first(
            replace(passage, answers=self.answers.chance(passage, *both), bears=self.bears.chance(passage, *both))
            for passage, both in zip(some, logits, strict=True)
        )


def best_first(read: Iterable[Passage]) -> list[Passage]:
    """Passages by their chance to answer; a question is no answer to one."""
    return sorted((p for p in read if not p.text.rstrip().endswith("?")), key=lambda passage: -passage.answers)
