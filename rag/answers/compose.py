"""From a question to a cited answer: retrieve, choose evidence, say what is checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.answers import layout, review
from rag.answers.answer import Answer, Event, Finished, Passage, Sentence, Shape, Status, Timings
from rag.answers.writing import Desk, Draft
from rag.chats.conversation import Conversation
from rag.evidence import decide
from rag.question import followup, language
from rag.question.followup import Meaning
from rag.question.shape import shape_of, topic
from rag.retrieval.hits import Filters, Hit
from rag.retrieval.search import checked, search

DONT_SAY = "The papers here don't say."
# Papers retrieved for a shape, unless the settings ask for more.
RETRIEVED: dict[Shape, int] = {"fact": 6, "synthesis": 12, "list": 10, "review": 12}
# A paper on the screen is what a follow-up is about more often than its words alone tell.
ON_SCREEN = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A question: after which turns, to be answered from which papers, in which shape (None: as it asks for)."""

    question: str
    conversation: Conversation = Conversation()
    filters: Filters = Filters()
    shape: Shape | None = None


def answer(desk: Desk, request: Request, stop: threading.Event | None) -> Iterator[Event]:
    """Answer a question, event by event; the last one holds the whole answer."""
    draft = Draft(checked(request.question), stop or threading.Event(), request.conversation.numbers)
    meaning = followup.read(draft.question, request.conversation)
    shape = request.shape or shape_of(draft.question, meaning.query == draft.question)
    if shape != "fact":
        meaning = replace(meaning, query=topic(meaning.query))
    yield Status(f"searching {desk.index.manifest.papers:,} papers")
    hits = retrieve(desk, meaning, request.filters, shape)
    ranked = layout.ranked(desk, draft.question, meaning.query, hits, shape)
    draft.retrieved = draft.since()
    if _can_answer(desk, meaning, ranked):
        if shape == "review":
            yield from review.write(desk, draft, meaning.query, request.filters)
        else:
            chosen = layout.choose(ranked, shape)
            yield draft.cite(chosen)
            yield from layout.lay_out(desk, draft, chosen, shape)
    if not draft.sentences and not draft.stopped:
        yield draft.say(Sentence(DONT_SAY, (), None, None))
        draft.citations = ()
    yield Finished(_finished(desk, draft, meaning, shape, hits, ranked))


def retrieve(desk: Desk, meaning: Meaning, filters: Filters, shape: Shape) -> list[Hit]:
    """The papers to answer from, best first; those on the screen that a follow-up may be about are among them."""
    limit = max(desk.settings.top_k, RETRIEVED[shape])
    named = frozenset(meaning.papers)
    if meaning.only:
        filters = replace(filters, within=named & filters.within if filters.within else named)
    hits = list(search(desk.index, desk.embedder, meaning.query, filters, limit, desk.searching).hits)
    if named and not meaning.only:
        shown = replace(filters, within=named)
        on_screen = search(desk.index, desk.embedder, meaning.query, shown, ON_SCREEN, desk.searching).hits
        known = {hit.paper.id for hit in on_screen}
        # They stand among the best, in the order of their scores: that is as far as the rest is read.
        best = [*on_screen, *(hit for hit in hits if hit.paper.id not in known)][:limit]
        hits = sorted(best, key=lambda hit: (hit.paper.id not in known, -hit.score))
    return [replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1)]


def _can_answer(desk: Desk, meaning: Meaning, ranked: Sequence[Passage]) -> bool:
    """Whether the evidence may hold an answer; about a paper that was pointed at there is always something to say."""
    if meaning.only:
        return bool(ranked)
    verdict = decide.judge(meaning.query, ranked, desk.idf, lambda stem: desk.index.document_frequency(stem) > 0)
    return not verdict.abstain


def _finished(
    desk: Desk, draft: Draft, meaning: Meaning, shape: Shape, hits: Sequence[Hit], ranked: Sequence[Passage]
) -> Answer:
    cited = {n for sentence in draft.sentences for n in sentence.citations}
    abstained = not cited and not draft.stopped
    return Answer(
        draft.question,
        desk.index.manifest.name,
        desk.embedder.model.name,
        desk.llm.model.name,
        tuple(draft.sentences),
        tuple(citation for citation in draft.citations if citation.n in cited),
        abstained,
        tuple(hits) if abstained else (),
        Timings(draft.retrieved, draft.first_token, draft.first_text, draft.since()),
        draft.stopped,
        _note(desk, draft),
        shape,
        meaning.query,
        tuple(hit.paper.id for hit in hits),
        draft.withheld,
        tuple(layout.one_a_paper(ranked)) if abstained else (),
    )


def _note(desk: Desk, draft: Draft) -> str | None:
    """What a reader should know about how the answer came about, or None."""
    notes = [language.note(draft.question, desk.llm.model), f"{told}." if (told := desk.llm.resting) else draft.lost]
    if draft.withheld:
        were = "sentence" if draft.withheld == 1 else "sentences"
        notes.append(
            f"{draft.withheld} {were} that {desk.llm.model.title} wrote did not hold against the papers and "
            f"{'was' if draft.withheld == 1 else 'were'} left out or replaced by a quotation."
        )
    return " ".join(note for note in notes if note) or None
