"""A conversation as far as a later question needs it: what was asked and said before, and the papers on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rag.papers import Paper


@dataclass(frozen=True, slots=True)
class Point:
    """A sentence of an answer and the numbers of the papers that it cites."""

    text: str
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, what was answered and the papers that were cited, by number.

    ``query`` is the question made self-contained, "" when it was so already.
    """

    question: str
    points: tuple[Point, ...] = ()
    cited: Mapping[int, Paper] = field(default_factory=dict)
    query: str = ""

    @property
    def order(self) -> tuple[str, ...]:
        """The ids of the papers that it cites, as the reader met them."""
        numbers = dict.fromkeys(n for point in self.points for n in point.citations)
        met = [self.cited[n].id for n in numbers if n in self.cited]
        return tuple(dict.fromkeys([*met, *(paper.id for _, paper in sorted(self.cited.items()))]))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Earlier turns, oldest first. Each numbers its papers from 1."""

    turns: tuple[Turn, ...] = ()

    @property
    def numbered(self) -> dict[int, str]:
        """The id of the paper that had each number last."""
        return {n: paper.id for turn in self.turns for n, paper in turn.cited.items()}

    def with_turn(self, turn: Turn) -> Conversation:
        """The conversation after one more turn."""
        return replace(self, turns=(*self.turns, turn))
