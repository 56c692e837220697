"""The papers inside an index: how txtai stores them, and the columns by which they can be filtered.

All SQL here has its values bound, so nothing a user types is ever read as SQL.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.papers import Paper
from rag.retrieval.hits import Filters

Rows = npt.NDArray[np.int64]

COLUMNS = """
CREATE TABLE IF NOT EXISTS paper (row INTEGER PRIMARY KEY, id TEXT, year INTEGER, kind TEXT);
CREATE TABLE IF NOT EXISTS category (name TEXT, row INTEGER, PRIMARY KEY (name, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS author (name TEXT, row INTEGER, PRIMARY KEY (name, row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paper_id ON paper (id);
CREATE INDEX IF NOT EXISTS paper_year ON paper (year);
CREATE INDEX IF NOT EXISTS category_row ON category (row);
CREATE INDEX IF NOT EXISTS author_row ON author (row);
"""
PAPERS = "SELECT s.indexid, d.data, s.text FROM sections s JOIN documents d ON s.id = d.id"
# SQLite's own limit on bound values is larger; this keeps statements short.
BOUND_AT_ONCE = 500


def document(paper: Paper) -> dict[str, Any]:
    """The paper as txtai stores it: ``text`` is searched, the rest is kept beside it."""
    record = paper.as_record()
    del record["abstract"]
    return {**record, "text": paper.text}


def paper_of(data: str, text: str) -> Paper:
    """Rebuild a paper from txtai's two columns."""
    record = json.loads(data)
    record.pop("text", None)
    title = record["title"]
    return Paper.from_record({**record, "abstract": text[len(title) + 1 :]})


def folded(name: str) -> str:
    """A name without case and accents, for comparison."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))


def add_columns(db: sqlite3.Connection) -> None:
    """Bring the filter columns up to date with txtai's tables, after papers were added or removed."""
    for statement in COLUMNS.split(";"):
        db.execute(statement)
    gone = [row for (row,) in db.execute("SELECT row FROM paper WHERE row NOT IN (SELECT indexid FROM sections)")]
    for table in ("paper", "category", "author"):
        db.executemany(f"DELETE FROM {table} WHERE row = ?", ((row,) for row in gone))
    new = db.execute(
        "SELECT s.indexid, d.data FROM sections s JOIN documents d ON s.id = d.id "
        "WHERE s.indexid NOT IN (SELECT row FROM paper)"
    ).fetchall()
    for row, data in new:
        record = json.loads(data)
        db.execute("INSERT INTO paper VALUES (?, ?, ?, ?)", (row, record["id"], record["year"], record["kind"]))
        db.executemany("INSERT OR IGNORE INTO category VALUES (?, ?)", ((c, row) for c in record["categories"]))
        db.executemany(
            "INSERT OR IGNORE INTO author VALUES (?, ?)", ((a, row) for a in _author_keys(record["authors"]))
        )


def _author_keys(authors: Iterable[str]) -> set[str]:
    """What a query may call the authors: every folded word of their names but initials, and whole names."""
    keys: set[str] = set()
    for author in authors:
        name = folded(author).replace(".", " ")
        keys.add(" ".join(name.split()))
        keys.update(part for part in name.split() if len(part) > 1)
    return keys


class Content:
    """Reads papers and filters from an index's SQLite file; one per thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)

    def papers(self, rows: Sequence[int]) -> dict[int, Paper]:
        """The papers at the given rows."""
        found: dict[int, Paper] = {}
        for start in range(0, len(rows), BOUND_AT_ONCE):
            some = [int(row) for row in rows[start : start + BOUND_AT_ONCE]]
            marks = ",".join("?" * len(some))
            query = f"{PAPERS} WHERE s.indexid IN ({marks})"
            found.update({row: paper_of(data, text) for row, data, text in self._db.execute(query, some)})
        return found

    def row_of(self, identifier: str) -> int | None:
        """The row of the paper with that arXiv id."""
        found = self._db.execute("SELECT row FROM paper WHERE id = ?", (identifier,)).fetchone()
        return int(found[0]) if found else None

    def all_papers(self) -> Iterator[tuple[int, Paper]]:
        """Every paper with its row, in the order of the rows."""
        for row, data, text in self._db.execute(f"{PAPERS} ORDER BY s.indexid"):
            yield row, paper_of(data, text)

    def matching(self, filters: Filters) -> Rows:
        """The rows, ascending, of the papers that the filters admit."""
        conditions, values = _conditions(filters)
        query = "SELECT row FROM paper" + (f" WHERE {' AND '.join(conditions)}" if conditions else "") + " ORDER BY row"
        return np.fromiter((row for (row,) in self._db.execute(query, values)), dtype=np.int64)

    def summary(self) -> tuple[int, tuple[int, int], dict[str, int]]:
        """The number of papers, the years they cover, and how many there are of each kind."""
        count, first, last = self._db.execute("SELECT count(*), min(year), max(year) FROM paper").fetchone()
        kinds = dict(self._db.execute("SELECT kind, count(*) FROM paper GROUP BY kind"))
        return count, (first or 0, last or 0), kinds

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _conditions(filters: Filters) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if filters.since is not None:
        conditions.append("year >= ?")
        values.append(filters.since)
    if filters.until is not None:
        conditions.append("year <= ?")
        values.append(filters.until)
    if filters.category is not None:
        conditions.append("row IN (SELECT row FROM category WHERE name >= ? AND name < ?)")
        values += [filters.category, filters.category + "\U0010ffff"]
    if filters.author is not None:
        for key in folded(filters.author).replace(".", " ").split():
            if len(key) > 1:
                conditions.append("row IN (SELECT row FROM author WHERE name = ?)")
                values.append(key)
    return conditions, values
