"""An answer under way: its blocks grow, its papers are numbered, and its times are taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.answers.answer import Block, BlockKind, Blocks, Citation, Evidence, Found, Said, Sentence
from rag.answers.attribution import attributed, untied
from rag.answers.marks import unmarked
from rag.check import grounding
from rag.evidence.passage import Passage

# A sentence most of whose words were said needn't be said again.
REPEATED = 0.8


@dataclass
class Composition:
    """What has been said to a question so far.

    ``stop`` is set once the caller has gone away, ``person`` is who asked, and ``lost`` says what became of the
    language model when it died while it wrote.
    """

    question: str
    stop: threading.Event = field(default_factory=threading.Event)
    person: str = ""
    started: float = field(default_factory=time.monotonic)
    citations: tuple[Citation, ...] = ()
    blocks: Blocks = ()
    withheld: int = 0
    lost: str | None = None
    retrieved: float = 0.0
    first_token: float | None = None
    first_text: float | None = None
    # With the year of its paper each quotation says how old it is.
    dated: bool = False

    @property
    def stopped(self) -> bool:
        """True once the caller has gone away."""
        return self.stop.is_set()

    @property
    def sentences(self) -> list[Sentence]:
        """All that has been said."""
        return [sentence for block in self.blocks for sentence in block.sentences]

    def since(self) -> float:
        """Seconds since the question came."""
        return time.monotonic() - self.started

    def token_came(self) -> None:
        """Note when the first token came."""
        self.first_token = self.first_token if self.first_token is not None else self.since()

    def cite(self, chosen: Sequence[Passage]) -> Found:
        """Number the papers of more passages; a paper that has a number keeps it and gathers evidence."""
        cited = {citation.paper.id: citation for citation in self.citations}
        numbers = {identifier: citation.n for identifier, citation in cited.items()}
        for passage in chosen:
            n = numbers.setdefault(passage.paper.id, max(numbers.values(), default=0) + 1)
            before = cited.get(passage.paper.id, Citation(n, passage.paper, (), passage.relevance))
            if passage.text not in before.evidence:
                cited[passage.paper.id] = replace(before, evidence=(*before.evidence, passage.text))
        self.citations = tuple(cited.values())
        return Found(self.citations)

    def number(self, passage: Passage) -> int:
        """The number that a passage's paper is cited by."""
        return next(citation.n for citation in self.citations if citation.paper.id == passage.paper.id)

    def begin(self, kind: BlockKind, title: str = "") -> None:
        """Let what is said next stand in a new block."""
        self.blocks = (*self.blocks, Block(kind, (), title))

    def say(self, sentence: Sentence) -> Said:
        """Add a sentence to the last block."""
        self.first_text = self.first_text if self.first_text is not None else self.since()
        *before, last = self.blocks or (Block("prose"),)
        self.blocks = (*before, replace(last, sentences=(*last.sentences, sentence)))
        return Said(self.blocks)

    def quote(self, passage: Passage, label: str = "") -> Sentence:
        """A passage, said about its paper; below a label that names the paper, by its authors."""
        text = unmarked(untied(passage.text) if label else attributed(passage.text, passage.paper))
        year = passage.paper.year if self.dated and not label else None
        evidence = Evidence(*passage.place)
        return Sentence(
            text, (self.number(passage),), (evidence,), True, round(passage.answers, 4), unmarked(label), year
        )

    def has_said(self, text: str) -> bool:
        """Whether most of a sentence's words were said in one before."""
        return any(grounding.closest(text, [sentence.text])[1] > REPEATED for sentence in self.sentences)
