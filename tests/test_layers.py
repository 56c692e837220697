"""Data flows one way: no folder of ``rag`` uses one above it, and nothing uses what uses it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from workbench import CHECKOUT

# The folders and modules of rag from the lowest up. Those of a row don't use each other.
LAYERS = (
    "errors resources progress",
    "storage settings work prompts text",
    "state papers",
    "sources models",
    "citing",
    "bibtex index",
    "retrieval doctor description check exports",
    "evidence reading",
    "question",
    "answers",
    "chats examples",
    "session",
    "sessions evaluation",
    "additions training",
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names.split()}


def named(path: Path) -> str:
    """The name by which a module is imported."""
    return ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    named(path): path
    for path in (CHECKOUT / "rag").rglob("*.py")
    if path.parent != CHECKOUT / "rag" or path.stem != "__init__"
}
FOLDERS = sorted({path.parent.name for path in (CHECKOUT / "rag").glob("*/__init__.py")})


def imported(path: Path) -> Iterator[str]:
    """What a module imports, wherever in it that stands: modules by their names, and what else is imported of them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in inside)


USES = {name: {used for used in imported(path) if used in MODULES} for name, path in MODULES.items()}


def part(module: str) -> str:
    """The folder or the single module of rag that a module belongs to."""
    return module.split(".")[1]


def test_every_folder_and_module_has_its_place() -> None:
    assert {part(name) for name in MODULES} == set(LEVEL)


def test_nothing_uses_what_stands_above_it_or_beside_it() -> None:
    pairs = [(name, used) for name, all_used in USES.items() for used in all_used if part(name) != part(used)]
    assert [f"{name} uses {used}" for name, used in pairs if LEVEL[part(name)] <= LEVEL[part(used)]] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_within_a_folder_nothing_is_used_in_a_circle(folder: str) -> None:
    left = {name: used for name, used in USES.items() if name != f"rag.{folder}" and part(f"{name}.") == folder}
    while free := [name for name, used in left.items() if not used & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


def test_the_system_knows_nothing_of_its_faces() -> None:
    assert [name for name, path in MODULES.items() if any(used.split(".")[0] == "ui" for used in imported(path))] == []
