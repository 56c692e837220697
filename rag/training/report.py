"""The report card of a training, in markdown."""

from __future__ import annotations

from typing import Any

from rag.progress import clock


def card(told: dict[str, Any]) -> str:
    """A page for people from what :meth:`rag.training.fit.Trainer.report` tells."""
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
        f"| {told['metric']} | {' | '.join(kinds)} | mean |",
        f"|---|{'---:|' * (len(kinds) + 1)}",
        _row("before", told["before"]),
        _row("after", told["after"]),
        "",
        f"| step | {' | '.join(kinds)} | mean |",
        f"|---:|{'---:|' * (len(kinds) + 1)}",
        *(_row(step, found) for step, found in told["history"].items()),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, found: dict[str, float]) -> str:
    values = [*found.values(), sum(found.values()) / len(found)]
    return f"| {name} | {' | '.join(f'{100 * value:.1f}' for value in values)} |"
