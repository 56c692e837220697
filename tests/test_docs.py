"""What the documentation says can be typed can be typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from workbench import CHECKOUT, Cli

from ui.cli import COMMANDS, sidereus

DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md"), *CHECKOUT.glob("docker/*.md")])


def commands(
    group: click.Group = sidereus, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands())


def mentioned(text: str) -> set[tuple[str, ...]]:
    """The commands that a text names after the word sidereus, in code."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    found = re.findall(r"\bsidereus((?: (?!sidereus)[a-z]+(?:-[a-z]+)*)+)", "\n".join(code))
    return {tuple(words.split()) for words in found}


@pytest.mark.parametrize("words", [(), *ALL], ids=lambda words: " ".join(("sidereus", *words)))
def test_every_command_explains_itself(cli: Cli, words: tuple[str, ...]) -> None:
    result = cli(*words, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: {' '.join(('sidereus', *words))}")
    assert result.err == ""


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_option_explains_itself(words: tuple[str, ...]) -> None:
    command = ALL[words]
    assert command.help
    assert [
        parameter.name for parameter in command.params if isinstance(parameter, click.Option) and not parameter.help
    ] == []


def test_the_list_of_commands_is_the_one_in_the_help(cli: Cli) -> None:
    shown = cli("--help").out
    for name, summary in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary[:30])}", shown, re.MULTILINE)


def test_the_version_is_told(cli: Cli) -> None:
    assert re.fullmatch(r"sidereus, version \d+\.\d+\.\d+\n", cli("--version").out)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    for words in mentioned(document.read_text(encoding="utf-8")):
        assert words[:1] in ALL, f"{document.name} names 'sidereus {words[0]}'"
        if isinstance(ALL[words[:1]], click.Group) and len(words) > 1:
            assert words[:2] in ALL, f"{document.name} names 'sidereus {' '.join(words[:2])}'"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_option_that_a_document_gives_a_command_exists(document: Path) -> None:
    for line in re.findall(r"\bsidereus [^\n`|]*", document.read_text(encoding="utf-8")):
        words = re.match(r"sidereus((?: [a-z]+(?:-[a-z]+)*)+)", line)
        found = words and max((w for w in ALL if words[1].split()[: len(w)] == list(w)), key=len, default=None)
        if not found or isinstance(ALL[found], click.Group):
            continue
        known = {name for parameter in ALL[found].params for name in parameter.opts} | {"--help", "-h"}
        given = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", line.split(" #")[0]))
        assert given <= known, f"{document.name}: {line}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_file_that_a_document_links_to_exists(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z][\w-]*)", document.read_text(encoding="utf-8")))
        assert named <= targets, document.name


def test_error_messages_name_only_commands_that_exist() -> None:
    for source in [*(CHECKOUT / "rag").rglob("*.py"), *(CHECKOUT / "ui").rglob("*.py")]:
        for words in re.findall(r"'sidereus((?: [a-z]+(?:-[a-z]+)*)+)", source.read_text(encoding="utf-8")):
            parts = tuple(words.split())
            assert parts[:1] in ALL, f"{source.name} names 'sidereus{words}'"
            if isinstance(ALL[parts[:1]], click.Group):
                assert parts[:2] in ALL, f"{source.name} names 'sidereus{words}'"
