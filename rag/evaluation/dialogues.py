"""How well second turns and broad questions are answered.

A dialogue's second turn should cite the paper that answers it and say the known words. A broad question's answer should
cite relevant papers and cover the key points, a point being covered when a paper that says it is cited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rag.answers.answer import Answer
from rag.errors import UsageError
from rag.evaluation.answers import normalised
from rag.evaluation.datasets import read_records
from rag.progress import Progress, silent
from rag.question.conversation import Conversation
from rag.session import Session


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Two turns, the papers that answer the second one and the words that do."""

    id: str
    first: str
    second: str
    papers: tuple[str, ...]
    words: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class BroadQuestion:
    """A broad question, the papers on it with their grades, and for each key point the papers that say it."""

    id: str
    question: str
    relevant: Mapping[str, int]
    points: tuple[frozenset[str], ...]


def read_dialogues(path: Path) -> tuple[Dialogue, ...]:
    """The dialogues of a file of JSON lines; UsageError naming the line that lacks something."""
    try:
        return tuple(
            Dialogue(
                str(record.get("did", number)),
                record["turn1"],
                record["turn2"],
                tuple(record["turn2_doc_ids"]),
                record["turn2_answer"],
                record.get("kind", ""),
            )
            for number, record in read_records(path)
        )
    except (KeyError, TypeError) as error:
        raise UsageError(f"{path} holds a dialogue without {error}: mend it.") from None


def read_broad(path: Path) -> tuple[BroadQuestion, ...]:
    """The broad questions of a file of JSON lines; UsageError naming what is lacking."""
    try:
        return tuple(
            BroadQuestion(
                str(record.get("sid", number)),
                record["question"],
                record["relevant"],
                tuple(frozenset(point["ids"]) for point in record["key_points"]),
            )
            for number, record in read_records(path)
        )
    except (KeyError, TypeError) as error:
        raise UsageError(f"{path} holds a broad question without {error}: mend it.") from None


def second_turns(
    session: Session, dialogues: Sequence[Dialogue], progress: Progress = silent
) -> tuple[dict[str, Any], list[tuple[Dialogue, Answer]]]:
    """Counts over the dialogues, and the second answers: right paper cited, known words said, declined."""
    told: list[tuple[Dialogue, Answer]] = []
    for done, one in enumerate(dialogues, start=1):
        first = session.answer(one.first)
        told.append((one, session.answer(one.second, Conversation((first.turn,)))))
        progress(done, done / len(dialogues))
    return {
        "n": len(told),
        "cited": sum(any(c.paper.id in one.papers for c in answer.citations) for one, answer in told),
        "said": sum(normalised(one.words) in normalised(_words(answer)) for one, answer in told),
        "declined": sum(answer.abstained for _, answer in told),
    }, told


def broad(
    session: Session, questions: Sequence[BroadQuestion], progress: Progress = silent
) -> tuple[dict[str, Any], list[tuple[BroadQuestion, Answer]]]:
    """Means over the questions, and the answers: cited papers that are relevant, key points covered, declines."""
    told: list[tuple[BroadQuestion, Answer]] = []
    for done, one in enumerate(questions, start=1):
        told.append((one, session.answer(one.question)))
        progress(done, done / len(questions))
    cited = [(one, {c.paper.id for c in answer.citations}) for one, answer in told]
    shown = [(one, papers) for one, papers in cited if papers]
    return {
        "n": len(told),
        "relevant": round(fmean(map(_relevant, shown)), 4) if shown else None,
        "points": round(fmean(fmean(bool(ids & papers) for ids in one.points) for one, papers in cited), 4),
        "declined": sum(answer.abstained for _, answer in told),
    }, told


def _relevant(one: tuple[BroadQuestion, set[str]]) -> float:
    """The share of some cited papers that are relevant."""
    question, cited = one
    return fmean(paper in question.relevant for paper in cited)


def _words(answer: Answer) -> str:
    return " ".join(sentence.text for sentence in answer.sentences)
