"""Exercises in reading: a question and sentences in their context, each with how well it answers.

Two kinds meet. Judged questions come with all the sentences that were read for them and their grades. Detailed
questions were written for one paper, of which it is known which sentences answer; what else the search finds for them
answers nothing, and may well bear on them, so that nothing is said of that. Claims come beside them, each with the
sentences that support it or don't; half of their papers are kept out of training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.evidence.passage import in_context
from rag.index.filters import Filters
from rag.index.index import Index
from rag.models.embedder import Embedder
from rag.progress import Progress, silent
from rag.retrieval.search import search
from rag.storage import write_json
from rag.text.sentences import split
from rag.training.answers import WrittenAnswer
from rag.training.claims import WrittenClaim
from rag.training.judgments import ANSWERS, JudgedQuestion
from rag.training.records import drawn, read_lines, write_lines

TRAIN, HELD_OUT, FACTS = "readings.jsonl.gz", "readings-held-out.jsonl.gz", "readings.json"
CLAIMS, CLAIMS_HELD_OUT = "claims.jsonl.gz", "claims-held-out.jsonl.gz"
# The share of papers whose claims are measured with.
CLAIMS_KEPT_OUT = 0.5
# Papers that are searched for a detailed question, to be told from the one it was written for.
RIVALS = 4


@dataclass(frozen=True, slots=True)
class Graded:
    """A sentence in its context and its grade, None when it answers nothing and nobody said whether it bears."""

    text: str
    grade: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A question and what is to be read for it; ``judged`` when all of it was judged."""

    id: str
    question: str
    sentences: tuple[Graded, ...]
    judged: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and its evidence in context; ``kind`` is of :class:`rag.training.claims.WrittenClaim`."""

    id: str
    claim: str
    evidence: str
    supported: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Readings:
    """What to train on, and what to measure with."""

    train: tuple[Reading, ...]
    held_out: tuple[Reading, ...]
    claims: tuple[Claim, ...]
    claims_held_out: tuple[Claim, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What people wrote: judged questions, answers to detailed ``questions`` by paper, and claims."""

    judged: Sequence[JudgedQuestion]
    answers: Sequence[WrittenAnswer]
    questions: Mapping[str, str]
    claims: Sequence[WrittenClaim]

    def papers(self) -> set[str]:
        """The ids of all papers named."""
        of_questions = {paper for one in self.judged for paper in one.grades}
        return of_questions | {one.id for one in self.answers} | {one.paper for one in self.claims}


@dataclass(frozen=True, slots=True)
class Plan:
    """How to make exercises: which share of the questions to hold out, by their ids alone; which papers to avoid."""

    held_out: float = 0.1
    reserved: frozenset[str] = frozenset()
    seed: int = 0


def make(index: Index, embedder: Embedder, written: Written, plan: Plan, progress: Progress = silent) -> Readings:
    """Exercises of what was written.

    Papers that the index lacks are passed over. Raises UsageError when a paper is reserved, or nothing is left.
    """
    if banned := plan.reserved & written.papers():
        raise UsageError(f"{len(banned):,} papers with training readings are reserved, the first is {min(banned)}.")
    maker = _Maker(index, embedder, Filters(without=plan.reserved))
    train: list[Reading] = []
    held_out: list[Reading] = []
    detailed = [one for one in written.answers if one.sentences and one.id in written.questions]
    everything: list[JudgedQuestion | WrittenAnswer] = [*written.judged, *detailed]
    for done, one in enumerate(everything, start=1):
        made = maker.judged(one) if isinstance(one, JudgedQuestion) else maker.detailed(one, written.questions[one.id])
        if made and made.sentences:
            (held_out if drawn(made.id, plan.seed) < plan.held_out else train).append(made)
        progress(done, done / len(everything))
    if not train or not held_out:
        raise UsageError("The index holds too few of the papers that were judged: name a larger index.")
    claims = [(drawn(one.paper, plan.seed) < CLAIMS_KEPT_OUT, maker.claim(one)) for one in written.claims]
    to_learn, to_measure = (tuple(made for out, made in claims if made and out is kept) for kept in (False, True))
    facts = {
        "index": index.manifest.name,
        "judged": sum(one.judged for one in train),
        "detailed": sum(not one.judged for one in train),
        "sentences": sum(len(one.sentences) for one in train),
        "held_out": len(held_out),
        "claims": len(to_learn),
        "claims_held_out": len(to_measure),
        "reserved": len(plan.reserved),
        "seed": plan.seed,
    }
    return Readings(tuple(train), tuple(held_out), to_learn, to_measure, facts)


