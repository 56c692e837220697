"""The papers inside an index: how txtai stores them, and the columns by which they can be filtered.

All SQL here has its values bound, so nothing a user types is ever read as SQL.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.papers import Paper
from rag.retrieval import names, references
from rag.retrieval.hits import Filters

Rows = npt.NDArray[np.int64]

COLUMNS = """
CREATE TABLE IF NOT EXISTS paper (row INTEGER PRIMARY KEY, id TEXT, year INTEGER, kind TEXT);
CREATE TABLE IF NOT EXISTS category (name TEXT, row INTEGER, PRIMARY KEY (name, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS author (name TEXT, row INTEGER, PRIMARY KEY (name, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reference (key TEXT, row INTEGER, PRIMARY KEY (key, row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paper_id ON paper (id);
CREATE INDEX IF NOT EXISTS paper_year ON paper (year);
CREATE INDEX IF NOT EXISTS category_row ON category (row);
CREATE INDEX IF NOT EXISTS author_row ON author (row);
CREATE INDEX IF NOT EXISTS reference_row ON reference (row);
"""
TABLES = ("paper", "category", "author", "reference")
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


def add_columns(db: sqlite3.Connection) -> None:
    """Bring the filter columns up to date with txtai's tables, after papers were added or removed.

    The columns of an index that was built before there were references are made anew.
    """
    outdated = not _has_references(db)
    for statement in COLUMNS.split(";"):
        db.execute(statement)
    if outdated:
        for table in TABLES:
            db.execute(f"DELETE FROM {table}")
    gone = [row for (row,) in db.execute("SELECT row FROM paper WHERE row NOT IN (SELECT indexid FROM sections)")]
    for table in TABLES:
        db.executemany(f"DELETE FROM {table} WHERE row = ?", ((row,) for row in gone))
    new = db.execute(
        "SELECT s.indexid, d.data FROM sections s JOIN documents d ON s.id = d.id "
        "WHERE s.indexid NOT IN (SELECT row FROM paper)"
    ).fetchall()
    for row, data in new:
        _file(db, row, json.loads(data))


def _file(db: sqlite3.Connection, row: int, record: dict[str, Any]) -> None:
    db.execute("INSERT INTO paper VALUES (?, ?, ?, ?)", (row, record["id"], record["year"], record["kind"]))
    keys = {
        "category": record["categories"],
        "author": names.author_keys(record["authors"]),
        "reference": references.keys_of_paper(record["id"], record["doi"], record["journal_ref"]),
    }
    for table, values in keys.items():
        db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", ((value, row) for value in values))


def _has_references(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'reference'").fetchone())


class Content:
    """Reads papers and filters from an index's SQLite file; one per thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        # False in an index built before there were references: it knows authors by single words only.
        self.filed = _has_references(self._db)

    def papers(self, rows: Sequence[int]) -> dict[int, Paper]:
        """The papers at the given rows."""
        found: dict[int, Paper] = {}
        for start in range(0, len(rows), BOUND_AT_ONCE):
            some = [int(row) for row in rows[start : start + BOUND_AT_ONCE]]
            query = f"{PAPERS} WHERE s.indexid IN ({_marks(some)})"
            found.update({row: paper_of(data, text) for row, data, text in self._db.execute(query, some)})
        return found

    def row_of(self, identifier: str) -> int | None:
        """The row of the paper with that arXiv id."""
        found = self._db.execute("SELECT row FROM paper WHERE id = ?", (identifier,)).fetchone()
        return int(found[0]) if found else None

    def rows_of_references(self, keys: Collection[str]) -> list[int]:
        """The rows of the papers filed under any of some keys of :mod:`rag.retrieval.references`."""
        if not self.filed:
            identifiers = [key.removeprefix("arxiv:") for key in keys if key.startswith("arxiv:")]
            return [row for row in map(self.row_of, identifiers) if row is not None]
        query = f"SELECT DISTINCT row FROM reference WHERE key IN ({_marks(keys)}) ORDER BY row"
        return [row for (row,) in self._db.execute(query, list(keys))]

    def is_author(self, name: str, by_surname: bool) -> bool:
        """Whether somebody of that name wrote a paper; with ``by_surname``, not one of that first name."""
        condition, values = _author_condition(name, self.filed, by_surname)
        return bool(self._db.execute(f"SELECT 1 FROM paper WHERE {condition} LIMIT 1", values).fetchone())

    def years(self, rows: Sequence[int]) -> dict[int, int]:
        """The years of the papers at the given rows."""
        found: dict[int, int] = {}
        for start in range(0, len(rows), BOUND_AT_ONCE):
            some = [int(row) for row in rows[start : start + BOUND_AT_ONCE]]
            found.update(self._db.execute(f"SELECT row, year FROM paper WHERE row IN ({_marks(some)})", some))
        return found

    def all_papers(self) -> Iterator[tuple[int, Paper]]:
        """Every paper with its row, in the order of the rows."""
        for row, data, text in self._db.execute(f"{PAPERS} ORDER BY s.indexid"):
            yield row, paper_of(data, text)

    def matching(self, filters: Filters) -> Rows:
        """The rows, ascending, of the papers that the filters admit."""
        conditions, values = _conditions(filters, self.filed)
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


def _conditions(filters: Filters, filed: bool) -> tuple[list[str], list[Any]]:
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
        for name in names.people(filters.author):
            condition, bound = _author_condition(name, filed)
            conditions.append(condition)
            values += bound
    return conditions, values


def _author_condition(name: str, filed: bool, by_surname: bool = False) -> tuple[str, list[str]]:
    """The papers of an author; where surnames are not ``filed`` as such, those with all words of the name."""
    choices = names.alternatives(name, by_surname)
    any_of, all_of = (choices.any_of, choices.all_of) if filed else ((), choices.words)
    sets = [f"SELECT row FROM author WHERE name IN ({_marks(any_of)})"]
    values = list(any_of)
    for words in all_of:
        both = " INTERSECT ".join("SELECT row FROM author WHERE name = ?" for _ in words)
        sets.append(f"SELECT row FROM ({both})")
        values += words
    return f"row IN ({' UNION '.join(sets)})", values


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))
