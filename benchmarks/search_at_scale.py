"""Hybrid search among as many papers as all of astro-ph: speed, memory, recall against exact search, additions.

The papers are made from those of an index: vectors perturbed, sentences of two abstracts recombined. They are
indexed by Sidereus itself, with the vectors given, in a folder that is removed at the end. One named with --folder
stays, and what was built there is measured again without building it.
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
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import psutil
from machine import Row, describe, percentiles, table

from rag.answers.sentences import split
from rag.evaluation.datasets import Field, read_queries
from rag.index import build
from rag.index.index import Index, open_index
from rag.index.manifest import FILE, read_manifest
from rag.models.catalog import Model
from rag.models.embedder import Embedder, Role, Vectors, normalised
from rag.papers import Paper
from rag.progress import Progress, ProgressLine, silent
from rag.retrieval.hits import Filters
from rag.retrieval.search import search
from rag.session import Session
from rag.settings import load_settings
from rag.sources import Cursor, Page, ReadReport

NAME, VECTORS = "scale", "vectors.f32"
# A small index, with whose cost per paper that of the whole is compared.
SMALL, SMALL_PAPERS, SMALL_VECTORS = "small", 10_000, "small.f32"
PAPERS_OF_A_PAGE = 1024
# Length of the noise added to a unit vector: the cosine to the original becomes about 0.86.
NOISE = 0.6
# Half of them new, half of them newer versions of papers that are there.
ADDED = 500

Question = tuple[str, str, Filters]
"""What a query is filtered by, in words, the query, and its filters."""


class Recombined:
    """A source of papers that are made from others: ``count`` of them, numbered from ``start``."""

    default_category: str | None = None
    current = False

    def __init__(self, originals: Sequence[Paper], start: int, count: int, version: int = 1) -> None:
        self.name = "recombined papers"
        self._originals, self._version = originals, version
        self._start, self._count, self._made = start, count, 0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield each paper: the first of two originals, with every other sentence from the second."""
        last = self._start + self._count
        for start in range(cursor["start"] if cursor else self._start, last, PAPERS_OF_A_PAGE):
            numbers = range(start, min(start + PAPERS_OF_A_PAGE, last))
            papers = tuple(_recombined(self._originals, number, self._version) for number in numbers)
            self._made += len(papers)
            yield Page(papers, {"start": numbers.stop})

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many papers there will be."""
        return self._count

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
    session = Session(load_settings(index=options.index, offline=True))
    originals, vectors = _originals(session)
    titles = [paper.title for paper in originals]
    questions = _questions(options.queries, originals, options.searches)
    with contextlib.nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        given = PerturbedVectors(session, vectors, titles, folder / VECTORS)
        rows: list[Row] = []
        if not (folder / NAME / FILE).exists():
            small = PerturbedVectors(session, vectors, titles, folder / SMALL_VECTORS)
            rows += _built(folder, originals, small, given, options.papers)
        rows += _in_a_new_process(folder, options.index, questions)
        rows.append(_added(folder, originals, given))
        manifest = read_manifest(folder / NAME)
        rows.append(Row("size on disk", f"{sum(manifest.files.values()) / 1e9:.2f} GB", "2.5 GB"))
    print(describe(f"{manifest.papers:,} papers made from {options.index}; {len(questions)} queries"))
    print(table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index whose papers are recombined")
    parser.add_argument("--papers", type=int, default=430_000, help="how many papers to make")
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


def _recombined(originals: Sequence[Paper], number: int, version: int) -> Paper:
    one = originals[number % len(originals)]
    other = originals[(number * 7919 + number // len(originals) + 1) % len(originals)]
    mine, theirs = _sentences(one.abstract), _sentences(other.abstract)
    mixed = [theirs[n] if n % 2 and n < len(theirs) else sentence for n, sentence in enumerate(mine)]
    # arXiv's old style has room for a thousand numbers a month, the new one for a hundred thousand.
    identifier = f"{number // 1_200_000 + 10:02}{number // 100_000 % 12 + 1:02}.{number % 100_000:05}"
    return replace(one, id=identifier, abstract=" ".join(mixed), version=version)


@cache
def _sentences(abstract: str) -> list[str]:
    return split(abstract)


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
) -> Iterator[Row]:
    seconds, costs = 0.0, []
    for name, vectors, count in ((SMALL, small, SMALL_PAPERS), (NAME, given, papers)):
        started, used = time.perf_counter(), time.process_time()
        line = ProgressLine(f"Indexing {name}", "papers")
        build.build(indexes, build.Plan(name, (Recombined(originals, 0, count),)), vectors, progress=line)
        line.close()
        seconds = time.perf_counter() - started
        costs.append((time.process_time() - used) / count)
    yield Row(
        "build, vectors given",
        f"{seconds:.0f} s, {papers / seconds:,.0f} papers/s; {costs[1] * 1000:.2f} ms of processor time a paper, "
        f"{costs[1] / costs[0]:.2f} times that among {SMALL_PAPERS:,}",
        "1.3 times",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    yield Row("peak memory of the build", f"{peak / 1e9:.2f} GB", "")


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


def _added(indexes: Path, originals: Sequence[Paper], given: PerturbedVectors) -> Row:
    """Add papers of which half are there in an older version."""
    manifest = read_manifest(indexes / NAME)
    papers = Recombined(originals, manifest.papers - ADDED // 2, ADDED, version=len(manifest.runs) + 1)
    started = time.perf_counter()
    run = build.add(indexes, build.Plan(NAME, (papers,)), lambda _: given).runs[-1]
    seconds = time.perf_counter() - started
    return Row(f"add {run.added} papers and replace {run.changed}, vectors given", f"{seconds:.1f} s", "60 s")


if __name__ == "__main__":
    main()
