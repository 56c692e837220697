"""A literature review: a broad topic split into themes, each retrieved for, in sections with citations."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.answers.answer import Event, Status
from rag.answers.composition import Composition
from rag.answers.layout import stays_open
from rag.answers.pipeline import Pipeline
from rag.answers.writing import written
from rag.evidence import select, signs
from rag.evidence.passage import Passage
from rag.evidence.themes import Theme, themes
from rag.index.filters import Filters
from rag.progress import clock
from rag.retrieval.hits import Hit
from rag.retrieval.search import search

FOUND = 60
READ = 8  # papers for a theme
SECTIONS = 5
A_SECTION = 4  # papers
ABOUT = 0.4  # of the best paper's probability: less is about something else
IN_SHORT, OPEN = "In short", "Open questions"


def write(pipeline: Pipeline, composition: Composition, topic: str, filters: Filters) -> Iterator[Event]:
    """Say a review of a topic, section by section."""
    hits = _found(pipeline, topic, filters)
    papers = [hit.paper for hit in hits if hit.score > ABOUT * hits[0].score]
    rows = [row for paper in papers if (row := pipeline.index.row_of(paper.id)) is not None]
    parts = themes(topic, papers, pipeline.index.vectors(rows), SECTIONS)
    used: set[str] = set()
    first = _best(pipeline, topic, hits, used, 2)
    yield from _section(pipeline, composition, IN_SHORT, first, used)
    started = time.monotonic()
    for done, part in enumerate(parts):
        if composition.stopped:
            return
        left = (time.monotonic() - started) / done * (len(parts) - done) if done else 0.0
        eta = f", {clock(left)} left" if left > 1 else ""
        yield Status(f"section {done + 1} of {len(parts)}: {part.label}{eta}")
        chosen = _of_theme(pipeline, topic, part, filters, used)
        yield from _section(pipeline, composition, part.label[0].upper() + part.label[1:], chosen, used)
    yield from _section(pipeline, composition, OPEN, _open(pipeline, composition, topic, filters), used)


def _of_theme(pipeline: Pipeline, topic: str, part: Theme, filters: Filters, used: set[str]) -> list[Passage]:
    """The best passages for a theme, in time order: the papers of its own and others found for its question."""
    query = f"{topic} {part.label}"
    found = _best(pipeline, query, _found(pipeline, query, filters), used, A_SECTION)
    if len(found) < 2:
        own = frozenset(paper.id for paper in part.papers) - used
        found = _best(pipeline, query, _found(pipeline, query, replace(filters, within=own)), used, A_SECTION)
    return select.in_time_order(found)


def _found(pipeline: Pipeline, query: str, filters: Filters) -> Sequence[Hit]:
    return search(pipeline.index, pipeline.embedder, query, filters, FOUND, pipeline.searching).hits


def _best(pipeline: Pipeline, query: str, hits: Sequence[Hit], used: set[str], most: int) -> list[Passage]:
    """The best passage of each of the best hits whose papers have not been used."""
    fresh = [hit for hit in hits if hit.paper.id not in used][:READ]
    ranked = signs.rank(query, query, fresh, pipeline.encode, pipeline.idf, len(fresh), signs.BROAD)
    return select.one_a_paper(pipeline.reader.read(query, ranked))[:most]


def _open(pipeline: Pipeline, composition: Composition, topic: str, filters: Filters) -> list[Passage]:
    """What papers on the topic say is not known yet."""
    hits = _found(pipeline, f"{topic} open questions not understood", filters)[: FOUND // 2]
    found = signs.rank(topic, topic, hits, pipeline.encode, pipeline.idf, len(hits), signs.BROAD)
    open_ones = select.one_a_paper([passage for passage in found if stays_open(passage)])
    return [passage for passage in open_ones if not composition.has_said(passage.text)][: A_SECTION - 1]


def _section(
    pipeline: Pipeline, composition: Composition, title: str, chosen: Sequence[Passage], used: set[str]
) -> Iterator[Event]:
    """Say a section: what the model writes and holds, or else each passage in its paper's words."""
    if not chosen or composition.stopped:
        return
    used.update(passage.paper.id for passage in chosen)
    yield composition.cite(chosen)
    said = False
    if not pipeline.quotes:
        for sentence in written(pipeline, composition, chosen, "review"):
            if isinstance(sentence, Status):
                yield sentence
                continue
            if not said:
                composition.begin("section", title)
            said = True
            yield composition.say(sentence)
    fresh = [] if said else [passage for passage in chosen if not composition.has_said(passage.text)]
    if fresh:
        composition.begin("section", title)
    for passage in fresh:
        yield composition.say(composition.quote(passage))
