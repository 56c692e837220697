"""Nothing asked is lost: not on a full or read-only disk, not to a second Sidereus, not to a kill."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import browser, served, visit
from playwright.sync_api import Browser, expect
from stand_in import StandIn

from rag.chats import conversations
from rag.chats.conversations import Conversations, Entry, Kept
from rag.errors import SidereusError
from rag.storage import sweep

__all__ = ["browser"]  # a fixture, used by name


class Disk:
    """A disk that can be full, or not to be written at all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.problem = 0
        write = conversations.write_text

        def written(*arguments: Any, **options: Any) -> None:
            if self.problem:
                raise OSError(self.problem, os.strerror(self.problem))
            write(*arguments, **options)

        monkeypatch.setattr(conversations, "write_text", written)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations")


def questions(kept: Kept | None) -> list[str]:
    return [entry.question for entry in kept.entries] if kept else []


def asked(store: Conversations, kept: Kept, question: str) -> None:
    store.change(kept, lambda now: now.with_entry(Entry(question)))


def test_a_question_asked_while_the_disk_was_full_is_saved_with_the_next_one(
    store: Conversations, disk: Disk, tmp_path: Path
) -> None:
    kept = Kept("starter")
    asked(store, kept, "first")
    disk.problem = errno.ENOSPC
    with pytest.raises(SidereusError, match=r"could not be kept .* saved as soon as"):
        asked(store, kept, "second")
    assert questions(store.read(kept.id)) == ["first", "second"]
    assert [questions(one) for one in store.all("second")] == [["first", "second"]]
    disk.problem = 0
    asked(store, kept, "third")
    assert questions(Conversations(tmp_path / "conversations").read(kept.id)) == ["first", "second", "third"]


def test_what_could_not_be_saved_is_saved_by_itself_once_there_is_room(
    store: Conversations, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "_AGAIN", 0.05)
    kept = Kept("starter")
    disk.problem = errno.EROFS
    with pytest.raises(SidereusError):
        asked(store, kept, "only")
    disk.problem = 0
    for _ in range(100):
        if questions(Conversations(tmp_path / "conversations").read(kept.id)) == ["only"]:
            return
        time.sleep(0.05)
    raise AssertionError("it was not saved")


def test_a_conversation_that_was_never_saved_can_be_deleted_and_brought_back(store: Conversations, disk: Disk) -> None:
    disk.problem = errno.ENOSPC
    kept = Kept("starter")
    with pytest.raises(SidereusError):
        asked(store, kept, "only")
    assert questions(store.delete(kept.id)) == ["only"]
    assert store.all() == []
    assert questions(store.restore()) == ["only"]


def test_a_rename_that_can_not_be_saved_is_seen_and_said(browser: Browser, disk: Disk, tmp_path: Path) -> None:
    tab = visit(browser, served(StandIn(home=tmp_path, pause=0)))
    tab.ask("What is dark matter?")
    tab.finish()
    disk.problem = errno.EROFS
    tab.page.locator("#kept").click()
    tab.page.locator("#shelf summary").first.click()
    tab.page.locator("#shelf .rename").first.click()
    tab.page.keyboard.type("The dark side")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#shelf")).to_contain_text("The dark side")
    expect(tab.page.locator("#status .problem")).to_contain_text("could not be kept (read-only file system)")


WRITER = """
import sys
from pathlib import Path
from rag.chats.conversations import Conversations, Entry, Kept
store, kept = Conversations(Path(sys.argv[1])), Kept("starter", id="0123456789ab")
for n in range(int(sys.argv[3])):
    store.change(kept, lambda now: now.with_entry(Entry(f"{sys.argv[2]} {n}")))
"""


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    folder, each = tmp_path / "conversations", 60
    command = [sys.executable, "-c", WRITER, str(folder)]
    writers = [subprocess.Popen([*command, name, str(each)]) for name in ("one", "two", "three")]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    kept = Conversations(folder).read("0123456789ab")
    assert sorted(questions(kept)) == sorted(f"{name} {n}" for name in ("one", "two", "three") for n in range(each))


def test_a_change_within_the_same_moment_is_seen(store: Conversations, tmp_path: Path) -> None:
    kept = store.change(Kept("starter"), lambda now: now.with_entry(Entry("first")))
    path = tmp_path / "conversations" / f"{kept.id}.json"
    assert store.read(kept.id) == kept
    before = path.stat()
    other = Conversations(tmp_path / "conversations")
    other.change(kept, lambda now: replace(now, title="other"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    now = store.read(kept.id)
    assert now is not None
    assert now.title == "other"


def test_a_file_written_over_with_its_old_time_and_size_is_read_again(store: Conversations, tmp_path: Path) -> None:
    kept = store.change(Kept("starter"), lambda now: now.with_entry(Entry("first")))
    path = tmp_path / "conversations" / f"{kept.id}.json"
    assert store.read(kept.id) == kept
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b'"first"', b'"third"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)
    assert questions(store.read(kept.id)) == ["third"]


def test_what_a_killed_write_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = tmp_path / f".a.json.{int(gone.stdout)}.tmp"
    mine = tmp_path / f".b.json.{os.getpid()}.tmp"
    for path in (left, mine, tmp_path / "c.json", tmp_path / ".d.tmp"):
        path.write_text("{", encoding="utf-8")
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((mine.name, "c.json", ".d.tmp"))
