"""Exercises in answering from evidence: a question, the sentences found for it, and the answer that some of them hold.

They are made with the search and the ranking of sentences that answers are made with, and laid out anew each time they
are shown: other sentences beside the right ones, in another order, and now and then without the right ones.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag import prompts
from rag.errors import UsageError
from rag.evidence import signs
from rag.index.filters import Filters
from rag.index.index import Index
from rag.models.embedder import Embedder, Vectors
from rag.progress import Progress, silent
from rag.retrieval.hits import Hit
from rag.retrieval.search import search
from rag.storage import write_json
from rag.text.sentences import split
from rag.text.terms import Idf, make_idf
from rag.training.answers import WrittenAnswer
from rag.training.records import drawn, read_lines, write_lines

TRAIN, HELD_OUT, FACTS = "answers.jsonl.gz", "answers-held-out.jsonl.gz", "answers.json"
# Papers whose sentences stand beside the right ones, and how many of their sentences are kept to draw from.
PAPERS, OTHERS = 4, 8
# So many sentences are shown, four as often as both others: that is what an answer is made from.
SHOWN = (2, 3, 4, 4)
# The share of exercises whose evidence does not say the answer, and of those shown in the order of the ranking.
WITHOUT, RANKED = 0.12, 0.5

REFUSAL = f"{prompts.REFUSAL}."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that was found: of which paper, and whether it ``holds`` the answer."""

    paper: str
    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question about the paper ``id``, what was found for it, best first, and its answer, "" when there is none."""

    id: str
    question: str
    found: tuple[Candidate, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An exercise laid out: numbered evidence, as :func:`rag.prompts.answer_messages` takes it, and the right reply."""

    question: str
    evidence: tuple[tuple[int, str], ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Exercises:
    """What to train on, and what to measure with."""

    train: tuple[Exercise, ...]
    held_out: tuple[Exercise, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to make exercises: which share of the papers to hold out, by their ids alone, and which to leave out."""

    held_out: float = 0.065
    reserved: frozenset[str] = frozenset()
    seed: int = 0


def make(
    index: Index,
    embedder: Embedder,
    written: Sequence[WrittenAnswer],
    questions: Mapping[str, str],
    plan: Plan,
    progress: Progress = silent,
) -> Exercises:
    """The exercises for the answers written to ``questions``, by paper; papers that the index lacks are passed over.

    Raises UsageError when a paper is reserved, or when nothing is left to train on or to measure with.
    """
    if banned := plan.reserved & {one.id for one in written}:
        raise UsageError(f"{len(banned):,} papers with training answers are reserved, the first is {min(banned)}.")
    idf = make_idf(index.document_frequency, index.manifest.papers)
    maker = _Maker(index, embedder, Filters(without=plan.reserved), idf)
    train: list[Exercise] = []
    held_out: list[Exercise] = []
    for done, one in enumerate(written, start=1):
        made = maker.exercise(one, questions[one.id]) if one.id in questions else None
        if made:
            (held_out if drawn(one.id, plan.seed) < plan.held_out else train).append(made)
        progress(done, done / len(written))
    if not train or not held_out:
        raise UsageError("Too few papers of the index have written answers: name a larger index, or write more.")
    facts = {
        "index": index.manifest.name,
        "examples": len(train),
        "held_out": len(held_out),
        "unanswered": sum(not one.answer for one in train),
        "reserved": len(plan.reserved),
        "seed": plan.seed,
    }
    return Exercises(tuple(train), tuple(held_out), facts)


@dataclass(frozen=True)
class _Maker:
    index: Index
    embedder: Embedder
    filters: Filters
    idf: Idf

    def exercise(self, one: WrittenAnswer, question: str) -> Exercise | None:
        row = self.index.row_of(one.id)
        if row is None:
            return None
        (paper,) = self.index.papers([row])
        sentences = split(paper.abstract)
        if any(place >= len(sentences) for place in one.sentences):
            raise UsageError(f"The training answer for {one.id} names a sentence that its abstract lacks: mend it.")
        holding = {sentences[place] for place in one.sentences}
        hits = list(search(self.index, self.embedder, question, self.filters, PAPERS).hits)
        if one.id not in {hit.paper.id for hit in hits}:
            hits = [Hit(1, hits[0].score if hits else 1.0, paper), *hits[: PAPERS - 1]]
        ranked = signs.rank(question, question, hits, self._encode, self.idf, PAPERS)
        found = [Candidate(p.paper.id, p.text, p.paper.id == one.id and p.text in holding) for p in ranked]
        others = [candidate for candidate in found if not candidate.holds][:OTHERS]
        return Exercise(one.id, question, tuple(c for c in found if c.holds or c in others), one.answer)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        return self.embedder.encode(texts, "query")


def lay_out(exercise: Exercise, draw: random.Random) -> Shown:
    """Choose and number the evidence that is shown; papers are numbered as they come, as in an answer."""
    holding = [candidate for candidate in exercise.found if candidate.holds]
    others = [candidate for candidate in exercise.found if not candidate.holds]
    if draw.random() < WITHOUT:
        # The paper's other sentences are the hardest to tell from an answer, and often gone with it.
        same_paper = draw.random() < 0.5
        others = [one for one in others if same_paper or one.paper != exercise.id] or others
        holding = []
    beside = max(1, draw.choice(SHOWN) - len(holding))
    kept = [*holding, *draw.sample(others, min(beside, len(others)))]
    kept.sort(key=exercise.found.index)
    if draw.random() > RANKED:
        draw.shuffle(kept)
    numbers = {paper: n for n, paper in enumerate(dict.fromkeys(one.paper for one in kept), start=1)}
    shown = tuple((numbers[one.paper], one.text) for one in kept)
    if not holding:
        return Shown(exercise.question, shown, REFUSAL)
    return Shown(exercise.question, shown, f"{exercise.answer.rstrip('.')} [{numbers[exercise.id]}].")


def write(made: Exercises, folder: Path) -> None:
    """Write exercises into a folder; the facts come last, so that a folder with them is whole."""
    write_lines(folder / TRAIN, map(asdict, made.train))
    write_lines(folder / HELD_OUT, map(asdict, made.held_out))
    write_json(folder / FACTS, made.facts)


def read(folder: Path) -> Exercises:
    """The exercises in a folder; UsageError when there are none or they are damaged."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return Exercises(_exercises(folder / TRAIN), _exercises(folder / HELD_OUT), facts)
    except (OSError, ValueError, TypeError, KeyError, EOFError):
        raise UsageError(
            f"{folder} holds no exercises in answering: make them with 'sidereus train answers {folder}'."
        ) from None


def _exercises(path: Path) -> tuple[Exercise, ...]:
    records = read_lines(path)
    return tuple(Exercise(**{**one, "found": tuple(Candidate(**each) for each in one["found"])}) for one in records)
