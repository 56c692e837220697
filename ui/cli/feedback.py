"""``sidereus feedback``: what people thought of answers."""

from __future__ import annotations

import click

from ui.cli import options


@click.command("feedback")
@click.option("--up", "vote", flag_value="up", help="Only answers found good.")
@click.option("--down", "vote", flag_value="down", help="Only answers found wanting.")
@options.as_json
def command(vote: str | None, as_json: bool) -> None:
    """Show the verdicts that were given on answers in the chat. They are kept on this machine alone."""
    from rag.chats import feedback
    from rag.settings import load_settings
    from rag.text.latex import plain
    from ui.cli import show

    given = [one for one in feedback.read(load_settings()) if vote is None or one.vote == vote]
    if as_json:
        show.json_record([one.as_record() for one in given])
        return
    for one in given:
        show.say(f"{one.at.astimezone():%Y-%m-%d %H:%M}  {'+' if one.vote == 'up' else '-'}  {one.question}")
        show.say(f"    {plain(one.answer) or '(no answer)'}")
        show.say(f"    {one.index} · {one.llm or 'no model'} · {', '.join(one.papers) or 'no papers cited'}")
        if one.note:
            show.say(f"    “{one.note}”")
        show.say()
    up = sum(one.vote == "up" for one in given)
    show.note(f"{up} good, {len(given) - up} wanting." if given else "No verdicts yet: the chat has thumbs for them.")
