"""What the commands that write an index say of it, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ui.cli import show

if TYPE_CHECKING:
    from rag.index.harvest import Errand
    from rag.index.manifest import Manifest
    from rag.models.embedder import Embedder


def forecasts(errands: tuple[Errand, ...], embedder: Embedder) -> None:
    """Say how many papers some errands bring, and about how long they take."""
    from rag.index.forecast import forecast
    from rag.progress import clock

    for errand in errands:
        told = forecast(errand, embedder)
        if told.papers is None or told.reading is None or told.embedding is None:
            click.echo(f"{told.source}: it does not tell how many papers there are.")
        else:
            click.echo(
                f"{told.source}: about {told.papers:,} papers; reading takes about {clock(told.reading)}, and "
                f"embedding, side by side with it, about {clock(told.embedding)}."
            )


def report(manifest: Manifest) -> None:
    """Say what the last run did, and what it left out."""
    run = manifest.runs[-1]
    show.note(
        f"Index {manifest.name}: {manifest.papers:,} papers; {run.added:,} added, {run.changed:,} changed, "
        f"{run.removed:,} removed, {run.unchanged:,} already there, {run.skipped:,} skipped, in {run.seconds:,.0f} s."
    )
    for problem in run.problems:
        show.note(f"  skipped: {problem}")
    for note in run.notes:
        show.note(f"  {note}")
