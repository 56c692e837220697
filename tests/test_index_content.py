"""Inside an index: words, rows, filters, and the two ways in which papers are found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import papers
import pytest
from papers import ASTRONOMY

from rag.errors import IndexProblem
from rag.index import build
from rag.index.engine import txtai, words
from rag.index.filters import Filters
from rag.index.index import Index, _largest, open_index
from rag.index.journal import Counts, Journal, Progress
from rag.models.embedder import Embedder
from rag.papers import Paper
from rag.sources.bulk import BulkFile


def ids(index: Index, rows: Iterable[int]) -> list[str]:
    """The identifiers of the papers at some rows."""
    return [paper.id for paper in index.papers([int(row) for row in rows])]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("galaxies", "galaxy"),
        ("Alfvén", "alfven"),
        ("LENSING", "lensed"),
        ("ﬁelds", "field"),
        ("Ångström", "angstrom"),
    ],
)
def test_two_spellings_are_one_word(first: str, second: str) -> None:
    assert words(first) == words(second)


def test_stop_words_are_left_out() -> None:
    assert words("What is the mass of the star?") == words("mass star")
    assert words("the of and") == []
    assert words("") == []


def test_names_with_digits_and_hyphens_are_found_by_their_parts() -> None:
    assert words("GW150914") == words("GW 150914")
    assert set(words("Velamen")) <= set(words("Velamen-4b"))


def test_matching_words_finds_the_papers_that_hold_them(invented: Index) -> None:
    rows, scores = invented.matching_words("Umber 3 axions", 5)
    assert ids(invented, rows)[:2] == ["1209.9022", "1310.9020"]
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)
    assert len(rows) <= 5


@pytest.mark.parametrize("query", ["", "the of", "xyzzyplugh", "???"])
def test_words_that_no_paper_holds_find_nothing(invented: Index, query: str) -> None:
    rows, scores = invented.matching_words(query, 5)
    assert len(rows) == len(scores) == 0


def test_nearest_gives_rows_by_their_cosine(invented: Index, minilm: Embedder) -> None:
    vector = minilm.encode(["Clouds of zinc sulphide on a hot Jupiter"], "query")[0]
    rows, cosines = invented.nearest(vector, 4)
    assert ids(invented, rows)[0] == "2403.91002"
    assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)
    assert np.allclose(cosines, invented.vectors(rows.tolist()) @ vector, atol=1e-5)


def test_nearest_is_exact_among_the_admitted(invented: Index, minilm: Embedder) -> None:
    vector = minilm.encode(["dark matter"], "query")[0]
    admitted = invented.admitted(Filters(since=2025))
    assert admitted is not None
    rows, _ = invented.nearest(vector, 100, admitted)
    assert sorted(rows.tolist()) == sorted(admitted.tolist())


def test_a_vector_of_another_model_is_refused(invented: Index) -> None:
    with pytest.raises(IndexProblem, match="768"):
        invented.nearest(np.ones(768, dtype=np.float32), 3)


def test_without_filters_everything_is_admitted(invented: Index) -> None:
    assert invented.admitted(Filters()) is None
    assert not Filters()
    assert Filters(until=0)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(since=2025), 6),
        (Filters(until=1999), 3),
        (Filters(category="astro-ph.EP"), 6),
        (Filters(category="astro-ph"), 38),
        (Filters(author="mizuhara"), 4),
        (Filters(author="Mizuhara", since=2020), 2),
        (Filters(category="hep-ph", author="Thistlewaite"), 3),
        (Filters(author="nobody"), 0),
    ],
)
def test_filters_admit_what_they_say(invented: Index, filters: Filters, count: int) -> None:
    rows = invented.admitted(filters)
    assert rows is not None
    assert len(rows) == count


def test_papers_come_in_the_order_of_the_rows_asked_for(invented: Index) -> None:
    rows = [invented.row_of(identifier) for identifier in ("2503.91034", "1101.9023", "astro-ph/0302902")]
    assert ids(invented, [row for row in rows if row is not None]) == ["2503.91034", "1101.9023", "astro-ph/0302902"]
    assert invented.row_of("9999.99999") is None


def test_an_index_can_be_read_from_several_threads(invented: Index, minilm: Embedder) -> None:
    from concurrent.futures import ThreadPoolExecutor

    vector = minilm.encode(["dust"], "query")[0]

    def look(_: int) -> tuple[list[str], list[str]]:
        near = ids(invented, invented.nearest(vector, 5)[0])
        return near, ids(invented, invented.matching_words("dust halo", 5)[0])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(look, range(40)))
    assert all(one == found[0] for one in found)


def test_every_paper_of_the_file_is_there_once(invented: Index) -> None:
    rows = invented.admitted(Filters(since=0))
    assert rows is not None
    assert len(set(ids(invented, rows.tolist()))) == len(ASTRONOMY)


def generation(index: Index, library: Path) -> Path:
    """The folder that txtai wrote."""
    return library / "indexes" / index.manifest.name / index.manifest.generation


def test_the_text_of_a_paper_is_kept_once(invented: Index, library: Path) -> None:
    database = sqlite3.connect(generation(invented, library) / "documents")
    ((kept,),) = database.execute("SELECT count(*) FROM documents WHERE data LIKE '%night side at 1,040 K%'")
    ((searched,),) = database.execute("SELECT count(*) FROM sections WHERE text LIKE '%night side at 1,040 K%'")
    assert (kept, searched) == (0, 1)


def test_txtai_opens_an_index_by_itself_and_finds_papers_with_their_content(invented: Index, library: Path) -> None:
    database = txtai.embeddings.Embeddings()
    database.load(str(generation(invented, library)))
    found = database.search(
        "SELECT id, title, year, text, score FROM txtai "
        "WHERE similar('Clouds of zinc sulphide on a hot Jupiter') AND year >= 2020",
        2,
    )
    database.close()
    assert [found[0]["id"], found[0]["year"]] == ["2403.91002", 2024]
    assert found[0]["text"].startswith(f"{found[0]['title']}\n")


@pytest.fixture(scope="module")
def with_replaced(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Path:
    """The folder of the index ``replaced``.

    One of its papers was replaced by a version with other words, author, year and category.
    """
    place = tmp_path_factory.mktemp("replaced")
    first = papers.write(place / "papers.jsonl", [*papers.RECORDS])
    second = papers.record(
        "2403.91002v9",
        "The price of tea",
        "Ambrose Quillfeather",
        "gr-qc astro-ph.CO",
        "Tea became cheaper.",
        papers.on("1 Mar 1993"),
    )
    build.build(place / "indexes", build.Plan("replaced", (BulkFile(first),)), minilm)
    more = BulkFile(papers.write(place / "more.jsonl", [second]))
    build.add(place / "indexes", build.Plan("replaced", (more,)), lambda _: minilm)
    return place / "indexes"


@pytest.fixture
def replaced(with_replaced: Path) -> Iterator[Index]:
    """The open index ``replaced``."""
    index = open_index(with_replaced, "replaced")
    yield index
    index.close()


def test_a_paper_that_was_replaced_is_found_by_nothing_of_its_old_version(replaced: Index, minilm: Embedder) -> None:
    row = replaced.row_of("2403.91002")
    everything = replaced.content.matching(Filters())
    assert len(everything) == len(ASTRONOMY) == replaced.manifest.papers
    assert row == everything[-1] == len(ASTRONOMY)  # at a new row, and the old one is gone
    old = sorted(set(range(row)) - set(everything.tolist()))
    assert len(old) == 1
    assert not set(old) & set(replaced.matching_words("clouds of zinc sulphide on a hot Jupiter", 100)[0].tolist())
    vector = minilm.encode(["clouds of zinc sulphide on a hot Jupiter"], "query")[0]
    assert sorted(replaced.nearest(vector, 100)[0].tolist()) == everything.tolist()
    for filters in (Filters(since=2024), Filters(category="astro-ph.EP"), Filters(author="Mizuhara"), Filters(until=0)):
        assert not {row, *old} & set(replaced.content.matching(filters).tolist()), filters


def test_a_paper_that_was_replaced_is_found_by_its_new_version(replaced: Index) -> None:
    row = replaced.row_of("2403.91002")
    assert replaced.matching_words("tea", 5)[0].tolist() == [row]
    for filters in (
        Filters(author="Quillfeather"),
        Filters(category="gr-qc", until=1993),
        Filters(since=1993, until=1993),
    ):
        assert row in replaced.content.matching(filters), filters
    assert row is not None
    assert replaced.papers([row])[0].version == 9
    assert replaced.content.years(np.array([row])).tolist() == [1993]


def test_a_second_replacement_leaves_the_words_of_neither_old_version(
    with_replaced: Path, minilm: Embedder, tmp_path: Path
) -> None:
    """Rows that were deleted in earlier runs stay so."""
    third = papers.record("2403.91002v10", "Coffee", "Ambrose Quillfeather", "astro-ph.CO", "Coffee became dearer.")
    indexes = shutil.copytree(with_replaced, tmp_path / "indexes")
    more = BulkFile(papers.write(tmp_path / "more.jsonl", [third]))
    build.add(indexes, build.Plan("replaced", (more,)), lambda _: minilm)
    index = open_index(indexes, "replaced")
    try:
        assert len(index.matching_words("tea", 5)[0]) == 0
        assert "2403.91002" not in ids(index, index.matching_words("zinc sulphide", 100)[0])
        assert ids(index, index.matching_words("coffee", 5)[0]) == ["2403.91002"]
    finally:
        index.close()


def test_the_largest_are_those_that_sorting_finds() -> None:
    random = np.random.default_rng(0)
    for count, limit in ((0, 5), (1, 5), (15, 3), (16, 16), (5000, 200), (5000, 5000), (100_000, 10)):
        scores = random.gamma(1.0, size=count).astype(np.float32)
        scores[random.random(count) < 0.5] = 0
        plain = [place for place in np.argsort(-scores, kind="stable").tolist() if scores[place] > 0][:limit]
        assert _largest(scores, limit).tolist() == plain, (count, limit)


def test_of_equal_scores_the_first_are_taken() -> None:
    assert _largest(np.ones(1000, dtype=np.float32), 3).tolist() == [0, 1, 2]


PAPER = Paper("2403.91001", "T", ("A B",), "Text.", 2024, ("astro-ph.EP",))


def test_a_journal_keeps_papers_vectors_and_their_order(tmp_path: Path) -> None:
    papers = [replace(PAPER, id=f"2403.9100{n}") for n in range(3)]
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    journal = Journal(tmp_path / "j" / "journal.sqlite")
    journal.set_facts({"model": "m", "limit": None})
    journal.add(0, Progress(read=3), papers)
    journal.embed([position for position, _ in journal.pending(0, 10)], vectors)
    journal.add(0, Progress({"line": 4}, read=4), [replace(papers[1], version=2, title="Newer")], {papers[1].id})
    ((position, newer),) = journal.pending(0, 10)
    journal.embed([position], np.array([[9, 9]], dtype=np.float32))
    journal.close()

    again = Journal(tmp_path / "j" / "journal.sqlite")
    assert again.facts() == {"model": "m", "limit": None}
    assert again.progress(0) == Progress({"line": 4}, read=4)
    kept = list(again)
    assert [paper.title for paper, _ in kept] == ["T", "T", newer.title] == ["T", "T", "Newer"]
    assert [vector.tolist() for _, vector in kept] == [[0, 1], [4, 5], [9, 9]]
    assert (len(again), again.embedded(), again.counts()) == (3, 3, Counts(added=2, changed=1, removed=0))


def test_a_journal_takes_the_vectors_of_a_batch_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.add(0, Progress(), [PAPER, replace(PAPER, id="2403.91002")])
    positions = [position for position, _ in journal.pending(0, 10)]
    with pytest.raises(ValueError, match="shorter"):
        journal.embed(positions, np.zeros((1, 2), dtype=np.float32))
    assert (len(journal), journal.embedded()) == (2, 0)
