"""A literature review: a broad topic split into themes, each retrieved for, in sections with citations."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.answers import layout
from rag.answers.answer import Event, Status
from rag.answers.writing import Desk, Draft, quote, written
from rag.evidence import reader
from rag.evidence.passage import Passage
from rag.evidence.themes import Theme, themes
from rag.progress import clock
from rag.retrieval.hits import Filters, Hit
from rag.retrieval.search import search

FOUND = 60
SECTIONS = 5
A_SECTION = 4  # papers
ABOUT = 0.4  # of the best paper's probability: less is about something else
IN_SHORT, OPEN = "In short", "Open questions"


def write(desk: Desk, draft: Draft, topic: str, filters: Filters) -> Iterator[Event]:
    """Say a review of a topic, section by section."""
    hits = _found(desk, topic, filters)
    papers = [hit.paper for hit in hits if hit.score > ABOUT * hits[0].score]
    rows = [row for paper in papers if (row := desk.index.row_of(paper.id)) is not None]
    parts = themes(topic, papers, desk.index.vectors(rows), SECTIONS)
    used: set[str] = set()
    first = _best(desk, topic, hits, used, 2)
    yield from _section(desk, draft, IN_SHORT, first, used)
    started = time.monotonic()
    for done, part in enumerate(parts):
        if draft.stopped:
            return
        left = (time.monotonic() - started) / done * (len(parts) - done) if done else 0.0
        eta = f", {clock(left)} left" if left > 1 else ""
        yield Status(f"section {done + 1} of {len(parts)}: {part.label}{eta}")
        chosen = _of_theme(desk, topic, part, filters, used)
        yield from _section(desk, draft, part.label[0].upper() + part.label[1:], chosen, used)
    yield from _section(desk, draft, OPEN, _open(desk, draft, topic, filters), used)


def _of_theme(desk: Desk, topic: str, part: Theme, filters: Filters, used: set[str]) -> list[Passage]:
    """The best passages for a theme, in time order: the papers of its own and others found for its question."""
    query = f"{topic} {part.label}"
    found = _best(desk, query, _found(desk, query, filters), used, A_SECTION)
    if len(found) < 2:
        own = frozenset(paper.id for paper in part.papers) - used
        found = _best(desk, query, _found(desk, query, replace(filters, within=own)), used, A_SECTION)
    return layout.in_time_order(found)


def _found(desk: Desk, query: str, filters: Filters) -> Sequence[Hit]:
    return search(desk.index, desk.embedder, query, filters, FOUND, desk.searching).hits


def _best(desk: Desk, query: str, hits: Sequence[Hit], used: set[str], most: int) -> list[Passage]:
    """The best passage of each of the best hits whose papers have not been used."""
    fresh = [hit for hit in hits if hit.paper.id not in used]
    return layout.one_a_paper(layout.ranked(desk, query, query, fresh, "review"))[:most]


def _open(desk: Desk, draft: Draft, topic: str, filters: Filters) -> list[Passage]:
    """What papers on the topic say is not known yet."""
    hits = _found(desk, f"{topic} open questions not understood", filters)
    found = reader.rank(topic, topic, hits, desk.encode, desk.idf, FOUND // 2, reader.BROAD)
    said = [passage for passage in layout.one_a_paper(found, layout.stays_open) if not draft.has_said(passage.text)]
    return said[: A_SECTION - 1]


def _section(desk: Desk, draft: Draft, title: str, chosen: Sequence[Passage], used: set[str]) -> Iterator[Event]:
    """Say a section: what the model writes and holds, or else each passage in its paper's words."""
    if not chosen or draft.stopped:
        return
    used.update(passage.paper.id for passage in chosen)
    yield draft.cite(chosen)
    lead, before = f"\n\n## {title}\n\n", len(draft.sentences)
    if not desk.quotes:
        for sentence in written(desk, draft, chosen, "review"):
            if isinstance(sentence, Status):
                yield sentence
            else:
                yield draft.say(replace(sentence, lead=lead if len(draft.sentences) == before else " "))
    if len(draft.sentences) == before:
        for passage in chosen:
            if not draft.has_said(passage.text):
                start = lead if len(draft.sentences) == before else "\n\n"
                yield draft.say(quote(draft, passage, start))
