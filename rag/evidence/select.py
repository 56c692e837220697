"""Which of the sentences that were read are shown. A tangent is worse than brevity."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evidence.decide import Thresholds
from rag.evidence.passage import Passage
from rag.text.terms import stems

# Sentences that answer a narrow question, and papers that have their say on a broad one.
SENTENCES, PAPERS = 3, 6
# A sentence that shares so much of its words with one before says nothing new.
REPEATED = 0.75


def for_fact(read: Sequence[Passage], thresholds: Thresholds = Thresholds()) -> list[Passage]:
    """The best sentence, and what else answers nearly as well."""
    chosen = list(read[:1])
    for passage in read[1:]:
        if len(chosen) == SENTENCES:
            break
        least = thresholds.same_paper if passage.paper.id == chosen[0].paper.id else thresholds.more
        if passage.answers >= least and passage.bears >= thresholds.bears and not repeats(passage, chosen):
            chosen.append(passage)
    return chosen


def for_synthesis(read: Sequence[Passage], thresholds: Thresholds = Thresholds()) -> list[Passage]:
    """The best sentence, then the best of each other paper that bears on the question, the oldest first."""
    lead, *others = read
    chosen: list[Passage] = []
    for passage in one_a_paper(others):
        fits = passage.paper.id != lead.paper.id and passage.bears >= thresholds.contributes
        if fits and passage.answers >= thresholds.partly and not repeats(passage, [lead, *chosen]):
            chosen.append(passage)
    return [lead, *in_time_order(chosen[: PAPERS - 1])]


def one_a_paper(read: Sequence[Passage]) -> list[Passage]:
    """The best passage of each paper, best first."""
    best: dict[str, Passage] = {}
    for passage in read:
        best.setdefault(passage.paper.id, passage)
    return list(best.values())


def in_time_order(passages: Sequence[Passage]) -> list[Passage]:
    """Passages by the years of their papers."""
    return sorted(passages, key=lambda passage: (passage.paper.year, passage.paper.id))


def repeats(passage: Passage, others: Sequence[Passage]) -> bool:
    """Whether most of a passage's words stand in one of some others."""
    said = set(stems(passage.text))
    return any(len(said & set(stems(other.text))) > REPEATED * len(said) for other in others)
