"""What commands print: JSON on the output stream, tables and text for people."""

from __future__ import annotations

import json
import os
import shlex
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from rag.answers.answer import Answer, Citation
from rag.answers.marks import unmarked
from rag.papers import Paper
from rag.retrieval.hits import SearchResult
from rag.text.latex import plain
from rag.text.visible import visible

if TYPE_CHECKING:
    from rag.index.manifest import Manifest

DIGEST_LABEL = "digest written for Sidereus, not the authors' abstract"


def json_line(record: Any) -> None:
    """One record as one line of JSON."""
    click.echo(json.dumps(record, ensure_ascii=False))


def json_record(record: Any) -> None:
    """One record as JSON that people can read too."""
    click.echo(json.dumps(record, ensure_ascii=False, indent=2))


def say(text: str = "", end: str = "\n") -> None:
    """Text for people on the output stream, without anything that would steer their terminal."""
    click.echo(visible(text) + end, nl=False)


def note(text: str) -> None:
    """Something for the person, beside the output."""
    click.echo(visible(text), err=True)


def styled() -> bool:
    """Whether text may be bold or faint (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def origin(manifest: Manifest) -> None:
    """Which index was looked into."""
    note(f"From the index {manifest.name}, {manifest.papers:,} papers; another with --index NAME.")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """A plain table on the output stream; the columns named in ``right`` are aligned to the right."""
    grid = Table(box=None, pad_edge=False, header_style="bold" if styled() else "")
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*map(visible, row))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(grid)


def hits(result: SearchResult) -> None:
    """The hits of a search as a table."""
    if not result.hits:
        say("No paper matches. Try other words, or wider filters.")
        return
    rows = [
        (
            str(hit.rank),
            f"{hit.score:.2f}",
            str(hit.paper.year),
            hit.paper.credit,
            _title(hit.paper),
            hit.paper.id,
        )
        for hit in result.hits
    ]
    table(("#", "score", "year", "authors", "title", "arXiv"), rows, right=("#", "score"))
    if any(hit.paper.kind == "digest" for hit in result.hits):
        note(f"* {DIGEST_LABEL}")


def understood(answer: Answer) -> None:
    """How a question was read, where it was not taken as it stands."""
    if answer.understood:
        note(f"Understood as: {answer.understood}\nWith --alone it is read as it stands.")


def sources(citations: Sequence[Citation]) -> None:
    """The papers an answer cites, with the sentences it rests on."""
    for citation in citations:
        paper = citation.paper
        say(f"\n[{citation.n}] {_title(paper)}")
        say(f"    {unmarked(paper.byline)} · {', '.join(paper.categories)} · {paper.url}")
        for sentence in citation.evidence:
            say(_quoted(sentence))
    if any(citation.paper.kind == "digest" for citation in citations):
        note(f"\n* {DIGEST_LABEL}")


def references(citations: Sequence[Citation]) -> None:
    """The papers an answer cites, one a line."""
    say()
    for citation in sorted(citations, key=lambda citation: citation.n):
        say(f"[{citation.n}] {unmarked(citation.paper.byline)}: {_title(citation.paper)} · {citation.paper.url}")


def nearest(answer: Answer) -> None:
    """The papers closest to a question that was not answered, with what they say that comes nearest to it."""
    if answer.nearest:
        hints = {passage.paper.id: passage.text for passage in answer.hints}
        say("\nNearest papers:")
        for hit in answer.nearest:
            say(f"  {unmarked(hit.paper.byline)}: {_title(hit.paper)} · {hit.paper.url}")
            if hit.paper.id in hints:
                say(_quoted(hints[hit.paper.id]))
    for step in answer.next_steps:
        if step.do == "ask":
            say(f"\nDid you mean: {step.text}")
        elif step.do == "search":
            say(f"\nTry other words, another --index, or 'sidereus search {shlex.quote(step.text)}'.")


def _quoted(sentence: str) -> str:
    return textwrap.fill(f"“{unmarked(plain(sentence))}”", 100, initial_indent="    ", subsequent_indent="    ")


def size(count: int | None) -> str:
    """Bytes for people; a dash when unknown."""
    if count is None:
        return "-"
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"


def _title(paper: Paper) -> str:
    marks = (" *" if paper.kind == "digest" else "") + (" (withdrawn)" if paper.withdrawn else "")
    return unmarked(plain(paper.title)) + marks
