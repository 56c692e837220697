"""Inside an index: words, rows, filters, and the two ways in which papers are found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from papers import ASTRONOMY

from rag.errors import IndexProblem
from rag.index.engine import words
from rag.index.index import Index
from rag.index.journal import Journal
from rag.models.embedder import Embedder
from rag.papers import Paper
from rag.retrieval.hits import Filters


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
    assert set(words("GW150914")) == {"gw150914"}
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


PAPER = Paper("2403.91001", "T", ("A B",), "Text.", 2024, ("astro-ph.EP",))


def test_a_journal_keeps_papers_vectors_and_their_order(tmp_path: Path) -> None:
    papers = [replace(PAPER, id=f"2403.9100{n}") for n in range(3)]
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    journal = Journal(tmp_path / "j" / "journal.sqlite")
    journal.set_facts({"model": "m", "limit": None})
    journal.add(papers, vectors)
    journal.add([replace(papers[1], version=2, title="Newer")], np.array([[9, 9]], dtype=np.float32))
    journal.close()

    again = Journal(tmp_path / "j" / "journal.sqlite")
    assert again.facts() == {"model": "m", "limit": None}
    assert again.versions() == {"2403.91000": 1, "2403.91001": 2, "2403.91002": 1}
    kept = list(again)
    assert [paper.title for paper, _ in kept] == ["T", "Newer", "T"]
    assert [vector.tolist() for _, vector in kept] == [[0, 1], [9, 9], [4, 5]]
    assert len(again) == 3


def test_a_journal_takes_a_batch_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    with pytest.raises(ValueError, match="shorter"):
        journal.add([PAPER, replace(PAPER, id="2403.91002")], np.zeros((1, 2), dtype=np.float32))
    assert len(journal) == 0
