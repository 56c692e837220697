"""Training data: for each paper of an index a document and the queries that should find it, in one folder.

Papers with written queries are trained on with these and some of their rare words. The others are trained on with
their own title, one of their sentences and some rare words, which should find the rest of the abstract: so a model
learns names and keeps what it knew. A part of the papers with written queries is held out, and searched for among the
papers that are most easily taken for them, to tell which weights are best.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import UsageError
from rag.index.index import Index
from rag.papers import Paper
from rag.storage import write_bytes, write_json
from rag.training import own_words
from rag.training.queries import FIELDS, Written
from rag.training.records import drawn, read_lines, write_lines

TRAIN, HELD_OUT, CORPUS, GUIDE, FACTS = (
    "train.jsonl.gz",
    "held-out.jsonl.gz",
    "corpus.jsonl.gz",
    "guide.npy",
    "facts.json",
)
# So many of the best hits for a held-out query, and of the nearest to its paper, may be taken for the paper.
RIVALS = 50

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
    """How to make a dataset: the share of written papers to hold out, among how many papers they are searched for, and
    which papers to leave out entirely. Which papers are held out depends on their ids alone, so that they stay held
    out when more queries are written."""

    held_out: float = 0.05
    corpus: int = 3000
    reserved: frozenset[str] = frozenset()
    seed: int = 0


def make(index: Index, written: Sequence[Written], plan: Plan) -> Dataset:
    """The dataset of an index and the queries written for some of its papers.

    Raises UsageError when a written paper is reserved or when nothing is left to train on or to measure with.
    """
    by_id = {one.id: one for one in written}
    if banned := plan.reserved & by_id.keys():
        raise UsageError(f"{len(banned):,} papers with training queries are reserved, the first is {min(banned)}.")
    papers = {
        row: paper for row, paper in index.content.all_papers() if paper.id not in plan.reserved and not paper.withdrawn
    }
    tells = own_words.rarity(paper.text for paper in papers.values())
    rows, examples, held_out, aside = [], [], [], {}
    for row, paper in papers.items():
        one = by_id.get(paper.id)
        if drawn(paper.id, plan.seed) < plan.held_out and (one or not written):
            held_out += _questions(paper, one)
            aside[row] = paper
        elif example := _example(paper, one, tells, random.Random(f"{plan.seed} {paper.id}")):
            rows.append(row)
            examples.append(example)
    if not examples or not held_out:
        raise UsageError("Too few papers of the index can be trained on: name a larger index, or write more queries.")
    among = [*aside, *_rivals(index, aside, held_out, papers)][: max(plan.corpus, len(aside))]
    facts = {
        "index": index.manifest.name,
        "guide": index.manifest.model,
        "examples": len(examples),
        "written": sum(example.written for example in examples),
        "held_out": len(aside),
        "corpus": len(among),
        "reserved": len(plan.reserved),
        "seed": plan.seed,
    }
    corpus = {papers[row].id: papers[row].text for row in among}
    return Dataset(tuple(examples), index.vectors(rows), tuple(held_out), corpus, facts)


def _example(paper: Paper, one: Written | None, tells: Mapping[str, float], draw: random.Random) -> Example | None:
    if one:
        return Example(paper.id, paper.text, _said(*one.texts, own_words.keywords(paper.text, tells, draw)), True)
    if not (parts := own_words.parted(paper, draw)):
        return None
    sentence, rest = parts
    return Example(paper.id, rest, _said(paper.title, sentence, own_words.keywords(rest, tells, draw)), False)


def _said(*queries: str) -> tuple[str, ...]:
    return tuple(query for query in queries if query)


def _questions(paper: Paper, one: Written | None) -> list[Question]:
    if one:
        return [Question(field, text, paper.id) for field, text in zip(FIELDS, one.texts, strict=True)]
    return [Question("title", paper.title, paper.id)]


def _rivals(
    index: Index, aside: Mapping[int, Paper], held_out: Sequence[Question], papers: Mapping[int, Paper]
) -> list[int]:
    """The other papers, those first that come highest where a held-out paper is searched for."""
    best: dict[int, int] = {}
    ranked = [index.nearest(vector, RIVALS)[0] for vector in index.vectors(list(aside))]
    ranked += [index.matching_words(question.text, RIVALS)[0] for question in held_out]
    for rows in ranked:
        for place, row in enumerate(rows.tolist()):
            best[row] = min(place, best.get(row, place))
    free = [row for row in papers if row not in aside]
    return sorted(free, key=lambda row: (best.get(row, RIVALS), row))


def write(dataset: Dataset, folder: Path) -> None:
    """Write a dataset into a folder; ``facts.json`` comes last, so that a folder with it is whole."""
    write_lines(folder / TRAIN, (asdict(example) for example in dataset.examples))
    write_lines(folder / HELD_OUT, (asdict(question) for question in dataset.held_out))
    write_lines(folder / CORPUS, ({"id": name, "text": text} for name, text in dataset.corpus.items()))
    array = io.BytesIO()
    np.save(array, dataset.guide.astype(np.float16))
    write_bytes(folder / GUIDE, array.getvalue())
    write_json(folder / FACTS, dataset.facts)


def read(folder: Path) -> Dataset:
    """The dataset in a folder; UsageError when there is none or it is damaged."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        examples = tuple(Example(**{**one, "queries": tuple(one["queries"])}) for one in read_lines(folder / TRAIN))
        questions = tuple(Question(**one) for one in read_lines(folder / HELD_OUT))
        corpus = {one["id"]: one["text"] for one in read_lines(folder / CORPUS)}
        guide = np.load(folder / GUIDE).astype(np.float32)
    except (OSError, ValueError, TypeError, KeyError, EOFError):
        raise UsageError(f"{folder} holds no training data: make it with 'sidereus train dataset {folder}'.") from None
    guide /= np.maximum(np.linalg.norm(guide, axis=1, keepdims=True), 1e-9)
    return Dataset(examples, guide, questions, corpus, facts)
