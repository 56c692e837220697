"""Check that a sentence says nothing that its evidence does not say.

A sentence and the texts it cites in, a judgement with its reason out. The checks are of what can
be checked by rule: numbers and units, names, opposites, negation, and nearness in meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers.evidence import Encode
from rag.answers.quantities import agrees, quantities
from rag.answers.terms import Idf, lacks, mass, names, plain, stems, words

CITATION = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How near to its evidence a sentence has to be."""

    cosine: float = 0.55
    # Share of the sentence's words, by weight, that the evidence has.
    covered: float = 0.25
    # A word this rare in the corpus is a term, not a turn of phrase, and has to be in the evidence.
    rare: float = 0.58


@dataclass(frozen=True, slots=True)
class Grounding:
    """Whether the evidence supports the sentence, how surely (0 to 1), and why not."""

    supported: bool
    score: float
    reason: str


# Within a set, naming one member where the evidence has only another says something else.
_CONTRASTS = tuple(
    frozenset(stems(line))
    for line in (
        "electron proton neutron neutrino photon positron ion muon axion",
        "parallel perpendicular",
        "magnetic electric gravitational acoustic",
        "radio infrared optical ultraviolet microwave submillimeter",
        "globular open",
        "spiral elliptical lenticular irregular",
        "increase decrease",
        "increasing decreasing",
        "strong weak",
        "strongly weakly",
        "higher lower",
        "larger smaller",
        "thermal nonthermal gaseous radiative mechanical compositional chemical dynamic dynamical",
        "agree disagree",
        "consistent inconsistent",
        "stable unstable",
        "maximum minimum",
        "northern southern",
        "inner outer",
        "nuclear electronic",
        "positive negative",
        "bayesian frequentist",
        "corona chromosphere photosphere",
        "coronal chromospheric photospheric",
        "hydrogen helium carbon oxygen nitrogen deuterium tritium iron",
        "prograde retrograde",
        "poloidal toroidal",
        "fast slow",
        "hot cold",
        "moderate extreme",
        "star planet comet asteroid galaxy",
        "dwarf giant",
        "bremsstrahlung cyclotron synchrotron curvature",
        "infrared raman radio ultraviolet visible",
        "astronomy geology biology chemistry medicine",
    )
)
# Two-word kinds of object: the first word alone tells little.
_KINDS = ("neutron star", "white dwarf", "brown dwarf", "black hole", "red giant", "dark matter", "dark energy")
# Facilities whose names look like words, so that one opening a sentence is not told by its capital.
_FACILITIES = frozenset(
    "fermi swift chandra suzaku hubble planck herschel spitzer kepler gaia euclid rosat galex "
    "hipparcos ulysses voyager cassini juno rosetta galileo helios hinode stereo auger icecube "
    "swarm cluster wind".split()
)
_OPPOSITES = (("less", "more"), ("above", "below"), ("same", "different"), ("with", "without"))
_NEGATION = re.compile(
    r"\b(?:not(?! only| just| necessarily)|no(?! \d)|never|cannot|without|neither|nor|none|nobody|nothing|hardly|"
    r"scarcely|fail(?:s|ed|ure)?|lack(?:s|ed|ing)?|absen(?:t|ce)|missing|unable|unclear|unlikely|unknown|impossible|"
    r"rul(?:e|es|ed|ing) (?:out|any)|exclud(?:e|es|ed|ing)|disagree\w*|inconsisten\w*|incompatible|little|"
    r"instead of|rather than|doubt\w*|ignor\w+|prevent\w*|unless|nowhere)\b",
    re.IGNORECASE,
)
_SCOPE = 6
# Rare in abstracts, but turns of phrase and not terms.
_EVERYDAY = frozenset(
    stems(
        "saw stay touch mean meant give gave widen narrow deepen lengthen shorten soften meet met meantime "
        "meanwhile wherever whenever whatever lately brought keep kept hold "
        "held told speak thrown caught turn put went gone came got made took fell rose grew want tried begin began "
        "carry help ask say said look think thought believe argue claim warn notice leave left stand stood sit lie "
        "lay lose lost won share serve spend spent paid send sent wrote mostly mainly chiefly largely merely barely "
        "truly really steadily gradually suddenly likewise otherwise altogether apart aside ahead huge tiny vast "
        "whole chief good bad worst wrong newcomer humanity someone somebody everybody anyone everything anything "
        "something surprising intriguing remarkable striking modest modern concern deal pinpoint outline insulate "
        "convincing rough tied shown gone thrice today nowadays meanwhile afterwards beforehand somewhat"
    )
)


def cited(sentence: str) -> tuple[str, tuple[int, ...]]:
    """A sentence without its citations, and the numbers it cites.

    >>> cited("It is 5 kpc away [1][3, 4].")
    ('It is 5 kpc away.', (1, 3, 4))
    """
    numbers = [int(n) for found in CITATION.findall(sentence) for n in found.split(",")]
    return CITATION.sub("", sentence).strip(), tuple(dict.fromkeys(numbers))


