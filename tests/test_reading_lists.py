"""Reading lists last: with tags and notes, whoever else writes, and whatever becomes of the disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import bibtexparser
import pytest
from papers import RECORDS, write
from quick import build_index
from stand_in import HOSTILE, HUBBLE, PLANCK, WITHDRAWN
from workbench import CHECKOUT, Cli

from rag.citing.keys import KEYS
from rag.errors import SidereusError, SourceProblem, UsageError
from rag.exports import FORMATS
from rag.index.content import Content
from rag.index.index import open_index
from rag.papers import Paper
from rag.reading import lists as keeping
from rag.reading.gathering import named, of_file
from rag.reading.lists import MOST_RECENT, RECENT, ReadingLists
from rag.reading.reading_list import ReadingList, as_tags
from rag.reading.written import FORMS, written
from rag.settings import Settings
from ui.cli import options, search

BIB = r"""
@article{mizuhara22, title={Ours by now}, author={Mizuhara, Hana}, year={2023}, eprint={2206.91005},
  archivePrefix={arXiv}, journal={\apj}, volume={930}, pages={12}}
@book{quill01, title={A book of quills}, author={Quill, Ann}, year={2001}}
@misc{broken, author={Nobody}}
"""


@pytest.fixture
def lists(tmp_path: Path) -> ReadingLists:
    return ReadingLists(tmp_path)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The papers of an index of the invented ones."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    build_index(settings, "invented", str(write(settings.home / "papers.jsonl", [*RECORDS])))
    return open_index(settings.indexes, "invented").content


def with_papers(*papers: Paper) -> ReadingList:
    return ReadingList("Hubble").with_papers(papers)


def test_what_is_put_into_a_list_is_there_for_whoever_opens_it_next(lists: ReadingLists, tmp_path: Path) -> None:
    made = lists.create("  Hubble\n tension ")
    lists.change(made.id, lambda now: now.with_papers([HUBBLE, PLANCK, HOSTILE]))
    lists.change(made.id, lambda now: now.noted(HUBBLE.id, "*Read* section 4").tagged(HUBBLE.id, ["#H0, to read"]))
    (kept,) = ReadingLists(tmp_path).all()
    assert (kept.name, kept.papers) == ("Hubble tension", (HUBBLE, PLANCK, HOSTILE))
    assert (kept.items[0].note, kept.items[0].tags) == ("*Read* section 4", ("H0", "to read"))
    (file,) = (tmp_path / "lists").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_paper_stands_in_a_list_once_and_keeps_what_was_said_of_it() -> None:
    kept = with_papers(HUBBLE).noted(HUBBLE.id, "Mine").with_papers([HUBBLE, PLANCK, PLANCK])
    other = Paper("doi:10.3847/1538-4357/aac82e", "Elsewhere", (), "", 2018, (), doi=HUBBLE.doi)
    assert [item.note for item in kept.with_papers([other]).items] == ["Mine", ""]
    (known, _) = kept.with_papers([replace(HUBBLE, title="Another", key="riess18", doi="10.9999/other")]).papers
    assert (known.title, known.key, known.doi) == (HUBBLE.title, "riess18", HUBBLE.doi)
    gone = kept.without([HUBBLE.id])
    assert gone.papers == (PLANCK,)
    assert gone.holding("mine") == ()
    for back in (gone.with_again(HUBBLE.id), gone.with_papers([HUBBLE])):
        assert [(item.paper, item.note) for item in back.items] == [(PLANCK, ""), (HUBBLE, "Mine")]
        assert back.removed == ()


def test_a_note_that_somebody_else_wrote_meanwhile_is_kept_beside_the_new_one() -> None:
    kept = with_papers(HUBBLE).noted(HUBBLE.id, "Theirs")
    assert kept.noted(HUBBLE.id, "Mine", before="").items[0].note == "Theirs\n\n---\n\nMine"
    assert kept.noted(HUBBLE.id, "Mine", before="Theirs").items[0].note == "Mine"


@pytest.mark.parametrize(
    "words", ["cepheid RIESS", "tension", "section 4", "2018 casertano", HUBBLE.id, "h₀ standards"]
)
def test_papers_are_found_by_title_author_tag_note_year_and_id(words: str) -> None:
    kept = with_papers(HUBBLE, PLANCK).noted(HUBBLE.id, "See section 4").tagged(HUBBLE.id, ["Tension"])
    assert [item.paper for item in kept.holding(words)] == [HUBBLE]
    assert kept.holding("no such word") == ()
    assert len(kept.holding(" ")) == 2


def test_tags_are_one_line_without_signs_and_each_once() -> None:
    assert as_tags(["#H0, to \x00read;", "h0", " ", "x" * 60]) == ("H0", "to read", "x" * 50)


def test_a_list_is_known_by_its_name_whatever_its_case_and_no_name_is_given_twice(lists: ReadingLists) -> None:
    made = lists.create("Hubble")
    assert lists.named("hubble").id == made.id
    assert lists.into("HUBBLE", lambda now: now.with_papers([HUBBLE])).id == made.id
    for name in ("hubble", " "):
        with pytest.raises(UsageError, match=r"already|needs a name"):
            lists.create(name)
    with pytest.raises(UsageError, match="did you mean 'Hubble'"):
        lists.named("Huble")
    assert lists.rename(made.id, "HUBBLE").name == "HUBBLE"
    lists.create("Other")
    with pytest.raises(UsageError, match="already"):
        lists.rename(made.id, "other")


def test_a_deleted_list_comes_back_whole_even_when_its_name_was_given_away(lists: ReadingLists) -> None:
    made = lists.into("Hubble", lambda now: now.with_papers([HUBBLE]))
    assert lists.delete(made.id) == made
    assert (lists.all(), lists.read(made.id)) == ([], None)
    with pytest.raises(SidereusError, match="deleted meanwhile"):
        lists.change(made.id, lambda now: now)
    lists.create("Hubble")
    back = lists.restore()
    assert back is not None
    assert (back.id, back.name, back.papers) == (made.id, "Hubble (2)", (HUBBLE,))
    assert lists.restore() is None


def test_what_was_opened_last_comes_first_and_not_for_ever(lists: ReadingLists) -> None:
    for paper in (HUBBLE, PLANCK, HUBBLE):
        lists.opened(paper)
    recent = lists.read(RECENT)
    assert recent is not None
    assert recent.papers == (HUBBLE, PLANCK)
    assert lists.all() == []
    for n in range(MOST_RECENT + 5):
        lists.opened(Paper(f"1604.{n:05}", "One", (), "", 2016, ()))
    assert len(lists.read(RECENT).items) == MOST_RECENT  # type: ignore[union-attr]


def test_threads_and_processes_that_write_at_once_lose_nothing(lists: ReadingLists, tmp_path: Path) -> None:
    made = lists.create("Hubble")
    code = (
        "import sys; from pathlib import Path\n"
        "from rag.papers import Paper; from rag.reading.lists import ReadingLists\n"
        "lists = ReadingLists(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    lists.change(sys.argv[2], lambda now: now.with_papers([Paper(f'1701.{n:05}', 'P', (), '', 2017, ())]))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), made.id], cwd=CHECKOUT)

    def add(thread: int) -> None:
        for n in range(10):
            paper = Paper(f"160{thread}.{n:05}", "T", (), "", 2016, ())
            lists.change(made.id, lambda now, paper=paper: now.with_papers([paper]))  # type: ignore[misc]

    threads = [threading.Thread(target=add, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait() == 0
    assert len(lists.named("Hubble").items) == 20 + 30


def test_a_write_that_fails_leaves_the_list_as_it_was_and_says_so(
    lists: ReadingLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lists.into("Hubble", lambda now: now.with_papers([HUBBLE]))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "write_text", full)
        with pytest.raises(SidereusError, match="could not be kept \\(no space left on device\\)"):
            lists.change(made.id, lambda now: now.with_papers([PLANCK]))
    assert lists.named("Hubble").papers == (HUBBLE,)


def test_a_damaged_file_is_passed_over_and_left_alone(lists: ReadingLists, tmp_path: Path) -> None:
    lists.create("Hubble")
    damaged = tmp_path / "lists" / "0123456789ab.json"
    damaged.write_text('{"name": "Precious", ', encoding="utf-8")
    assert [kept.name for kept in lists.all()] == ["Hubble"]
    with pytest.raises(SidereusError):
        lists.change("0123456789ab", lambda now: now)
    lists.create("Precious")
    assert damaged.read_text(encoding="utf-8") == '{"name": "Precious", '


def test_ids_of_every_kind_name_papers_and_what_is_not_there_is_told(content: Content) -> None:
    found = named(
        ["# mine", "arXiv:2206.91005v2 2403.91001", "https://arxiv.org/abs/astro-ph/0302902", "1209.0000"], content
    )
    assert [paper.id for paper in found.papers] == ["2206.91005", "2403.91001", "astro-ph/0302902"]
    assert found.missing == ("1209.0000",)
    assert named(["quasars"], content).missing == ("quasars",)


def test_a_library_brings_its_keys_and_journals_and_the_index_its_abstracts(content: Content, tmp_path: Path) -> None:
    file = tmp_path / "mine.bib"
    file.write_text(BIB, encoding="utf-8")
    found = of_file(file, content)
    ours, book = found.papers
    assert (ours.id, ours.key, ours.journal, ours.volume, ours.year) == ("2206.91005", "mizuhara22", "ApJ", "930", 2023)
    (known,) = named(["2206.91005"], content).papers
    assert (ours.title, ours.abstract) == (known.title, known.abstract)
    assert (book.title, book.key, book.abstract) == ("A book of quills", "quill01", "")
    assert len(found.missing) == 1


def test_a_file_of_ids_is_read_and_one_of_nothing_is_told(content: Content, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("2206.91005\n\n# later\n2403.91001\n", encoding="utf-8")
    assert len(of_file(file, content).papers) == 2
    for name, data in (("empty.txt", b""), ("picture.png", b"\x89PNG\xff"), ("empty.bib", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SourceProblem, match=r"^[^\n]+\.$"):
            of_file(tmp_path / name, content)


@pytest.mark.parametrize("form", FORMS)
def test_a_list_goes_out_in_every_form(form: str) -> None:
    kept = with_papers(HUBBLE, WITHDRAWN, HOSTILE).noted(HUBBLE.id, "See *section 4*").tagged(HUBBLE.id, ["H0"])
    text = written(kept, form)
    assert text
    if form in ("markdown", "csv", "ris", "bibtex"):
        assert "See *section 4*" in text
    if form == "markdown":
        assert "# Hubble" in text
        assert "Tags: H0" in text
    if form == "bibtex":
        assert not bibtexparser.parse_string(text).failed_blocks


def test_the_command_line_keeps_the_same_lists(cli: Cli, home: Path, tmp_path: Path) -> None:
    settings = Settings(home=home)
    build_index(settings, "invented", str(write(tmp_path / "papers.jsonl", [*RECORDS])))
    (tmp_path / "mine.bib").write_text(BIB, encoding="utf-8")

    def lists(*words: str) -> str:
        result = cli("lists", *words)
        assert result.code == 0, result.err
        return result.out + result.err

    assert "no reading list yet" in lists("show")
    added = lists("add", "Wakes", "2206.91005", "astro-ph/0302902", "1209.0000", "--index", "invented")
    assert "Not in the index invented: 1209.0000" in added
    assert "Wakes now holds 2 papers: 2 added" in added
    assert "3 papers: 1 added, 1 there already" in lists("import", "wakes", str(tmp_path / "mine.bib"))
    assert "Tags: H0, to read" in lists("tag", "Wakes", "arXiv:2206.91005", "H0", "to read")
    assert "Tags: to read" in lists("tag", "Wakes", "2206.91005", "h0", "--remove")
    assert "Noted" in lists("note", "Wakes", "2206.91005", "See *section 4*")
    assert "1 papers" in lists("search", "section 4")
    assert "| See *section 4*" in lists("show", "Wakes", "--tag", "to read")
    assert "See *section 4*" in lists("export", "Wakes")
    assert lists("export", "Wakes", "--format", "citep", "--keys", "short").startswith("\\citep{")
    assert [one["papers"] for one in cli("lists", "show", "--json").json] == [3]
    assert "now holds 2 papers" in lists("remove", "Wakes", "2206.91005")
    lists("rename", "Wakes", "Later")
    lists("delete", "Later")
    assert "Later is back, with 2 papers" in lists("restore")
    assert "did you mean 'Later'" in cli("lists", "show", "Latr").sentence
    assert "is not in the list" in cli("lists", "note", "Later", "2403.91001", "x").sentence
    assert "No paper was added" in cli("lists", "add", "Later", "1209.0000", "--index", "invented").sentence


def test_papers_are_written_by_their_ids_in_the_form_asked_for(cli: Cli, home: Path, tmp_path: Path) -> None:
    build_index(Settings(home=home), "invented", str(write(tmp_path / "papers.jsonl", [*RECORDS])))
    assert "eprint        = {2206.91005}" in cli("export", "2206.91005", "--index", "invented").out
    plain = cli("export", "2206.91005", "2403.91001", "--format", "text")
    assert (plain.code, len(plain.out.splitlines())) == (0, 2)
    assert "None of these is in the index invented" in cli("export", "1209.0000").sentence
    assert "Give the arXiv ids" in cli("export", "-").sentence


def test_the_options_of_the_command_line_name_every_form_and_key() -> None:
    @options.citing
    def command() -> None: ...

    choices = {option.name: set(option.type.choices) for option in command.__click_params__ if option.name != "macros"}
    assert choices == {"form": set(FORMATS), "keys": set(KEYS)}
    for words in (["--ris"], ["--format", "ris"]):
        assert search.command.make_context("search", ["quasars", *words]).params["form"] == "ris"
