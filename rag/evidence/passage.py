"""A sentence of a paper, as it is read for a question."""

from __future__ import annotations

from dataclasses import dataclass

from rag.papers import Paper


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of a paper that bears on a question; ``position`` counts the abstract's sentences from 0.

    ``score`` ranks the sentences of one question, ``cosine`` is how near the sentence is to it in meaning,
    ``relevance`` the probability that the paper is relevant.
    """

    paper: Paper
    text: str
    position: int
    score: float
    cosine: float
    relevance: float = 0.0
