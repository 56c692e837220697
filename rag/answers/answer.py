"""An answer as blocks of sentences with their evidence, and the events that announce it while it is made.

Nothing in it is marked up: the terminal, the page and files each render the blocks (:mod:`rag.answers.render`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.evidence.passage import Passage
from rag.papers import Paper
from rag.question.conversation import Point, Turn
from rag.question.shape import Shape
from rag.retrieval.hits import Hit

Verdict = Literal["answered", "partly", "declined", "courtesy"]
"""The papers answer; they only come near; they have nothing to say; or nothing was asked of them."""

BlockKind = Literal["prose", "section", "points", "papers"]
"""Sentences in a row; the same under a heading; a line for what each paper says; a line for each paper of a list."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a paper: its id and the place in its abstract, counted from 0."""

    paper: str
    place: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, the numbers of the papers it cites and what it rests on.

    Attributes:
        text: the sentence, without its citations.
        supported: whether the evidence says it; None when it claims nothing.
        score: how well the evidence supports it, in 0..1.
        label: the paper that a line is about, as it is named at the line's head; "" for running text.
        year: the year of its paper, where it has to be said since others came after it.
    """

    text: str
    citations: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    supported: bool | None = None
    score: float | None = None
    label: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Sentences that belong together, with a title when there is something to say above them."""

    kind: BlockKind
    sentences: tuple[Sentence, ...] = ()
    title: str = ""


Blocks = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper an answer cites as [n], with the sentences it was cited for and the probability that it is relevant."""

    n: int
    paper: Paper
    evidence: tuple[str, ...]
    relevance: float = 0.0


@dataclass(frozen=True, slots=True)
class NextStep:
    """What a person may try: ask another wording, ask all papers instead of some, or search for words."""

    do: Literal["ask", "everywhere", "search"]
    text: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the question to: papers found, the LLM's first token, the first words shown, the end."""

    retrieve: float
    first_token: float | None
    first_text: float | None
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer.

    Attributes:
        verdict: whether the papers answer the question.
        nearest: the closest papers, when they don't.
        hints: the sentences of these that come nearest to the question, at most one a paper.
        query: the question made self-contained.
        understood: how the question was read, when not as it stands; else "".
        retrieved: the ids of the papers found for it, best first.
        withheld: how many sentences of the language model the papers did not support.
        next_steps: what can be done when it isn't answered.
    """

    question: str
    index: str
    embedding: str
    llm: str
    blocks: Blocks
    citations: tuple[Citation, ...]
    verdict: Verdict
    nearest: tuple[Hit, ...]
    timings: Timings
    stopped: bool = False
    note: str | None = None
    shape: Shape = "fact"
    query: str = ""
    understood: str = ""
    retrieved: tuple[str, ...] = ()
    withheld: int = 0
    hints: tuple[Passage, ...] = ()
    next_steps: tuple[NextStep, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All its sentences, in order."""
        return tuple(sentence for block in self.blocks for sentence in block.sentences)

    @property
    def abstained(self) -> bool:
        """Whether it answers nothing from the papers."""
        return self.verdict in ("declined", "courtesy")

    @property
    def turn(self) -> Turn:
        """The turn of a conversation that it makes, for the questions that follow."""
        points = tuple(Point(sentence.text, sentence.citations) for sentence in self.sentences)
        cited = {citation.n: citation.paper for citation in self.citations}
        return Turn(self.question, points, cited, self.query if self.query != self.question else "")


@dataclass(frozen=True, slots=True)
class Status:
    """What is happening, in a few words for the status line: "searching 13,124 papers".

    ``waiting`` says that others are answered first.
    """

    text: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The papers the answer will be built from, known before its first word; numbered as they will be cited."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """All that has been said so far. It only grows: what is on the screen is never taken back."""

    blocks: Blocks


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole answer; the last event."""

    answer: Answer


Event = Status | Found | Said | Finished
