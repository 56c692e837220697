"""Check that a sentence says nothing that its evidence does not say.

A sentence and the texts it cites in, a judgement with its reason out. Numbers, units and names are checked by rule.
Whether the evidence means what the sentence says is told by rules for terms, opposites and negation, and by a trained
judge whom their doubts make stricter, or without one by nearness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.check.meaning import Judge, support
from rag.check.mentions import Mentions
from rag.check.polarity import differs
from rag.check.vocabulary import kinds, rivals, terms
from rag.models.embedder import Encode, Vectors
from rag.text.quantities import agrees, quantities
from rag.text.sentences import split
from rag.text.terms import names, plain, stems, words
from rag.text.units import is_unit


@dataclass(frozen=True, slots=True)
class Limits:
    """How near to its evidence a sentence has to be."""

    cosine: float = 0.3
    # Half the sum of the cosine and of the share of the sentence's words that the evidence has.
    nearness: float = 0.44


@dataclass(frozen=True, slots=True)
class Grounding:
    """Whether the evidence supports the sentence, how surely (0 to 1), and why not."""

    supported: bool
    score: float
    reason: str


# Facilities whose names look like words, so that one opening a sentence is not told by its capital.
_FACILITIES = frozenset(
    "fermi swift chandra suzaku hubble planck herschel spitzer kepler gaia euclid rosat galex "
    "hipparcos ulysses voyager cassini juno rosetta galileo helios hinode stereo auger icecube "
    "swarm cluster wind".split()
)
# "Two surveys, A and B" counts what the evidence may only list; not so if it counts something itself.
_COUNTS = (2.0, 3.0, 4.0, 5.0)
_COUNTED = re.compile(r"\b(?:two|three|four|five|six|seven)\b|(?<![\w.~=<>-])[2-9](?=[ -][a-z])", re.IGNORECASE)
# Sentences of the evidence that share this part of what the nearest shares are weighed with it.
_NEAREST = 0.5


def closest(sentence: str, texts: Sequence[str], given: str = "") -> tuple[int, float]:
    """The place of the text that holds most of a sentence's words, and their share (0 to 1); words of `given` aside."""
    said = set(stems(sentence)) - set(stems(given))
    shares = [len(said & set(stems(text))) / max(len(said), 1) for text in texts]
    best = max(range(len(shares)), key=shares.__getitem__, default=0)
    return best, shares[best] if shares else 0.0


def _number_fault(sentence: str, evidence: str) -> str:
    """A number or unit of `sentence` that `evidence` does not have."""
    sources = quantities(evidence)
    counted = _COUNTED.search(plain(evidence))
    for claim in quantities(sentence):
        listed = claim.value in _COUNTS and not claim.unit and not counted
        if not listed and not any(agrees(claim, source) for source in sources):
            return f"number not in evidence: {claim.written.strip()}"
    return ""


def _name_fault(sentence: str, evidence: Mentions) -> str:
    """A name of `sentence` that `evidence` does not mention."""
    opener = [word for word in words(sentence)[:1] if word in _FACILITIES]
    restated = evidence.restated(sentence)
    for name in [*names(sentence), *opener]:
        measured = is_unit(name) and re.search(rf"\d[)\s-]*{re.escape(name)}", plain(sentence))
        if measured or re.fullmatch(r"\d+", name) or set(stems(name)) <= restated or evidence.name(name):
            continue
        return f"name not in evidence: {name}"
    return ""


def _term_fault(sentence: Mentions, evidence: Mentions) -> str:
    """A term of `sentence` that `evidence` lacks, or has a rival of."""
    restated = evidence.restated(sentence.text)
    new = {stem for stem in sentence.stems if not evidence.exactly(stem)} - restated
    if missing := new & terms():
        return f"term not in evidence: {min(missing)}"
    for rival in rivals():
        if (swapped := new & rival) and any(not sentence.exactly(stem) for stem in evidence.stems & rival):
            return f"evidence has a rival of: {min(swapped)}"
    run = plain(sentence.text).lower().replace("-", " ")
    for kind, parts in kinds():
        if (
            kind.replace("-", " ") in run
            and not restated & set(parts)
            and not all(evidence.exactly(stem) for stem in parts)
        ):
            return f"kind not in evidence: {kind}"
    return ""


def _nearest(sentence: Mentions, evidence: Sequence[str]) -> str:
    """The sentences of the evidence that speak of what `sentence` speaks of."""
    parts = [part for text in evidence for part in split(text)]
    shared = [sum(part.word(stem) for stem in sentence.stems) for part in map(Mentions, parts)]
    return " ".join(part for part, share in zip(parts, shared, strict=True) if share >= _NEAREST * max(shared))


def _dimensions(text: str) -> str:
    """`text` with "3D" for "three-dimensional"."""
    for word, digit in (("one", 1), ("two", 2), ("three", 3)):
        text = re.sub(rf"\b(?:{word}|{digit})[- ]dimension\w*", f"{digit}D", text, flags=re.IGNORECASE)
        text = re.sub(rf"\b{digit}-D\b", f"{digit}D", text)
    return text


def check(
    sentence: str, evidence: Sequence[str], encode: Encode, limits: Limits = Limits(), judge: Judge | None = None
) -> Grounding:
    """Whether the `evidence` texts together support `sentence`."""
    if not evidence:
        return Grounding(False, 0.0, "no evidence cited")
    texts = [_dimensions(text) for text in evidence]
    together = " ".join(texts)
    plainly = _dimensions(sentence)
    said, given = Mentions(plainly), Mentions(together)
    fault = _number_fault(plainly, together) or _name_fault(plainly, given)
    doubts = [doubt for doubt in (_term_fault(said, given), differs(plainly, _nearest(said, texts))) if doubt]
    if judge:
        means_it, score = support(judge, sentence, evidence, len(doubts))
        reasons = [fault] if means_it else [fault, *doubts, "the evidence does not say this"]
    else:
        score, far = _nearness(said, given, encode([sentence, *evidence, " ".join(evidence)]), limits)
        reasons = [fault, *doubts, far]
    fault = next(filter(None, reasons), "")
    return Grounding(not fault, score * (0.3 if fault else 1.0), fault or "supported")


def _nearness(said: Mentions, given: Mentions, vectors: Vectors, limits: Limits) -> tuple[float, str]:
    """How near a sentence is to its evidence, in 0..1, and what is said when that is too far."""
    cosine = float(max(vectors[1:] @ vectors[0]))
    covered = sum(given.word(stem) for stem in said.stems) / max(len(said.stems), 1)
    nearness = max(0.0, min(1.0, (cosine + covered) / 2))
    too_far = cosine < limits.cosine or nearness < limits.nearness
    return nearness, f"too far from the evidence (cosine {cosine:.2f}, words {covered:.0%})" if too_far else ""
