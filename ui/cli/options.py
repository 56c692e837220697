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
citing = option_group(
    click.option(
        "--format",
        "form",
        type=click.Choice(["bibtex", "citep", "citet", "bibitem", "aastex", "text", "csv", "ris"]),
        help="BibTeX, a citation or entry for LaTeX, plain text, a table or RIS.",
    ),
    click.option(
        "--keys",
        type=click.Choice(["library", "id", "short", "bibcode", "zotero"]),
        default="library",
        show_default=True,
        help="Keys of LaTeX: its library's, Riess2018_1804.10655, Riess2018, a bibcode, or as Zotero's.",
    ),
    click.option("--macros", is_flag=True, help="Journals as the macros of AASTeX and ADS, such as \\apj."),
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON alone on the output stream.")
reading_list = click.option("--list", "reading_list", metavar="NAME", help="Only papers of this reading list.")
years = option_group(
    click.option("--since", type=int, metavar="YEAR", help="Only papers of this year or later."),
    click.option("--until", type=int, metavar="YEAR", help="Only papers of this year or earlier."),
)


def within(reading_list: str | None) -> frozenset[str] | None:
    """The ids of the papers of a reading list, or None when none is named; UsageError when it is empty or unknown."""
    from rag.reading.lists import ReadingLists
    from rag.settings import load_settings

    if reading_list is None:
        return None
    kept = ReadingLists(load_settings().state).named(reading_list)
    if not kept.items:
        raise UsageError(f"The reading list {kept.name!r} is empty: add papers with 'sidereus lists add'.")
    return frozenset(paper.id for paper in kept.papers)


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