def closest(sentence: str, texts: Sequence[str], given: str = "") -> tuple[int, float]:
    """The place of the text that holds most of a sentence's words, and their share (0 to 1); words of `given` aside."""
    said = set(stems(sentence)) - set(stems(given))
    shares = [len(said & set(stems(text))) / max(len(said), 1) for text in texts]
    best = max(range(len(shares)), key=shares.__getitem__, default=0)
    return best, shares[best] if shares else 0.0


def _denied(text: str) -> tuple[int, frozenset[str]]:
    """How many negations `text` has and the stems in reach of them."""
    text = plain(text)
    cues = list(_NEGATION.finditer(text))
    reached: set[str] = set()
    for cue in cues:
        clause = re.split(r"[;:]|, (?:but|and|while|which)\b", text[cue.end() :])[0]
        reached.update(stems(clause)[:_SCOPE])
        if cue.group().lower().split()[0] not in ("not", "no", "without"):
            reached.update(stems(text[: cue.start()])[-3:])
    return len(cues), frozenset(reached)


def _number_fault(sentence: str, evidence: str) -> str:
    """A number or unit of `sentence` that `evidence` does not have."""
    sources = quantities(evidence)
    for claim in quantities(sentence):
        if not any(agrees(claim, source) for source in sources):
            return f"number not in evidence: {claim.written.strip()}"
    return ""


def _name_fault(sentence: str, evidence: str) -> str:
    """A name of `sentence` that `evidence` does not mention."""
    opening = words(sentence)[:1]
    opener = [word for word in opening if word in _FACILITIES]
    missing = lacks(evidence, [*names(sentence), *opener])
    return f"name not in evidence: {missing[0]}" if missing else ""


def _contrast_fault(sentence: str, evidence: str) -> str:
    """A word of `sentence` in whose place `evidence` has a rival of it."""
    said, given = set(stems(sentence)), set(stems(evidence))
    for rivals in _CONTRASTS:
        swapped = (said & rivals) - given
        if swapped and (given & rivals) - said:
            return f"evidence has a rival of: {min(swapped)}"
    kinds = [[kind for kind in _KINDS if kind in plain(text).lower()] for text in (sentence, evidence)]
    if set(kinds[0]) - set(kinds[1]) and set(kinds[1]) - set(kinds[0]):
        return f"evidence has a rival of: {min(set(kinds[0]) - set(kinds[1]))}"
    said_words, given_words = set(words(sentence)), set(words(evidence))
    for one, other in (*_OPPOSITES, *(pair[::-1] for pair in _OPPOSITES)):
        if one in said_words and one not in given_words and other in given_words and other not in said_words:
            return f"evidence has the opposite of: {one}"
    return ""


def _negation_fault(sentence: str, evidence: str) -> str:
    """A negation on one side only."""
    said, said_reach = _denied(sentence)
    given, given_reach = _denied(evidence)
    if said and not given:
        return "sentence denies what the evidence does not"
    if given and not said and given_reach & set(stems(sentence)):
        return "evidence denies what the sentence states"
    shifted = (given_reach - said_reach) & set(stems(sentence)) or (said_reach - given_reach) & set(stems(evidence))
    if (said - given) % 2 and shifted:
        return "sentence and evidence differ in what they deny"
    return ""


def _related(stem: str, others: set[str]) -> bool:
    """Whether one of `others` looks like a form of `stem`: "mixer" and "mix", "evolut" and "evolv"."""
    return any(
        stem[:4] == other[:4]
        or (len(other) >= 3 and stem.startswith(other))
        or (len(stem) >= 3 and other.startswith(stem))
        for other in others
    )


def _rare_fault(sentence: str, evidence: str, idf: Idf, limits: Limits) -> str:
    """A rare term of `sentence` that `evidence` lacks in every form."""
    given, named = set(stems(evidence)), set(stems(" ".join(names(sentence))))
    # Lower-case words only: names, symbols and units have checks of their own.
    for stem in stems(" ".join(re.findall(r"\b[A-Z]?[a-z]{3,}\b", plain(sentence)))):
        if idf(stem) > limits.rare and stem not in _EVERYDAY | named and not _related(stem, given):
            return f"term not in evidence: {stem}"
    return ""


def check(sentence: str, evidence: Sequence[str], encode: Encode, idf: Idf, limits: Limits | None = None) -> Grounding:
    """Whether the `evidence` texts together support `sentence`."""
    limits = limits or Limits()
    if not evidence:
        return Grounding(False, 0.0, "no evidence cited")
    together = " ".join(evidence)
    vectors = encode([sentence, *evidence, together])
    cosine = float(max(vectors[1:] @ vectors[0]))
    said, given = set(stems(sentence)), set(stems(together))
    covered = mass(said & given, idf) / (mass(said, idf) or 1.0)
    nearness = max(0.0, min(1.0, (cosine + covered) / 2))
    fault = (
        _number_fault(sentence, together)
        or _name_fault(sentence, together)
        or _contrast_fault(sentence, together)
        or _negation_fault(sentence, together)
        or _rare_fault(sentence, together, idf, limits)
    )
    if not fault and (cosine < limits.cosine or covered < limits.covered):
        fault = f"too far from the evidence (cosine {cosine:.2f}, words {covered:.0%})"
    return Grounding(not fault, nearness * (0.3 if fault else 1.0), fault or "supported")
