"""Sentences to be judged: for a question, the best of what the index finds for it and for other wordings of it.

Pooling is how test collections are made (Spärck Jones and van Rijsbergen 1975; Voorhees, TREC): several rankings are
merged, and only what any of them puts high is read by the judge.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.evaluation.datasets import read_records
from rag.evidence import signs
from rag.evidence.passage import Passage
from rag.index.filters import Filters
from rag.retrieval.hits import Hit
from rag.retrieval.search import search
from rag.session import Session

# Reciprocal rank fusion (Cormack et al. 2009): a list's n-th counts 1 / (RANK_OFFSET + n).
RANK_OFFSET = 20
A_PAPER = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question to pool for, with other wordings of it in the words that papers use."""

    qid: str
    question: str
    queries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pooled:
    """A question and the sentences to judge, those of a paper together and in their order."""

    wanted: Wanted
    passages: tuple[Passage, ...]

    def as_record(self) -> dict[str, Any]:
        """The pool as ``eval pool --json`` prints it: sentences by paper and place, without their text."""
        return {
            "qid": self.wanted.qid,
            "question": self.wanted.question,
            "pool": [{"id": passage.paper.id, "n": passage.position} for passage in self.passages],
        }

    def as_text(self) -> str:
        """The pool for a person to judge: sentences numbered from 1, below the paper that they are of."""
        lines, paper = [f"## {self.wanted.qid}: {self.wanted.question}"], ""
        for number, passage in enumerate(self.passages, start=1):
            if passage.paper.id != paper:
                paper = passage.paper.id
                lines.append(f"= {passage.paper.title} ({passage.paper.year})")
            lines.append(f"{number}. {passage.text}")
        return "\n".join(lines) + "\n"


def read_wanted(path: Path) -> tuple[Wanted, ...]:
    """The questions of a file of JSON lines with ``qid``, ``question`` and, where there are any, ``queries``.

    Raises UsageError naming the line that lacks something.
    """
    found = []
    for number, record in read_records(path):
        qid, question, queries = record.get("qid"), record.get("question"), record.get("queries", [])
        if not isinstance(qid, str) or not isinstance(question, str) or not isinstance(queries, list):
            raise UsageError(f'{path} line {number} needs "qid", "question" and a list "queries": mend it.')
        found.append(Wanted(qid, question, tuple(map(str, queries))))
    return tuple(found)


def pool(session: Session, wanted: Wanted, papers: int, sentences: int, without: Collection[str] = ()) -> Pooled:
    """The best ``sentences`` of the best ``papers`` for each wording, merged; none of the papers ``without``."""
    filters = Filters(without=frozenset(without))
    points: dict[tuple[str, int], float] = defaultdict(float)
    known: dict[tuple[str, int], Passage] = {}
    for text in (wanted.question, *wanted.queries):
        hits = search(session.index, session.embedder, text, filters, papers).hits
        for ranking in _rankings(session, text, hits, read=text == wanted.question):
            for place, passage in enumerate(ranking, start=1):
                key = passage.paper.id, passage.position
                known.setdefault(key, passage)
                points[key] += 1 / (RANK_OFFSET + place)
    taken: Counter[str] = Counter()
    chosen: list[tuple[str, int]] = []
    for key in sorted(points, key=lambda key: -points[key]):
        if taken[key[0]] < A_PAPER and len(chosen) < sentences:
            taken[key[0]] += 1
            chosen.append(key)
    order = {identifier: place for place, identifier in enumerate(taken)}
    return Pooled(wanted, tuple(known[key] for key in sorted(chosen, key=lambda key: (order[key[0]], key[1]))))


def _rankings(session: Session, text: str, hits: Sequence[Hit], read: bool) -> list[list[Passage]]:
    """The sentences of the hits by all signs, by meaning alone, and by the reader, whose own errors teach it most."""
    pipeline = session.pipeline
    found = signs.rank(text, text, hits, pipeline.encode, pipeline.idf, len(hits))
    by_meaning = sorted(found, key=lambda passage: -passage.cosine)
    return [found, by_meaning, *([pipeline.reader.read(text, found)] if read else [])]
