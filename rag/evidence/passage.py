"""A sentence of a paper, as it is read for a question."""

from __future__ import annotations

from dataclasses import dataclass

from rag.papers import Paper
from rag.text.terms import plain


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of a paper found for a question; ``position`` counts the abstract's sentences from 0.

    Attributes:
        score: the sum of its signs, which ranks the sentences of one question.
        cosine: how near it is to the question in meaning.
        relevance: the probability that its paper is relevant.
        answers: the chance that it answers the question, once it was read.
        bears: the chance that it bears on the question.
    """

    paper: Paper
    text: str
    position: int
    score: float
    cosine: float
    relevance: float = 0.0
    answers: float = 0.0
    bears: float = 0.0

    @property
    def place(self) -> tuple[str, int]:
        """Which sentence it is: its paper's id and its position."""
        return self.paper.id, self.position


def in_context(paper: Paper, sentence: str) -> str:
    """A sentence as a reader reads it, without LaTeX: behind its paper's title and year, which say what "it" is."""
    return f"{plain(paper.title)} ({paper.year}). {plain(sentence)}"
