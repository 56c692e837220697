"""``sidereus ask``: answer a question."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from rag.errors import UsageError
from rag.question.shape import Shape
from ui.cli import options

if TYPE_CHECKING:
    from rag.answers.answer import Answer
    from rag.question.conversation import Conversation
    from rag.session import Session


@click.command("ask")
@click.argument("question", required=False)
@options.index
@click.option(
    "--questions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON lines with "question"; prints a line of JSON for each.',
)
@click.option(
    "--conversation",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Follow up on the conversation kept in FILE, and keep it there.",
)
@click.option(
    "--shape",
    type=click.Choice(get_args(Shape)),
    help="One fact, a synthesis of several papers, a list of papers or a review; by default as the question asks.",
)
@click.option("--alone", is_flag=True, help="Read the question as it stands, whatever was asked before it.")
@options.reading_list
@options.as_json
@options.embedding
@options.llm
@options.offline
def command(
    question: str | None,
    index: str | None,
    questions: Path | None,
    conversation: Path | None,
    shape: Shape | None,
    alone: bool,
    reading_list: str | None,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Answer QUESTION from the papers of an index, with a citation after every sentence.

    Without QUESTION, or with "-", it is read from the input stream.
    """
    from rag.answers import render
    from rag.chats.conversation import read_conversation, write_conversation
    from rag.question.conversation import Conversation
    from rag.retrieval.search import checked
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    question = _given(question) if questions is None or question == "-" else question
    if (question is None) == (questions is None):
        raise UsageError("Give one question, on the command line or the input stream, or a file with --questions.")
    within = options.within(reading_list) or frozenset()
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    earlier = read_conversation(conversation) if conversation else Conversation()
    asked = list(options.read_lines(questions, "question")) if questions else [question or ""]
    for text in asked:
        checked(text)
    for text in asked:
        answer = answered(session, text, earlier, shape, alone, within, quiet=as_json or bool(questions))
        if conversation:
            earlier = earlier.with_turn(answer.turn)
            write_conversation(conversation, earlier)
        if questions:
            show.json_line(render.record(answer))
        elif as_json:
            show.json_record(render.record(answer))
        else:
            show.understood(answer)
            show.sources(answer.citations)
            show.nearest(answer)
            show.origin(session.manifest)
        if answer.note:
            show.note(answer.note)


def _given(question: str | None) -> str | None:
    """The question of the command line, else what stands on the input stream, unless somebody sits before that."""
    if question not in (None, "-"):
        return question
    said = "" if question is None and sys.stdin.isatty() else sys.stdin.read().strip()
    return said or (question and "")


def answered(
    session: Session,
    question: str,
    earlier: Conversation,
    shape: Shape | None,
    alone: bool = False,
    within: frozenset[str] = frozenset(),
    quiet: bool = False,
) -> Answer:
    """The answer to a question, shown as it comes in unless ``quiet``, with a status line on a terminal."""
    from rag.answers import render
    from rag.answers.answer import Finished, Said, Status
    from rag.text.latex import plain
    from ui.cli import show

    for _ in session.warm():
        pass
    terminal, shown = sys.stderr.isatty() and not quiet, ""
    for event in session.ask(question, earlier, shape=shape, alone=alone, within=within):
        if isinstance(event, Finished):
            if not quiet:
                click.echo()
            return event.answer
        if isinstance(event, Status) and terminal:
            text = f"\x1b[2m{event.text}…\x1b[0m" if show.styled() else f"{event.text}…"
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)
        if isinstance(event, Said) and not quiet:
            click.echo("\r\x1b[K" if terminal else "", err=True, nl=False)
            text = plain(render.text(event.blocks))
            show.say(text[len(shown) :], end="")
            shown = text
    raise AssertionError("an answer ends with Finished")
