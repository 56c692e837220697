"""Whether a text mentions a word or a name, in this spelling or another.

A text in, a view of it out that can be asked. Knows the forms of a word, acronyms, abbreviations
and the spellings of the vocabulary; knows nothing of what a sentence claims.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from rag.check.vocabulary import phrases, spellings
from rag.text.terms import fold, lacks, plain, stems

# So much of two stems has to be the same at their beginning for them to be forms of one word.
_SHARED = 5
_TOKEN = re.compile(r"[^\W_]+(?:_[^\W_]+)?")


class Mentions:
    """What one text mentions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.stems = frozenset(stems(text))
        self._known: dict[str, bool] = {}

    @cached_property
    def _lower(self) -> str:
        return f" {_joined(self.text)} "

    @cached_property
    def _capitalised(self) -> frozenset[str]:
        return frozenset(re.findall(r"\b[A-Z][a-z]{3,}", fold(plain(self.text))))

    @cached_property
    def _acronyms(self) -> frozenset[str]:
        return frozenset(found.lower() for found in re.findall(r"\b[A-Z]{2,6}(?=s?\b)", plain(self.text)))

    @cached_property
    def _same(self) -> frozenset[str]:
        """Stems of words that would say the same as a phrase of the text."""
        return frozenset(stem for said, ways in phrases() if said <= self.stems for way in ways for stem in stems(way))

    def word(self, stem: str) -> bool:
        """Whether the text has a word, a form of it, or another spelling of it."""
        return self.exactly(stem) or any(_forms(stem, other) for other in self.stems)

    def exactly(self, stem: str) -> bool:
        """The same, without guessing at the forms of the word."""
        if stem not in self._known:
            ways = spellings().get(stem, ())
            self._known[stem] = stem in self.stems or stem in self._same or any(map(self._spelt, ways))
        return self._known[stem]

    def name(self, name: str) -> bool:
        """Whether the text has a name, its acronym, or the words that the acronym is made of."""
        if not lacks(self.text, [name]):
            return True
        if all(self.exactly(stem) for stem in stems(name)) and stems(name):
            return True
        return bool(re.fullmatch(r"[A-Z][a-z]{2}", name)) and any(_abbreviates(name, one) for one in self._capitalised)

    def restated(self, text: str) -> frozenset[str]:
        """Stems of the words of `text` for which this text has an acronym or a symbol."""
        said = re.findall(r"[^\W\d_]+", plain(text))
        initials = "".join(word[0].lower() for word in said)
        every = frozenset(stems(text))
        found = {
            stem for phrase, ways in phrases() if phrase <= every and any(map(self._spelt, ways)) for stem in phrase
        }
        for acronym in self._acronyms:
            at = initials.find(acronym) if len(acronym) >= 3 else -1
            if at >= 0:
                found.update(stems(" ".join(said[at : at + len(acronym)])))
        return frozenset(found)

    def _spelt(self, way: str) -> bool:
        return f" {_joined(way)} " in self._lower or (" " not in way and set(stems(way)) <= self.stems)


@lru_cache(maxsize=1024)
def _joined(text: str) -> str:
    """The words of `text` in lower case with one blank between, the digits of formulas on the line: "co2"."""
    return " ".join(_TOKEN.findall(re.sub(r"_(?=\d)", "", fold(plain(text)).lower())))


def _forms(one: str, other: str) -> bool:
    """Whether two stems look like forms of one word: "evolut" and "evolv", "mixer" and "mix"."""
    if one[:3] != other[:3]:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) >= 3 and long.startswith(short) and len(long) - len(short) <= 4:
        return True
    return one[:_SHARED] == other[:_SHARED] and len(short) >= _SHARED


def _abbreviates(short: str, name: str) -> bool:
    """Whether the letters of `short` stand in `name` in this order: "Sgr" in "Sagittarius"."""
    letters = iter(name.lower())
    return name[0] == short[0] and all(letter in letters for letter in short.lower())
