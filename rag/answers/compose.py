"""From a question to a cited answer: read it, gather evidence, decide what that allows, and say it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.answers import layout, review
from rag.answers.answer import Answer, Event, Finished, Sentence, Status, Timings, Verdict
from rag.answers.composition import Composition
from rag.answers.gathering import Gathered, gather
from rag.answers.next_steps import next_steps
from rag.answers.pipeline import Pipeline
from rag.evidence import select
from rag.evidence.decide import decide
from rag.evidence.passage import Passage
from rag.index.filters import Filters
from rag.question import courtesy, language
from rag.question.conversation import Conversation
from rag.question.readings import Reading, readings
from rag.question.shape import Shape, shape_of, topic
from rag.retrieval.search import checked

DONT_SAY = "The papers here don't say."
NEAREST = 6


@dataclass(frozen=True, slots=True)
class Request:
    """A question: after which turns, to be answered from which papers.

    ``shape`` is that of the answer (None: as the question asks for); with ``alone`` the question is read as it stands,
    whatever came before. ``person`` is who asks.
    """

    question: str
    conversation: Conversation = Conversation()
    filters: Filters = Filters()
    shape: Shape | None = None
    alone: bool = False
    person: str = ""


def answer(pipeline: Pipeline, request: Request, stop: threading.Event | None) -> Iterator[Event]:
    """Answer a question, event by event; the last one holds the whole answer. UsageError when nothing is asked."""
    composition = Composition(checked(request.question), stop or threading.Event(), person=request.person)
    if not request.filters.within and courtesy.is_courtesy(composition.question):
        composition.begin("prose")
        yield composition.say(Sentence(courtesy.REPLY))
        nothing = Gathered(Reading(composition.question), (), ())
        yield Finished(_finished(pipeline, composition, nothing, "fact", "courtesy"))
        return
    yield Status(f"searching {pipeline.index.manifest.papers:,} papers")
    shape, found = _found(pipeline, composition.question, request)
    composition.retrieved = composition.since()
    verdict: Verdict = _verdict(found, shape)
    if verdict != "declined":
        if shape == "review":
            yield from review.write(pipeline, composition, found.reading.query, request.filters)
        else:
            yield from layout.lay_out(pipeline, composition, found, shape, verdict)
    if not composition.sentences and not composition.stopped:
        verdict, composition.citations = "declined", ()
        composition.begin("prose")
        yield composition.say(Sentence(DONT_SAY))
    finished = _finished(pipeline, composition, found, shape, verdict)
    if finished.verdict in ("declined", "partly"):
        finished = replace(finished, next_steps=next_steps(pipeline, composition.question, request.filters))
    yield Finished(finished)


def _found(pipeline: Pipeline, question: str, request: Request) -> tuple[Shape, Gathered]:
    """The shape of the answer and the evidence for it."""
    conversation = Conversation() if request.alone else request.conversation
    proposed = readings(question, conversation, request.filters.within or frozenset(), pipeline.encode)
    alone = not conversation.turns and not request.filters.within
    shape = request.shape or ("synthesis" if proposed[0].each else shape_of(question, alone))
    if shape != "fact":
        proposed = [replace(reading, query=topic(reading.query)) for reading in proposed]
    return shape, gather(pipeline, proposed, request.filters, shape)


def _verdict(found: Gathered, shape: Shape) -> Verdict:
    """A list is what was found; about papers that were pointed at there is always something to say."""
    if shape == "list" or found.reading.only:
        return "answered" if found.hits else "declined"
    return decide(found.read)


def _finished(pipeline: Pipeline, composition: Composition, found: Gathered, shape: Shape, verdict: Verdict) -> Answer:
    cited = {n for sentence in composition.sentences for n in sentence.citations}
    if verdict == "answered" and not cited and not composition.stopped:
        verdict = "declined"
    declined = verdict == "declined"
    query = found.reading.query
    as_it_stands = query in (composition.question, topic(composition.question))
    return Answer(
        composition.question,
        pipeline.index.manifest.name,
        pipeline.embedder.model.name,
        pipeline.llm.model.name,
        composition.blocks,
        tuple(citation for citation in composition.citations if citation.n in cited),
        verdict,
        found.hits[:NEAREST] if declined else (),
        Timings(composition.retrieved, composition.first_token, composition.first_text, composition.since()),
        composition.stopped,
        _note(pipeline, composition),
        shape,
        query,
        "" if as_it_stands else query,
        tuple(hit.paper.id for hit in found.hits),
        composition.withheld,
        _hints(found) if declined else (),
    )


def _hints(found: Gathered) -> tuple[Passage, ...]:
    """What the nearest papers say that comes nearest to the question."""
    nearest = {hit.paper.id for hit in found.hits[:NEAREST]}
    return tuple(passage for passage in select.one_a_paper(found.read) if passage.paper.id in nearest)


def _note(pipeline: Pipeline, composition: Composition) -> str | None:
    """What a reader should know about how the answer came about, or None."""
    model = pipeline.llm.model
    resting = pipeline.llm.resting
    notes = [language.note(composition.question, model), f"{resting}." if resting else composition.lost]
    if composition.withheld:
        were = "sentence" if composition.withheld == 1 else "sentences"
        notes.append(
            f"{composition.withheld} {were} that {model.title} wrote did not hold against the papers and "
            f"{'was' if composition.withheld == 1 else 'were'} left out or replaced by a quotation."
        )
    return " ".join(note for note in notes if note) or None
