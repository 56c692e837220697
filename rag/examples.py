"""Questions for the first screen that the papers of an index really answer: papers' own titles that are questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from rag.answers.gathering import gather
from rag.answers.pipeline import Pipeline
from rag.index.filters import Filters
from rag.papers import Paper
from rag.question.readings import Reading

MOST = 4
# The chance of the best sentence to answer, for a question to be offered.
SURE = 0.5
# Papers whose titles are looked at, and how long a title may be to be offered.
LOOKED_AT, LONGEST = 2000, 90
_ASKS = re.compile(
    r"(?:what|how|why|where|when|which|who|is|are|was|were|do|does|did|can|could|has|have|should)\b[^$\\:]+\?", re.I
)


def working(pipeline: Pipeline, most: int = MOST) -> tuple[str, ...]:
    """The first few titles that are questions and whose own papers answer them; none when there are none such."""
    return tuple(islice((title for title, paper in _titles(pipeline) if _answers(pipeline, title, paper)), most))


def _titles(pipeline: Pipeline) -> Iterator[tuple[str, Paper]]:
    """Titles that are questions, of papers from all over the index."""
    papers = pipeline.index.manifest.papers
    rows = list(range(0, papers, max(1, papers // LOOKED_AT)))
    for paper in pipeline.index.papers(rows):
        title = paper.title.rpartition(": ")[2]
        if _ASKS.fullmatch(title) and len(title) <= LONGEST:
            yield title[0].upper() + title[1:], paper


def _answers(pipeline: Pipeline, title: str, paper: Paper) -> bool:
    """Whether a paper's own words surely answer the question in its title, and are found for it."""
    found = gather(pipeline, [Reading(title)], Filters(), "fact")
    return bool(found.read) and found.read[0].answers >= SURE and found.read[0].paper.id == paper.id
