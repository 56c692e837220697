"""``sidereus search``: find papers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import UsageError
from ui.cli import options

if TYPE_CHECKING:
    from rag.citing.keys import Keys
    from rag.retrieval.hits import SearchResult
    from rag.retrieval.listing import Sort

# How much --recent and --diverse weigh against relevance.
RECENCY = 0.5
DIVERSITY = 0.4


@click.command("search")
@click.argument("query", required=False)
@options.index
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many papers.")
@options.years
@click.option("--category", metavar="PREFIX", help="Only papers with a category that begins so, such as astro-ph.EP.")
@click.option("--author", metavar="NAME", help="Only papers by this author.")
@click.option(
    "--sort",
    type=click.Choice(["relevance", "newest", "oldest", "author"]),
    default="relevance",
    show_default=True,
    help="The order of the papers found.",
)
@click.option("--recent", is_flag=True, help="Prefer newer papers.")
@click.option("--diverse", is_flag=True, help="Prefer papers that differ from one another.")
@click.option("--like", metavar="ID", help="Papers like this one: an arXiv id, DOI or ADS bibcode.")
@click.option("--literal", is_flag=True, help="Take QUERY as mere words: no years, authors or categories in it.")
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON lines with "query"; prints a line of JSON for each.',
)
@options.as_json
@options.citing
@click.option("--bibtex", "form", flag_value="bibtex", help="As --format bibtex.")
@click.option("--csv", "form", flag_value="csv", help="As --format csv: a table with abstracts, for a spreadsheet.")
@click.option("--ris", "form", flag_value="ris", help="As --format ris, for a reference manager.")
@options.reading_list
@options.rerank
@options.hyde
@options.embedding
@options.llm
@options.offline
def command(
    query: str | None,
    index: str | None,
    limit: int,
    since: int | None,
    until: int | None,
    category: str | None,
    author: str | None,
    sort: Sort,
    recent: bool,
    diverse: bool,
    like: str | None,
    literal: bool,
    queries: Path | None,
    as_json: bool,
    form: str | None,
    keys: Keys,
    macros: bool,
    reading_list: str | None,
    rerank: str | None,
    hyde: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Find papers for QUERY: keywords, a question, the idea in other words, or the papers themselves.

    Years, authors, categories and identifiers in QUERY are understood: "Riess papers on H0 since 2015". Without QUERY,
    what --author, --category, --since or --until admits is listed, newest first.
    """
    from rag.index.filters import Filters
    from rag.progress import ProgressLine
    from rag.retrieval import listing
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    filters = Filters(since, until, category, author, within=options.within(reading_list))
    if bool(query is not None or like or filters) == (queries is not None):
        raise UsageError("Give one query, a filter such as --author, or a file of queries with --queries.")
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, rerank=rerank, offline=offline))
    find = partial(
        session.search,
        limit=limit if sort == "relevance" else listing.MOST,
        recency=RECENCY if recent else 0.0,
        diversity=DIVERSITY if diverse else 0.0,
        like=like,
        literal=literal,
        hyde=hyde,
    )
    if queries:
        for line in options.read_lines(queries, "query"):
            show.json_line(listing.in_order(find(line, filters), sort, limit).as_record())
        return
    with ProgressLine("Searching", "steps") as progress:
        result = listing.in_order(find(*listing.put(query or "", filters, like), progress=progress), sort, limit)
    if as_json:
        show.json_record(result.as_record())
    elif form:
        from rag.citing.keys import Style
        from rag.exports import written

        click.echo(written([hit.paper for hit in result.hits], form, Style(keys, macros)), nl=False)
    else:
        if query:
            _understood(result)
        show.hits(result)
        show.origin(session.manifest)


def _understood(result: SearchResult) -> None:
    """Tell how the query was read, so that a wrong guess can be seen and taken back."""
    from ui.cli import show

    if result.parsed:
        read = ", ".join(f"{name} {value}" for name, value in result.parsed.as_record().items())
        show.note(f"Filters read out of the query: {read}. To search for the words instead, add --literal.")
    if result.corrected:
        show.note("To search for the words as typed, add --literal.")
    if result.relaxed:
        show.note(f"Nothing was found with {', '.join(result.relaxed)}: left out.")
    if result.also:
        show.note(f"Looked for under other names too: {'; '.join(result.also)}.")
    for sentence in result.notes:
        show.note(sentence)
