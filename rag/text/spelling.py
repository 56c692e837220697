"""Words that no paper has, corrected with those that papers do have.

The words of the papers and the surnames of their authors are the dictionary, the frequent ones first. Words that
English has anyway are left alone, and so are acronyms, designations and identifiers, which look like slips of the pen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rapidfuzz import process
from rapidfuzz.distance import OSA

WORD = re.compile(r"(?<![\w$\\.@/'’-])[^\W\d_]{4,30}(?![\w@'’-]|\.\w)")
# So many letters may differ in words of up to that length.
DISTANCES = ((5, 1), (8, 2), (99, 3))
# The papers that must have a word for it to correct one that differs by one, two or three letters.
ENOUGH = {1: 3, 2: 10, 3: 25}
# A word in so few papers may be a slip, if the word that was meant is in so many times more of them.
RARE, MUCH_MORE = 2, 50
# A letter more that differs must be outweighed by so many times (e to that power) more papers.
COST = 3.0
CANDIDATES = 40
# A surname counts as much as a word in so many papers, and is meant only by one letter less, by a capital or where
# little else is said.
NAME_WEIGHT, SAYS_LITTLE = 10, 3


@dataclass(frozen=True, slots=True)
class Correction:
    """A word as typed, what it was taken for, and where it stands; ``sure`` when no paper has it as typed."""

    typed: str
    meant: str
    span: tuple[int, int]
    sure: bool


def respelt(text: str, corrected: Iterable[tuple[str, str]]) -> str:
    """A text with words as they were meant in the place of those that were typed.

    >>> respelt("mass of a Nuetron star", [("Nuetron", "Neutron")])
    'mass of a Neutron star'
    """
    for typed, meant in corrected:
        text = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", meant.replace("\\", ""), text)
    return text


class Speller:
    """Corrects words with those of an index and the surnames of its authors, both with the papers that have them."""

    def __init__(self, words: Mapping[str, int], surnames: Mapping[str, int], is_known: Callable[[str], bool]) -> None:
        """``is_known`` tells of a word whether papers have it in this form or another."""
        self._words, self._surnames, self._is_known = words, surnames, is_known
        self._buckets: dict[tuple[str, int], list[str]] = {}
        usual = {word for word, count in words.items() if count >= ENOUGH[1]}
        for word in usual | {name for name in surnames if name.isalpha() and len(name) > 3}:
            self._buckets.setdefault((word[0], len(word)), []).append(word)

    def corrections(self, text: str) -> list[Correction]:
        """What seems misspelt in a text, in its order."""
        little = len(text.split()) <= SAYS_LITTLE
        found = (self._correction(match, little or match[0][0].isupper()) for match in WORD.finditer(text))
        return [one for one in found if one]

    def _correction(self, match: re.Match[str], names: bool) -> Correction | None:
        typed, word = match[0], match[0].lower()
        if any(letter.isupper() for letter in typed[1:]):
            return None  # an acronym, or a name such as McDonald
        count = self._words.get(word, 0)
        if count > RARE or self._surnames.get(word) or (not count and self._is_known(word)) or is_english(word):
            return None
        near = self._nearest(word, names)
        if near is None or (count and self._words.get(near, 0) < MUCH_MORE * count):
            return None
        is_name = self._words.get(near, 0) < self._surnames.get(near, 0)
        return Correction(typed, near.title() if is_name or typed[0].isupper() else near, match.span(), not count)

    def _nearest(self, word: str, names: bool) -> str | None:
        """The word of the dictionary that costs least to take this one for; None when all are too far away."""
        allowed = next(distance for length, distance in DISTANCES if len(word) <= length)
        near: list[tuple[float, str]] = []
        for first in {word[0], word[1]}:  # a slip seldom changes the first letter, but may swap the first two
            for length in range(len(word) - allowed, len(word) + allowed + 1):
                found = process.extract(
                    word,
                    self._buckets.get((first, length), ()),
                    scorer=OSA.distance,
                    score_cutoff=allowed,
                    limit=CANDIDATES,
                )
                for candidate, distance, _ in found:
                    count = self._words.get(candidate, 0)
                    if names and distance == 1:
                        count += NAME_WEIGHT * self._surnames.get(candidate, 0)
                    if distance and count >= ENOUGH[int(distance)]:
                        near.append((COST * distance - math.log(count), candidate))
        return min(near)[1] if near else None


def is_english(word: str) -> bool:
    """Whether a lower-case word is one of everyday English, perhaps with the s of a plural."""
    return word in _english() or (word.endswith("s") and word[:-1] in _english())


@cache
def _english() -> frozenset[str]:
    """The 82,765 words that symspellpy brings, which are those of SCOWL that Google's books have."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig").splitlines()
    return frozenset(line.partition(" ")[0] for line in lines)
