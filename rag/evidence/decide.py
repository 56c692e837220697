"""Whether what was read answers a question: fully, in part, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.evidence.passage import Passage

Decision = Literal["answered", "partly", "declined"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Chances above which something is said; fitted on held-out training questions (docs/TRAINING.md).

    Attributes:
        answered: of the best sentence, to be shown as the answer.
        partly: of the best sentence, to be shown as what comes nearest.
        more: of a further sentence to answer, to be shown beside the first.
        bears: of a further sentence to bear on a narrow question, to be shown.
        contributes: of a sentence to bear on a broad question, for its paper to have its say.
        same_paper: of a further sentence of the first one's paper, which is about the same thing anyway.
    """

    answered: float = 0.2
    partly: float = 0.15
    more: float = 0.2
    bears: float = 0.7
    contributes: float = 0.4
    same_paper: float = 0.08


def decide(passages: Sequence[Passage], thresholds: Thresholds = Thresholds()) -> Decision:
    """What can be said from passages, read and ranked best first."""
    best = passages[0].answers if passages else 0.0
    return "answered" if best >= thresholds.answered else "partly" if best >= thresholds.partly else "declined"