@dataclass(frozen=True)
class _Maker:
    index: Index
    embedder: Embedder
    filters: Filters

    def judged(self, one: JudgedQuestion) -> Reading:
        rows = [row for paper in one.grades if (row := self.index.row_of(paper)) is not None]
        sentences = []
        for paper in self.index.papers(rows):
            texts = split(paper.abstract)
            for place, grade in one.grades[paper.id].items():
                if place >= len(texts):
                    raise UsageError(f"The judgments of {one.id} name a sentence that {paper.id} lacks: mend them.")
                sentences.append(Graded(in_context(paper, texts[place]), grade))
        return Reading(one.id, one.question, tuple(sentences), True)

    def claim(self, one: WrittenClaim) -> Claim | None:
        row = self.index.row_of(one.paper)
        if row is None:
            return None
        (paper,) = self.index.papers([row])
        texts = split(paper.abstract)
        if max(one.sentences) >= len(texts):
            raise UsageError(f"The claim {one.id} names a sentence that its paper lacks: mend it.")
        evidence = in_context(paper, " ".join(texts[place] for place in one.sentences))
        return Claim(one.id, one.claim, evidence, one.supported, one.kind)

    def detailed(self, one: WrittenAnswer, question: str) -> Reading | None:
        row = self.index.row_of(one.id)
        if row is None:
            return None
        hits = search(self.index, self.embedder, question, self.filters, RIVALS).hits
        others = [hit.paper for hit in hits if hit.paper.id != one.id]
        sentences = [
            Graded(in_context(paper, text), ANSWERS if paper.id == one.id and place in one.sentences else None)
            for paper in (*self.index.papers([row]), *others)
            for place, text in enumerate(split(paper.abstract))
        ]
        return Reading(one.id, question, tuple(sentences), False)


def write(made: Readings, folder: Path) -> None:
    """Write exercises into a folder; the facts come last, so that a folder with them is whole."""
    write_lines(folder / TRAIN, map(asdict, made.train))
    write_lines(folder / HELD_OUT, map(asdict, made.held_out))
    write_lines(folder / CLAIMS, map(asdict, made.claims))
    write_lines(folder / CLAIMS_HELD_OUT, map(asdict, made.claims_held_out))
    write_json(folder / FACTS, made.facts)


def read(folder: Path) -> Readings:
    """The exercises in a folder; UsageError when there are none or they are damaged."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        train, held_out = (_readings(folder / name) for name in (TRAIN, HELD_OUT))
        claims, kept_out = (_claims(folder / name) for name in (CLAIMS, CLAIMS_HELD_OUT))
        return Readings(train, held_out, claims, kept_out, facts)
    except (OSError, ValueError, TypeError, KeyError, EOFError):
        raise UsageError(
            f"{folder} holds no exercises in reading: make them with 'sidereus train readings {folder}'."
        ) from None


def _readings(path: Path) -> tuple[Reading, ...]:
    records = read_lines(path)
    return tuple(Reading(**{**one, "sentences": tuple(Graded(**each) for each in one["sentences"])}) for one in records)


def _claims(path: Path) -> tuple[Claim, ...]:
    return tuple(Claim(**one) for one in read_lines(path))
