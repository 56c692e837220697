"""How well a language model answers from evidence by itself, with and without adapters that were trained for it.

The evidence is an oracle's: the sentences that the product finds for a question, with the one that holds the known
answer put in where it was not found. Only what the model writes is judged, not what the product quotes. A second run
takes the answer's sentence out, to see whether the model then says so.

    python benchmarks/grounded_llm.py --questions qa-dev.jsonl --index astro --adapter OUT/adapter.gguf
    python benchmarks/grounded_llm.py --exercises DATA --adapter OUT/adapter.gguf
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from machine import describe

from rag import prompts
from rag.answers.gathering import gather
from rag.evaluation.answers import Asked, normalised, read_questions
from rag.index.filters import Filters
from rag.models import catalog, store
from rag.models.llama import Llama
from rag.models.writer import CONTEXT
from rag.progress import ProgressLine
from rag.question.readings import Reading
from rag.session import Session
from rag.settings import load_settings
from rag.text.citations import cited
from rag.text.quantities import agrees, quantities
from rag.text.sentences import split
from rag.text.terms import stems
from rag.training import exercises

LONGEST = 96
# Sentences that are put before the model.
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Task:
    """A question with numbered evidence, the numbers that hold its answer, and the answer that is known.

    Without such numbers it can't be answered. ``span`` says that ``gold`` is copied from the evidence.
    """

    question: str
    evidence: tuple[tuple[int, str], ...]
    holding: frozenset[int]
    gold: str
    span: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What was written for a task, and the seconds until its first token and its end, with the tokens counted."""

    task: Task
    text: str
    first: float
    total: float
    tokens: int


class Adapted(Llama):
    """The product's language model, in this process, with adapters over it."""

    def __init__(self, model: catalog.Model, path: Path, threads: int, adapter: Path | None, scale: float) -> None:
        context = min(model.context_length or CONTEXT, CONTEXT)
        super().__init__(model.name, path, context, threads)
        if adapter:
            import llama_cpp

            self._llama = llama_cpp.Llama(
                str(path), n_ctx=context, n_batch=256, lora_path=str(adapter), lora_scale=scale, verbose=False
            )


