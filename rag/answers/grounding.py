"""Whether a sentence says no more than its evidence: its numbers, and most of its words, must stand there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.index.engine import words

NUMBER = re.compile(r"\d+(?:\.\d+)?")
CITATION = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")
LEAST_SHARED = 0.6


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence is supported, and the share of its words (0..1) that its best evidence holds."""

    supported: bool
    score: float
    best: int


def check(sentence: str, evidence: Sequence[str], question: str = "") -> Verdict:
    """Compare a sentence with each text of the evidence; ``best`` is the place of the closest one.

    Numbers of the question count as given.
    """
    bare = CITATION.sub("", sentence)
    said = set(words(bare))
    given = set(words(question))
    shares = [len(said & set(words(text))) / max(len(said), 1) for text in evidence]
    if not shares or not said:
        return Verdict(False, 0.0, 0)
    best = max(range(len(shares)), key=shares.__getitem__)
    numbers = set(NUMBER.findall(bare)) - set(NUMBER.findall(question))
    known = set(NUMBER.findall(evidence[best]))
    new = said - given
    fresh = len(new & set(words(evidence[best]))) / max(len(new), 1)
    return Verdict(numbers <= known and bool(new) and fresh >= LEAST_SHARED, shares[best], best)
