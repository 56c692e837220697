"""The themes of a broad topic: groups of the papers found for it, each with words that name it.

Spherical k-means over the papers' own vectors, taken from their mean, begun from papers far from each other; the words
are those pairs and words that many of a group's papers have and few of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.papers import Paper
from rag.text.sentences import split
from rag.text.terms import STOPWORDS, stems, words

ROUNDS = 12
SMALLEST = 3  # papers: fewer make no theme
PAIR = 2.2  # what a pair of words says more than one

_SAYS_NOTHING = STOPWORDS | frozenset(
    "new study studies analysis paper papers results observation observations observed observational measurement "
    "measurements measuring model models modeling modelling method methods using use based approach implications "
    "properties search role effect effects evidence possible case first ii iii iv vs review introduction towards high "
    "low large small data survey simulations simulation numerical theory theoretical constraints constraining "
    "probing investigation detection application i two three order find found show shown present discuss different "
    "number well work recent important known provide several previous obtained available time values value "
    "consistent suggest compare compared good current total average typical significant due related main "
    "studied observed used using derived strong present presented considered respectively particular".split()
)


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of papers and the words that name it."""

    label: str
    papers: tuple[Paper, ...]


def themes(topic: str, papers: Sequence[Paper], vectors: NDArray[np.float32], most: int) -> list[Theme]:
    """At most ``most`` themes of some papers, the one with the best-ranked papers first.

    ``papers`` are in the order of their relevance, ``vectors`` their unit vectors, of shape
    (len(papers), dimensions).
    """
    groups = min(most, len(papers) // SMALLEST)
    if groups < 2:
        return []
    belongs = _clusters(_from_mean(vectors), groups)
    members = [np.flatnonzero(belongs == group).tolist() for group in range(groups)]
    members = sorted((rows for rows in members if len(rows) >= SMALLEST), key=lambda rows: float(np.mean(rows)))
    phrases = [[_phrases(papers[row], topic) for row in rows] for rows in members]
    labels = [_label(phrases, place) for place in range(len(members))]
    return [
        Theme(label, tuple(papers[row] for row in rows))
        for place, (label, rows) in enumerate(zip(labels, members, strict=True))
        if label and label not in labels[:place]
    ]


def _from_mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors of what sets each apart: all of them are about the topic."""
    apart = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(apart, axis=1, keepdims=True)
    unit: NDArray[np.float32] = apart / np.maximum(lengths, 1e-9)
    return unit


def _clusters(vectors: NDArray[np.float32], groups: int) -> NDArray[np.int64]:
    """The group of each vector."""
    centres = vectors[:1]
    while len(centres) < groups:
        farthest = int((vectors @ centres.T).max(axis=1).argmin())
        centres = np.concatenate([centres, vectors[farthest : farthest + 1]])
    belongs = np.zeros(len(vectors), dtype=np.int64)
    for _ in range(ROUNDS):
        belongs = (vectors @ centres.T).argmax(axis=1)
        means = [vectors[belongs == g].mean(axis=0) if (belongs == g).any() else centres[g] for g in range(groups)]
        centres = np.stack([mean / max(float(np.linalg.norm(mean)), 1e-9) for mean in means])
    return belongs


def _label(phrases: Sequence[Sequence[set[str]]], place: int) -> str:
    """The phrase that most of a group's papers have and fewest of the others'; "" when none stands out."""
    mine = Counter(phrase for some in phrases[place] for phrase in some)
    others = Counter(
        phrase for group, papers in enumerate(phrases) if group != place for some in papers for phrase in some
    )
    rest = max(1, sum(len(papers) for group, papers in enumerate(phrases) if group != place))

    def worth(phrase: str) -> float:
        apart = mine[phrase] / len(phrases[place]) - others[phrase] / rest
        return apart * (PAIR if " " in phrase else 1.0)

    named = [phrase for phrase in mine if mine[phrase] > 1]
    return max(named, key=lambda phrase: (worth(phrase), phrase), default="")


def _phrases(paper: Paper, topic: str) -> set[str]:
    """The telling words and pairs of words of a paper that the topic does not have already."""
    known = set(stems(topic))
    found: set[str] = set()
    for sentence in [paper.title, *split(paper.abstract)]:
        telling = [word if _tells(word, known) else "" for word in words(sentence)]
        found |= {word for word in telling if len(word) > 3}
        found |= {f"{a} {b}" for a, b in pairwise(telling) if a and b}
    return found


def _tells(word: str, known: set[str]) -> bool:
    return word.isalpha() and len(word) > 2 and word not in _SAYS_NOTHING and not set(stems(word)) <= known
