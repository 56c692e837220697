"""Training data: for each paper of an index a document and the queries that should find it, in one folder.

Papers with written queries are trained on with these, the others with their own title and one of their sentences,
which should find the rest of the abstract, so that a model keeps what it knew. A part of the papers with written
queries is held out, with some of the others to search among, to tell which weights are best.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.answers.sentences import split
from rag.errors import UsageError
from rag.index.index import Index
from rag.papers import Paper
from rag.storage import write_bytes, write_json
from rag.training.queries import FIELDS, Written

TRAIN, HELD_OUT, CORPUS, GUIDE, FACTS = (
    "train.jsonl.gz",
    "held-out.jsonl.gz",
    "corpus.jsonl.gz",
    "guide.npy",
    "facts.json",
)
# A sentence to find the rest by must say something, and the rest must be long enough to be found.
LEAST_WORDS, LEAST_SENTENCES = 8, 2

Guide = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A document and the queries that should find it; ``written`` when people wrote these."""

    id: str
    document: str
    queries: tuple[str, ...]
    written: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A held-out query: what kind it is, its words and the id of the paper it should find."""

    field: str
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """What to train on and what to measure with.

    ``guide`` holds the vectors of the examples' papers by the model of the index, of shape (examples, dimensions),
    L2-normalised. ``corpus`` are the texts by id that held-out questions search among.
    """

    examples: tuple[Example, ...]
    guide: Guide
    held_out: tuple[Question, ...]
    corpus: dict[str, str]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to make a dataset: the share of written papers to hold out, how many papers they search among, and which
    papers to leave out entirely. Which papers are held out depends on their ids alone, so that they stay held out
    when more queries are written."""

    held_out: float = 0.05
    corpus: int = 2000
    reserved: frozenset[str] = frozenset()
    seed: int = 0


def make(index: Index, written: Sequence[Written], plan: Plan) -> Dataset:
    """The dataset of an index and the queries written for some of its papers.

    Raises UsageError when a written paper is reserved or when nothing is left to train on or to measure with.
    """
    by_id = {one.id: one for one in written}
    if banned := plan.reserved & by_id.keys():
        raise UsageError(f"{len(banned):,} papers with training queries are reserved, the first is {min(banned)}.")
    rows, examples, held_out, aside = [], [], [], {}
    for row, paper in index.content.all_papers():
        if paper.id in plan.reserved or paper.withdrawn:
            continue
        one = by_id.get(paper.id)
        if _drawn(paper.id, plan.seed) < plan.held_out and (one or not written):
            held_out += _questions(paper, one)
            aside[paper.id] = paper.text
        elif example := _example(paper, one, plan.seed):
            rows.append(row)
            examples.append(example)
    if not examples or not held_out:
        raise UsageError("Too few papers of the index can be trained on: name a larger index, or write more queries.")
    corpus = aside | _others(index, plan, plan.corpus - len(aside), aside)
    facts = {
        "index": index.manifest.name,
        "guide": index.manifest.model,
        "examples": len(examples),
        "written": sum(example.written for example in examples),
        "held_out": len(aside),
        "corpus": len(corpus),
        "reserved": len(plan.reserved),
        "seed": plan.seed,
    }
    return Dataset(tuple(examples), index.vectors(rows), tuple(held_out), corpus, facts)


def _example(paper: Paper, one: Written | None, seed: int) -> Example | None:
    if one:
        return Example(paper.id, paper.text, one.texts, True)
    sentences = split(paper.abstract)
    choice = [number for number, sentence in enumerate(sentences) if len(sentence.split()) >= LEAST_WORDS]
    if len(sentences) < LEAST_SENTENCES or not choice:
        return None
    drawn = random.Random(f"{seed} {paper.id}").choice(choice)
    rest = " ".join(sentences[:drawn] + sentences[drawn + 1 :])
    return Example(paper.id, rest, (paper.title, sentences[drawn]), False)


def _questions(paper: Paper, one: Written | None) -> list[Question]:
    if one:
        return [Question(field, text, paper.id) for field, text in zip(FIELDS, one.texts, strict=True)]
    return [Question("title", paper.title, paper.id)]


def _others(index: Index, plan: Plan, many: int, aside: Collection[str]) -> dict[str, str]:
    """So many more papers to search among, drawn by their ids."""
    papers = (paper for _, paper in index.content.all_papers())
    free = [paper for paper in papers if paper.id not in aside and paper.id not in plan.reserved]
    free.sort(key=lambda paper: _drawn(paper.id, plan.seed + 1))
    return {paper.id: paper.text for paper in free[: max(many, 0)]}


def _drawn(identifier: str, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the id and the seed."""
    digest = hashlib.sha256(f"{seed} {identifier}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def write(dataset: Dataset, folder: Path) -> None:
    """Write a dataset into a folder; ``facts.json`` comes last, so that a folder with it is whole."""
    _write_lines(folder / TRAIN, (asdict(example) for example in dataset.examples))
    _write_lines(folder / HELD_OUT, (asdict(question) for question in dataset.held_out))
    _write_lines(folder / CORPUS, ({"id": name, "text": text} for name, text in dataset.corpus.items()))
    array = io.BytesIO()
    np.save(array, dataset.guide.astype(np.float16))
    write_bytes(folder / GUIDE, array.getvalue())
    write_json(folder / FACTS, dataset.facts)


def read(folder: Path) -> Dataset:
    """The dataset in a folder; UsageError when there is none or it is damaged."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        examples = tuple(Example(**{**one, "queries": tuple(one["queries"])}) for one in _lines(folder / TRAIN))
        questions = tuple(Question(**one) for one in _lines(folder / HELD_OUT))
        corpus = {one["id"]: one["text"] for one in _lines(folder / CORPUS)}
        guide = np.load(folder / GUIDE).astype(np.float32)
    except (OSError, ValueError, TypeError, KeyError, EOFError):
        raise UsageError(f"{folder} holds no training data: make it with 'sidereus train dataset {folder}'.") from None
    guide /= np.maximum(np.linalg.norm(guide, axis=1, keepdims=True), 1e-9)
    return Dataset(examples, guide, questions, corpus, facts)


def _write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    write_bytes(path, gzip.compress(text.encode("utf-8"), mtime=0))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
