"""The papers inside an index: how txtai stores them, and the columns by which they can be filtered.

All SQL here has its values bound, so nothing a user types is ever read as SQL.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property, lru_cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.index.filters import Filters
from rag.papers import Paper
from rag.text import personal_names, references

Rows = npt.NDArray[np.int64]
Years = npt.NDArray[np.int16]

COLUMNS = """
CREATE TABLE IF NOT EXISTS paper (row INTEGER PRIMARY KEY, id TEXT, year INTEGER, kind TEXT);
CREATE TABLE IF NOT EXISTS category (name TEXT, row INTEGER, PRIMARY KEY (name, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS author (name TEXT, row INTEGER, PRIMARY KEY (name, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reference (key TEXT, row INTEGER, PRIMARY KEY (key, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS word (name TEXT PRIMARY KEY, papers INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS paper_id ON paper (id);
"""
# Words that spelling is corrected with.
SPELT = re.compile(r"(?<![\w\\])[a-z]{4,30}(?!\w)")
KEYED = ("category", "author", "reference")
GONE = "SELECT row FROM paper WHERE row NOT IN (SELECT indexid FROM sections)"
NEW = "SELECT indexid FROM sections WHERE indexid NOT IN (SELECT row FROM paper) ORDER BY indexid"
PAPERS = "SELECT s.indexid, d.data, s.text FROM sections s JOIN documents d ON s.id = d.id"
# SQLite's own limit on bound values is larger; this keeps statements short.
BOUND_AT_ONCE = 500
# Sets of rows that are kept for the next search: the largest takes 4 MB at 430,000 papers.
KEPT_SETS = 64
# Stands for the year where a paper was replaced or removed.
NO_PAPER = np.iinfo(np.int16).min


def document(paper: Paper) -> dict[str, Any]:
    """The paper as txtai takes it: ``text`` is searched, the rest is kept beside it."""
    record = paper.as_record()
    del record["abstract"]
    return {**record, "text": paper.text}


def paper_of(data: str, text: str) -> Paper:
    """Rebuild a paper from txtai's two columns."""
    record = json.loads(data)
    title = record["title"]
    return Paper.from_record({**record, "abstract": text[len(title) + 1 :]})


def texts(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """The text of every paper in txtai's tables, with its row."""
    return iter(db.execute("SELECT indexid, text FROM sections ORDER BY indexid").fetchall())


def drop_columns(db: sqlite3.Connection) -> None:
    """Remove the filter columns, which :func:`add_columns` then makes anew."""
    for table in (*KEYED, "paper", "word"):
        db.execute(f"DROP TABLE IF EXISTS {table}")


def add_columns(db: sqlite3.Connection, filed: Callable[[int], None] = lambda papers: None) -> None:
    """Bring the filter columns up to date with txtai's tables, after papers were added or removed.

    ``filed`` is told how many papers are through.
    """
    for statement in COLUMNS.split(";"):
        db.execute(statement)
    for table in (*KEYED, "paper"):
        db.execute(f"DELETE FROM {table} WHERE row IN ({GONE})")
    for table in KEYED:
        db.execute(f"CREATE TEMP TABLE new_{table} (key TEXT, row INTEGER)")
    new = [row for (row,) in db.execute(NEW)]
    said: Counter[str] = Counter()
    for start in range(0, len(new), BOUND_AT_ONCE):
        some = new[start : start + BOUND_AT_ONCE]
        for row, data, text in db.execute(f"{PAPERS} WHERE s.indexid IN ({_marks(some)})", some).fetchall():
            _file(db, row, json.loads(data))
            said.update(set(SPELT.findall(text.lower())))
        filed(start + len(some))
    for table in KEYED:  # in the order of the keys, which fills the pages of the table one after the other
        db.execute(f"INSERT OR IGNORE INTO {table} SELECT key, row FROM new_{table} ORDER BY key, row")
        db.execute(f"DROP TABLE new_{table}")
    counted = "INSERT INTO word VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET papers = papers + excluded.papers"
    db.executemany(counted, sorted(said.items()))


def _file(db: sqlite3.Connection, row: int, record: dict[str, Any]) -> None:
    db.execute("INSERT INTO paper VALUES (?, ?, ?, ?)", (row, record["id"], record["year"], record["kind"]))
    keys = {
        "category": record["categories"],
        "author": personal_names.author_keys(record["authors"]),
        "reference": references.keys_of_paper(
            record["id"], record["doi"], record["journal_ref"], record.get("bibcode"), record.get("key")
        ),
    }
    for table, values in keys.items():
        db.executemany(f"INSERT INTO new_{table} VALUES (?, ?)", ((value, row) for value in values))


class Content:
    """Reads papers and filters from an index's SQLite file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        self._rows = lru_cache(KEPT_SETS)(self._read_rows)

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
        """The rows of the papers filed under any of some keys of :mod:`rag.text.references`."""
        query = f"SELECT DISTINCT row FROM reference WHERE key IN ({_marks(keys)}) ORDER BY row"
        return [row for (row,) in self._db.execute(query, list(keys))]

    def is_author(self, name: str, by_surname: bool) -> bool:
        """Whether somebody of that name wrote a paper; with ``by_surname``, not one of that first name."""
        choices = personal_names.alternatives(name, by_surname)
        query = f"SELECT 1 FROM author WHERE name IN ({_marks(choices.any_of)}) LIMIT 1"
        found = self._db.execute(query, choices.any_of).fetchone()
        return bool(found) or any(len(self._with_all(words)) for words in choices.all_of)

    def papers_by(self, name: str) -> int:
        """How many papers are by somebody of that surname, with those initials if the name has some."""
        sets = [self._rows("author", key, key) for key in personal_names.alternatives(name, True).any_of]
        return len(np.unique(np.concatenate([*sets, np.zeros(0, dtype=np.int64)])))

    def surnames(self) -> dict[str, int]:
        """The surnames of all authors, as they are filed, with the number of their papers."""
        query = "SELECT name, count(*) FROM author WHERE name LIKE '%,' AND name NOT LIKE '^%' GROUP BY name"
        return {name.rstrip(","): count for name, count in self._db.execute(query)}

    def words(self) -> dict[str, int]:
        """The words of all texts as they are spelt, in lower case, with the number of papers that have them."""
        return dict(self._db.execute("SELECT name, papers FROM word")) if self._has_words else {}

    @cached_property
    def _has_words(self) -> bool:
        return bool(self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'word'").fetchone())

    def years(self, rows: Rows) -> Years:
        """The years of the papers at the given rows."""
        return self._years[rows]

    def all_papers(self) -> Iterator[tuple[int, Paper]]:
        """Every paper with its row, in the order of the rows."""
        for row, data, text in self._db.execute(f"{PAPERS} ORDER BY s.indexid"):
            yield row, paper_of(data, text)

    def matching(self, filters: Filters) -> Rows:
        """The rows, ascending, of the papers that the filters admit."""
        admitted = self._years > NO_PAPER
        if filters.since is not None:
            admitted &= self._years >= filters.since
        if filters.until is not None:
            admitted &= self._years <= filters.until
        sets = [self._by_any(name) for name in personal_names.people(filters.author or "")]
        if filters.journal is not None:
            sets.append(self._rows("reference", f"in:{filters.journal}", f"in:{filters.journal}"))
        if filters.category is not None:
            sets.append(self._rows("category", filters.category, filters.category + "\U0010ffff"))
        for rows in sets:
            among = np.zeros_like(admitted)
            among[rows] = True
            admitted &= among
        return np.flatnonzero(admitted)

    def summary(self) -> tuple[int, tuple[int, int], dict[str, int]]:
        """The number of papers, the years they cover, and how many there are of each kind."""
        count, first, last = self._db.execute("SELECT count(*), min(year), max(year) FROM paper").fetchone()
        kinds = dict(self._db.execute("SELECT kind, count(*) FROM paper GROUP BY kind"))
        return count, (first or 0, last or 0), kinds

    def counts(self) -> tuple[dict[int, int], dict[str, int]]:
        """How many papers there are of each year, and of each category, the most frequent first."""
        years = self._db.execute("SELECT year, count(*) FROM paper GROUP BY year ORDER BY year")
        categories = self._db.execute("SELECT name, count(*) FROM category GROUP BY name ORDER BY count(*) DESC, name")
        return dict(years.fetchall()), dict(categories.fetchall())

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @cached_property
    def _years(self) -> Years:
        """The year of the paper at each row."""
        columns = self._db.execute("SELECT group_concat(row), group_concat(year) FROM paper").fetchone()
        rows, years = map(_numbers, columns)
        found = np.full(int(rows.max(initial=-1)) + 1, NO_PAPER, dtype=np.int16)
        found[rows] = years
        return found

    def _by_any(self, names: str) -> Rows:
        """The rows of the papers of any of some authors, as in "Riess | Perlmutter"."""
        return np.concatenate([self._by_author(name) for name in names.split("|")])

    def _by_author(self, name: str) -> Rows:
        """The rows of the papers of an author; a given name is one only where nobody has it for a surname."""
        choices = personal_names.alternatives(name)
        sets = [self._rows("author", key, key) for key in choices.any_of]
        if not any(map(len, sets)):
            sets += map(self._with_all, choices.all_of)
        return np.concatenate([*sets, np.zeros(0, dtype=np.int64)])

    def _with_all(self, words: Sequence[str]) -> Rows:
        """The rows of the papers that have each of some words among the names of their authors."""
        return reduce(np.intersect1d, (self._rows("author", word, word) for word in words))

    def _read_rows(self, table: str, first: str, last: str) -> Rows:
        """The rows filed under keys between two, both inclusive; a row under several keys comes several times."""
        # One long string is read four times faster than as many single numbers.
        column = "key" if table == "reference" else "name"
        query = f"SELECT group_concat(row) FROM {table} WHERE {column} BETWEEN ? AND ?"
        return _numbers(self._db.execute(query, (first, last)).fetchone()[0])


def _numbers(text: str | None) -> Rows:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _marks(values: Collection[object]) -> str:
    return ",".join("?" * len(values))
