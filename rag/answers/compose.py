"""From a question to a cited answer: retrieve, choose evidence, let the model write, show what is checked."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag import prompts
from rag.answers import abstain, evidence, grounding, language
from rag.answers.answer import Answer, Citation, Event, Finished, Found, Passage, Sentence, Status, Timings, Words
from rag.answers.conversation import Conversation
from rag.answers.sentences import split
from rag.answers.terms import Idf, make_idf
from rag.index.index import Index
from rag.models.embedder import Embedder, Vectors
from rag.models.llm import LanguageModel, Turnstile
from rag.retrieval.hits import Filters, Hit
from rag.retrieval.search import checked, search
from rag.settings import Settings

PASSAGES = 4
QUOTES = 3
# A model whose words only point at the sentences to quote has said enough by then.
POINTING_TOKENS = 96
# A sentence that shares so much of what it adds to the question with a passage points at it.
POINTED = 0.6
# A sentence most of whose words were said needn't be said again.
REPEATED = 0.8
POINTING_BACK = re.compile(
    r"\b(?:it|its|they|their|them|this|these|those|he|she|his|her|former|latter|same)\b"
    r"|\b(?:first|second|third|last) (?:one|paper|point|study|result)\b|^(?:and|but|what about|how about|also)\b",
    re.I,
)
DONT_SAY = "The papers here don't say."


@dataclass(frozen=True)
class Desk:
    """What an answer is made with."""

    index: Index
    embedder: Embedder
    llm: LanguageModel
    turnstile: Turnstile
    settings: Settings

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of sentences, of shape (len(texts), dimensions)."""
        return self.embedder.encode(texts, "query")

    @cached_property
    def idf(self) -> Idf:
        """How telling a stem is in the index."""
        return make_idf(self.index.document_frequency, self.index.manifest.papers)


@dataclass
class Draft:
    """An answer under way."""

    started: float
    citations: tuple[Citation, ...] = ()
    sentences: list[Sentence] = field(default_factory=list)
    retrieved: float = 0.0
    first_token: float | None = None
    first_text: float | None = None

    def since(self) -> float:
        """Seconds since the question came."""
        return time.monotonic() - self.started

    def say(self, sentence: Sentence) -> Words:
        """Add a sentence, and give the words to append to the screen."""
        self.first_text = self.first_text if self.first_text is not None else self.since()
        joint = " " if self.sentences else ""
        self.sentences.append(sentence)
        return Words(joint + sentence.text)


def answer(desk: Desk, question: str, conversation: Conversation, stop: threading.Event | None) -> Iterator[Event]:
    """Answer a question, event by event; the last one holds the whole answer."""
    question = checked(question)
    draft = Draft(time.monotonic())
    yield Status(f"searching {desk.index.manifest.papers:,} papers")
    query = standalone(question, conversation)
    hits = search(desk.index, desk.embedder, query, Filters(), desk.settings.top_k).hits
    chosen = _evidence(desk, question, query, hits)
    draft.retrieved = draft.since()
    draft.citations = number(chosen, conversation)
    yield Found(draft.citations)
    if chosen:
        yield from _write(desk, question, chosen, draft, stop)
    stopped = bool(stop and stop.is_set())
    if not draft.sentences and not stopped:
        yield draft.say(Sentence(DONT_SAY, (), None, None))
        draft.citations = ()
    yield Finished(_finished(desk, question, hits, draft, stopped))


def _evidence(desk: Desk, question: str, query: str, hits: Sequence[Hit]) -> list[Passage]:
    """The best sentences for a question, or none when even they can't answer it.

    ``query`` is the question with what an earlier one adds to it: it says what the papers must be about.
    """
    ranked = evidence.rank(question, query, hits, desk.encode, desk.idf)
    verdict = abstain.judge(query, ranked, desk.idf, lambda stem: desk.index.document_frequency(stem) > 0)
    return [] if verdict.abstain else ranked[:PASSAGES]


def standalone(question: str, conversation: Conversation) -> str:
    """A query that can be searched by itself: a short or pointing follow-up takes the question before it along."""
    if not conversation.turns:
        return question
    points_back = POINTING_BACK.search(question)
    if points_back or len(question.split()) < 5:
        return f"{conversation.turns[-1].question} {question}"
    return question


def number(chosen: Sequence[Passage], conversation: Conversation) -> tuple[Citation, ...]:
    """The papers of the passages as numbered citations; a paper cited before keeps its number."""
    numbers = dict(conversation.numbers)
    texts: dict[str, list[str]] = {}
    papers = {passage.paper.id: passage.paper for passage in chosen}
    for passage in chosen:
        numbers.setdefault(passage.paper.id, max(numbers.values(), default=0) + 1)
        texts.setdefault(passage.paper.id, []).append(passage.text)
    return tuple(Citation(numbers[key], papers[key], tuple(texts[key])) for key in texts)


