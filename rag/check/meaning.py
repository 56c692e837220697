"""Whether evidence means what a sentence says, as far as a trained reader can tell (docs/TRAINING.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

# Log-odds of support above which a sentence is taken to say what its evidence says, and what each doubt of the rules
# takes from them. Chosen together on written claims whose papers the reader was not trained on.
SUPPORTED, DOUBT = -6.0, 6.0


class Judge(Protocol):
    """Judges claims; a trained reader (:class:`rag.models.reader.SentenceReader`) does."""

    def support(self, claim: str, evidence: str) -> float:
        """The log-odds that the evidence supports a claim."""
        ...


def support(judge: Judge, sentence: str, evidence: Sequence[str], doubts: int = 0) -> tuple[bool, float]:
    """Whether the texts support a sentence, one of them or all together, and how surely, in 0..1.

    ``doubts`` counts the rules that find the sentence to say something else.
    """
    ways = [*evidence, " ".join(evidence)] if len(evidence) > 1 else evidence
    odds = max(judge.support(sentence, way) for way in ways) - DOUBT * doubts
    return odds > SUPPORTED, 1 / (1 + math.exp(SUPPORTED - odds))
