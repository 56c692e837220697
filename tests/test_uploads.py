"""Uploaded files keep to themselves: one does not take the place of another, and those that nobody added go."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest
from papers import many, write
from quick import build_index, contents, update_index

from rag.settings import Settings
from ui.web import uploads
from ui.web.uploads import DAY, arrivals, forget_unused, keep


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def arrived(settings: Settings, name: str, records: list[object]) -> Path:
    """A file as Gradio leaves it after an upload."""
    folder = settings.state / "arrivals" / name[:3]
    folder.mkdir(parents=True, exist_ok=True)
    return write(folder / "papers.jsonl", records)


def test_two_files_of_one_name_are_two_files_and_each_index_reads_its_own(settings: Settings) -> None:
    mine, yours = [*many(3)], [*many(9)][5:]
    first = keep(settings.state, arrived(settings, "mine", mine))
    build_index(settings, "mine", str(first))
    second = keep(settings.state, arrived(settings, "yours", yours))
    build_index(settings, "yours", str(second))
    assert first != second
    assert first.name == second.name == "papers.jsonl"
    before = set(contents(settings, "mine"))
    update_index(settings, "mine")
    assert set(contents(settings, "mine")) == before
    assert not before & set(contents(settings, "yours"))
    assert stat.S_IMODE(second.parent.stat().st_mode) == 0o700


def age(path: Path) -> None:
    """Make a file or folder two days old."""
    os.utime(path, times=(time.time() - 2 * DAY,) * 2)


def test_what_was_added_stays_and_what_was_not_goes_after_a_day(settings: Settings) -> None:
    used = keep(settings.state, arrived(settings, "used", [*many(3)]))
    build_index(settings, "mine", str(used))
    old, new = (keep(settings.state, arrived(settings, name, [*many(3)])) for name in ("old", "new"))
    for path in (used, old):
        age(path.parent)
    forget_unused(settings)
    assert (used.exists(), old.exists(), new.exists()) == (True, False, True)


def test_nothing_goes_while_an_index_can_not_be_read_or_a_build_waits(settings: Settings) -> None:
    kept = keep(settings.state, arrived(settings, "old", [*many(3)]))
    age(kept.parent)
    (settings.indexes / "bad").mkdir(parents=True)
    (settings.indexes / "bad" / "index.json").write_text(json.dumps({}), encoding="utf-8")
    forget_unused(settings)
    assert kept.exists()
    (settings.indexes / "bad" / "index.json").unlink()
    (settings.indexes / "bad" / "building").mkdir()
    forget_unused(settings)
    assert kept.exists()


def test_files_that_arrived_and_were_never_added_go_at_the_next_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(uploads._VARIABLE, raising=False)
    folder = arrivals(settings.state)
    assert folder == settings.state / "arrivals"
    old, new = folder / "old", folder / "new"
    for path in (old, new):
        path.mkdir()
        (path / "a.csv").touch()
    age(old)
    arrivals(settings.state)
    assert (old.exists(), new.exists()) == (False, True)
