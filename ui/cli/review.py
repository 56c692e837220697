"""``sidereus review``: a short literature review of a broad topic."""

from __future__ import annotations

from pathlib import Path

import click

from rag.errors import SidereusError
from ui.cli import options


@click.command("review")
@click.argument("topic")
@options.index
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the page to FILE as Markdown.")
@click.option("--bibtex", type=click.Path(path_type=Path), metavar="FILE", help="Write the papers to FILE as BibTeX.")
@options.as_json
@options.embedding
@options.llm
@options.offline
def command(
    topic: str,
    index: str | None,
    output: Path | None,
    bibtex: Path | None,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Review what the papers of an index say about TOPIC, in sections, with a citation after every sentence."""
    from rag.answers import render
    from rag.bibtex import bibliography
    from rag.chats.transcript import page
    from rag.question.conversation import Conversation
    from rag.retrieval.search import checked
    from rag.session import Session
    from rag.settings import load_settings
    from rag.storage import write_text
    from ui.cli import show
    from ui.cli.ask import answered

    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    answer = answered(session, checked(topic), Conversation(), "review", quiet=as_json or output is not None)
    if as_json:
        show.json_record(render.record(answer))
    elif output is None:
        show.references(answer.citations)
        show.nearest(answer)
    if answer.abstained and (output or bibtex):
        raise SidereusError(f"The papers of {answer.index} say too little about this: name another topic or --index.")
    if output:
        write_text(output, page(answer))
        show.note(f"{output}: {len(answer.citations)} papers in {answer.timings.total:.1f} s.")
    if bibtex:
        write_text(bibtex, bibliography(citation.paper for citation in answer.citations))
