"""The report cards of trainings, in markdown, from what :meth:`rag.training.fit.Trainer.report` tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.progress import clock
from rag.training import answering, measure


def finding_card(told: dict[str, Any]) -> str:
    """The card of an embedding model."""
    recipe, data, kinds = told["recipe"], told["data"], list(told["before"])
    how = f"matching the vectors of {recipe['teacher']}" if recipe["teacher"] else "contrastive learning"
    lines = [
        f"# {recipe['base']}, adapted",
        "",
        f"Trained by {how} on {data['examples']:,} papers of the index {data['index']}, {told['written']:,} of them "
        f"with written queries: {told['step']:,} of {told['steps']:,} steps of {recipe['batch']} papers in "
        f"{clock(told['seconds'])}. Measured with queries for {data['held_out']:,} held-out papers, to be found among "
        f"{data['corpus']:,}; the adapters of step {told['best_step']:,} are kept.",
        "",
        _head(measure.METRIC, *kinds, "mean"),
        _row("before", told["before"]),
        _row("after", told["after"]),
        "",
        _head("step", *kinds, "mean"),
        *(_row(step, found) for step, found in told["history"].items()),
    ]
    return "\n".join(lines) + "\n"


def answering_card(told: dict[str, Any]) -> str:
    """The card of a language model."""
    recipe, data = told["recipe"], told["data"]
    lines = [
        f"# {recipe['base']}, adapted to answer from evidence",
        "",
        f"Trained on {told['questions']:,} questions with written answers and evidence from the index {data['index']}: "
        f"{told['step']:,} of {told['steps']:,} steps of {recipe['batch']} questions in {clock(told['seconds'])}. "
        f"Measured on {told['held_out']:,} held-out questions; the adapters of step {told['best_step']:,} are kept.",
        "",
        _head("step", f"{answering.METRIC} of the held-out answers"),
        *(f"| {int(step):,} | {found[answering.METRIC]:.3f} |" for step, found in told["history"].items()),
    ]
    return "\n".join(lines) + "\n"


def reading_card(told: dict[str, Any]) -> str:
    """The card of a reader."""
    recipe, data, names = told["recipe"], told["data"], list(told["before"])
    lines = [
        f"# {recipe['base']}, adapted to read",
        "",
        f"Trained on {told['judged']:,} judged and {told['detailed']:,} detailed questions, {told['claims']:,} claims "
        f"about papers of the index {data['index']}: {told['step']:,} of {told['steps']:,} steps of {recipe['batch']} "
        f"questions in {clock(told['seconds'])}. Measured on {told['held_out']:,} held-out questions: how often the "
        "sentence put first is a good one, how often what bears on the question is told from the rest, "
        "and how well questions that can be answered are told from others, and claims that are supported (areas under "
        "ROC curves). "
        f"The adapters of step {told['best_step']:,} are kept.",
        "",
        _head("step", *names),
        *(
            f"| {int(step):,} | {' | '.join(f'{100 * found[name]:.1f}' for name in names)} |"
            for step, found in told["history"].items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _head(first: str, *others: str) -> str:
    return f"| {first} | {' | '.join(others)} |\n|---|{'---:|' * len(others)}"


def _row(name: str, found: Mapping[str, float]) -> str:
    values = [*found.values(), sum(found.values()) / len(found)]
    return f"| {name} | {' | '.join(f'{100 * value:.1f}' for value in values)} |"
