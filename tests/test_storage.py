"""Writing files: whole or not at all, private where they must be, and one writer at a time."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rag.errors import SidereusError
from rag.storage import locked, sync_tree, write_json, write_text


def test_a_file_is_replaced_in_one_step_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "note.txt"
    write_text(path, "one")
    write_text(path, "two · 二")
    assert path.read_text(encoding="utf-8") == "two · 二"
    assert [entry.name for entry in path.parent.iterdir()] == ["note.txt"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, ["0"] * 20_000)
    done = threading.Event()
    seen: set[int] = set()

    def watch() -> None:
        while not done.is_set():
            seen.add(len(set(json.loads(path.read_text(encoding="utf-8")))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for n in range(20):
        write_json(path, [str(n)] * 20_000)
    done.set()
    watcher.join()
    assert seen == {1}


def test_what_could_not_be_written_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["note.txt"]


def test_a_write_removes_what_a_killed_one_of_the_same_file_left(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    for left in (f".index.json.{killed.pid}.tmp", f".other.json.{killed.pid}.tmp", f".index.json.{os.getppid()}.tmp"):
        (tmp_path / left).write_text("half", encoding="utf-8")
    write_text(tmp_path / "index.json", "whole")
    there = sorted(path.name for path in tmp_path.iterdir())
    assert there == sorted([f".index.json.{os.getppid()}.tmp", f".other.json.{killed.pid}.tmp", "index.json"])


def test_a_private_file_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    old_mask = os.umask(0)
    try:
        write_json(tmp_path / "talk.json", {"q": 1}, private=True)
        write_json(tmp_path / "talk.json", {"q": 2}, private=True)
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE((tmp_path / "talk.json").stat().st_mode) == 0o600


def test_json_is_written_readable_and_keeps_unicode(tmp_path: Path) -> None:
    write_json(tmp_path / "v.json", {"name": "Åstrand"})
    assert (tmp_path / "v.json").read_text(encoding="utf-8") == '{\n  "name": "Åstrand"\n}\n'


def test_a_whole_folder_can_be_flushed_to_disk(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b.txt", "x")
    sync_tree(tmp_path)
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "x"


HOLDER = """
import sys
from pathlib import Path
from rag.storage import locked
with locked(Path(sys.argv[1]), "busy"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_a_lock_held_by_another_process_is_refused_at_once_with_its_sentence(tmp_path: Path) -> None:
    other = hold(tmp_path / "x" / ".lock")
    try:
        with (
            pytest.raises(SidereusError, match="Someone is at it"),
            locked(tmp_path / "x" / ".lock", "Someone is at it"),
        ):
            pass
    finally:
        other.communicate("")


def test_a_lock_is_free_again_when_its_process_is_killed(tmp_path: Path) -> None:
    other = hold(tmp_path / ".lock")
    other.kill()
    other.communicate()
    with locked(tmp_path / ".lock", "busy"):
        pass


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / ".lock", "busy"):
        raise RuntimeError
    with locked(tmp_path / ".lock", "busy"):
        pass
