"""The journal of a build under way: papers with their vectors, committed batch by batch.

Whatever stops a build, the next one finds here what was already read and embedded.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import IndexProblem
from rag.papers import Paper

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS papers (
    position INTEGER PRIMARY KEY,
    id TEXT UNIQUE,
    version INTEGER,
    record TEXT,
    vector BLOB
);
"""


class Journal:
    """Papers and their vectors in one SQLite file, in the order they came."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path)
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
        return {name: json.loads(value) for name, value in self._db.execute("SELECT name, value FROM facts")}

    def set_facts(self, facts: dict[str, Any]) -> None:
        """Note what the build sets out to do."""
        with self._db:
            pairs = ((name, json.dumps(value)) for name, value in facts.items())
            self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", pairs)

    def versions(self) -> dict[str, int]:
        """The version of every paper in the journal, by id."""
        return dict(self._db.execute("SELECT id, version FROM papers"))

    def add(self, papers: Iterable[Paper], vectors: npt.NDArray[np.float32]) -> None:
        """Commit one batch; a paper that is there already is replaced where it stands."""
        rows = [
            (
                paper.id,
                paper.version,
                json.dumps(paper.as_record(), ensure_ascii=False),
                vector.astype(np.float32).tobytes(),
            )
            for paper, vector in zip(papers, vectors, strict=True)
        ]
        with self._db:
            self._db.executemany(
                "INSERT INTO papers (id, version, record, vector) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET version = excluded.version, record = excluded.record, vector = excluded.vector",
                rows,
            )

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM papers").fetchone()[0])

    def __iter__(self) -> Iterator[tuple[Paper, npt.NDArray[np.float32]]]:
        for record, vector in self._db.execute("SELECT record, vector FROM papers ORDER BY position"):
            yield Paper.from_record(json.loads(record)), np.frombuffer(vector, dtype=np.float32)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
