"""How an answer is laid out: which sentences serve its shape, and in which blocks they are said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answers.answer import Event, Status, Verdict
from rag.answers.composition import Composition
from rag.answers.gathering import Gathered
from rag.answers.pipeline import Pipeline
from rag.answers.writing import written
from rag.evidence import select
from rag.evidence.passage import Passage
from rag.question.shape import Shape
from rag.text.sentences import split

NEAREST = "No paper here answers this directly. Nearest to it:"
OPEN = "Still open:"
NEAR = 2  # sentences of the nearest paper
# A claim so many years older than the newest paper of the index is said with its year.
DATED = 10
_STAYS_OPEN = re.compile(
    r"\b(?:remains? (?:un\w+|an? (?:open|puzzle|mystery)|open|to be|controversial|elusive)|"
    r"open (?:question|problem|issue)s?|"
    r"not (?:yet |well |fully |completely )+(?:\w+ )?(?:understood|known|clear|settled)|"
    r"poorly (?:understood|known|constrained)|still (?:unknown|unclear|debated|uncertain|a matter)|under debate|"
    r"(?:is|are) unclear|future (?:observations|work|studies|surveys|missions|measurements))\b",
    re.IGNORECASE,
)


def stays_open(passage: Passage) -> bool:
    """Whether a passage says of something that it isn't known yet."""
    return bool(_STAYS_OPEN.search(passage.text))


def lay_out(
    pipeline: Pipeline, composition: Composition, found: Gathered, shape: Shape, verdict: Verdict
) -> Iterator[Event]:
    """Say an answer of some shape from what was read for it."""
    if shape == "list":
        yield from _list(composition, found)
    elif found.reading.each:
        yield from _each(composition, found)
    elif verdict == "partly":
        yield from _nearest(composition, found.read)
    elif shape == "synthesis" and pipeline.quotes:
        yield from _synthesis(pipeline, composition, select.for_synthesis(found.read))
    else:
        choose = select.for_synthesis if shape == "synthesis" else select.for_fact
        yield from _prose(pipeline, composition, choose(found.read), shape)


def _prose(pipeline: Pipeline, composition: Composition, chosen: Sequence[Passage], shape: Shape) -> Iterator[Event]:
    """What the language model may say, or the papers' own sentences where it may not or says nothing that holds."""
    composition.dated = _old(pipeline, chosen)
    yield composition.cite(chosen)
    composition.begin("prose")
    if not pipeline.quotes:
        for sentence in written(pipeline, composition, chosen, shape):
            yield sentence if isinstance(sentence, Status) else composition.say(sentence)
    if composition.lost or not composition.sentences:
        for passage in chosen:
            if not composition.stopped and not composition.has_said(passage.text):
                yield composition.say(composition.quote(passage))


def _synthesis(pipeline: Pipeline, composition: Composition, chosen: Sequence[Passage]) -> Iterator[Event]:
    """The direct answer, then a line for what each other paper contributes, what stays open last."""
    lead, *others = chosen
    composition.dated = _old(pipeline, [lead])
    yield composition.cite(chosen)
    composition.begin("prose")
    yield composition.say(composition.quote(lead))
    for title, some in (("", [p for p in others if not stays_open(p)]), (OPEN, [p for p in others if stays_open(p)])):
        if some:
            composition.begin("points", title)
        for passage in some:
            yield composition.say(composition.quote(passage, passage.paper.byline))


def _nearest(composition: Composition, read: Sequence[Passage]) -> Iterator[Event]:
    """What comes nearest to an answer, said to be no more than that."""
    chosen = [passage for passage in read[:NEAR] if passage.paper.id == read[0].paper.id]
    yield composition.cite(chosen)
    composition.begin("prose", NEAREST)
    for passage in chosen:
        yield composition.say(composition.quote(passage))


def _each(composition: Composition, found: Gathered) -> Iterator[Event]:
    """A line for each of the papers that were pointed at."""
    chosen = _of_each(found)
    yield composition.cite(chosen)
    composition.begin("points")
    for passage in chosen:
        yield composition.say(composition.quote(passage, passage.paper.byline))


def _list(composition: Composition, found: Gathered) -> Iterator[Event]:
    """The papers in the order of the search, each with its sentence that bears most on the question."""
    chosen = _of_each(found)
    yield composition.cite(chosen)
    composition.begin("papers")
    for passage in chosen:
        yield composition.say(composition.quote(passage, f"{passage.paper.title} ({passage.paper.byline})"))


def _of_each(found: Gathered) -> list[Passage]:
    """A passage of each paper, in the order of the search: the best that was read, else the paper's first."""
    best = {passage.paper.id: passage for passage in select.one_a_paper(found.read)}
    firsts = ((hit, split(hit.paper.abstract)[:1]) for hit in found.hits if hit.paper.id not in best)
    best |= {hit.paper.id: Passage(hit.paper, text, 0, 0.0, 0.0, hit.score) for hit, first in firsts for text in first}
    return [best[hit.paper.id] for hit in found.hits if hit.paper.id in best]


def _old(pipeline: Pipeline, chosen: Sequence[Passage]) -> bool:
    """Whether what is said may have been superseded: the newest paper of the index is much younger."""
    newest = pipeline.index.manifest.years[1] if pipeline.index.manifest.years else 0
    return any(newest - passage.paper.year >= DATED for passage in chosen)
