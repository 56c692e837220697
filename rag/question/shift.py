"""A question asked again of something else: "and on Titan?" after "is there methane on Mars?".

No word tells what is exchanged for what; nearness in meaning does. Of the runs of telling words in the earlier
question, the one that is nearest to what the new turn names makes room for it.
"""

from __future__ import annotations

import re

from rag.models.embedder import Encode
from rag.text.terms import STOPWORDS, fold

_TOKEN = re.compile(r"\S+")
# Telling words in a row that may be exchanged; words of a turn that only names something, from the first telling one.
LONGEST_RUN, LONGEST_NAME = 3, 5
# How near what is exchanged has to be.
ALIKE = 0.25


def shifted(turn: str, before: str, encode: Encode) -> str | None:
    """The earlier question with what the turn names in the place of what is most like it, or None.

    ``encode`` gives unit vectors.
    """
    named = _runs(turn)
    new = turn[named[0][0] : named[-1][1]] if named else ""
    if not new or len(new.split()) > LONGEST_NAME:
        return None
    parts = [part for run in _runs(before) for part in _parts(before, *run)]
    if not parts or new.lower() in before.lower():
        return None
    vectors = encode([new, *(before[first:last] for first, last in parts)])
    nearness = vectors[1:] @ vectors[0]
    best = int(nearness.argmax())
    if nearness[best] < ALIKE:
        return None
    first, last = parts[best]
    return f"{before[:first]}{new}{before[last:]}"


def _runs(text: str) -> list[tuple[int, int]]:
    """Where telling words stand in a row."""
    runs: list[tuple[int, int]] = []
    in_row = False
    for match in _TOKEN.finditer(text):
        core = match[0].strip("?!.,;:()\"'")
        telling = bool(core) and fold(core).lower() not in STOPWORDS
        if telling:
            start = match.start() + match[0].index(core)
            begun = runs.pop()[0] if in_row else start
            runs.append((begun, start + len(core)))
        in_row = telling
    return runs


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A run and all shorter runs in it."""
    tokens = [(start + match.start(), start + match.end()) for match in _TOKEN.finditer(text[start:end])]
    return [
        (tokens[first][0], tokens[last][1])
        for first in range(len(tokens))
        for last in range(first, min(len(tokens), first + LONGEST_RUN))
    ]
