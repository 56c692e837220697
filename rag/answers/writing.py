"""What the language model writes from the evidence, sentence by sentence, as far as the evidence supports it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rag import prompts
from rag.answers.answer import Evidence, Sentence, Status
from rag.answers.composition import Composition
from rag.answers.marks import unmarked
from rag.answers.pipeline import Pipeline
from rag.check import grounding
from rag.errors import ModelLost
from rag.evidence.passage import Passage
from rag.question.shape import Shape
from rag.text.citations import cited
from rag.text.sentences import spans

# A sentence that shares so much of what it adds to the question with a passage points at it.
POINTED = 0.6


def written(
    pipeline: Pipeline, composition: Composition, chosen: Sequence[Passage], shape: Shape
) -> Iterator[Sentence | Status]:
    """The sentences of the language model that the evidence supports, or quotations that stand for them.

    What has been said already is left out. When the model dies, what it has not written is left out too.
    """
    ticket = object()
    try:
        for ahead in pipeline.turnstile.enter(ticket, composition.stop, composition.person):
            yield Status(f"waiting: {ahead} ahead of you", waiting=True)
        if composition.stopped:
            return
        papers = len({passage.paper.id for passage in chosen})
        yield Status(f"reading {papers} paper{'s' if papers > 1 else ''} and writing")
        for text in _sentences(pipeline, composition, _messages(pipeline, composition, chosen, shape)):
            said = _supported(pipeline, composition, text, chosen)
            if said and not composition.has_said(said.text):
                yield said
    except ModelLost as lost:
        composition.lost = f"{lost.told}; what it had not written yet is quoted or left out."
    finally:
        pipeline.turnstile.leave(ticket)


def _sentences(pipeline: Pipeline, composition: Composition, messages: list[dict[str, str]]) -> Iterator[str]:
    """What the model writes, sentence by sentence; one that was cut off by Stop is left out."""
    room = pipeline.settings.max_tokens
    begun = ""
    # Whatever a model does, it is not listened to for longer than it was asked to write.
    pieces = pipeline.llm.stream(messages, room, pipeline.settings.temperature, composition.stop)
    for piece in islice(pieces, room):
        composition.token_came()
        begun += piece
        *complete, last = spans(begun) or [(0, 0)]
        for start, end in complete:
            yield " ".join(begun[start:end].split())
        begun = begun[last[0] :]
    if begun.strip() and not composition.stopped:
        yield " ".join(begun.split())


def _messages(
    pipeline: Pipeline, composition: Composition, chosen: Sequence[Passage], shape: Shape
) -> list[dict[str, str]]:
    """The prompt with as much of the evidence, from the best down, as leaves the model room to answer."""
    room = pipeline.llm.context - pipeline.settings.max_tokens
    kept = [(composition.number(passage), unmarked(passage.text)) for passage in chosen]
    while kept and pipeline.llm.size(prompts.answer_messages(composition.question, kept, shape)) > room:
        kept.pop()
    return prompts.answer_messages(composition.question, kept, shape)


def _supported(pipeline: Pipeline, composition: Composition, text: str, chosen: Sequence[Passage]) -> Sentence | None:
    """The sentence when the evidence supports it; else what it points at, word for word, or nothing."""
    bare, numbers = cited(text)
    if prompts.REFUSAL.lower() in bare.lower():
        return None
    best, share = grounding.closest(bare, [passage.text for passage in chosen], composition.question)
    known = tuple(n for n in numbers if n in {composition.number(passage) for passage in chosen})
    known = known or (composition.number(chosen[best]),)
    of_these = [passage for passage in chosen if composition.number(passage) in known]
    # The title says what "it" and "the planet" are.
    evidence = [f"{passage.paper.title}. {passage.text}" for passage in of_these]
    verdict = grounding.check(bare, evidence, pipeline.encode, judge=pipeline.judge)
    if verdict.supported:
        places = tuple(Evidence(*passage.place) for passage in of_these)
        return Sentence(bare, known, places, True, round(verdict.score, 4))
    composition.withheld += 1
    return composition.quote(chosen[best]) if share >= POINTED else None
