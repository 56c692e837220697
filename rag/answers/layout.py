"""How an answer is laid out: which passages serve its shape, and in what order and lines they are said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rag.answers.answer import Event, Passage, Shape, Status
from rag.answers.writing import Desk, Draft, quote, written
from rag.evidence import reader
from rag.retrieval.hits import Hit

# Papers whose sentences are read for a shape. Beyond five, a fact is seldom found.
PAPERS_READ: dict[Shape, int] = {"fact": 5, "synthesis": 10, "list": 10, "review": 8}
PASSAGES = 4
QUOTES = 3
CONTRIBUTIONS = 5
# A paper whose best sentence scores so much less than the best of all is about something else.
BESIDE = 0.6
_STAYS_OPEN = re.compile(
    r"\b(?:remains? (?:un\w+|an? (?:open|puzzle|mystery)|open|to be|controversial|elusive)|"
    r"open (?:question|problem|issue)s?|"
    r"not (?:yet |well |fully |completely )+(?:\w+ )?(?:understood|known|clear|settled)|"
    r"poorly (?:understood|known|constrained)|still (?:unknown|unclear|debated|uncertain|a matter)|under debate|"
    r"(?:is|are) unclear|future (?:observations|work|studies|surveys|missions|measurements))\b",
    re.IGNORECASE,
)


def ranked(desk: Desk, question: str, query: str, hits: Sequence[Hit], shape: Shape) -> list[Passage]:
    """The sentences of the papers that are read for a shape, the best for it first."""
    asked = query if shape == "list" else question
    weights = reader.Weights() if shape == "fact" else reader.BROAD
    return reader.rank(asked, query, hits, desk.encode, desk.idf, PAPERS_READ[shape], weights)


def choose(found: Sequence[Passage], shape: Shape) -> list[Passage]:
    """The passages that an answer of that shape is made of: the best, or the best of each paper that bears on it."""
    if shape == "fact":
        return list(found[:PASSAGES])
    near = [passage for passage in one_a_paper(found) if passage.score > found[0].score - BESIDE]
    if shape == "list":
        return near
    direct, *others = near[: CONTRIBUTIONS + 1]
    return [direct, *in_time_order(others)]


def in_time_order(passages: Sequence[Passage]) -> list[Passage]:
    """Passages by the years of their papers."""
    return sorted(passages, key=lambda passage: (passage.paper.year, passage.paper.id))


def one_a_paper(found: Sequence[Passage], admits: Callable[[Passage], bool] = lambda _: True) -> list[Passage]:
    """The best passage of each paper, of those that are admitted, best first."""
    best: dict[str, Passage] = {}
    for passage in found:
        if admits(passage):
            best.setdefault(passage.paper.id, passage)
    return list(best.values())


def stays_open(passage: Passage) -> bool:
    """Whether a passage says of something that it isn't known yet."""
    return bool(_STAYS_OPEN.search(passage.text))


def lay_out(desk: Desk, draft: Draft, chosen: Sequence[Passage], shape: Shape) -> Iterator[Event]:
    """Say an answer of some shape from passages that were chosen for it."""
    if shape == "list":
        yield from _list(draft, chosen)
    elif shape == "synthesis" and desk.quotes:
        yield from _contributions(draft, chosen)
    else:
        yield from _prose(desk, draft, chosen, shape)


def _prose(desk: Desk, draft: Draft, chosen: Sequence[Passage], shape: Shape) -> Iterator[Event]:
    """What the language model may say, and quotations where it says nothing that holds."""
    if desk.quotes:
        yield draft.say(quote(draft, chosen[0]))
    for sentence in written(desk, draft, chosen, shape):
        yield sentence if isinstance(sentence, Status) else draft.say(sentence)
    for passage in chosen[:QUOTES]:
        if draft.stopped:
            return
        if (desk.quotes or draft.lost or not draft.sentences) and not draft.has_said(passage.text):
            yield draft.say(quote(draft, passage))


def _contributions(draft: Draft, chosen: Sequence[Passage]) -> Iterator[Event]:
    """The direct answer, then a line for what each other paper contributes, what stays open last."""
    direct, *others = chosen
    yield draft.say(quote(draft, direct))
    others = [passage for passage in others if not draft.has_said(passage.text)]
    others.sort(key=stays_open)
    for place, passage in enumerate(others):
        head = "Still open, from " if stays_open(passage) else ""
        gap = "\n\n" if not place else "\n"
        yield draft.say(quote(draft, passage, f"{gap}- {head}{passage.paper.byline}: "))


def _list(draft: Draft, chosen: Sequence[Passage]) -> Iterator[Event]:
    for passage in chosen:
        paper = passage.paper
        yield draft.say(quote(draft, passage, f"\n- {paper.title} ({paper.byline}): "))
