"""A sentence of a paper, as it is read for a question."""

from __future__ import annotations

from dataclasses import dataclass

from rag.papers import Paper
from rag.text.terms import plain


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


def in_context(paper: Paper, sentence: str) -> str:
    """A sentence as a reader reads it, without LaTeX: behind its paper's title and year, which say what "it" is."""
    return f"{plain(paper.title)} ({paper.year}). {plain(sentence)}"
