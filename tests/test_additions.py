"""What a file holds is seen before it is added, and an addition can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from papers import many, record, write
from quick import QuickEmbedder, build_index, contents

from rag.errors import IndexProblem, SidereusError
from rag.index import build, undo
from rag.index.folders import existing, fresh_name, size
from rag.settings import Settings
from rag.sources import Selection, open_source
from rag.sources.preview import preview


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def add(settings: Settings, name: str, file: Path) -> None:
    """Add the papers of a file, as the page does."""
    undo.remember(settings.indexes, name)
    plan = build.Plan(name, (open_source(str(file), settings),), Selection())
    build.add(settings.indexes, plan, lambda _: QuickEmbedder())


def test_a_preview_counts_papers_texts_and_what_can_not_be_used(tmp_path: Path) -> None:
    other = record("2402.00009", "Of groups", "Ada Example", "math.GR", "Groups.")
    seen = preview(open_source(str(write(tmp_path / "mine.jsonl", [*many(9), other, "{broken"]))))
    assert (seen.papers, seen.without_text, seen.others, seen.skipped, seen.more) == (9, 0, 1, 1, False)
    assert len(seen.first) == 3
    assert "line 11" in seen.problems[0]


def test_a_library_says_which_entries_have_no_abstract(tmp_path: Path) -> None:
    file = tmp_path / "mine.bib"
    file.write_text(
        "@article{a, title={One}, author={A B}, year={2001}, eprint={2101.00001}, archivePrefix={arXiv}}\n"
        "@article{b, title={Two}, author={C D}, year={2002}, abstract={Of stars.}}\n"
        "@article{c, title={Three}, author={E F}, year={2003}}\n"
    )
    seen = preview(open_source(str(file)))
    assert (seen.papers, seen.without_text, seen.skipped) == (2, 1, 1)
    assert "abstract" in seen.problems[0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.jsonl", "", "holds no papers"),
        ("empty.bib", "", "No BibTeX entries"),
        ("garbage.jsonl", "{broken\n", "No entry of the file could be used"),
        ("garbage.bib", "nothing of the kind", "No BibTeX entries"),
    ],
)
def test_a_file_without_papers_is_told_before_anything_is_made(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SidereusError, match=words):
        preview(open_source(str(tmp_path / name)))


def test_an_addition_can_be_taken_back_once(settings: Settings, tmp_path: Path) -> None:
    build_index(settings, "mine", str(write(tmp_path / "one.jsonl", [*many(3)])))
    before = set(contents(settings, "mine"))
    used = size(settings.indexes / "mine")
    add(settings, "mine", write(tmp_path / "two.jsonl", [*many(9)]))
    assert len(contents(settings, "mine")) == 9
    manifest = undo.take_back(settings.indexes, "mine")
    assert manifest
    assert manifest.papers == 3
    assert set(contents(settings, "mine")) == before
    assert size(settings.indexes / "mine") == used
    assert existing(settings.indexes) == ["mine"]
    add(settings, "mine", tmp_path / "two.jsonl")
    assert len(contents(settings, "mine")) == 9


def test_only_the_last_addition_is_taken_back(settings: Settings, tmp_path: Path) -> None:
    build_index(settings, "mine", str(write(tmp_path / "one.jsonl", [*many(3)])))
    for count in (5, 7):
        add(settings, "mine", write(tmp_path / f"{count}.jsonl", [*many(count)]))
    undo.take_back(settings.indexes, "mine")
    assert len(contents(settings, "mine")) == 5
    with pytest.raises(IndexProblem, match="not known any more"):
        undo.take_back(settings.indexes, "mine")


def test_an_index_that_was_made_by_adding_is_gone_again(settings: Settings, tmp_path: Path) -> None:
    build_index(settings, "mine", str(write(tmp_path / "one.jsonl", [*many(3)])))
    assert undo.take_back(settings.indexes, "mine") is None
    assert existing(settings.indexes) == []


def test_a_new_index_is_called_after_its_file() -> None:
    assert fresh_name(Path("My Library (2).bib.gz"), []) == "my-library-2"
    assert fresh_name(Path("papers.csv"), ["papers", "papers-2"]) == "papers-3"
    assert fresh_name(Path("论文.bib"), []) == "papers"
