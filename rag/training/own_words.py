"""Queries made of a paper's own words: one of its sentences, and the rare words that one would type to find it."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from rag.papers import Paper
from rag.text.sentences import split

# A sentence to find the rest by must say something, and the rest must be long enough to be found.
LEAST_WORDS, LEAST_SENTENCES = 8, 2
# A search box is given so many words; one in so many of a corpus tells little.
FEWEST, MOST = 3, 7
COMMON = 0.1

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+-]*[A-Za-z0-9]|\d{3,}")
_MARKUP = re.compile(r"\\[A-Za-z]+|\$[^$]*\$")


def words(text: str) -> list[str]:
    """The words and long numbers of a text in order, without formulas."""
    return _WORD.findall(_MARKUP.sub(" ", text))


def rarity(texts: Iterable[str]) -> dict[str, float]:
    """How much each lower-case word tells: ln(texts / texts with it), 0 where it is common."""
    counts: Counter[str] = Counter()
    many = 0
    for many, text in enumerate(texts, 1):  # noqa: B007
        counts.update({word.lower() for word in words(text)})
    return {word: math.log(many / count) if count < COMMON * many else 0.0 for word, count in counts.items()}


def keywords(text: str, tells: Mapping[str, float], draw: random.Random) -> str:
    """A few words of a text, the telling ones more often; in their order in half of the cases. Empty for no words.

    A word is drawn with a probability in proportion to its rarity squared (Efraimidis and Spirakis 2006).
    """
    found = list({word.lower(): word for word in words(text)}.values())
    weights = [tells.get(word.lower(), 0.0) for word in found]
    keys = {word: draw.random() ** (1 / weight**2) for word, weight in zip(found, weights, strict=True) if weight}
    chosen = sorted(keys, key=lambda word: -keys[word])[: draw.randint(FEWEST, MOST)]
    if draw.random() < 0.5:
        chosen.sort(key=found.index)
    return " ".join(chosen)


def parted(paper: Paper, draw: random.Random) -> tuple[str, str] | None:
    """A sentence of the abstract and the rest without it; None when the abstract is too short to be parted."""
    sentences = split(paper.abstract)
    choice = [number for number, sentence in enumerate(sentences) if len(sentence.split()) >= LEAST_WORDS]
    if len(sentences) < LEAST_SENTENCES or not choice:
        return None
    drawn = draw.choice(choice)
    return sentences[drawn], " ".join(sentences[:drawn] + sentences[drawn + 1 :])
