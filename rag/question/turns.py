"""What a person's turn is: a question that stands alone, one that leans on what came before, or a courtesy.

A logistic model on the words of a turn, learnt from written conversations (``sidereus train turns``). It says how
likely each is, and no more: which reading of a turn is taken is decided by the evidence found for it.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from rag.resources import turns_file

TurnKind = Literal["stands", "leans", "courtesy"]
KINDS: tuple[TurnKind, ...] = ("stands", "leans", "courtesy")

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|\[|[?!]")
_LONG = 12


@dataclass(frozen=True, slots=True)
class TurnChances:
    """How likely a turn is of each kind; the three sum to one."""

    stands: float
    leans: float
    courtesy: float


@dataclass(frozen=True, slots=True)
class TurnModel:
    """Weights of signs for each kind, and what each kind has without any sign."""

    signs: dict[str, tuple[float, ...]]
    offsets: tuple[float, ...]

    def chances(self, turn: str) -> TurnChances:
        """How likely a turn is of each kind (softmax of the summed weights)."""
        sums = list(self.offsets)
        for sign, count in signs(turn).items():
            for place, weight in enumerate(self.signs.get(sign, ())):
                sums[place] += weight * count
        top = max(sums)
        parts = [math.exp(value - top) for value in sums]
        return TurnChances(*(part / sum(parts) for part in parts))


def signs(turn: str) -> dict[str, float]:
    """The signs of a turn, and how strong each is: its words, its pairs of words, how it begins and ends, its length.

    >>> sorted(signs("And M33?"))
    ['#3', '33', '?', '^and', '^and m', 'and', 'and m', 'cap', 'm', 'm 33', '~33 ?']
    """
    words = [word.lower() for word in _TOKEN.findall(turn)]
    # A name or an acronym inside a turn gives it something of its own to be about.
    named = any(word[:1].isupper() for word in turn.split()[1:])
    found = Counter[str](dict.fromkeys(words, 1))
    found.update({f"{one} {two}": 1 for one, two in pairwise(words) if two not in "?!"})
    if words:
        found.update([f"^{words[0]}", "^" + " ".join(words[:2]), "~" + " ".join(words[-2:])])
    plain = [word for word in words if word not in ("?", "!", "[")]
    found.update([f"#{min(len(plain), _LONG)}"])
    if named:
        found["cap"] = 1
    return dict(found)


@cache
def turn_model() -> TurnModel:
    """The model that ships with Sidereus."""
    record = json.loads(turns_file().read_text(encoding="utf-8"))
    return TurnModel({sign: tuple(weights) for sign, weights in record["signs"].items()}, tuple(record["offsets"]))
