"""Hybrid search among as many papers as all of astro-ph: speed, memory, recall against exact search, additions.

The papers are made from those of an index: vectors perturbed, sentences of two abstracts recombined. They are
indexed by Sidereus itself, with the vectors given, in a folder that is removed at the end (unless --keep).
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import psutil
from machine import Row, describe, percentiles, table

from rag.answers.sentences import split
from rag.evaluation.datasets import read_queries
from rag.index import build, folders
from rag.index.index import Index, open_index
from rag.models.catalog import Model
from rag.models.embedder import Embedder, Role, Vectors, normalised
from rag.papers import Paper
from rag.progress import Progress, ProgressLine, silent
from rag.retrieval.hits import Filters
from rag.retrieval.search import search
from rag.session import Session
from rag.settings import load_settings
from rag.sources import ReadReport

NAME, VECTORS = "scale", "vectors.f32"
# Length of the noise added to a unit vector: the cosine to the original becomes about 0.86.
NOISE = 0.6
ADDED = 500
FILTERS = {
    "no filter": Filters(),
    "--since 2010": Filters(since=2010),
    "--category astro-ph.EP": Filters(category="astro-ph.EP"),
    "--since 2010 --category astro-ph.EP": Filters(since=2010, category="astro-ph.EP"),
}


class Recombined:
    """A source of papers that are made from others: ``count`` of them, numbered from ``start``."""

    default_category: str | None = None

    def __init__(self, originals: Sequence[Paper], start: int, count: int) -> None:
        self.name = "recombined papers"
        self._originals, self._start, self._count, self._made = originals, start, count, 0

    def papers(self, report: ReadReport) -> Iterator[Paper]:
        """Yield each paper: the first of two originals, with every other sentence from the second."""
        for number in range(self._start, self._start + self._count):
            self._made += 1
            yield _recombined(self._originals, number)

    def fraction(self) -> float:
        """How many have been made, 0..1."""
        return self._made / self._count


class PerturbedVectors:
    """Stands in for an embedder: the stored vector of the paper a text was made from, with noise.

    Every vector given is also appended to ``record``, for exact search later.
    """

    def __init__(self, session: Session, vectors: Vectors, titles: Sequence[str], record: Path) -> None:
        self.model: Model = session.embedder.model
        self.dimensions, self.weights = session.embedder.dimensions, session.embedder.weights
        self._rows = {title: row for row, title in enumerate(titles)}
        self._vectors, self._record, self._random = vectors, record, np.random.default_rng(0)

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        chosen = self._vectors[[self._rows[text.split("\n", 1)[0]] for text in texts]]
        noise = self._random.normal(scale=NOISE / np.sqrt(self.dimensions), size=chosen.shape)
        made = normalised(chosen + noise.astype(np.float32))
        with self._record.open("ab") as file:
            file.write(made.tobytes())
        return made


def main() -> None:
    """Print a markdown table."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="sidereus-scale-"))
    try:
        session = Session(load_settings(index=options.index, offline=True))
        originals, vectors = _originals(session)
        given = PerturbedVectors(session, vectors, [paper.title for paper in originals], folder / VECTORS)
        queries = _queries(options.queries, originals, options.searches)
        rows = [_built(folder, originals, given, options.papers)]
        rows += _in_a_new_process(folder, options.index, queries)
        rows.append(_added(folder, originals, given, options.papers))
        rows.append(Row("size on disk", f"{folders.size(folder / NAME) / 1e9:.2f} GB", ""))
        print(describe(f"{options.papers:,} papers made from {options.index}; {len(queries)} queries"))
        print(table(rows))
    finally:
        if options.keep:
            print(f"The index is in {folder}.", file=sys.stderr)
        else:
            shutil.rmtree(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index whose papers are recombined")
    parser.add_argument("--papers", type=int, default=430_000, help="how many papers to make")
    parser.add_argument("--searches", type=int, default=200, help="how many queries to run with each filter")
    parser.add_argument("--queries", type=Path, help="queries to ask instead of titles: JSON lines or a BEIR folder")
    parser.add_argument("--keep", action="store_true", help="leave the index in the temporary folder")
    return parser.parse_args()


def _originals(session: Session) -> tuple[list[Paper], Vectors]:
    """The papers of an index whose titles differ, with their vectors; the index is closed again."""
    everything = session.index.admitted(Filters(since=0))
    assert everything is not None
    first: dict[str, tuple[int, Paper]] = {}
    for row, paper in zip(everything.tolist(), session.index.papers(everything.tolist()), strict=True):
        first.setdefault(paper.title, (row, paper))
    vectors = session.index.vectors([row for row, _ in first.values()])
    session.index.close()
    return [paper for _, paper in first.values()], vectors


def _recombined(originals: Sequence[Paper], number: int) -> Paper:
    one = originals[number % len(originals)]
    other = originals[(number * 7919 + number // len(originals) + 1) % len(originals)]
    mine, theirs = _sentences(one.abstract), _sentences(other.abstract)
    mixed = [theirs[n] if n % 2 and n < len(theirs) else sentence for n, sentence in enumerate(mine)]
    # arXiv's old style has room for a thousand numbers a month, the new one for a hundred thousand.
    identifier = f"{number // 1_200_000 + 10:02}{number // 100_000 % 12 + 1:02}.{number % 100_000:05}"
    return replace(one, id=identifier, abstract=" ".join(mixed), version=1)


@cache
def _sentences(abstract: str) -> list[str]:
    return split(abstract)


def _queries(path: Path | None, originals: Sequence[Paper], count: int) -> list[str]:
    if path:
        fields = ("query", "plain", "question")
        return [query.text for field in fields for query in read_queries(path, field)][:: max(1, 900 // count)][:count]
    return [originals[number * 97 % len(originals)].title for number in range(count)]


def _built(indexes: Path, originals: Sequence[Paper], given: PerturbedVectors, papers: int) -> Row:
    started = time.perf_counter()
    line = ProgressLine("Indexing", "papers")
    build.build(indexes, build.Plan(NAME, (Recombined(originals, 0, papers),)), given, progress=line)
    line.close()
    seconds = time.perf_counter() - started
    return Row("build, vectors given", f"{seconds:.0f} s, {papers / seconds:,.0f} papers/s", "")


def _in_a_new_process(folder: Path, model_of: str, queries: Sequence[str]) -> list[Row]:
    """Measure searching where nothing of the build is in memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_used, folder, model_of, queries).result()


def _used(folder: Path, model_of: str, queries: Sequence[str]) -> list[Row]:
    embedder = Session(load_settings(index=model_of, offline=True)).embedder
    started = time.perf_counter()
    index = open_index(folder, NAME)
    rows = [Row("open the index", f"{time.perf_counter() - started:.2f} s", "5 s")]
    rows += _searched(index, embedder, queries)
    rows.append(Row("memory after these searches (RSS)", f"{psutil.Process().memory_info().rss / 1e9:.2f} GB", "2 GB"))
    return [*rows, *_nearest(index, embedder, queries, folder / VECTORS)]


def _searched(index: Index, embedder: Embedder, queries: Sequence[str]) -> Iterator[Row]:
    search(index, embedder, queries[0], Filters(), 10)
    for name, filters in FILTERS.items():
        seconds = []
        for query in queries:
            started = time.perf_counter()
            search(index, embedder, query, filters, 10)
            seconds.append(time.perf_counter() - started)
        yield Row(f"hybrid search, {name}", percentiles(seconds), "p50 80 ms, p95 200 ms")


def _nearest(index: Index, embedder: Embedder, queries: Sequence[str], record: Path) -> Iterator[Row]:
    """The vector search alone: its time, and the share of the true ten nearest among its first ten."""
    asked = embedder.encode(queries, "query")
    given = np.memmap(record, np.float32, "r").reshape(-1, embedder.dimensions)
    scores = np.concatenate([asked @ given[start : start + 10_000].T for start in range(0, len(given), 10_000)], axis=1)
    exact = np.argpartition(-scores, 10, axis=1)[:, :10]
    seconds, shares = [], []
    for vector, rows in zip(asked, exact, strict=True):
        started = time.perf_counter()
        found, _ = index.nearest(vector, 10)
        seconds.append(time.perf_counter() - started)
        shares.append(len(set(rows.tolist()) & set(found.tolist())) / 10)
    yield Row("nearest vectors alone", percentiles(seconds), "")
    yield Row("recall@10 of the nearest vectors, against exact search", f"{np.mean(shares):.4f}", "0.99")


def _added(indexes: Path, originals: Sequence[Paper], given: PerturbedVectors, papers: int) -> Row:
    started = time.perf_counter()
    build.add(indexes, build.Plan(NAME, (Recombined(originals, papers, ADDED),)), lambda _: given)
    return Row(f"add {ADDED} papers, vectors given", f"{time.perf_counter() - started:.1f} s", "60 s")


if __name__ == "__main__":
    main()
