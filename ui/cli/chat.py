"""``sidereus chat``: the page in the browser."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from rag.errors import UsageError
from ui.cli import options
from ui.web.origins import LOOPBACK


@click.command("chat")
@options.index
@options.llm
@options.embedding
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: 7860]")
@click.option(
    "--auth",
    metavar="USER:PASSWORD",
    envvar="SIDEREUS_AUTH",
    help="Ask for this name and password. Others on the machine can read what stands on a command line: better set "
    "SIDEREUS_AUTH, or name a file that holds it as @FILE.",
)
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Answers that the language model writes at once, each in a process."
)
@click.option("--no-browser", is_flag=True, help="Don't open a browser.")
@options.offline
def command(
    index: str | None,
    llm: str | None,
    embedding: str | None,
    host: str | None,
    port: int | None,
    auth: str | None,
    workers: int | None,
    no_browser: bool,
    offline: bool | None,
) -> None:
    """Open the chat at http://127.0.0.1:7860."""
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    flags = {"index": index, "llm": llm, "embedding": embedding, "host": host, "port": port, "offline": offline}
    settings = load_settings(**flags, workers=workers)
    session = Session(settings)
    loaded = session.describe()
    show.note(f"Index {loaded.index}: {loaded.papers:,} papers, {loaded.years[0]}-{loaded.years[1]}.")
    reranks = f" {loaded.reranker} re-ranks," if loaded.reranker else ""
    show.note(f"Models: {loaded.embedding} finds,{reranks} {loaded.llm} writes.")
    credentials = _credentials(settings.host, auth)
    from ui.web.app import serve

    serve(session, settings.host, settings.port, credentials, open_browser=not no_browser)


def _credentials(host: str, auth: str | None) -> tuple[str, str] | None:
    """Name and password to ask for: those given, or made up when others on the network could reach the page."""
    if auth is not None:
        if auth.startswith("@"):
            auth = _first_line(Path(auth[1:]))
        user, colon, password = auth.partition(":")
        if not (user and colon and password):
            raise UsageError("--auth wants USER:PASSWORD, or @FILE with a file that holds it.")
        return user, password
    if host in LOOPBACK:
        return None
    password = secrets.token_urlsafe(12)
    click.echo(
        f"Others on the network can reach {host}, so the page asks for: user 'sidereus', password '{password}'.",
        err=True,
    )
    return "sidereus", password


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read for --auth ({error}): name a file that holds USER:PASSWORD.") from None
