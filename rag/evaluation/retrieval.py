"""How well and how fast an index finds what queries ask for.

The metrics are those of ir-measures (https://ir-measur.es): nDCG@10 with the grade as gain, the share of
relevant papers among the first 10 and 100, and the reciprocal rank of the first relevant one in the first 10.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG

from rag.evaluation.datasets import Field, Query
from rag.progress import Progress, silent
from rag.session import Session
from rag.storage import write_text

DEPTH = 100
MEASURES = {"ndcg@10": nDCG @ 10, "recall@10": R @ 10, "recall@100": R @ 100, "mrr@10": RR @ 10}

Run = Mapping[str, Sequence[str]]
"""The ids found for each query's id, best first."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one query takes, in milliseconds."""

    mean: float
    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """Mean and percentiles of some durations."""
        p50, p95 = np.percentile(seconds, (50, 95))
        return cls(*(round(float(value) * 1000, 2) for value in (np.mean(seconds), p50, p95)))

    def as_record(self) -> dict[str, float]:
        """The three as JSON-ready values."""
        return {"mean": self.mean, "p50": self.p50, "p95": self.p95}


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """What an evaluation found: metrics in 0..1, latency, and the run they come from."""

    index: str
    model: str
    field: Field
    queries: int
    metrics: dict[str, float]
    latency: Latency
    run: Run

    def as_record(self) -> dict[str, Any]:
        """The report as ``eval retrieval --json`` prints it."""
        return {
            "index": self.index,
            "model": self.model,
            "field": self.field,
            "queries": self.queries,
            "metrics": self.metrics,
            "latency_ms": self.latency.as_record(),
        }


def evaluate(
    session: Session,
    queries: Sequence[Query],
    field: Field,
    dense_only: bool = False,
    progress: Progress = silent,
    hyde: bool = False,
) -> RetrievalReport:
    """Search every query once, one after the other, with everything loaded before the clock runs.

    ``dense_only`` ranks by the cosine of the embeddings alone; ``hyde`` searches with imagined abstracts.
    """
    find = _nearest if dense_only else partial(_searched, hyde=hyde)
    find(session, queries[0].text)
    run: dict[str, list[str]] = {}
    seconds: list[float] = []
    for done, query in enumerate(queries, start=1):
        started = time.perf_counter()
        run[query.id] = find(session, query.text)
        seconds.append(time.perf_counter() - started)
        progress(done, done / len(queries))
    manifest = session.manifest
    metrics = measure(queries, run)
    return RetrievalReport(manifest.name, manifest.model, field, len(queries), metrics, Latency.of(seconds), run)


def measure(queries: Sequence[Query], run: Run) -> dict[str, float]:
    """The metrics of a run, in 0..1, averaged over the queries; one that found nothing counts as 0."""
    judged = [
        ir_measures.Qrel(query.id, document, grade) for query in queries for document, grade in query.relevant.items()
    ]
    scored = [
        ir_measures.ScoredDoc(query, document, _score(rank))
        for query, documents in run.items()
        for rank, document in enumerate(documents, start=1)
    ]
    found = ir_measures.calc_aggregate(MEASURES.values(), judged, scored)
    return {name: round(float(found[measure]), 4) for name, measure in MEASURES.items()}


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a run as TREC does: query, Q0, document, rank, score, tag."""
    lines = (
        f"{query} Q0 {document} {rank} {_score(rank):.6f} {tag}\n"
        for query, documents in run.items()
        for rank, document in enumerate(documents, start=1)
    )
    write_text(path, "".join(lines))


def _score(rank: int) -> float:
    """A score that falls with the rank: tools that read runs sort by it, and break ties in their own way."""
    return 1 / rank


def _searched(session: Session, text: str, hyde: bool) -> list[str]:
    return [hit.paper.id for hit in session.search(text, limit=DEPTH, hyde=hyde).hits]


def _nearest(session: Session, text: str) -> list[str]:
    rows, _ = session.index.nearest(session.embedder.encode([text], "query")[0], DEPTH)
    return [paper.id for paper in session.index.papers(rows.tolist())]
