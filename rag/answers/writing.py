"""What is said in an answer: sentences of the language model that the evidence supports, and quotations."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from rag import prompts
from rag.answers.answer import WAITING, Citation, Found, Passage, Sentence, Shape, Status, Words
from rag.answers.attribution import attributed, untied
from rag.answers.marks import unmarked
from rag.check import grounding
from rag.index.index import Index
from rag.models.embedder import Embedder, Vectors
from rag.models.llm import LanguageModel, Turnstile
from rag.retrieval.search import PLAIN, Options
from rag.settings import Settings
from rag.text.sentences import spans
from rag.text.terms import Idf, make_idf

# A model whose words only point at the sentences to quote has said enough by then.
POINTING_TOKENS = 96
# A sentence that shares so much of what it adds to the question with a passage points at it.
POINTED = 0.6
# A sentence most of whose words were said needn't be said again.
REPEATED = 0.8


@dataclass(frozen=True)
class Desk:
    """What an answer is made with; ``searching`` says how its papers are searched for."""

    index: Index
    embedder: Embedder
    llm: LanguageModel
    turnstile: Turnstile
    settings: Settings
    searching: Options = PLAIN

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of sentences, of shape (len(texts), dimensions)."""
        return self.embedder.encode(texts, "query")

    @cached_property
    def idf(self) -> Idf:
        """How telling a stem is in the index."""
        return make_idf(self.index.document_frequency, self.index.manifest.papers)

    @property
    def quotes(self) -> bool:
        """Whether the model's words only point at sentences to quote."""
        return self.llm.model.writes == "quotes"


@dataclass
class Draft:
    """An answer under way; ``stop`` ends it, ``known`` are the numbers of the papers cited in earlier turns, by id."""

    question: str
    stop: threading.Event = field(default_factory=threading.Event)
    known: dict[str, int] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    citations: tuple[Citation, ...] = ()
    sentences: list[Sentence] = field(default_factory=list)
    withheld: int = 0
    retrieved: float = 0.0
    first_token: float | None = None
    first_text: float | None = None

    @property
    def stopped(self) -> bool:
        """Whether nobody waits for more."""
        return self.stop.is_set()

    def since(self) -> float:
        """Seconds since the question came."""
        return time.monotonic() - self.started

    def cite(self, chosen: Sequence[Passage]) -> Found:
        """Number the papers of more passages; a paper keeps the number that it has and gathers evidence."""
        cited = {citation.paper.id: citation for citation in self.citations}
        numbers = {**self.known, **{identifier: citation.n for identifier, citation in cited.items()}}
        for passage in chosen:
            n = numbers.setdefault(passage.paper.id, max(numbers.values(), default=0) + 1)
            before = cited.get(passage.paper.id, Citation(n, passage.paper, (), passage.relevance))
            cited[passage.paper.id] = replace(before, evidence=(*before.evidence, passage.text))
        self.citations = tuple(cited.values())
        return Found(self.citations)

    def number(self, passage: Passage) -> int:
        """The number that a passage's paper is cited by."""
        return next(citation.n for citation in self.citations if citation.paper.id == passage.paper.id)

    def say(self, sentence: Sentence) -> Words:
        """Add a sentence, and give the words to append to the screen."""
        self.first_text = self.first_text if self.first_text is not None else self.since()
        lead = unmarked(sentence.lead if self.sentences else sentence.lead.lstrip())
        sentence = replace(sentence, lead=lead)
        self.sentences.append(sentence)
        return Words(lead + sentence.text)

    def has_said(self, text: str) -> bool:
        """Whether most of a sentence's words were said in one before."""
        return any(grounding.closest(text, [sentence.text])[1] > REPEATED for sentence in self.sentences)


def quote(draft: Draft, passage: Passage, lead: str = " ") -> Sentence:
    """A passage, said about its paper, or by its authors where the lead names them."""
    said = untied(passage.text) if passage.paper.byline in lead else attributed(passage.text, passage.paper)
    return _cited(unmarked(said), (draft.number(passage),), 1.0, lead)


def written(desk: Desk, draft: Draft, chosen: Sequence[Passage], shape: Shape) -> Iterator[Sentence | Status]:
    """The sentences of the language model that the evidence supports, or quotations that stand for them.

    What the draft has said already is left out.
    """
    ticket = object()
    try:
        for ahead in desk.turnstile.enter(ticket, draft.stop):
            yield Status(f"{WAITING}{ahead} ahead of you")
        if draft.stopped:
            return
        papers = len({passage.paper.id for passage in chosen})
        yield Status(f"reading {papers} paper{'s' if papers > 1 else ''} and writing")
        for text in _sentences(desk, draft, _messages(desk, draft, chosen, shape)):
            yield from (said for said in _supported(desk, draft, text, chosen) if not draft.has_said(said.text))
    finally:
        desk.turnstile.leave(ticket)


def _sentences(desk: Desk, draft: Draft, messages: list[dict[str, str]]) -> Iterator[str]:
    """What the model writes, sentence by sentence; one that was cut off by Stop is left out."""
    room = min(desk.settings.max_tokens, POINTING_TOKENS) if desk.quotes else desk.settings.max_tokens
    begun = ""
    # Whatever a model does, it is not listened to for longer than it was asked to write.
    for piece in islice(desk.llm.stream(messages, room, desk.settings.temperature, draft.stop), room):
        draft.first_token = draft.first_token if draft.first_token is not None else draft.since()
        begun += piece
        *complete, last = spans(begun) or [(0, 0)]
        for start, end in complete:
            yield " ".join(begun[start:end].split())
        begun = begun[last[0] :]
    if begun.strip() and not draft.stopped:
        yield " ".join(begun.split())


def _messages(desk: Desk, draft: Draft, chosen: Sequence[Passage], shape: Shape) -> list[dict[str, str]]:
    """The prompt with as much of the evidence, from the best down, as leaves the model room to answer."""
    room = desk.llm.context - desk.settings.max_tokens
    kept = [(draft.number(passage), unmarked(passage.text)) for passage in chosen]
    while kept and len(desk.llm.prompt(prompts.answer_messages(draft.question, kept, shape))) > room:
        kept.pop()
    return prompts.answer_messages(draft.question, kept, shape)


def _supported(desk: Desk, draft: Draft, text: str, chosen: Sequence[Passage]) -> Iterator[Sentence]:
    """The sentence when the evidence supports it; else what it points at, word for word, or nothing."""
    bare, numbers = grounding.cited(text)
    best, share = grounding.closest(bare, [passage.text for passage in chosen], draft.question)
    pointed = [quote(draft, chosen[best])] if share >= POINTED else []
    if desk.quotes:
        yield from pointed
        return
    if prompts.REFUSAL.lower() in bare.lower():
        return
    known = tuple(n for n in numbers if n in {draft.number(passage) for passage in chosen})
    known = known or (draft.number(chosen[best]),)
    # The title says what "it" and "the planet" are.
    evidence = [f"{passage.paper.title}. {passage.text}" for passage in chosen if draft.number(passage) in known]
    verdict = grounding.check(bare, evidence, desk.encode)
    if verdict.supported:
        yield _cited(bare, known, verdict.score)
    else:
        draft.withheld += 1
        yield from pointed


def _cited(text: str, numbers: tuple[int, ...], score: float, lead: str = " ") -> Sentence:
    bare, end = (text[:-1], text[-1]) if text[-1:] in ".!?" else (text, ".")
    marks = "".join(f"[{n}]" for n in numbers)
    return Sentence(f"{bare} {marks}{end}", numbers, True, round(score, 4), lead)
