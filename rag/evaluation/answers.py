"""How good answers are: on questions whose answer is known, and on questions that the papers can't answer.

A gold answer counts as given when the answer's text contains it, both with their LaTeX taken out (the measure that
question-answering benchmarks call answer recall, e.g. Adlakha et al. 2023, https://arxiv.org/abs/2307.16877).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from rag.answers.answer import Answer, Citation, Sentence
from rag.answers.attribution import attributed
from rag.check import grounding
from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.progress import Progress, silent
from rag.session import Session
from rag.text.citations import cited
from rag.text.quantities import agrees, quantities
from rag.text.sentences import split
from rag.text.terms import plain


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the span that answers it and the paper that holds it; both "" where there is none."""

    question: str
    gold: str = ""
    paper: str = ""


def read_questions(path: Path, answered: bool) -> tuple[Asked, ...]:
    """The questions of a file of JSON lines; with ``answered`` each has its ``answer`` and ``doc_id``.

    Raises UsageError naming the line that lacks something.
    """
    keys = ("question", "answer", "doc_id") if answered else ("question",)
    found = []
    for number, record in read_records(path):
        if missing := [key for key in keys if not isinstance(record.get(key), str) or not record[key].strip()]:
            raise UsageError(f'{path} line {number} has no "{missing[0]}": mend it and run again.')
        found.append(Asked(*(record[key] for key in keys)))
    if not found:
        raise UsageError(f"{path} holds no question: name another file.")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Given:
    """A question and the answer that was given to it."""

    asked: Asked
    answer: Answer


@dataclass(frozen=True, slots=True)
class AnswersReport:
    """What an evaluation of answers found; rates in 0..1, None where nothing was asked that tells.

    ``abstention`` is measured on the unanswerable questions, or on all when their papers were left out.
    ``unsupported`` is the share of shown sentences that the checker doesn't find in the papers they cite,
    ``invented_numbers`` the share of the answers' numbers that stand neither there nor in the question,
    ``foreign_citations`` the share of citations of papers that were not retrieved.
    """

    given: tuple[Given, ...]
    unanswerable: tuple[Given, ...]
    rates: dict[str, float | None]
    first_text: tuple[float, float] | None
    total: tuple[float, float] | None

    def as_record(self) -> dict[str, Any]:
        """The report as ``eval answers --json`` prints it."""
        seconds = {"first_text_s": self.first_text, "total_s": self.total}
        return {
            "n": len(self.given),
            **self.rates,
            **{name: {"p50": both[0], "p95": both[1]} if both else None for name, both in seconds.items()},
        }


def evaluate(
    session: Session,
    questions: Sequence[Asked],
    unanswerable: Sequence[Asked] = (),
    leave_out: bool = False,
    progress: Progress = silent,
) -> AnswersReport:
    """Ask every question by itself, one after the other, with everything loaded before the clock runs.

    ``leave_out`` takes each question's own paper away, so that the best answer is that the papers don't say.
    """
    for _ in session.warm():
        pass
    everything = [*questions, *unanswerable]
    given = []
    for done, asked in enumerate(everything, start=1):
        given.append(Given(asked, session.answer(asked.question, without=(asked.paper,) if leave_out else ())))
        progress(done, done / len(everything))
    return report(session, given[: len(questions)], given[len(questions) :], leave_out)


def report(
    session: Session, given: Sequence[Given], unanswerable: Sequence[Given] = (), left_out: bool = False
) -> AnswersReport:
    """What answers that were given are worth."""
    refused = given if left_out else unanswerable
    shown = [one for one in given if not one.answer.abstained]
    claims = [(one.answer, *pair) for one in shown for pair in _claims(one.answer)]
    numbers = [known for one in shown for known in _numbers_known(one)]
    rates = {
        "gold_recall": _share(_says(_words(one.answer), one.asked.gold) for one in given),
        "gold_in_first_sentence": _share(_says(_first(one.answer), one.asked.gold) for one in given),
        "gold_cited": _share(one.asked.paper in {c.paper.id for c in one.answer.citations} for one in given),
        "citation_precision": _share(_supports(session, citation, sentence) for _, sentence, citation in claims),
        "citations_per_answer": fmean(len(one.answer.citations) for one in given) if given else None,
        "foreign_citations": _share(c.paper.id not in answer.retrieved for answer, _, c in claims),
        "invented_numbers": _share(not known for known in numbers),
        "unsupported": _share(not s.supported or not s.citations for one in shown for s in one.answer.sentences),
        "abstention": _share(one.answer.abstained for one in refused),
        "false_abstention": None if left_out else _share(one.answer.abstained for one in given),
        "words": fmean(len(_words(one.answer).split()) for one in given) if given else None,
    }
    rounded = {name: None if value is None else round(value, 4) for name, value in rates.items()}
    first = [one.answer.timings.first_text for one in given if one.answer.timings.first_text is not None]
    return AnswersReport(
        tuple(given),
        tuple(unanswerable),
        rounded,
        _percentiles(first),
        _percentiles([one.answer.timings.total for one in given]),
    )


def normalised(text: str) -> str:
    """A text without its LaTeX and citations, in small letters, for looking spans up in it."""
    return " ".join(plain(cited(text)[0]).lower().split()).rstrip(".")


def _says(text: str, gold: str) -> bool:
    return bool(gold) and normalised(gold) in normalised(text)


def _words(answer: Answer) -> str:
    """All that an answer says, without its citations."""
    return " ".join(sentence.text for sentence in answer.sentences)


def _first(answer: Answer) -> str:
    return answer.sentences[0].text if answer.sentences else ""


def _claims(answer: Answer) -> Iterator[tuple[Sentence, Citation]]:
    """Every sentence with every paper it cites."""
    by_number = {citation.n: citation for citation in answer.citations}
    return ((s, by_number[n]) for s in answer.sentences for n in s.citations)


def _source(citation: Citation) -> str:
    paper = citation.paper
    return f"{paper.title}. {paper.abstract} ({', '.join(paper.authors)}, {paper.credit}, {paper.year})"


def _supports(session: Session, citation: Citation, sentence: Sentence) -> bool:
    """Whether a cited paper says the sentence: it is quoted, or the checker finds it there."""
    bare = sentence.text
    quoted = {normalised(attributed(text, citation.paper)) for text in split(citation.paper.abstract)}
    if normalised(bare) in quoted:
        return True
    evidence = [_source(citation), *citation.evidence]
    return grounding.check(bare, evidence, session.pipeline.encode).supported


def _numbers_known(one: Given) -> list[bool]:
    """For every number of an answer that the question does not give, whether the papers it cites have it."""
    sources = quantities(" ".join(_source(citation) for citation in one.answer.citations))
    asked = quantities(one.asked.question)
    said = quantities(_words(one.answer))
    return [
        any(agrees(number, source) for source in sources)
        for number in said
        if not any(agrees(number, theirs) for theirs in asked)
    ]


def _share(truths: Any) -> float | None:
    counted = [bool(truth) for truth in truths]
    return fmean(counted) if counted else None


def _percentiles(seconds: Sequence[float]) -> tuple[float, float] | None:
    if not seconds:
        return None
    p50, p95 = np.percentile(seconds, (50, 95))
    return round(float(p50), 3), round(float(p95), 3)
