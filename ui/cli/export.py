"""``sidereus export``: papers as BibTeX, citations and other forms."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rag.errors import SidereusError, UsageError
from ui.cli import options

if TYPE_CHECKING:
    from rag.citing.keys import Keys


@click.command("export")
@click.argument("ids", nargs=-1)
@options.index
@options.citing
def command(ids: tuple[str, ...], index: str | None, form: str | None, keys: Keys, macros: bool) -> None:
    """Write the papers with some IDS: arXiv ids, DOIs, bibcodes, links or keys; BibTeX unless --format says otherwise.

    Without IDS, or with "-", they are read from the input stream, one a line.
    """
    from rag.citing.keys import Style
    from rag.exports import written
    from rag.reading.gathering import named
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    texts = sys.stdin.read().splitlines() if ids == ("-",) or (not ids and not sys.stdin.isatty()) else ids
    if not any(text.strip() for text in texts):
        raise UsageError("Give the arXiv ids, DOIs or bibcodes of papers, on the command line or the input stream.")
    session = Session(load_settings(index=index))
    found = named(texts, session.index.content)
    for missing in found.missing:
        show.note(f"Not in the index {session.manifest.name}: {missing}")
    if not found.papers:
        raise SidereusError(f"None of these is in the index {session.manifest.name}: name another with --index.")
    click.echo(written(found.papers, form or "bibtex", Style(keys, macros)), nl=False)
