"""``sidereus completion``: shells complete commands, their options and what these take."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench import Cli


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(cli: Cli, shell: str) -> None:
    script = cli("completion", shell).out
    assert "_SIDEREUS_COMPLETE" in script
    assert shell in script


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sidereus se", "search"),
        ("sidereus search --a", "--author"),
        ("sidereus index re", "refresh"),
        ("sidereus completion z", "zsh"),
    ],
)
def test_what_is_typed_is_completed(home: Path, sidereus: Cli, typed: str, offered: str) -> None:
    words = typed.split()
    asked = {"_SIDEREUS_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    assert f"plain,{offered}" in sidereus(home=home, env=asked).out.splitlines()
