"""Conversations kept on disk: one private JSON file each, replaced in one step, brought back after a deletion."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from rag.answers import render
from rag.answers.answer import Answer, Blocks, Citation
from rag.chats import earlier
from rag.errors import SidereusError
from rag.papers import Paper
from rag.question.conversation import Conversation
from rag.question.shape import Shape
from rag.storage import sweep, write_text

log = logging.getLogger(__name__)

Vote = Literal["up", "down"]
Stamp = tuple[int, int, int, int]

_NAME = re.compile(r"[0-9a-f]{12}")
_LONGEST_TITLE = 70
_PATIENCE = 30  # seconds to wait for another process that writes
_AGAIN = 5  # seconds between two tries to write what could not be written


def _name() -> str:
    return secrets.token_hex(6)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question and what came of it: an answer, a problem, or neither when it was stopped.

    ``found`` are the papers that were read for it, ``said`` what was shown when it was stopped, ``within`` the ids
    of the papers that it was restricted to, ``without`` those of papers left out, ``shape`` the shape that was asked
    for besides what the question says, and with ``alone`` it was to be read as it stands, whatever came before.
    """

    question: str
    id: str = field(default_factory=_name)
    answer: Answer | None = None
    found: tuple[Citation, ...] = ()
    said: Blocks = ()
    problem: str | None = None
    within: tuple[str, ...] = ()
    vote: Vote | None = None
    shape: Shape | None = None
    alone: bool = False
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation as it is kept."""

    index: str
    id: str = field(default_factory=_name)
    title: str = ""
    entries: tuple[Entry, ...] = ()
    pins: tuple[Paper, ...] = ()
    begun: datetime = field(default_factory=_now)
    changed: datetime = field(default_factory=_now)

    @property
    def name(self) -> str:
        """What people know it by: the title given to it, else its first question."""
        first = self.entries[0].question if self.entries else "New conversation"
        return self.title or titled(first)

    def before(self, place: int) -> Conversation:
        """What the question at a place, counted from 0, was asked after."""
        conversation = Conversation()
        for entry in self.entries[:place]:
            conversation = conversation.with_turn(entry.answer.turn) if entry.answer else conversation
        return conversation

    def entry(self, name: str) -> Entry | None:
        """The entry with an id."""
        return next((entry for entry in self.entries if entry.id == name), None)

    def without(self, entry: Entry) -> Kept:
        """The conversation up to an entry: a new one, so that nothing is lost, when others came after it."""
        place = self.entries.index(entry)
        kept = replace(self, entries=self.entries[:place])
        if place == len(self.entries) - 1:
            return kept
        return replace(kept, id=_name(), title=f"{self.title} (edited)" if self.title else "", begun=_now())

    def with_entry(self, entry: Entry) -> Kept:
        """The conversation with an entry added, or put in the place of the one with the same id."""
        if any(old.id == entry.id for old in self.entries):
            return replace(self, entries=tuple(entry if old.id == entry.id else old for old in self.entries))
        return replace(self, entries=(*self.entries, entry))

    def papers(self) -> tuple[Paper, ...]:
        """The papers its answers cite, each once, in the order they were cited."""
        cited = (c.paper for entry in self.entries if entry.answer for c in entry.answer.citations)
        return tuple({paper.id: paper for paper in cited}.values())

    def seen(self) -> Iterator[Paper]:
        """Every paper that was shown in it."""
        yield from self.pins
        for entry in self.entries:
            yield from (citation.paper for citation in entry.found)
            if entry.answer:
                yield from (citation.paper for citation in entry.answer.citations)
                yield from (hit.paper for hit in entry.answer.nearest)

    def pinned(self, paper: Paper) -> Kept:
        """The conversation with a paper pinned, or no longer pinned when it was."""
        others = tuple(pin for pin in self.pins if pin.id != paper.id)
        return replace(self, pins=others if len(others) < len(self.pins) else (*self.pins, paper))


_FILE = TypeAdapter(Kept)


How = Callable[[Kept], Kept]


class Conversations:
    """A folder of kept conversations. Safe to use from several threads, and from several processes.

    What could not be written is kept here, seen by every reader, and written as soon as that can be done.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.RLock()
        self._read: dict[Path, tuple[Stamp, Kept]] = {}
        self._unsaved: dict[str, Unsaved] = {}
        self._binned: tuple[str, Unsaved] | None = None
        self._trying = False
        sweep(folder)

    def all(self, words: str = "") -> list[Kept]:
        """Every conversation that holds all of ``words`` in its name, questions or answers; the latest first.

        Files that hold no conversation are passed over.
        """
        wanted = words.casefold().split()
        found = [kept for kept in self._readable() if not wanted or all(word in _text(kept) for word in wanted)]
        return sorted(found, key=lambda kept: kept.changed, reverse=True)

    def read(self, name: str) -> Kept | None:
        """The conversation with an id, or None when there is none."""
        if not _NAME.fullmatch(name):
            return None
        kept, unsaved = self._read_file(self._path(name)), self._unsaved.get(name)
        return unsaved.on(kept) if unsaved else kept

    def change(self, kept: Kept, how: How) -> Kept:
        """Change a conversation as it is on disk now, or as given when it is not there, and give what was written.

        Raises SidereusError when it can't be written; what was on disk is then as it was, and the change is kept.
        """
        with self._writing:
            before = self._unsaved.get(kept.id) or Unsaved(kept, ())
            self._unsaved[kept.id] = replace(before, changes=(*before.changes, how))
            try:
                changed = self._save(kept.id)
            except OSError as error:
                self._try_later()
                raise _unwritable(error) from None
            self._save_all()
            return changed

    def delete(self, name: str) -> Kept | None:
        """Take a conversation away, and give it; :meth:`restore` brings the one deleted last back."""
        with self._writing:
            kept = self.read(name)
            if kept:
                try:
                    with self._alone():
                        if self._path(name).exists():
                            self._path(name).replace(self._bin)
                except OSError as error:
                    raise _unwritable(error) from None
                unsaved = self._unsaved.pop(name, None)
                self._binned = (name, unsaved) if unsaved else None
            return kept

    def restore(self) -> Kept | None:
        """Bring back the conversation deleted last; None when there is none."""
        with self._writing:
            kept = self._read_file(self._bin)
            if kept:
                try:
                    with self._alone():
                        self._bin.replace(self._path(kept.id))
                except OSError as error:
                    raise _unwritable(error) from None
            if self._binned:
                name, unsaved = self._binned
                self._unsaved[name], self._binned = unsaved, None
                self._try_later()
                return self.read(name)
            return kept

    @property
    def _bin(self) -> Path:
        return self._folder / "deleted"

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, which all processes heed; OSError when it can't be had."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self._folder.with_name(f".{self._folder.name}.lock"), timeout=_PATIENCE):
            yield

    def _save(self, name: str) -> Kept:
        """Write what is unsaved of a conversation; OSError when that can't be done."""
        with self._alone():
            changed = replace(self._unsaved[name].on(self._read_file(self._path(name))), changed=_now())
            write_text(self._path(name), as_json(changed), private=True)
        del self._unsaved[name]
        return changed

    def _save_all(self) -> None:
        with contextlib.suppress(OSError):
            for name in list(self._unsaved):
                self._save(name)

    def _try_later(self) -> None:
        if not self._trying:
            self._trying = True
            threading.Thread(target=self._keep_trying, name="saving", daemon=True).start()

    def _keep_trying(self) -> None:
        while True:
            time.sleep(_AGAIN)
            with self._writing:
                self._save_all()
                if not self._unsaved:
                    self._trying = False
                    return

    def _readable(self) -> Iterator[Kept]:
        for name in {*(path.stem for path in self._folder.glob("*.json")), *self._unsaved}:
            kept = self.read(name)
            if kept:
                yield kept

    def _read_file(self, path: Path) -> Kept | None:
        try:
            status = path.stat()
            # A program that copies files may set the time of the writing, but nobody that of the change.
            written = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
            known = self._read.get(path)
            if known is None or known[0] != written:
                record = earlier.brought_up_to_date(json.loads(path.read_bytes()))
                known = self._read[path] = (written, _FILE.validate_json(json.dumps(record)))
            return known[1]
        except OSError:
            self._read.pop(path, None)
            return None
        except (ValidationError, ValueError, TypeError, AttributeError):
            log.warning("%s holds no conversation", path)
            return None


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Changes that could not be written yet, to a conversation that was ``first`` when it is not on disk."""

    first: Kept
    changes: tuple[How, ...]

    def on(self, kept: Kept | None) -> Kept:
        """The conversation with the changes."""
        return reduce(lambda now, how: how(now), self.changes, kept or self.first)


def as_json(kept: Kept) -> str:
    """A conversation as its file holds it."""
    return _FILE.dump_json(kept, indent=2).decode() + "\n"


def titled(text: str) -> str:
    """A title from what somebody typed: one line, not too long."""
    return _shortened(" ".join(text.split()))


def _unwritable(error: OSError) -> SidereusError:
    reason = (error.strerror or str(error)).lower()
    return SidereusError(
        f"The conversation could not be kept ({reason}): free some space or change the permissions. "
        "Nothing is lost while Sidereus runs, and it is saved as soon as that can be done."
    )


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_TITLE:
        return text
    return text[:_LONGEST_TITLE].rsplit(" ", 1)[0] + " …"


def _text(kept: Kept) -> str:
    """All its words in small letters, to search in."""
    answers = (render.text(entry.answer.blocks if entry.answer else entry.said) for entry in kept.entries)
    return "\n".join((kept.name, *(entry.question for entry in kept.entries), *answers)).casefold()
