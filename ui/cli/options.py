"""Options that several commands share, and the session they describe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from rag.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


def option_group(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Apply several click options at once, in the order given."""

    def apply(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


offline = click.option("--offline", is_flag=True, default=None, help="Never touch the network.")
embedding = click.option(
    "--embedding", metavar="MODEL", help="Embedding model: a catalogue name, a folder, a hub id or a server's address."
)
llm = click.option(
    "--llm",
    metavar="MODEL",
    help="Language model: a catalogue name, a .gguf file, or the address of a server, like http://gpu1:8000/v1#model.",
)
rerank = click.option(
    "--rerank", metavar="MODEL", help="Re-ranker of the best papers: a catalogue name, a folder or a hub id."
)
hyde = click.option(
    "--hyde", is_flag=True, help="Search also with the abstract that the language model imagines for the query."
)
index = click.option("--index", metavar="NAME", help="Index to use; by default the one used last, else 'starter'.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON alone on the output stream.")
years = option_group(
    click.option("--since", type=int, metavar="YEAR", help="Only papers of this year or later."),
    click.option("--until", type=int, metavar="YEAR", help="Only papers of this year or earlier."),
)


def read_lines(path: Path, key: str) -> Iterator[str]:
    """The value of ``key`` in each line of a JSON-lines file; UsageError names the line that has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read ({error}): name a file of JSON lines.") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)[key]
        except (ValueError, KeyError, TypeError):
            raise UsageError(f'{path} line {number} is no JSON object with "{key}": mend it and run again.') from None
        yield str(value)
