"""``sidereus index``: build, add, reembed, list, info, verify and remove; interruptions and neighbours."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from papers import ASTRONOMY, RECORDS, many, record, write
from workbench import EMBEDDING, Cli, clean_environment, start

from rag.index.filters import Filters
from rag.index.index import open_index
from rag.papers import Paper

DYING = Path(__file__).parent / "dying.py"


def contents(home: Path, name: str) -> dict[str, Paper]:
    """All papers of an index, by identifier."""
    index = open_index(home / "indexes", name)
    try:
        return {paper.id: paper for paper in index.papers(index.content.matching(Filters()).tolist())}
    finally:
        index.close()


def vector_of(home: Path, name: str, identifier: str) -> np.ndarray:
    """The stored vector of one paper."""
    index = open_index(home / "indexes", name)
    try:
        row = index.row_of(identifier)
        assert row is not None
        return index.vectors([row])[0]
    finally:
        index.close()


def last_run(home: Path, name: str) -> dict[str, object]:
    """What the last build or addition reported."""
    return dict(json.loads((home / "indexes" / name / "index.json").read_text(encoding="utf-8"))["runs"][-1])


# Building


def test_a_build_takes_the_papers_of_a_file_and_reports_them(cli: Cli, home: Path, bulk_file: Path) -> None:
    result = cli("index", "build", "mine", str(bulk_file))
    assert result.code == 0
    assert result.out == ""
    assert f"Index mine: {len(ASTRONOMY)} papers; {len(ASTRONOMY)} added, 0 changed" in result.err
    assert len(contents(home, "mine")) == len(ASTRONOMY)


def test_what_is_in_the_index_is_what_was_in_the_file(library: Path) -> None:
    papers = contents(library, "invented")
    paper = papers["2206.91005"]
    assert paper.title == "An overdensity of dwarf galaxies near the Quillfeather group"
    assert paper.authors == ("Oluwaseun Adebayo-Lind", "Hana Mizuhara", "Ilse Brandvold")
    assert (paper.year, paper.version, paper.kind) == (2022, 3, "abstract")
    assert paper.categories == ("astro-ph.GA", "astro-ph.CO")
    assert (paper.doi, paper.journal_ref) == ("10.9999/made-up.2206", "Journal of Invented Astronomy 12 (2022) 345")
    assert r"$\Lambda$CDM" in paper.abstract
    assert papers["0704.9028"].abstract == ""
    assert papers["1404.91017"].withdrawn


def test_an_index_remembers_its_model_dimensions_source_counts_and_version(cli: Cli, library: Path) -> None:
    info = cli("index", "info", "invented", "--json", home=library).json
    assert (info["model"], info["dimensions"], info["papers"]) == (EMBEDDING, 384, len(ASTRONOMY))
    assert info["years"] == [1996, 2025]
    assert info["kinds"] == {"abstract": len(ASTRONOMY)}
    assert info["version"]
    (run,) = info["runs"]
    assert run["what"] == "build"
    assert run["sources"][0].endswith("papers.jsonl")
    assert info["bytes"] > 10_000


def test_the_starter_collection_becomes_an_index_of_digests(cli: Cli, starter: Path) -> None:
    info = cli("index", "info", "starter", "--json", home=starter).json
    assert info["papers"] >= 250
    assert set(info["kinds"]) == {"digest"}


def test_a_build_can_be_narrowed_by_category_years_and_number(cli: Cli, home: Path, bulk_file: Path) -> None:
    wanted = ("--category", "astro-ph.SR", "--since", "2011", "--until", "2015", "--limit", "3")
    assert cli("index", "build", "mine", str(bulk_file), *wanted).code == 0
    assert set(contents(home, "mine")) == {"1511.91016", "1310.9019", "1310.9020"}


def test_several_sources_become_one_index(cli: Cli, home: Path, tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.jsonl", [*ASTRONOMY[:5]]), write(tmp_path / "b.json.gz", [*ASTRONOMY[3:9]])
    assert cli("index", "build", "mine", str(first), str(second)).code == 0
    assert len(contents(home, "mine")) == 9


def test_a_finished_index_is_not_built_again_without_force(cli: Cli, own_library: Path, bulk_file: Path) -> None:
    before = (own_library / "indexes" / "invented" / "index.json").read_bytes()
    result = cli("index", "build", "invented", str(bulk_file), home=own_library)
    assert result.code == 2
    assert "--force" in result.sentence
    assert (own_library / "indexes" / "invented" / "index.json").read_bytes() == before


def test_force_builds_anew_and_leaves_only_the_new_generation(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    for count, left in ((4, ["g0002"]), (5, ["g0003"])):
        source = write(tmp_path / f"{count}.jsonl", [*ASTRONOMY[:count]])
        assert cli("index", "build", "invented", str(source), "--force", home=own_library).code == 0
        assert len(contents(own_library, "invented")) == count
        assert sorted(path.name for path in (own_library / "indexes" / "invented").glob("g*")) == left


def test_bad_lines_are_skipped_counted_and_shown(cli: Cli, home: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "p.jsonl", [RECORDS[0], "bad line", RECORDS[1], '{"id": "x"}'])
    result = cli("index", "build", "mine", str(source))
    assert result.code == 0
    assert "2 skipped" in result.err
    assert "p.jsonl line 2" in result.err
    assert "p.jsonl line 4" in result.err
    assert len(contents(home, "mine")) == 2


def test_a_strict_build_stops_at_the_first_bad_line_and_makes_no_index(cli: Cli, home: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "p.jsonl", [RECORDS[0], "bad line", RECORDS[1]])
    result = cli("index", "build", "mine", str(source), "--strict")
    assert result.code == 1
    assert "p.jsonl line 2" in result.sentence
    assert cli("index", "list", "--json").json == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_versions_of_a_paper_the_newest_is_kept(
    cli: Cli, home: Path, tmp_path: Path, newest_first: bool
) -> None:
    versions = [record(f"2403.91001v{n}", f"Title {n}", "Ada Example", "astro-ph.EP", f"Text {n}.") for n in (3, 2, 1)]
    source = write(tmp_path / "p.jsonl", [*(versions if newest_first else versions[::-1]), RECORDS[1]])
    assert cli("index", "build", "mine", str(source)).code == 0
    papers = contents(home, "mine")
    assert len(papers) == 2
    assert (papers["2403.91001"].title, papers["2403.91001"].version) == ("Title 3", 3)


def test_a_newer_version_far_behind_in_the_file_still_wins(cli: Cli, home: Path, tmp_path: Path) -> None:
    newer = record("2501.00001v2", "The second version", "Ada Example", "astro-ph.IM", "Better.")
    source = write(tmp_path / "p.jsonl", [*many(300), newer])
    assert cli("index", "build", "mine", str(source)).code == 0
    papers = contents(home, "mine")
    assert (len(papers), papers["2501.00001"].title) == (300, "The second version")
    report = last_run(home, "mine")
    assert (report["added"], report["skipped"]) == (300, 0)


@pytest.mark.parametrize(
    ("lines", "arguments", "why"),
    [
        ([], (), "papers"),
        (["nonsense"], (), "No record"),
        ([RECORDS[0]], ("--category", "q-bio"), "--category"),
        ([RECORDS[0]], ("--since", "2030"), "--since"),
    ],
)
def test_a_build_that_finds_no_paper_says_why_and_makes_no_index(
    cli: Cli, tmp_path: Path, lines: list[str], arguments: tuple[str, ...], why: str
) -> None:
    source = write(tmp_path / "p.jsonl", [*lines])
    result = cli("index", "build", "mine", str(source), *arguments)
    assert result.code == 1
    assert why in result.sentence
    assert cli("index", "list", "--json").json == []


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "a b", "x" * 65, "-"])
def test_a_name_that_is_no_folder_name_is_refused(cli: Cli, bulk_file: Path, name: str) -> None:
    result = cli("index", "build", "--", name, str(bulk_file))
    assert result.code == 2
    assert "no name for an index" in result.sentence


def test_a_source_that_does_not_exist_is_a_wrong_command(cli: Cli, home: Path) -> None:
    result = cli("index", "build", "mine", "/no/such/file.jsonl")
    assert result.code == 2
    assert "/no/such/file.jsonl" in result.sentence
    assert not (home / "indexes" / "mine").exists()


def test_progress_shows_a_count_a_rate_and_the_time_left(cli: Cli, bulk_file: Path) -> None:
    shown = cli("index", "build", "mine", str(bulk_file)).err
    assert re.search(r"^Indexing  100%  38 papers  [\d,]+/s  0:00 left$", shown, re.MULTILINE), shown


# Adding, re-embedding


def test_add_brings_new_papers_newer_versions_and_leaves_the_rest(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    newer = {**RECORDS[0], "id": "2403.91001v2", "title": "Velamen-4b is a dry planet", "abstract": "No water at all."}
    fresh = record("2504.91001", "Trojans of a red giant", "Ada Example", "astro-ph.EP", "Trojan bodies survive.")
    source = write(tmp_path / "more.jsonl", [newer, fresh, RECORDS[1], RECORDS[2]])
    before = vector_of(own_library, "invented", "2403.91001")
    assert cli("index", "add", "invented", str(source), home=own_library).code == 0

    papers = contents(own_library, "invented")
    assert len(papers) == len(ASTRONOMY) + 1
    assert papers["2403.91001"].title == "Velamen-4b is a dry planet"
    assert not np.allclose(vector_of(own_library, "invented", "2403.91001"), before)
    report = last_run(own_library, "invented")
    assert (report["added"], report["changed"], report["unchanged"]) == (1, 1, 2)
    found = cli("search", "dry planet", "--index", "invented", "--json", home=own_library).json["hits"]
    assert found[0]["id"] == "2403.91001"
    assert [hit["id"] for hit in found].count("2403.91001") == 1
    assert cli("index", "verify", "invented", home=own_library).code == 0


def test_adding_what_is_there_already_changes_nothing(cli: Cli, own_library: Path, bulk_file: Path) -> None:
    assert cli("index", "add", "invented", str(bulk_file), home=own_library).code == 0
    report = last_run(own_library, "invented")
    assert (report["added"], report["changed"], report["unchanged"]) == (0, 0, len(ASTRONOMY))
    assert cli("search", "zinc sulphide", "--index", "invented", home=own_library).code == 0


def test_adding_an_older_version_keeps_the_newer_one(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    older = {**RECORDS[4], "title": "An old title", "versions": RECORDS[4]["versions"][:1]}
    assert cli("index", "add", "invented", str(write(tmp_path / "p.jsonl", [older])), home=own_library).code == 0
    assert contents(own_library, "invented")["2206.91005"].title != "An old title"


def test_adding_to_an_index_that_does_not_exist_says_how_to_build_it(cli: Cli, home: Path, bulk_file: Path) -> None:
    result = cli("index", "add", "nothing", str(bulk_file))
    assert result.code == 1
    assert "index build nothing" in result.sentence
    assert not (home / "indexes" / "nothing" / "index.json").exists()


def test_reembedding_needs_no_source_and_another_model_can_then_search(
    cli: Cli, own_library: Path, astrobert: Path
) -> None:
    before = contents(own_library, "invented")
    result = cli("index", "reembed", "invented", "--embedding", str(astrobert), home=own_library)
    assert result.code == 0, result.err
    assert contents(own_library, "invented") == before
    info = cli("index", "info", "invented", "--json", home=own_library).json
    assert info["model"] == str(astrobert)
    assert [run["what"] for run in info["runs"]] == ["build", "reembed"]
    found = cli("search", "zinc sulphide clouds", "--index", "invented", "--json", home=own_library)
    assert found.json["model"] == str(astrobert)
    assert found.json["hits"][0]["id"] == "2403.91002"
    refused = cli("search", "dust", "--index", "invented", "--embedding", EMBEDDING, home=own_library)
    assert refused.code == 1
    assert "index reembed" in refused.sentence


def test_searching_with_another_model_than_the_index_was_built_with_is_a_clear_error(
    cli: Cli, library: Path, astrobert: Path
) -> None:
    for arguments in (("search", "dust"), ("ask", "What is dust?")):
        result = cli(*arguments, "--index", "invented", "--embedding", str(astrobert), home=library)
        assert result.code == 1
        assert EMBEDDING in result.sentence
        assert "reembed" in result.sentence


def test_other_weights_under_the_same_name_are_noticed(cli: Cli, own_library: Path, models: Path) -> None:
    link = own_library / "models" / EMBEDDING
    link.unlink()
    link.mkdir()
    for path in (models / EMBEDDING).iterdir():
        (link / path.name).symlink_to(path)
    weights = bytearray((models / EMBEDDING / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (link / "model.safetensors").unlink()
    (link / "model.safetensors").write_bytes(weights)
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "other weights" in result.sentence


# Listing, verifying, removing


def test_list_shows_all_indexes(cli: Cli, library: Path) -> None:
    assert [entry["name"] for entry in cli("index", "list", "--json", home=library).json] == ["invented"]
    table = cli("index", "list", home=library).out
    assert "invented" in table
    assert "1996-2025" in table


def test_without_an_index_list_says_how_to_build_one(cli: Cli) -> None:
    result = cli("index", "list")
    assert result.code == 0
    assert "index build starter starter" in result.out


def test_info_is_text_for_people(cli: Cli, library: Path) -> None:
    result = cli("index", "info", "invented", home=library)
    assert "38 papers" in result.out
    assert "384 dimensions" in result.out


def test_verify_finds_a_whole_index_whole(cli: Cli, library: Path) -> None:
    result = cli("index", "verify", "invented", home=library)
    assert (result.code, result.out) == (0, "The index 'invented' is whole.\n")


def test_remove_takes_an_index_away_and_forgets_it(cli: Cli, own_library: Path) -> None:
    cli("search", "dust", "--index", "invented", home=own_library)
    assert cli("index", "remove", "invented", "--yes", home=own_library).code == 0
    assert not (own_library / "indexes" / "invented").exists()
    result = cli("search", "dust", home=own_library)
    assert result.code == 1
    assert "'starter'" in result.sentence


def test_remove_asks_first_and_without_an_answer_removes_nothing(sidereus: Cli, own_library: Path) -> None:
    result = sidereus("index", "remove", "invented", home=own_library)
    assert result.code == 1
    assert "Remove the index 'invented' for good?" in result.out + result.err
    assert "stays" in result.sentence
    assert "go on" not in result.err
    assert len(contents(own_library, "invented")) == len(ASTRONOMY)


def test_remove_leaves_files_that_are_not_the_index(cli: Cli, own_library: Path) -> None:
    kept = own_library / "indexes" / "invented" / "digests.jsonl"
    kept.write_text("{}\n", encoding="utf-8")
    assert cli("index", "remove", "invented", "--yes", home=own_library).code == 0
    assert [path.name for path in kept.parent.iterdir()] == ["digests.jsonl"]


@pytest.mark.parametrize("command", ["info", "verify", "remove", "reembed"])
def test_an_index_that_does_not_exist_is_one_sentence(cli: Cli, home: Path, command: str) -> None:
    result = cli("index", command, "nothing", *(["--yes"] if command == "remove" else []))
    assert result.code == 1
    assert "There is no index 'nothing'" in result.sentence
    assert not (home / "indexes" / "nothing").exists()


# Interruptions


def dying(home: Path, listing: Path, place: str, count: int, *arguments: str) -> int:
    """Run the command that is killed at a place; its exit code."""
    command = [sys.executable, str(DYING), str(listing), place, str(count), *arguments]
    done = subprocess.run(command, env=clean_environment(home), capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode


def test_a_build_killed_twice_ends_with_the_same_papers_and_embeds_no_text_twice(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "p.jsonl", [*many(600)])
    build = ("index", "build", "mine", str(source))
    texts, undisturbed = tmp_path / "texts", tmp_path / "undisturbed"
    assert dying(home, undisturbed, "nowhere", 0, "index", "build", "calm", str(source)) == 0
    assert dying(home, texts, "rag.models.embedder:OnnxEmbedder.encode", 2, *build) == -signal.SIGKILL
    assert not (home / "indexes" / "mine" / "index.json").exists()
    assert dying(home, texts, "rag.index.build:write_manifest", 1, *build) == -signal.SIGKILL
    assert not (home / "indexes" / "mine" / "index.json").exists()
    assert dying(home, texts, "nowhere", 0, *build) == 0

    assert contents(home, "mine") == contents(home, "calm")
    sample = ["2501.00001", "2501.00300", "2501.00600"]
    for identifier in sample:
        assert np.allclose(vector_of(home, "mine", identifier), vector_of(home, "calm", identifier), atol=1e-5)
    embedded = Counter(texts.read_text(encoding="utf-8").splitlines())
    assert len(embedded) == 600
    assert set(embedded.values()) == {1}
    assert sorted(path.name for path in (home / "indexes" / "mine").iterdir() if path.name != ".lock") == [
        "g0002",
        "index.json",
    ]


@pytest.mark.parametrize(
    ("place", "count"),
    [
        ("rag.index.journal:Journal.add", 1),
        ("rag.index.assembly:content.add_columns", 1),
        ("rag.index.assembly:sync_tree", 1),
        ("rag.index.build:write_manifest", 1),
    ],
)
def test_wherever_a_rebuild_is_killed_the_index_in_use_stays_whole(
    cli: Cli, own_library: Path, tmp_path: Path, place: str, count: int
) -> None:
    source = write(tmp_path / "few.jsonl", [*ASTRONOMY[:4]])
    rebuild = ("index", "build", "invented", str(source), "--force")
    assert dying(own_library, tmp_path / "texts", place, count, *rebuild) == -signal.SIGKILL
    assert cli("index", "verify", "invented", home=own_library).code == 0
    assert len(contents(own_library, "invented")) == len(ASTRONOMY)
    assert cli(*rebuild, home=own_library).code == 0
    assert len(contents(own_library, "invented")) == 4


def test_an_addition_killed_on_the_way_and_run_again_is_as_if_undisturbed(
    cli: Cli, own_library: Path, tmp_path: Path
) -> None:
    addition = ("index", "add", "invented", str(write(tmp_path / "more.jsonl", [*many(20)])))
    for place in ("rag.index.assembly:content.add_columns", "rag.index.build:write_manifest"):
        assert dying(own_library, tmp_path / "texts", place, 1, *addition) == -signal.SIGKILL
        assert len(contents(own_library, "invented")) == len(ASTRONOMY)
    assert cli(*addition, home=own_library).code == 0
    assert len(contents(own_library, "invented")) == len(ASTRONOMY) + 20
    assert last_run(own_library, "invented")["added"] == 20
    assert len((tmp_path / "texts").read_text(encoding="utf-8").splitlines()) == 20


def test_a_reembedding_killed_at_its_end_and_run_again_keeps_the_history(
    cli: Cli, own_library: Path, tmp_path: Path
) -> None:
    again = ("index", "reembed", "invented", "--embedding", EMBEDDING)
    for count in (1, 2):
        dying(own_library, tmp_path / "texts", "rag.index.build:write_manifest", count, *again)
        assert cli("index", "verify", "invented", home=own_library).code == 0
        assert len(contents(own_library, "invented")) == len(ASTRONOMY)
    assert cli(*again, home=own_library).code == 0
    info = cli("index", "info", "invented", "--json", home=own_library).json
    assert info["runs"][0]["what"] == "build"
    assert info["runs"][-1]["what"] == "reembed"


def test_a_build_of_another_plan_does_not_go_on_with_what_an_interrupted_one_left(
    cli: Cli, home: Path, tmp_path: Path
) -> None:
    first, second = write(tmp_path / "a.jsonl", [*ASTRONOMY[:5]]), write(tmp_path / "b.jsonl", [*ASTRONOMY[5:8]])
    build = ("index", "build", "mine")
    assert dying(home, tmp_path / "texts", "rag.index.assembly:sync_tree", 1, *build, str(first)) == -signal.SIGKILL
    assert cli(*build, str(second)).code == 0
    assert len(contents(home, "mine")) == 3


@pytest.fixture
def long_build(own_library: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A rebuild of ``invented`` that would take minutes, after its first batch was committed."""
    source = write(tmp_path / "many.jsonl", [*many(4000, sentences=20)])
    building = start(own_library, "index", "build", "invented", str(source), "--force")
    journal = own_library / "indexes" / "invented" / "building" / "journal.sqlite"
    deadline = time.monotonic() + 120
    while not committed(journal):
        assert building.poll() is None, building.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield building
    building.kill()
    building.communicate()


