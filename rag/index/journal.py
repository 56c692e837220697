"""The journal of a build under way: what was read from the sources, and the vectors of what is embedded already.

It is the queue between reading and embedding, and it is on disk: whatever stops a build, the next one finds here
what need not be fetched or embedded again. Every page of a source is committed together with the cursor after it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import IndexProblem
from rag.papers import Paper
from rag.sources import Cursor

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS papers (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, record TEXT, known INTEGER
);
CREATE TABLE IF NOT EXISTS vectors (position INTEGER PRIMARY KEY, vector BLOB);
CREATE TABLE IF NOT EXISTS gone (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress (source INTEGER PRIMARY KEY, record TEXT);
"""
BOUND_AT_ONCE = 500
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source was read, and what was met. ``taken`` are the papers that are new to the index or changed."""

    cursor: Cursor | None = None
    read: int = 0
    taken: int = 0
    unchanged: int = 0
    skipped: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What the journal holds: papers the index did not have and has in another form, and those to be removed."""

    added: int
    changed: int
    removed: int


class Journal:
    """Papers and their vectors in one SQLite file, in the order they came. Safe to use from two threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._lock = threading.RLock()
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            if "full" in str(error) or "readonly" in str(error):
                raise
            raise IndexProblem(f"The unfinished build in {path} is damaged: run the command again.") from None

    def facts(self) -> dict[str, Any]:
        """What the build set out to do."""
        return {name: json.loads(value) for name, value in self._read("SELECT name, value FROM facts")}

    def set_facts(self, facts: dict[str, Any]) -> None:
        """Note what the build sets out to do."""
        with self._lock, self._db:
            pairs = ((name, json.dumps(value)) for name, value in facts.items())
            self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", pairs)

    def progress(self, source: int) -> Progress:
        """How far the source of that number was read."""
        for (record,) in self._read("SELECT record FROM progress WHERE source = ?", (source,)):
            values = json.loads(record)
            return Progress(**{**values, "problems": tuple(values["problems"]), "notes": tuple(values["notes"])})
        return Progress()

    def papers(self, identifiers: Collection[str]) -> dict[str, Paper]:
        """The papers of those ids that are in the journal."""
        found: dict[str, Paper] = {}
        wanted = list(identifiers)
        for start in range(0, len(wanted), BOUND_AT_ONCE):
            some = wanted[start : start + BOUND_AT_ONCE]
            query = f"SELECT id, record FROM papers WHERE id IN ({','.join('?' * len(some))})"
            found.update({name: _paper(record) for name, record in self._read(query, some)})
        return found

    def add(
        self,
        source: int,
        progress: Progress,
        papers: Iterable[Paper] = (),
        known: Collection[str] = (),
        gone: Collection[str] = (),
    ) -> None:
        """Commit a page of a source, and how far it is read then.

        A paper that is here already is replaced, and embedded again. ``known`` are the ids that the index has;
        ``gone`` are papers that it, or an earlier page, has and the source has deleted.
        """
        rows = [(paper.id, _record(paper), int(paper.id in known)) for paper in papers]
        with self._lock, self._db:
            self._db.executemany("DELETE FROM papers WHERE id = ?", ((identifier,) for identifier in gone))
            self._db.executemany("INSERT OR IGNORE INTO gone VALUES (?)", ((name,) for name in gone if name in known))
            self._db.executemany("DELETE FROM gone WHERE id = ?", ((row[0],) for row in rows))
            self._db.executemany("INSERT OR REPLACE INTO papers (id, record, known) VALUES (?, ?, ?)", rows)
            record = json.dumps(asdict(progress), ensure_ascii=False)
            self._db.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (source, record))

    def pending(self, after: int, limit: int) -> list[tuple[int, Paper]]:
        """The next papers behind the position ``after`` that have no vector yet, with their positions."""
        query = (
            "SELECT position, record FROM papers p WHERE position > ? AND NOT EXISTS "
            "(SELECT 1 FROM vectors v WHERE v.position = p.position) ORDER BY position LIMIT ?"
        )
        return [(position, _paper(record)) for position, record in self._read(query, (after, limit))]

    def embed(self, positions: Sequence[int], vectors: Vectors) -> None:
        """Commit the vectors, of shape (len(positions), dimensions), of the papers at those positions."""
        rows = [(p, np.asarray(v, np.float32).tobytes()) for p, v in zip(positions, vectors, strict=True)]
        with self._lock, self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def counts(self) -> Counts:
        """How many papers are in the journal, by what they do to the index."""
        ((added, changed),) = self._read("SELECT count(*) - total(known), total(known) FROM papers")
        ((removed,),) = self._read("SELECT count(*) FROM gone")
        return Counts(int(added), int(changed), removed)

    def embedded(self) -> int:
        """How many papers have their vectors."""
        ((count,),) = self._read("SELECT count(*) FROM papers JOIN vectors USING (position)")
        return int(count)

    def gone(self) -> list[str]:
        """The ids of the papers to be removed from the index."""
        return [identifier for (identifier,) in self._read("SELECT id FROM gone ORDER BY id")]

    def __len__(self) -> int:
        ((count,),) = self._read("SELECT count(*) FROM papers")
        return int(count)

    def __iter__(self) -> Iterator[tuple[Paper, Vectors]]:
        """Each paper with its vector; nothing may be written meanwhile."""
        query = "SELECT record, vector FROM papers JOIN vectors USING (position) ORDER BY position"
        for record, vector in self._db.execute(query):
            yield _paper(record), np.frombuffer(vector, dtype=np.float32)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _read(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


def _record(paper: Paper) -> str:
    return json.dumps(paper.as_record(), ensure_ascii=False)


def _paper(record: str) -> Paper:
    return Paper.from_record(json.loads(record))
