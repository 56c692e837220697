"""Questions for the first screen that the papers of an index really answer."""

from __future__ import annotations

from itertools import islice

from rag.answers.answer import Found
from rag.answers.compose import Request, answer
from rag.answers.pipeline import Pipeline

MOST = 4
# Broad enough that many collections hold an answer, from many fields, so that four that work differ.
QUESTIONS = (
    "How are the masses of black holes measured?",
    "What limits the lifetime of protoplanetary disks?",
    "What is known about fast radio bursts?",
    "How do galaxies stop forming stars?",
    "What do gravitational waves tell about neutron stars?",
    "How is the atmosphere of an exoplanet observed?",
    "What is the evidence for dark matter in galaxies?",
    "Why do measurements of the Hubble constant disagree?",
    "What powers superluminous supernovae?",
    "How do massive stars lose their mass?",
    "What heats the solar corona?",
    "Where do ultra-high-energy cosmic rays come from?",
    "What does the cosmic microwave background tell about inflation?",
    "How did the Milky Way grow by mergers?",
)


def working(pipeline: Pipeline, most: int = MOST) -> tuple[str, ...]:
    """The first few questions that the index holds evidence for; none when it is about other things."""
    return tuple(islice((question for question in QUESTIONS if _is_answerable(pipeline, question)), most))


def _is_answerable(pipeline: Pipeline, question: str) -> bool:
    """Whether there is evidence for a question; nothing is written for that."""
    for event in answer(pipeline, Request(question), None):
        if isinstance(event, Found):
            return bool(event.citations)
    return False