def _write(
    desk: Desk, question: str, chosen: Sequence[Passage], draft: Draft, stop: threading.Event | None
) -> Iterator[Event]:
    numbers = {citation.paper.id: citation.n for citation in draft.citations}
    numbered = [(numbers[passage.paper.id], passage.text) for passage in chosen]
    quotes_first = desk.llm.model.writes == "quotes"
    if quotes_first:
        yield draft.say(_quote(*numbered[0]))
    for sentence in _written(desk, question, numbered, draft, stop):
        if isinstance(sentence, Status):
            yield sentence
        elif not _said_already(sentence.text, draft.sentences):
            yield draft.say(sentence)
    for n, text in numbered[:QUOTES]:
        if stop and stop.is_set():
            return
        if (quotes_first or not draft.sentences) and not _said_already(text, draft.sentences):
            yield draft.say(_quote(n, text))


def _written(
    desk: Desk, question: str, numbered: Sequence[tuple[int, str]], draft: Draft, stop: threading.Event | None
) -> Iterator[Sentence | Status]:
    """The sentences of the language model that the evidence supports."""
    ticket = object()
    try:
        for ahead in desk.turnstile.enter(ticket, stop):
            yield Status(f"waiting: {ahead} ahead of you")
        if stop and stop.is_set():
            return
        papers = len({n for n, _ in numbered})
        yield Status(f"reading {papers} paper{'s' if papers > 1 else ''} and writing")
        messages = prompts.answer_messages(question, _fitting(desk, question, numbered))
        written = ""
        room = (
            min(desk.settings.max_tokens, POINTING_TOKENS)
            if desk.llm.model.writes == "quotes"
            else desk.settings.max_tokens
        )
        for piece in desk.llm.stream(messages, room, desk.settings.temperature, stop):
            draft.first_token = draft.first_token if draft.first_token is not None else draft.since()
            written += piece
            *complete, written = split(written) if written.strip() else [""]
            for text in complete:
                yield from _supported(desk, text, question, numbered)
        if not (stop and stop.is_set()):
            yield from _supported(desk, written, question, numbered)
    finally:
        desk.turnstile.leave(ticket)


def _fitting(desk: Desk, question: str, numbered: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
    """As much of the evidence, from the best down, as leaves the model room to answer."""
    room = desk.llm.context - desk.settings.max_tokens
    kept = list(numbered)
    while kept and len(desk.llm.prompt(prompts.answer_messages(question, kept))) > room:
        kept.pop()
    return kept


def _supported(desk: Desk, text: str, question: str, numbered: Sequence[tuple[int, str]]) -> Iterator[Sentence]:
    """The sentence when the evidence supports it; what it points at, word for word, when the model may only quote."""
    bare, numbers = grounding.cited(text)
    best, share = grounding.closest(bare, [quoted for _, quoted in numbered], question)
    if desk.llm.model.writes == "quotes":
        if share >= POINTED:
            yield _quote(*numbered[best])
        return
    known = tuple(n for n in numbers if n in {m for m, _ in numbered}) or (numbered[best][0],)
    verdict = grounding.check(bare, [quoted for n, quoted in numbered if n in known], desk.encode, desk.idf)
    if verdict.supported:
        yield _cited(bare, known, verdict.score)


def _quote(n: int, text: str) -> Sentence:
    return _cited(text, (n,), 1.0)


def _cited(text: str, numbers: tuple[int, ...], score: float) -> Sentence:
    bare, end = (text[:-1], text[-1]) if text[-1:] in ".!?" else (text, ".")
    return Sentence(f"{bare} {''.join(f'[{n}]' for n in numbers)}{end}", numbers, True, round(score, 4))


def _said_already(text: str, sentences: Sequence[Sentence]) -> bool:
    return any(grounding.closest(text, [sentence.text])[1] > REPEATED for sentence in sentences)


def _finished(desk: Desk, question: str, hits: Sequence[Hit], draft: Draft, stopped: bool) -> Answer:
    cited = {n for sentence in draft.sentences for n in sentence.citations}
    abstained = not cited and not stopped
    return Answer(
        question,
        desk.index.manifest.name,
        desk.embedder.model.name,
        desk.llm.model.name,
        tuple(draft.sentences),
        tuple(citation for citation in draft.citations if citation.n in cited),
        abstained,
        tuple(hits) if abstained else (),
        Timings(draft.retrieved, draft.first_token, draft.first_text, draft.since()),
        stopped,
        language.note(question, desk.llm.model),
    )
