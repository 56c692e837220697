"""An answer, its sentences and citations, and the events that announce it while it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rag.papers import Paper
from rag.retrieval.hits import Hit

Shape = Literal["fact", "synthesis", "list", "review"]
"""One fact and its evidence; what several papers contribute; papers with a line each; a page in sections."""

WAITING = "waiting: "
"""How the status begins while others are answered first."""


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


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper an answer cites as [n], with the sentences it was cited for and the probability that it is relevant."""

    n: int
    paper: Paper
    evidence: tuple[str, ...]
    relevance: float = 0.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, the numbers it cites and whether the evidence supports it (None: it claims nothing).

    ``lead`` stands before it in the answer: a blank, or a new line and what the line is about.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool | None = None
    score: float | None = None
    lead: str = " "


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the question to: papers found, the LLM's first token, the first words shown, the end."""

    retrieve: float
    first_token: float | None
    first_text: float | None
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. ``nearest`` holds the closest papers when Sidereus abstained.

    ``hints`` are the sentences of these that come nearest to the question, at most one a paper.
    ``query`` is the question made self-contained, ``retrieved`` the ids of the papers found for it, best first, and
    ``withheld`` counts the sentences of the language model that the papers did not support.
    """

    question: str
    index: str
    embedding: str
    llm: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    abstained: bool
    nearest: tuple[Hit, ...]
    timings: Timings
    stopped: bool = False
    note: str | None = None
    shape: Shape = "fact"
    query: str = ""
    retrieved: tuple[str, ...] = ()
    withheld: int = 0
    hints: tuple[Passage, ...] = ()

    @property
    def text(self) -> str:
        """The whole answer as text with its [n]."""
        return "".join(sentence.lead + sentence.text for sentence in self.sentences).strip()

    def as_record(self) -> dict[str, Any]:
        """The answer as ``ask --json`` prints it."""
        return {
            "question": self.question,
            "index": self.index,
            "models": {"embedding": self.embedding, "llm": self.llm},
            "answer": self.text,
            "abstained": self.abstained,
            "sentences": [
                {"text": s.text, "citations": list(s.citations), "supported": s.supported, "score": s.score}
                for s in self.sentences
            ],
            "citations": [
                {
                    "n": c.n,
                    "id": c.paper.id,
                    "title": c.paper.title,
                    "authors": list(c.paper.authors),
                    "year": c.paper.year,
                    "url": c.paper.url,
                    "evidence": list(c.evidence),
                }
                for c in self.citations
            ],
            "nearest": [hit.as_record() for hit in self.nearest],
            "timings": {
                "retrieve": _rounded(self.timings.retrieve),
                "first_token": _rounded(self.timings.first_token),
                "first_text": _rounded(self.timings.first_text),
                "total": _rounded(self.timings.total),
            },
        }


@dataclass(frozen=True, slots=True)
class Status:
    """What is happening, in a few words for the status line: "searching 13,124 papers"."""

    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """The papers the answer will be built from, known before its first word; numbered as they will be cited."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The next piece of the answer's text, to be appended to what is on the screen and never taken back."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole answer; the last event."""

    answer: Answer


Event = Status | Found | Words | Finished


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)
