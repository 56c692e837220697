"""Hybrid search among as many papers as all of astro-ph: speed, memory, recall against exact search, additions.

The papers are made from those of an index: sentences of two abstracts recombined. Some are really embedded; the
vectors of the others are those of the papers they were made from, perturbed. They are indexed by Sidereus itself, in a
folder that is removed at the end. One named with --folder stays, and what was built there is measured again without
building it.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from intake import Intake, Sampler
from machine import Row, describe, percentiles, table
from recombined import PerturbedVectors, Recombined

from rag.evaluation.datasets import Field, read_queries
from rag.index import build
from rag.index.filters import Filters
from rag.index.index import Index, open_index
from rag.index.manifest import FILE, read_manifest
from rag.models.catalog import find
from rag.models.embedder import Embedder, Vectors, load
from rag.papers import Paper
from rag.progress import ProgressLine
from rag.retrieval.search import search
from rag.session import Session
from rag.settings import load_settings

NAME, VECTORS = "scale", "vectors.f32"
# A small index, with whose cost per paper that of the whole is compared.
SMALL, SMALL_PAPERS, SMALL_VECTORS = "small", 10_000, "small.f32"
WARM, WARM_PAPERS = "warm", 500
# Half of them new, half of them newer versions of papers that are there.
ADDED = 500

Question = tuple[str, str, Filters]
"""What a query is filtered by, in words, the query, and its filters."""


def main() -> None:
    """Print a markdown table, and one of what every 50,000 papers took."""
    options = _options()
    session = Session(load_settings(index=options.index, offline=True))
    originals, vectors = _originals(session)
    titles = [paper.title for paper in originals]
    questions = _questions(options.queries, originals, options.searches)
    # On one thread, so that what embedding takes can be told from the rest.
    embedder = load(session.settings.models, find(session.manifest.model, "embedding"), threads=1)
    with contextlib.nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        given = PerturbedVectors(embedder, vectors, titles, folder / VECTORS, options.embedded)
        rows, course = list[Row](), ""
        if not (folder / NAME / FILE).exists():
            small = PerturbedVectors(embedder, vectors, titles, folder / SMALL_VECTORS)
            rows, course = _built(folder, originals, small, given, options.papers)
        rows += _in_a_new_process(folder, options.index, questions)
        rows += _added(folder, originals, given)
        manifest = read_manifest(folder / NAME)
        rows.append(Row("size on disk", f"{sum(manifest.files.values()) / 1e9:.2f} GB", "2.5 GB"))
    print(describe(f"{manifest.papers:,} papers made from {options.index}; {len(questions)} queries"))
    print(table(rows))
    print(f"\n{course}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index whose papers are recombined")
    parser.add_argument("--papers", type=int, default=430_000, help="how many papers to make")
    parser.add_argument("--embedded", type=int, default=2_000, help="how many of them to embed really")
    parser.add_argument("--searches", type=int, default=400, help="how many queries to run, half of them filtered")
    parser.add_argument("--queries", type=Path, help="queries to ask instead of titles: JSON lines or a BEIR folder")
    parser.add_argument("--folder", type=Path, help="folder to build the index in, or where it is since an earlier run")
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


def _questions(path: Path | None, originals: Sequence[Paper], count: int) -> list[Question]:
    """Queries of which every other one is filtered, in turns by year, category, author, and year and category."""
    chosen = [originals[number * 97 % len(originals)] for number in range(count)]
    texts = [paper.title for paper in chosen]
    if path:
        fields: tuple[Field, ...] = ("query", "plain", "question")
        asked = [query.text for field in fields for query in read_queries(path, field)]
        texts = asked[:: max(1, len(asked) // count)][:count]
    questions = []
    for turn, (text, paper) in enumerate(zip(texts, chosen, strict=False)):
        filtered = {
            "--since 2010": Filters(since=2010),
            "--category astro-ph.EP": Filters(category="astro-ph.EP"),
            "--author": Filters(author=paper.authors[0]),
            "--since 2010 --category astro-ph.EP": Filters(since=2010, category="astro-ph.EP"),
        }
        name = list(filtered)[turn // 2 % len(filtered)] if turn % 2 else "no filter"
        questions.append((name, text, filtered.get(name, Filters())))
    return questions


def _built(
    indexes: Path, originals: Sequence[Paper], small: PerturbedVectors, given: PerturbedVectors, papers: int
) -> tuple[list[Row], str]:
    """Build an index, and before it a small one to compare with, and another whose imports and caches don't count."""
    build.build(indexes, build.Plan(WARM, (Recombined(originals, 0, WARM_PAPERS),)), small)
    costs, began = [], time.perf_counter()
    with Sampler(indexes) as sampler:
        for name, vectors, count in ((SMALL, small, SMALL_PAPERS), (NAME, given, papers)):
            began = time.perf_counter()
            with ProgressLine(f"Indexing {name}", "papers") as line:
                course = Intake(line, lambda vectors=vectors: (vectors.seconds, vectors.used))
                build.build(indexes, build.Plan(name, (Recombined(originals, 0, count),)), vectors, progress=course)
            costs.append(course.used / count)
    seconds = time.perf_counter() - began
    memory, disk = sampler.peak(began)
    peak = max(memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    rows = [
        Row("build, vectors given but for these", f"{seconds:.0f} s, {papers / seconds:,.0f} papers/s", ""),
        Row("really embedded, on one thread", f"{given.embedded:,}, {given.embedded / given.seconds:.1f} papers/s", ""),
        Row(f"processor time per 1,000 of {SMALL_PAPERS:,} papers, without embedding", f"{costs[0] * 1e3:.2f} s", ""),
        Row(
            f"the same of {papers:,}",
            f"{costs[1] * 1e3:.2f} s, {costs[1] / costs[0]:.2f} times as much",
            "1.3 times",
        ),
        Row("peak memory of the build (RSS)", f"{peak / 1e9:.2f} GB", "2 GB"),
        Row("peak of the disk during the build", f"{disk / 1e9:.2f} GB, {disk / papers / 1e3:.1f} kB a paper", ""),
    ]
    return rows, course.table(sampler)


def _in_a_new_process(folder: Path, model_of: str, questions: Sequence[Question]) -> list[Row]:
    """Measure searching where nothing of the build is in memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_used, folder, model_of, questions).result()


def _used(folder: Path, model_of: str, questions: Sequence[Question]) -> list[Row]:
    embedder = Session(load_settings(index=model_of, offline=True)).embedder
    started = time.perf_counter()
    index = open_index(folder, NAME)
    rows = [Row("open the index", f"{time.perf_counter() - started:.2f} s", "5 s")]
    rows += _searched(index, embedder, questions)
    rows.append(Row("memory after these searches (RSS)", f"{psutil.Process().memory_info().rss / 1e9:.2f} GB", "2 GB"))
    return [*rows, *_nearest(index, embedder, questions, folder / VECTORS)]


def _searched(index: Index, embedder: Embedder, questions: Sequence[Question]) -> Iterator[Row]:
    seconds: dict[str, list[float]] = {}
    load = os.getloadavg()[0]
    started = time.perf_counter()
    search(index, embedder, questions[0][1], Filters(), 10)
    first = time.perf_counter() - started
    for name, query, filters in questions:
        started = time.perf_counter()
        search(index, embedder, query, filters, 10)
        seconds.setdefault(name, []).append(time.perf_counter() - started)
    everything = [one for some in seconds.values() for one in some]
    yield Row("hybrid search, half of it filtered", percentiles(everything), "p50 80 ms, p95 200 ms")
    for name, some in seconds.items():
        yield Row(f"of it, {name} ({len(some)} queries)", percentiles(some), "")
    yield Row("the very first search", f"{first * 1000:.0f} ms", "")
    yield Row("load of the machine, before and after these", f"{load:.1f}, {os.getloadavg()[0]:.1f}", "")


def _nearest(index: Index, embedder: Embedder, questions: Sequence[Question], record: Path) -> Iterator[Row]:
    """The vector search alone: its time, and the share of the true ten nearest among its first ten."""
    given = np.fromfile(record, np.float32).reshape(-1, embedder.dimensions)
    asked = embedder.encode([query for _, query, _ in questions], "query")
    seconds: dict[bool, list[float]] = {False: [], True: []}
    shares: dict[bool, list[float]] = {False: [], True: []}
    for vector, (_, _, filters) in zip(asked, questions, strict=True):
        # Where there is no filter, exact search must still leave out what was replaced.
        among = index.admitted(filters)
        rows = index.content.matching(Filters()) if among is None else among
        exact = rows[np.argsort(-(given[rows] @ vector if among is not None else (given @ vector)[rows]))[:10]]
        started = time.perf_counter()
        found, _ = index.nearest(vector, 10, among)
        seconds[bool(filters)].append(time.perf_counter() - started)
        shares[bool(filters)].append(len(np.intersect1d(exact, found)) / max(len(exact), 1))
    for filtered, what in ((False, ""), (True, ", filtered")):
        yield Row(f"nearest vectors alone{what}", percentiles(seconds[filtered]), "")
        share = f"{np.mean(shares[filtered]):.4f}"
        yield Row(f"recall@10 of the nearest vectors{what}, against exact search", share, "0.99")


def _added(indexes: Path, originals: Sequence[Paper], given: PerturbedVectors) -> list[Row]:
    """Add papers of which half are there in an older version."""
    manifest = read_manifest(indexes / NAME)
    papers = Recombined(originals, manifest.papers - ADDED // 2, ADDED, version=len(manifest.runs) + 1)
    started = time.perf_counter()
    with Sampler(indexes / NAME) as sampler:
        run = build.add(indexes, build.Plan(NAME, (papers,)), lambda _: given).runs[-1]
    seconds = time.perf_counter() - started
    return [
        Row(f"add {run.added} papers and replace {run.changed}, vectors given", f"{seconds:.1f} s", "60 s"),
        Row("peak of the disk meanwhile", f"{sampler.peak()[1] / 1e9:.2f} GB", ""),
    ]


if __name__ == "__main__":
    main()