def committed(journal: Path) -> int:
    """How many papers a journal holds."""
    if not journal.exists():
        return 0
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        return int(db.execute("SELECT count(*) FROM papers").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0
    finally:
        db.close()


def test_a_rebuild_leaves_the_index_searchable_turns_away_a_second_one_and_stops_at_ctrl_c(
    cli: Cli, own_library: Path, bulk_file: Path, long_build: subprocess.Popen[str]
) -> None:
    found = cli("search", "zinc sulphide clouds", "--index", "invented", "--json", home=own_library)
    assert found.json["hits"][0]["id"] == "2403.91002"
    for second in (
        ("index", "build", "invented", str(bulk_file), "--force"),
        ("index", "add", "invented", str(bulk_file)),
        ("index", "remove", "invented", "--yes"),
    ):
        result = cli(*second, home=own_library)
        assert result.code == 1
        assert "Another process is writing the index 'invented'" in result.sentence
    assert long_build.poll() is None

    long_build.send_signal(signal.SIGINT)
    _, err = long_build.communicate(timeout=60)
    assert long_build.returncode == 130
    assert "Traceback" not in err
    assert "Run the same command again" in err
    assert len(contents(own_library, "invented")) == len(ASTRONOMY)
    assert committed(own_library / "indexes" / "invented" / "building" / "journal.sqlite") >= 256
