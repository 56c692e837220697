"""``sidereus eval make-dataset``, with the real offline language model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from workbench import Cli, run

from rag.evaluation.datasets import read_corpus, read_queries
from rag.evaluation.make_dataset import usable
from rag.papers import Paper

SIZE = ("--papers", "3", "--corpus", "8")
PAPER = Paper(
    "2403.91001",
    "A water-rich super-Earth around a quiet M dwarf",
    (),
    "Its density leaves room for a water layer of 18 per cent by mass, and the orbit takes 11.4 days.",
    2024,
    ("astro-ph.EP",),
)


@pytest.fixture(scope="module")
def made(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with three queries among eight papers."""
    folder = tmp_path_factory.mktemp("made") / "dataset"
    run(library, "eval", "make-dataset", str(folder), "--index", "invented", *SIZE, check=True)
    return folder


def test_makes_a_beir_folder(made: Path) -> None:
    corpus, queries = read_corpus(made), read_queries(made)
    written = [json.loads(line) for line in (made / "written.jsonl").read_text().splitlines()]
    assert len(corpus) == 8
    assert len(written) == 3
    assert 1 <= len(queries) <= 3
    for query in queries:
        assert set(query.relevant) <= set(corpus)
        assert query.text not in corpus[next(iter(query.relevant))]


def test_goes_on_where_it_was(cli: Cli, library: Path, made: Path, tmp_path: Path) -> None:
    """A line is lost and another cut short: both are written again, the first is not."""
    folder = shutil.copytree(made, tmp_path / "interrupted")
    place = folder / "written.jsonl"
    before = place.read_text()
    marked = before.splitlines()[0].replace('"query": "', '"query": "kept: ')
    place.write_text(f"{marked}\n{before.splitlines()[1][:20]}")
    assert cli("eval", "make-dataset", folder, "--index", "invented", *SIZE, home=library).code == 0
    assert place.read_text().splitlines() == [marked, *before.splitlines()[1:]]


def test_the_same_seed_gives_the_same_dataset(cli: Cli, library: Path, made: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    cli("eval", "make-dataset", again, "--index", "invented", *SIZE, home=library)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        assert (again / name).read_text() == (made / name).read_text()


def test_what_was_made_can_be_searched(cli: Cli, library: Path, made: Path) -> None:
    report = cli("eval", "retrieval", "--index", "invented", "--queries", made, "--json", home=library).json
    assert report["metrics"]["recall@100"] == 1.0


def test_bad_input_is_one_sentence(cli: Cli, library: Path, made: Path, tmp_path: Path) -> None:
    def failing(folder: Path, *options: str) -> str:
        return cli("eval", "make-dataset", folder, "--index", "invented", *options, home=library).sentence

    assert "ask for no more" in failing(tmp_path / "new", "--papers", "41")
    assert not (tmp_path / "new").exists()
    assert "made otherwise" in failing(made, *SIZE, "--seed", "1")
    (tmp_path / "mine.txt").write_text("mine")
    assert "something else" in failing(tmp_path, *SIZE)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("How much water can a small planet near a red star hold?", True),
        ("", False),
        ("super-Earth", False),  # too short to say anything
        ("of the and with", False),  # only stop words
        ("water layer water layer water layer", False),  # rambling
        ("How do you bake bread in a stone oven?", False),  # about something else
        ("room for a water layer of 18 per cent by mass in a planet", False),  # copied
        ("A water-rich super-Earth", False),  # copied, though short
        ("which small planets hold water?", False),  # said before
    ],
)
def test_only_usable_queries_are_kept(text: str, good: bool) -> None:
    assert usable(text, PAPER, ["Which small planets hold water"]) is good
