"""How good answers to questions as people type them are, against judgments of sentences.

Each question comes with papers graded 2 (to be cited) and 1 (related), and sentences graded 3 (answers by itself),
2 (in part), 1 (bears on it); what is not listed is noise. A sentence that a model wrote in its own words takes the
grade of the judged sentence of a cited paper that shares most of its words, if at least half of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rag.answers.answer import Answer, Sentence
from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.progress import Progress, silent
from rag.session import Session
from rag.text.terms import words

# What a first sentence of each grade is worth.
WORTH = {3: 1.0, 2: 0.6, 1: 0.2, 0: 0.0}
# Words that a sentence must share with a judged one, at least and as a share of the shorter.
SHARED, SHARE = 2, 0.5


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence of a paper and how well it answers."""

    paper: str
    text: str
    grade: int


@dataclass(frozen=True, slots=True)
class NaturalQuestion:
    """A question, whether the papers can answer it, and what was judged for it."""

    id: str
    question: str
    answerable: bool
    papers: Mapping[str, int]
    sentences: tuple[JudgedSentence, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Graded:
    """A question, its answer and the grades of the answer's sentences."""

    asked: NaturalQuestion
    answer: Answer
    grades: tuple[int, ...]

    @property
    def score(self) -> float:
        """What the answer is worth, in 0..1: its first sentence, less for the noise around it."""
        if not self.asked.answerable:
            return float(self.answer.abstained)
        if self.answer.abstained or not self.grades:
            return 0.0
        return WORTH[self.grades[0]] * (0.5 + 0.5 * fmean(grade > 0 for grade in self.grades))


def read(path: Path) -> tuple[NaturalQuestion, ...]:
    """The judged questions of a file of JSON lines; UsageError naming the line that lacks something."""
    found = []
    for number, record in read_records(path):
        try:
            sentences = tuple(JudgedSentence(s["id"], s["text"], s["grade"]) for s in record["sentences"])
            found.append(
                NaturalQuestion(
                    str(record.get("qid", number)),
                    record["question"],
                    bool(record["answerable"]),
                    record["papers"],
                    sentences,
                    record.get("kind", ""),
                )
            )
        except (KeyError, TypeError):
            raise UsageError(
                f'{path} line {number} needs "question", "answerable", "papers" and "sentences": mend it.'
            ) from None
    if not found:
        raise UsageError(f"{path} holds no question: name another file.")
    return tuple(found)


def evaluate(session: Session, questions: Sequence[NaturalQuestion], progress: Progress = silent) -> tuple[Graded, ...]:
    """Ask every question by itself and grade what was said."""
    for _ in session.warm():
        pass
    graded = []
    for done, asked in enumerate(questions, start=1):
        answer = session.answer(asked.question)
        graded.append(Graded(asked, answer, tuple(_grade(s, answer, asked) for s in answer.sentences if s.citations)))
        progress(done, done / len(questions))
    return tuple(graded)


def measures(graded: Sequence[Graded]) -> dict[str, Any]:
    """The means over the questions, each in 0..1.

    ``lead`` and ``any``: the first, or some, sentence answers at least in part; ``precision``: shown sentences that
    bear on the question; ``papers``: cited papers that were judged related; ``declined`` and ``wrongly``: of the
    questions that can't be answered and of those that can; ``score``: what the answers are worth.
    """
    yes = [one for one in graded if one.asked.answerable]
    no = [one for one in graded if not one.asked.answerable]
    shown = [one for one in yes if not one.answer.abstained and one.grades]
    values = {
        "lead": _mean(yes, lambda one: bool(one.grades) and one.grades[0] >= 2),
        "any": _mean(yes, lambda one: any(grade >= 2 for grade in one.grades)),
        "precision": _mean(shown, lambda one: fmean(grade > 0 for grade in one.grades)),
        "papers": _mean(shown, lambda one: fmean(c.paper.id in one.asked.papers for c in one.answer.citations)),
        "declined": _mean(no, lambda one: one.answer.abstained),
        "wrongly": _mean(yes, lambda one: one.answer.abstained),
        "score": _mean(graded, lambda one: one.score),
    }
    return {"n": len(graded), **values}


def _grade(sentence: Sentence, answer: Answer, asked: NaturalQuestion) -> int:
    cited = {c.paper.id for c in answer.citations if c.n in sentence.citations}
    said, best = set(words(sentence.text)), (0.0, 0)
    for judged in asked.sentences:
        have = set(words(judged.text))
        both = len(said & have)
        if judged.paper in cited and both >= SHARED:
            best = max(best, (both / max(1, min(len(said), len(have))), judged.grade))
    return best[1] if best[0] >= SHARE else 0


def _mean(some: Sequence[Graded], value: Callable[[Graded], float]) -> float | None:
    return round(fmean(float(value(one)) for one in some), 4) if some else None
