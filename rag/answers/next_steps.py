"""What a person can do next when the papers don't answer a question."""

from __future__ import annotations

from rag.answers.answer import NextStep
from rag.answers.pipeline import Pipeline
from rag.index.filters import Filters
from rag.question.shape import topic
from rag.text.spelling import respelt


def next_steps(pipeline: Pipeline, question: str, filters: Filters) -> tuple[NextStep, ...]:
    """The steps that may help, the likeliest first: another spelling, all papers instead of some, a search."""
    steps = []
    slips = [(one.typed, one.meant) for one in pipeline.index.speller.corrections(question) if not one.sure]
    if slips:
        steps.append(NextStep("ask", respelt(question, slips)))
    if filters.within:
        steps.append(NextStep("everywhere", question))
    steps.append(NextStep("search", topic(question).strip(" ?.!")))
    return tuple(steps)
