"""A BEIR folder from a sample of an index, with queries that the local language model writes.

Beside BEIR's files the folder holds ``dataset.json``, what was asked for, and ``written.jsonl``, what the
model wrote for each paper, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag import prompts
from rag.errors import SidereusError, UsageError
from rag.evaluation.datasets import CORPUS, QRELS, QUERIES
from rag.index.engine import words
from rag.index.filters import Filters
from rag.models.writer import Writer
from rag.papers import Paper
from rag.progress import Progress, silent
from rag.session import Session
from rag.storage import locked, write_json, write_text

FACTS, WRITTEN = "dataset.json", "written.jsonl"
# Of a paper, as many characters as tell what it is about; of a query, as many tokens as a sentence needs.
READ_CHARACTERS, QUERY_TOKENS = 800, 40
SHORTEST = 3
# A run of so many words that stands in the paper too is a copy.
COPIED_WORDS = 6


@dataclass(frozen=True)
class Plan:
    """What to make: queries for ``papers`` papers of an index, hidden among ``corpus`` papers in all."""

    folder: Path
    index: str
    llm: str
    papers: int
    corpus: int
    seed: int


@dataclass(frozen=True, slots=True)
class Made:
    """What a finished dataset holds; ``left_out`` counts the papers for which no query could be used."""

    documents: int
    queries: int
    left_out: int


def make(session: Session, plan: Plan, progress: Progress = silent) -> Made:
    """Make the dataset, or go on with it.

    The same seed, index and language model give the same dataset. Raises UsageError when the index is too
    small or the folder holds something else, SidereusError when no query could be used.
    """
    total = session.manifest.papers
    if plan.corpus > total:
        raise UsageError(f"The index {plan.index!r} has {total:,} papers: ask for no more than that.")
    _claim(plan, session.manifest.generation)
    with locked(plan.folder / ".lock", f"Another process is making the dataset in {plan.folder}: wait for it."):
        drawn = _drawn(session, plan)
        _write_lines(plan.folder / CORPUS, (_document(paper) for paper in drawn))
        written = _write_queries(session.llm, plan, drawn[: plan.papers], progress)
        return _finish(plan, len(drawn), written)


def usable(text: str, paper: Paper, taken: Iterable[str]) -> bool:
    """Whether a query says something, once, about the paper, in other words than the paper's own, and is new."""
    said, known = words(text), set(words(paper.text))
    return (
        len(text.split()) >= SHORTEST
        and bool(said)
        and max(Counter(said).values()) == 1
        and not known.isdisjoint(said)
        and not _copied(text, paper.text)
        and _plain(text) not in [_plain(other) for other in taken]
    )


def _claim(plan: Plan, generation: str) -> None:
    """Note in the folder what is made there, or check that it is the same."""
    facts = {**{name: value for name, value in asdict(plan).items() if name != "folder"}, "generation": generation}
    place = plan.folder / FACTS
    if place.is_file():
        if json.loads(place.read_text(encoding="utf-8")) != facts:
            raise UsageError(f"{plan.folder} holds a dataset made otherwise: name another folder, or remove it.")
    elif plan.folder.exists() and (not plan.folder.is_dir() or any(plan.folder.iterdir())):
        raise UsageError(f"{plan.folder} holds something else: name a new folder.")
    else:
        write_json(place, facts)


def _drawn(session: Session, plan: Plan) -> list[Paper]:
    """The papers of the corpus, those with queries first."""
    everything = session.index.admitted(Filters(since=0))
    assert everything is not None
    return session.index.papers(random.Random(plan.seed).sample(everything.tolist(), plan.corpus))


def _write_queries(llm: Writer, plan: Plan, papers: list[Paper], progress: Progress) -> dict[str, str]:
    """The query of each paper by its id, empty where none could be used."""
    place = plan.folder / WRITTEN
    written = _read_written(place)
    with place.open("a", encoding="utf-8") as file:
        for number, paper in enumerate(papers, start=1):
            if paper.id not in written:
                written[paper.id] = _query(llm, paper, number + plan.seed, written.values())
                file.write(json.dumps({"id": paper.id, "query": written[paper.id]}, ensure_ascii=False) + "\n")
                file.flush()
            progress(number, number / len(papers))
    return written


def _query(llm: Writer, paper: Paper, turn: int, taken: Iterable[str]) -> str:
    """A usable query, in the first of two styles or else in the other; the styles take turns."""
    styles = list(prompts.QUERY_STYLES)
    others = list(taken)
    for style in (styles[turn % len(styles)], styles[(turn + 1) % len(styles)]):
        messages = prompts.query_messages(paper.text[:READ_CHARACTERS], style)
        text = _first_sentence("".join(llm.stream(messages, QUERY_TOKENS)))
        if usable(text, paper, others):
            return text
    return ""


def _read_written(place: Path) -> dict[str, str]:
    """What was written before; a line cut short by a crash is left out, and the file mended."""
    if not place.is_file():
        return {}
    written: dict[str, str] = {}
    lines = place.read_text(encoding="utf-8").splitlines(keepends=True)
    for line in lines:
        if line.endswith("\n"):
            record = json.loads(line)
            written[record["id"]] = record["query"]
    write_text(place, "".join(line for line in lines if line.endswith("\n")))
    return written


def _finish(plan: Plan, documents: int, written: dict[str, str]) -> Made:
    queries = {identifier: query for identifier, query in written.items() if query}
    if not queries:
        raise SidereusError(f"{plan.llm} wrote no usable query: name a larger language model with --llm.")
    _write_lines(plan.folder / QUERIES, ({"_id": f"q-{key}", "text": query} for key, query in queries.items()))
    judgements = "".join(f"q-{identifier}\t{identifier}\t1\n" for identifier in queries)
    write_text(plan.folder / QRELS / "test.tsv", "query-id\tcorpus-id\tscore\n" + judgements)
    return Made(documents, len(queries), len(written) - len(queries))


def _document(paper: Paper) -> dict[str, Any]:
    return {"_id": paper.id, "title": paper.title, "text": paper.abstract}


def _write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def _first_sentence(text: str) -> str:
    """The first sentence of the first line, without quotation marks around it."""
    line = text.strip().split("\n")[0]
    return re.split(r"(?<=[?!])\s|\.(?:\s|$)", line)[0].strip(" \"'“”")


def _plain(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _copied(query: str, text: str) -> bool:
    """Whether a long run of the query's words, or all of a shorter one's, stands in the text too."""
    said, there = _plain(query), f" {' '.join(_plain(text))} "
    length = min(COPIED_WORDS, len(said))
    return any(f" {' '.join(said[n : n + length])} " in there for n in range(len(said) - length + 1))
