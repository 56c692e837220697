"""A served page in front of a real session with two indexes, for the tests of the views beside the chat."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from browser import Visit, served, visit
from playwright.sync_api import Browser, expect
from workbench import new_home

from rag.session import Session
from rag.settings import load_settings
from rag.sources.starter import StarterCollection

# Milliseconds to wait for what takes a moment on an idle machine.
PATIENCE = 45_000

# Papers in the starter collection.
STARTER = StarterCollection().count()


@dataclass(frozen=True)
class Observatory:
    """A home with the indexes ``starter``, which is in use, and ``invented``, and the address it is served at."""

    home: Path
    address: str


@pytest.fixture(scope="session")
def observatory(tmp_path_factory: pytest.TempPathFactory, models: Path, starter: Path, library: Path) -> Observatory:
    """The served page, the same for all modules; its models are loaded when they are first needed."""
    return _opened(tmp_path_factory.getbasetemp() / "observatory", models, starter, library)


@cache
def _opened(place: Path, models: Path, starter: Path, library: Path) -> Observatory:
    new_home(place, models)
    for home, name in ((starter, "starter"), (library, "invented")):
        shutil.copytree(home / "indexes" / name, place / "indexes" / name)
    return Observatory(place, served(Session(load_settings(home=place, index="starter", offline=True))))


def look(browser: Browser, place: Observatory, view: str, width: int = 1280, scheme: str = "light") -> Visit:
    """Open the page and go to one of its views."""
    tab = visit(browser, place.address, width=width, scheme=scheme)
    tab.page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    tab.page.get_by_role("tab", name=view, exact=True).click()
    tab.page.wait_for_selector(f"#{view.lower()}-view")
    return tab


def serious(tab: Visit, where: str) -> list[str]:
    """What axe finds wrong in a part of the page that matters."""
    from axe_playwright_python.sync_playwright import Axe

    tab.settle()
    found = Axe().run(tab.page, context=where).response["violations"]
    return [
        f"{finding['id']}: {node['html'][:160]}"
        for finding in found
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]
