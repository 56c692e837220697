"""``sidereus ask``: answer a question."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from rag.answers.answer import Shape
from rag.errors import UsageError
from ui.cli import options

if TYPE_CHECKING:
    from rag.answers.answer import Answer
    from rag.chats.conversation import Conversation
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
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Answer QUESTION from the papers of an index, with a citation after every sentence."""
    from rag.chats.conversation import Conversation, read_conversation, write_conversation
    from rag.retrieval.search import checked
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    if (question is None) == (questions is None):
        raise UsageError("Give one question, or a file of them with --questions.")
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    earlier = read_conversation(conversation) if conversation else Conversation()
    asked = list(options.read_lines(questions, "question")) if questions else [question or ""]
    for text in asked:
        checked(text)
    for text in asked:
        answer = answered(session, text, earlier, shape, quiet=as_json or bool(questions))
        if conversation:
            earlier = earlier.with_turn(answer)
            write_conversation(conversation, earlier)
        if questions:
            show.json_line(answer.as_record())
        elif as_json:
            show.json_record(answer.as_record())
        else:
            show.sources(answer.citations)
            show.nearest(answer)
        if answer.note:
            show.note(answer.note)


def answered(
    session: Session, question: str, earlier: Conversation, shape: Shape | None, quiet: bool = False
) -> Answer:
    """The answer to a question, shown as it comes in unless ``quiet``, with a status line on a terminal."""
    from rag.answers.answer import Finished, Status, Words
    from ui.cli import show

    for _ in session.warm():
        pass
    terminal = sys.stderr.isatty() and not quiet
    for event in session.ask(question, earlier, shape=shape):
        if isinstance(event, Finished):
            if not quiet:
                click.echo()
            return event.answer
        if isinstance(event, Status) and terminal:
            click.echo(f"\r\x1b[K\x1b[2m{event.text}…\x1b[0m", err=True, nl=False)
        if isinstance(event, Words) and not quiet:
            click.echo("\r\x1b[K" if terminal else "", err=True, nl=False)
            show.say(event.text, end="")
    raise AssertionError("an answer ends with Finished")