def main() -> None:
    """Measure, and print a table."""
    options = _options()
    settings = load_settings(index=options.index, offline=True, threads=options.threads)
    tasks = list(_held_out(options) if options.exercises else _oracle(Session(settings), options))
    model = catalog.find(options.llm, "llm")
    path = store.gguf(settings.models, model)
    adapters = {} if options.only_adapted else {"as it is": None}
    adapters |= {"adapted": options.adapter} if options.adapter else {}
    writers = {name: Adapted(model, path, options.threads, file, options.scale) for name, file in adapters.items()}
    for writer in writers.values():
        writer.preload(prompts.SYSTEM)
    replies: dict[str, list[Reply]] = {name: [] for name in writers}
    with ProgressLine("Answering", "questions") as line:
        # One after the other, so that what else the machine does slows both alike.
        for done, task in enumerate(tasks, start=1):
            for name, writer in writers.items():
                replies[name].append(_ask(writer, task))
            line(done, done / len(tasks))
    columns = {name: _rates(given) for name, given in replies.items()}
    for given in replies.values():
        _show(given[: options.show])
    print(describe("Answers of a language model from an oracle's evidence"))
    print(f"| {len(tasks)} tasks | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}")
    for what in next(iter(columns.values())):
        print(f"| {what} | {' | '.join(column[what] for column in columns.values())} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=Path, help="questions with answer and doc_id, as eval answers takes them")
    parser.add_argument(
        "--exercises", type=Path, help="or a folder of 'sidereus train answers': its held-out questions"
    )
    parser.add_argument("--index", help="index that holds their papers")
    parser.add_argument("--limit", type=int, default=100, help="how many questions")
    parser.add_argument("--llm", default="smollm2-135m-instruct", help="model of the catalogue, or a GGUF file")
    parser.add_argument("--adapter", type=Path, help="GGUF file of adapters")
    parser.add_argument("--only-adapted", action="store_true", help="don't measure the model as it is")
    parser.add_argument("--scale", type=float, default=1.0, help="how much the adapters count")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print so many replies")
    return parser.parse_args()


def _oracle(session: Session, options: argparse.Namespace) -> Iterator[Task]:
    for asked in read_questions(options.questions, answered=True)[: options.limit]:
        found = _found(session, asked)
        gold = normalised(asked.gold)
        right = [one for one in found if one[0] == asked.paper and gold in normalised(one[1])]
        if not right:
            (paper,) = session.papers([asked.paper])
            right = [(paper.id, text) for text in split(paper.abstract) if gold in normalised(text)][:1]
            found = [*found[:-1], *right]
        others = [one for one in found if one not in right]
        yield _task(asked, found, {asked.paper} if right else set())
        yield _task(asked, others, set())


def _found(session: Session, asked: Asked) -> list[tuple[str, str]]:
    """Paper and text of the sentences that the product would put before the model."""
    found = gather(session.pipeline, [Reading(asked.question)], Filters(), "fact")
    return [(passage.paper.id, passage.text) for passage in found.read[:SHOWN]]


def _task(asked: Asked, found: Sequence[tuple[str, str]], holding: set[str]) -> Task:
    numbers = {paper: n for n, paper in enumerate(dict.fromkeys(paper for paper, _ in found), start=1)}
    evidence = tuple((numbers[paper], text) for paper, text in found)
    return Task(asked.question, evidence, frozenset(numbers[paper] for paper in holding), asked.gold, True)


def _held_out(options: argparse.Namespace) -> Iterator[Task]:
    for one in exercises.read(options.exercises).held_out[: options.limit]:
        shown = exercises.lay_out(one, random.Random(one.id))
        gold, numbers = cited(shown.reply)
        yield Task(shown.question, shown.evidence, frozenset(numbers), gold, False)


def _ask(llm: Llama, task: Task) -> Reply:
    started = time.monotonic()
    first, pieces = None, []
    for piece in llm.stream(prompts.answer_messages(task.question, task.evidence), LONGEST):
        first = first if first is not None else time.monotonic() - started
        pieces.append(piece)
    text = " ".join("".join(pieces).split())
    return Reply(task, text, first or 0.0, time.monotonic() - started, llm.count(text))


def _rates(replies: Sequence[Reply]) -> dict[str, str]:
    answerable = [one for one in replies if one.task.holding]
    answered = [one for one in answerable if not _refuses(one)]
    others = [one for one in replies if not one.task.holding]
    firsts = [_first(one) for one in answered]
    numbers = [known for one in answered for known in _numbers_known(one)]
    writing = [one.tokens / (one.total - one.first) for one in replies if one.tokens > 5 and one.total > one.first]
    return {
        "known answer in the whole reply": _percent(_says(one, one.text) for one in answerable),
        "known answer in the first sentence": _percent(_says(one, _first(one)) for one in answerable),
        "words shared with the known answer (F1)": _percent(_f1(_first(one), one.task.gold) for one in answered),
        "numbers that the evidence lacks": _percent(not known for known in numbers),
        "replies with such a number": _percent(not all(_numbers_known(one)) for one in answered),
        "cites only evidence that holds the answer": _percent(_cites_right(one) for one in answered),
        "cites nothing": _percent(not cited(one.text)[1] for one in answered),
        "refuses although the answer is there": _percent(_refuses(one) for one in answerable),
        "refuses where the answer is not": _percent(_refuses(one) for one in others),
        "words in the first sentence": f"{fmean(len(text.split()) for text in firsts):.1f}" if firsts else "",
        "words in the reply": f"{fmean(len(one.text.split()) for one in replies):.1f}",
        "seconds to the first token, median": f"{median(one.first for one in replies):.2f}",
        "seconds to the end, median": f"{median(one.total for one in replies):.2f}",
        "tokens a second, median": f"{median(writing):.1f}" if writing else "",
    }


def _first(one: Reply) -> str:
    return next(iter(split(one.text)), "")


def _says(one: Reply, text: str) -> bool:
    if one.task.span:
        return normalised(one.task.gold) in normalised(text)
    return all(any(agrees(a, b) for b in quantities(text)) for a in quantities(one.task.gold)) and not _refuses(one)


def _refuses(one: Reply) -> bool:
    return prompts.REFUSAL.lower() in one.text.lower()


def _f1(text: str, gold: str) -> float:
    """The harmonic mean of precision and recall of stems (Rajpurkar et al. 2016, arXiv:1606.05250)."""
    said, known = set(stems(cited(text)[0])), set(stems(gold))
    shared = len(said & known)
    return 2 * shared / (len(said) + len(known)) if shared else 0.0


def _numbers_known(one: Reply) -> list[bool]:
    """For every number of a reply that the question does not give, whether the evidence has it."""
    known = quantities(" ".join(text for _, text in one.task.evidence)) + quantities(one.task.question)
    return [any(agrees(number, source) for source in known) for number in quantities(cited(one.text)[0])]


def _cites_right(one: Reply) -> bool:
    numbers = set(cited(one.text)[1])
    return bool(numbers) and numbers <= one.task.holding


def _percent(truths: Iterator[Any]) -> str:
    counted = [float(truth) for truth in truths]
    return f"{100 * fmean(counted):.1f} %" if counted else ""


def _show(replies: Sequence[Reply]) -> None:
    for one in replies:
        right = ", ".join(f"[{n}]" for n in sorted(one.task.holding)) or "nothing"
        print(f"Q {one.task.question}\n  known: {one.task.gold} (from {right})\n  wrote: {one.text}")


if __name__ == "__main__":
    main()
