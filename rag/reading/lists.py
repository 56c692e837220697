"""Reading lists kept on disk: one private JSON file each, replaced in one step, brought back after a deletion."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rag.errors import SidereusError, UsageError
from rag.papers import Paper
from rag.reading.reading_list import Item, ReadingList, as_name, now
from rag.storage import locked, sweep, write_text
from rag.text.personal_names import folded

log = logging.getLogger(__name__)

FOLDER = "lists"
RECENT = "recent"  # the id of the list of papers that were opened
MOST_RECENT = 50

_ID = re.compile(r"[0-9a-f]{12}")
_PATIENCE = 30  # seconds to wait for another process that writes
_FILE = TypeAdapter(ReadingList)

How = Callable[[ReadingList], ReadingList]


class ReadingLists:
    """A folder of reading lists. Safe to use from several threads, and from several processes."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER
        sweep(self._folder)

    def all(self) -> list[ReadingList]:
        """Every list, by name. Files that hold none are passed over and left alone."""
        names = (path.stem for path in self._folder.glob("*.json") if _ID.fullmatch(path.stem))
        return sorted(filter(None, map(self.read, names)), key=lambda one: folded(one.name))

    def read(self, name: str) -> ReadingList | None:
        """The list with an id, ``RECENT`` among them; None when there is none."""
        if name == RECENT:
            return self._read_file(self._path(RECENT)) or ReadingList("Recently read", RECENT)
        return self._read_file(self._path(name)) if _ID.fullmatch(name) else None

    def named(self, name: str) -> ReadingList:
        """The list that people know by a name, whatever its case; UsageError when there is none."""
        lists = self.all()
        by_name = {folded(one.name): one for one in lists}
        wanted = folded(as_name(name))
        if wanted in by_name:
            return by_name[wanted]
        near = get_close_matches(wanted, by_name, n=1)
        known = f"did you mean {by_name[near[0]].name!r}?" if near else "'sidereus lists show' names those there are."
        raise UsageError(f"There is no reading list {as_name(name)!r}: {known}")

    def create(self, name: str) -> ReadingList:
        """A new, empty list. Raises UsageError for an empty name or one that another list has."""
        made = ReadingList(as_name(name))
        with self._alone():
            self._check_name(made.name)
            self._write(made)
        return made

    def into(self, name: str, how: How) -> ReadingList:
        """Change the list that people know by a name, which is made when there is none."""
        with self._alone():
            found = next((one for one in self.all() if folded(one.name) == folded(as_name(name))), None)
            if found is None:
                found = ReadingList(as_name(name))
                self._check_name(found.name)
            return self._write(how(found))

    def change(self, name: str, how: How) -> ReadingList:
        """Change the list with an id as it is on disk now, and give what was written.

        Raises SidereusError when it is gone or can't be written; what was on disk is then as it was.
        """
        with self._alone():
            kept = self.read(name)
            if kept is None:
                raise SidereusError("This reading list is gone: it was deleted meanwhile.")
            return self._write(how(kept))

    def rename(self, name: str, new: str) -> ReadingList:
        """Give the list with an id another name. Raises UsageError when another list has it."""

        def renamed(kept: ReadingList) -> ReadingList:
            if folded(kept.name) != folded(as_name(new)):
                self._check_name(as_name(new))
            return replace(kept, name=as_name(new))

        return self.change(name, renamed)

    def delete(self, name: str) -> ReadingList | None:
        """Take the list with an id away, and give it; :meth:`restore` brings the one deleted last back."""
        with self._alone():
            kept = self.read(name)
            if kept and self._path(name).exists():
                self._path(name).replace(self._bin)
            return kept

    def restore(self) -> ReadingList | None:
        """Bring back the list deleted last, under another name where its own was given away; None without one."""
        with self._alone():
            kept = self._read_file(self._bin)
            if kept is None:
                return None
            taken = {folded(one.name) for one in self.all()}
            if folded(kept.name) in taken:
                count = next(n for n in range(2, len(taken) + 3) if folded(f"{kept.name} ({n})") not in taken)
                kept = replace(kept, name=f"{kept.name} ({count})")
            self._write(kept)
            self._bin.unlink()
            return kept

    def opened(self, paper: Paper) -> None:
        """Note that a paper was read just now."""

        def first(recent: ReadingList) -> ReadingList:
            others = recent.without([paper.id]).items
            return replace(recent, items=(Item(paper), *others)[:MOST_RECENT])

        self.change(RECENT, first)

    @property
    def _bin(self) -> Path:
        return self._folder / "deleted"

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _check_name(self, name: str) -> None:
        if not name:
            raise UsageError("A reading list needs a name: give it one.")
        if any(folded(one.name) == folded(name) for one in self.all()):
            raise UsageError(f"There is a reading list {name!r} already: add to that, or choose another name.")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, which all processes heed; SidereusError when nothing can be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            busy = "The reading lists are in use by another process: try again in a moment."
            with locked(self._folder.with_name(f".{FOLDER}.lock"), busy, _PATIENCE):
                yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SidereusError(
                f"The reading list could not be kept ({reason}): free some space or change the permissions of "
                f"{self._folder}, and do the same again."
            ) from None

    def _write(self, kept: ReadingList) -> ReadingList:
        changed = replace(kept, changed=now())
        write_text(self._path(kept.id), _FILE.dump_json(changed, indent=2).decode() + "\n", private=True)
        return changed

    def _read_file(self, path: Path) -> ReadingList | None:
        try:
            return _FILE.validate_json(path.read_bytes())
        except OSError:
            return None
        except (ValidationError, ValueError):
            log.warning("%s holds no reading list", path)
            return None
