"""``sidereus search``: find papers."""

from __future__ import annotations

from pathlib import Path

import click

from rag.errors import UsageError
from ui.cli import options


@click.command("search")
@click.argument("query", required=False)
@options.index
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many papers.")
@options.years
@click.option("--category", metavar="PREFIX", help="Only papers with a category that begins so, such as astro-ph.EP.")
@click.option("--author", metavar="NAME", help="Only papers by this author.")
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON lines with "query"; prints a line of JSON for each.',
)
@options.as_json
@click.option("--bibtex", is_flag=True, help="Print BibTeX entries.")
@options.embedding
@options.offline
def command(
    query: str | None,
    index: str | None,
    limit: int,
    since: int | None,
    until: int | None,
    category: str | None,
    author: str | None,
    queries: Path | None,
    as_json: bool,
    bibtex: bool,
    embedding: str | None,
    offline: bool | None,
) -> None:
    """Find papers for QUERY: keywords, a question, or the idea in other words."""
    from rag.retrieval.hits import Filters
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    if (query is None) == (queries is None):
        raise UsageError("Give one query, or a file of them with --queries.")
    session = Session(load_settings(index=index, embedding=embedding, offline=offline))
    filters = Filters(since, until, category, author)
    if queries:
        for line in options.read_lines(queries, "query"):
            show.json_line(session.search(line, filters, limit).as_record())
        return
    result = session.search(query or "", filters, limit)
    if as_json:
        show.json_record(result.as_record())
    elif bibtex:
        from rag.bibtex import bibliography

        click.echo(bibliography(hit.paper for hit in result.hits), nl=False)
    else:
        show.hits(result)
