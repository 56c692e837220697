"""Queries with the papers that answer them: JSON lines with ``doc_id``, and folders in the layout of BEIR.

BEIR (Thakur et al. 2021, https://github.com/beir-cellar/beir) keeps ``corpus.jsonl`` (``_id``, ``title``,
``text``), ``queries.jsonl`` (``_id``, ``text``) and ``qrels/*.tsv`` (query, document, relevance).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rag.errors import UsageError

Field = Literal["query", "plain", "question"]
CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels"


@dataclass(frozen=True, slots=True)
class Query:
    """A query with what is relevant to it: the grade of each document, by id."""

    id: str
    text: str
    relevant: dict[str, int]


def read_queries(path: Path, field: Field = "query") -> tuple[Query, ...]:
    """The queries of a file of JSON lines (``qid``, ``doc_id`` and the text in ``field``) or of a BEIR folder.

    A BEIR folder's ``text`` is used where its queries have no such field. Raises UsageError when there is
    nothing to read, naming the line that is wrong.
    """
    queries = _of_folder(path, field) if path.is_dir() else _of_file(path, field)
    if not queries:
        raise UsageError(f"{path} holds no query with a relevant paper: name another file or folder.")
    return queries


def read_corpus(folder: Path) -> dict[str, str]:
    """The documents of a BEIR folder by id: title, a newline, text, as papers are embedded."""
    path = folder / CORPUS
    corpus = {
        str(_value(record, "_id", path, number)): f"{record.get('title') or ''}\n{record.get('text') or ''}".strip()
        for number, record in read_records(path)
    }
    if not corpus:
        raise UsageError(f"{path} holds no document: name a BEIR folder.")
    return corpus


def _of_file(path: Path, field: Field) -> tuple[Query, ...]:
    return tuple(
        Query(
            str(record.get("qid", number)),
            _text(record, (field,), path, number),
            {str(_value(record, "doc_id", path, number)): 1},
        )
        for number, record in read_records(path)
    )


def _of_folder(folder: Path, field: Field) -> tuple[Query, ...]:
    relevant = _read_qrels(folder / QRELS)
    path = folder / QUERIES
    found = ((str(_value(record, "_id", path, number)), number, record) for number, record in read_records(path))
    return tuple(
        Query(identifier, _text(record, (field, "text"), path, number), relevant[identifier])
        for identifier, number, record in found
        if identifier in relevant
    )


def _read_qrels(folder: Path) -> dict[str, dict[str, int]]:
    """The positive judgements of the test split where there is one, else of every split."""
    test = folder / "test.tsv"
    files = [test] if test.is_file() else sorted(folder.glob("*.tsv"))
    if not files:
        raise UsageError(f"{folder.parent} is no BEIR folder: it has no {QRELS}/*.tsv.")
    relevant: dict[str, dict[str, int]] = {}
    for path in files:
        for number, row in enumerate(csv.reader(_text_of(path).splitlines(), delimiter="\t"), start=1):
            if number == 1 and not row[-1].isdigit():  # the heading
                continue
            query, document, grade = _judgement(row, path, number)
            if grade > 0:
                relevant.setdefault(query, {})[document] = grade
    return relevant


def _judgement(row: list[str], path: Path, number: int) -> tuple[str, str, int]:
    try:
        query, document, grade = row
        return query, document, int(grade)
    except ValueError:
        raise UsageError(f"{path} line {number} is not query, document and relevance with tabs between.") from None


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file, each with its line number."""
    for number, line in enumerate(_text_of(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise UsageError(f"{path} line {number} is no JSON object: mend it and run again.")
        yield number, record


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{path} can't be read ({reason}): name JSON lines or a BEIR folder.") from None


def _text(record: dict[str, Any], keys: tuple[str, ...], path: Path, number: int) -> str:
    for key in keys:
        if isinstance(record.get(key), str) and record[key].strip():
            return str(record[key])
    raise UsageError(f'{path} line {number} has no "{keys[0]}": mend it, or choose another --field.')


def _value(record: dict[str, Any], key: str, path: Path, number: int) -> Any:
    if key not in record:
        raise UsageError(f'{path} line {number} has no "{key}": mend it and run again.')
    return record[key]
