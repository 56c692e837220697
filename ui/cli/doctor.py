"""``sidereus doctor``: check the whole installation."""

from __future__ import annotations

import click

from rag.errors import SidereusError


@click.command("doctor")
def command() -> None:
    """Check the whole installation and say how to mend it."""
    from rag.doctor import examine
    from rag.settings import load_settings

    ill = 0
    for finding in examine(load_settings()):
        click.echo(f"{'ok  ' if finding.well else 'FAIL'}  {finding.what}")
        if not finding.well:
            ill += 1
            click.echo(f"      {finding.mend}")
    if ill:
        raise SidereusError(f"{ill} thing{'s' if ill > 1 else ''} to mend, as said above.")
    click.echo("All is well.")
