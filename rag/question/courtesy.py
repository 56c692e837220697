"""What is said to a turn that asks nothing: a greeting, thanks, a good-bye."""

from __future__ import annotations

from rag.question.turns import turn_model

# A question that is taken for a courtesy is not answered, so there must be little doubt.
SURE = 0.6
# Longer turns say more than a courtesy.
MOST_WORDS = 8

REPLY = (
    "I look things up in the astronomy papers of this index, and quote them. "
    "Ask about an object, a process, a measurement or a paper."
)


def is_courtesy(turn: str) -> bool:
    """Whether a turn asks nothing of the papers."""
    return len(turn.split()) <= MOST_WORDS and turn_model().chances(turn).courtesy >= SURE
