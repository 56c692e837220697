"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest
from workbench import CHECKOUT

MODULES = [
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
    for folder in ("rag", "ui")
    for path in sorted((CHECKOUT / folder).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module), verbose=False)
    assert found.attempted > 0
    assert found.failed == 0
