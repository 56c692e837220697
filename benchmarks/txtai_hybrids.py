"""The ranking of Sidereus beside txtai's own ways to merge words and meaning, on the same papers and vectors.

Nothing is chosen here: every way runs as it comes, with txtai's vector search made exact so that only merging differs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import Row, describe, table

from rag.evaluation.datasets import Field, Query, read_queries
from rag.evaluation.retrieval import evaluate, measure
from rag.index.engine import txtai
from rag.index.filters import Filters
from rag.models.embedder import Vectors
from rag.session import Session
from rag.settings import load_settings

FIELDS: tuple[Field, ...] = ("query", "question", "plain")
FOUND = 10
# txtai 9.14: `hybrid=True` means this scoring with the scores divided by their maximum.
HYBRIDS: dict[str, Any] = {"hybrid=True": True, "hybrid, normalize: bayes": "bayes"}


def main() -> None:
    """Print a markdown table of nDCG@10 in percent."""
    options = _options()
    session = Session(load_settings(index=options.index, offline=True))
    asked = {field: read_queries(options.queries, field)[: options.limit] for field in FIELDS}
    rows = [
        _row(f"Sidereus {session.manifest.version}", {field: _ours(session, asked[field], field) for field in FIELDS})
    ]
    papers = list(_papers(session))
    for name, normalize in HYBRIDS.items():
        with _built(papers, normalize, _embedder(session, papers)) as database:
            rows.append(_row(f"txtai, {name}", {field: _theirs(database, asked[field]) for field in FIELDS}))
    print(describe(f"index {options.index}, {len(papers):,} papers, {len(asked['query'])} of {options.queries.name}"))
    print(table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index whose papers and vectors are used")
    parser.add_argument("--queries", type=Path, required=True, help="JSON lines with query, question and plain")
    parser.add_argument("--limit", type=int, help="only the first so many queries")
    return parser.parse_args()


def _papers(session: Session) -> Iterator[tuple[str, str]]:
    """The identifier and the text of every paper, by row."""
    for _, paper in session.index.content.all_papers():
        yield paper.id, paper.text


def _embedder(session: Session, papers: Sequence[tuple[str, str]]) -> Callable[[Sequence[str]], Vectors]:
    """Gives a paper the vector it has in the index, and embeds a query."""
    everything = session.index.content.matching(Filters())
    known = dict(zip((text for _, text in papers), session.index.vectors(everything.tolist()), strict=False))

    def encode(texts: Sequence[str]) -> Vectors:
        if all(text in known for text in texts):
            return np.stack([known[text] for text in texts])
        return session.embedder.encode(texts, "query")

    return encode


def _built(papers: Sequence[tuple[str, str]], normalize: Any, encode: Callable[[Sequence[str]], Vectors]) -> Any:
    database = txtai.embeddings.Embeddings(
        method="external",
        transform=encode,
        faiss={"components": "IDMap,Flat"},
        scoring={"method": "bm25", "terms": True, "normalize": normalize},
    )
    database.index((identifier, text, None) for identifier, text in papers)
    return database


def _theirs(database: Any, asked: Sequence[Query]) -> float:
    run = {query.id: [identifier for identifier, _ in database.search(query.text, FOUND)] for query in asked}
    return measure(asked, run)["ndcg@10"]


def _ours(session: Session, asked: Sequence[Query], field: Field) -> float:
    return evaluate(session, asked, field).metrics["ndcg@10"]


def _row(name: str, scores: dict[Field, float]) -> Row:
    written = ", ".join(f"{field} {100 * score:.1f}" for field, score in scores.items())
    return Row(name, f"{written}; mean {100 * np.mean(list(scores.values())):.1f}", "")


if __name__ == "__main__":
    main()
