"""The command line. Each command lives in a module of its own, imported when it is called."""

from __future__ import annotations

import faulthandler
import importlib
import sqlite3
import sys
from typing import Any

import click

from rag.errors import SidereusError, of_database, of_system
from rag.text.visible import visible

COMMANDS = {
    "ask": "Answer a question from the papers of an index.",
    "chat": "Open the chat in a browser.",
    "completion": "Print what lets a shell complete commands.",
    "doctor": "Check the whole installation and say how to mend it.",
    "eval": "Measure retrieval, embeddings and answers.",
    "export": "Write papers as BibTeX, citations and other forms.",
    "feedback": "Show what people thought of answers.",
    "index": "Build, list, check and remove indexes.",
    "lists": "Keep reading lists, with tags and notes.",
    "models": "List, fetch, choose and verify models.",
    "review": "Review what the papers say about a topic.",
    "search": "Find papers.",
    "train": "Fit small models to the field of an index.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one only to run it, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ui.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sidereus", prog_name="sidereus")
def sidereus() -> None:
    """Ask the astronomy literature a question; every sentence of the answer points at its paper."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command; every error a user can cause is one sentence on the error stream."""
    if not faulthandler.is_enabled():
        faulthandler.enable(2)  # where a native library crashed is said on the error stream
    try:
        code: Any = sidereus.main(arguments, prog_name="sidereus", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SidereusError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _fail("Stopped. Run the same command again to go on.", 130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _fail(str(of_system(error)), 1)
    except sqlite3.OperationalError as error:
        told = of_database(error)
        if told is None:
            raise
        _fail(str(told), 1)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"sidereus: {visible(sentence)}", err=True)
    sys.exit(code)
