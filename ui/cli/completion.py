"""``sidereus completion``: what lets a shell complete the names of commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the completion of SHELL, to be read when it starts.

    \b
    bash: sidereus completion bash > ~/.local/share/bash-completion/completions/sidereus
    zsh:  sidereus completion zsh > "${fpath[1]}/_sidereus"
    fish: sidereus completion fish > ~/.config/fish/completions/sidereus.fish
    """
    from ui.cli import sidereus

    found = get_completion_class(shell)
    assert found is not None  # click knows these three
    click.echo(found(sidereus, {}, "sidereus", "_SIDEREUS_COMPLETE").source())
