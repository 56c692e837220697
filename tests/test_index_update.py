"""``sidereus index update``: what is new in the sources, at any moment, while a chat answers; vectors in files."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from arxiv_server import ArxivServer, articles
from papers import ASTRONOMY, many, record, write
from quick import QuickEmbedder, build_index, contents, update_index
from workbench import Cli, clean_environment

from rag.errors import IndexProblem, SidereusError, UsageError
from rag.index import build
from rag.index.check import check_index
from rag.index.harvest import supersedes
from rag.index.index import open_index
from rag.index.journal import Journal, Progress
from rag.index.vectors import GivenVectors, VectorFile, export_vectors
from rag.papers import Paper
from rag.session import Session
from rag.settings import Settings, load_settings
from rag.sources import open_source
from rag.storage import locked

QUICK = Path(__file__).parent / "quick.py"
PAPER = Paper("2403.91001", "T", ("A. One",), "Text.", 2024, ("astro-ph.EP",))


@pytest.fixture
def arxiv() -> Iterator[ArxivServer]:
    """A server with thirty papers."""
    with ArxivServer(articles(30), page=10) as server:
        yield server


@pytest.fixture
def online(arxiv: ArxivServer) -> dict[str, str]:
    """The environment for commands that may reach that server."""
    return {
        "SIDEREUS_OFFLINE": "0",
        "SIDEREUS_OAI_URL": arxiv.oai,
        "SIDEREUS_ARXIV_URL": arxiv.api,
        "SIDEREUS_ARXIV_PAUSE": "0.01",
    }


# The commands


def test_one_command_builds_and_another_keeps_it_current(
    cli: Cli, home: Path, arxiv: ArxivServer, online: dict[str, str]
) -> None:
    assert cli("index", "build", "sky", "oai:astro-ph", env=online).code == 0
    newest, deleted = articles(31)[30], arxiv.articles[4]
    arxiv.articles.append(replace(newest, datestamp="2026-11-20", title="A comet of cheese"))
    arxiv.change(deleted.id, deleted=True, datestamp="2026-11-20")
    result = cli("index", "update", "sky", env=online)
    assert result.code == 0, result.err
    assert "1 added, 0 changed, 1 removed" in result.err
    assert cli("search", "comet of cheese", "--json").json["hits"][0]["id"] == newest.id
    assert deleted.id not in contents(Settings(home=home), "sky")

    shown = cli("index", "info", "sky").out
    assert "oai:astro-ph" in shown
    assert "from 2026-11-20" in shown
    info = cli("index", "info", "sky", "--json").json
    assert [feed["source"] for feed in info["feeds"]] == ["oai:astro-ph"]
    assert [run["what"] for run in info["runs"]] == ["build", "update"]
    assert cli("index", "verify", "sky").code == 0


def test_a_dry_run_says_how_many_and_how_long_and_writes_nothing(
    cli: Cli, home: Path, online: dict[str, str], arxiv: ArxivServer, bulk_file: Path
) -> None:
    for source, count in (("oai:astro-ph", 30), ("arxiv:cat:astro-ph.SR", 10), (str(bulk_file), len(ASTRONOMY))):
        result = cli("index", "build", "sky", source, "--dry-run", env=online)
        assert result.code == 0, result.err
        assert re.search(rf"about {count} papers; reading takes about \d+:\d\d.*embedding.*\d+:\d\d", result.out)
    assert not (home / "indexes").exists()
    cli("index", "build", "sky", "oai:astro-ph", env=online)
    assert "about 0 papers" in cli("index", "update", "sky", "--dry-run", env=online).out


def test_offline_neither_builds_nor_updates_from_the_network(
    cli: Cli, online: dict[str, str], arxiv: ArxivServer
) -> None:
    result = cli("index", "build", "sky", "oai:astro-ph")
    assert (result.code, "--offline" in result.sentence) == (2, True)
    cli("index", "build", "sky", "oai:astro-ph", env=online)
    asked = len(arxiv.log)
    result = cli("index", "update", "sky")
    assert (result.code, "--offline" in result.sentence) == (2, True)
    assert len(arxiv.log) == asked


def test_an_update_of_files_reads_those_that_changed(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "mine.jsonl", [*many(3)])
    assert cli("index", "build", "mine", str(source), home=own_library).code == 0
    assert "0 added, 0 changed, 0 removed, 0 already there" in cli("index", "update", home=own_library).err
    write(source, [*many(5)])
    assert "2 added, 0 changed, 0 removed, 3 already there" in cli("index", "update", home=own_library).err
    source.unlink()
    result = cli("index", "update", "mine", home=own_library)
    assert (result.code, "no longer there" in result.err) == (2, True)
    assert "index add mine SOURCE" in result.sentence


def test_columns_are_kept_for_later_updates(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Titel,Text,year\nErster,Ein Text,2001\n", encoding="utf-8")
    arguments = ("index", "build", "mine", str(table), "--columns", "title=Titel,abstract=Text")
    assert cli(*arguments, home=own_library).code == 0
    table.write_text("Titel,Text,year\nErster,Ein Text,2001\nZweiter,Noch einer,2002\n", encoding="utf-8")
    assert "1 added" in cli("index", "update", home=own_library).err


def test_an_index_without_sources_says_how_to_get_one(cli: Cli, own_library: Path) -> None:
    settings = Settings(home=own_library)
    manifest = open_index(settings.indexes, "invented").manifest
    with pytest.raises(UsageError, match="index add invented SOURCE"):
        build.due(replace(manifest, feeds=()), lambda feed: None)


def test_a_second_update_says_so_and_leaves(arxiv: ArxivServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, oai_url=arxiv.oai, arxiv_pause=0.01)
    build_index(settings, "sky", "oai:astro-ph")
    with locked(settings.indexes / "sky" / ".lock", ""), pytest.raises(SidereusError, match="Another process"):
        update_index(settings, "sky")


def test_an_update_with_other_weights_is_refused(arxiv: ArxivServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, oai_url=arxiv.oai, arxiv_pause=0.01)
    build_index(settings, "sky", "oai:astro-ph")
    other = QuickEmbedder()
    other.weights = "others"
    with pytest.raises(IndexProblem, match="other weights"):
        update_index(settings, "sky", other)


# What takes the place of what


@pytest.mark.parametrize(
    ("new", "current", "expected"),
    [
        ({}, True, False),
        ({"version": 2}, False, True),
        ({"version": 0, "title": "Older"}, True, False),
        ({"title": "Edited"}, True, True),
        ({"title": "Edited"}, False, False),
        ({"kind": "digest", "version": 9}, True, False),
    ],
)
def test_a_newer_version_or_current_words_take_the_place(new: dict[str, object], current: bool, expected: bool) -> None:
    assert supersedes(replace(PAPER, **new), PAPER, current) is expected  # type: ignore[arg-type]


def test_an_abstract_takes_the_place_of_a_digest() -> None:
    assert supersedes(PAPER, replace(PAPER, kind="digest", version=3), False)
    assert supersedes(PAPER, None, False)


# The journal


def test_a_journal_keeps_pages_cursors_and_vectors(tmp_path: Path) -> None:
    place = tmp_path / "j" / "journal.sqlite"
    papers = [replace(PAPER, id=f"2403.9100{n}") for n in range(3)]
    journal = Journal(place)
    journal.set_facts({"model": "m", "limit": None})
    journal.add(0, Progress({"page": 1}, read=3, taken=3), papers, known={papers[2].id})
    positions = [position for position, _ in journal.pending(0, 10)]
    journal.embed(positions, np.array([[0, 1], [2, 3], [4, 5]], dtype=np.float32))
    journal.add(0, Progress({"page": 2}), [replace(papers[1], version=2, title="Newer")], gone={"x", papers[0].id})
    journal.close()

    again = Journal(place)
    assert again.facts() == {"model": "m", "limit": None}
    assert again.progress(0).cursor == {"page": 2}
    assert again.progress(1) == Progress()
    ((position, paper),) = again.pending(0, 10)
    assert (paper.title, position > max(positions)) == ("Newer", True)
    again.embed([position], np.array([[9, 9]], dtype=np.float32))
    assert [(paper.id, vector.tolist()) for paper, vector in again] == [(papers[2].id, [4, 5]), (papers[1].id, [9, 9])]
    assert (len(again), again.embedded(), again.gone()) == (2, 2, [])
    counts = again.counts()
    assert (counts.added, counts.changed, counts.removed) == (1, 1, 0)


# Kills


def survive(place: Path, papers: int, kills: int, longest: float = 4.5, seed: int = 1) -> int:
    """Kill a build at random moments, and then an update; each run again until it ends, they end as they should.

    Gives how many kills met a running process.
    """
    chance, met = random.Random(seed), 0
    with ArxivServer(articles(papers), page=papers // 30, seconds=0.05) as arxiv:
        settings = Settings(home=place, oai_url=arxiv.oai, arxiv_pause=0.03)
        for what, specs in (("build", ("oai:astro-ph",)), ("update", ())):
            listing = place / f"{what}.txt"
            arxiv.log.clear()
            killed = sum(
                interrupted(settings, listing, chance.uniform(0.6, longest), what, "sky", *specs)
                for _ in range(kills // 2)
            )
            met += killed
            assert interrupted(settings, listing, None, what, "sky", *specs) == 0
            expected = {a.id: (a.title, a.version) for a in arxiv.articles if not a.deleted}
            assert {i: (p.title, p.version) for i, p in contents(settings, "sky").items()} == expected
            embedded = Counter(listing.read_text(encoding="utf-8").splitlines())
            assert sum(embedded.values()) - len(embedded) <= killed * build.BATCH
            asked = Counter(one.fields.get("resumptionToken", "") for one in arxiv.log)
            del asked[""]
            assert sum(asked.values()) - len(asked) <= killed
            assert check_index(settings.indexes, "sky") == []
            arxiv.today = "2026-11-21"
            for number, article in enumerate(arxiv.articles[: papers // 2]):
                changes = {"deleted": True} if number % 5 == 0 else {"version": 2, "title": f"New {number}"}
                arxiv.change(article.id, datestamp="2026-11-21", **changes)
    return met


def interrupted(settings: Settings, listing: Path, seconds: float | None, *arguments: str) -> int:
    """Run quick.py and kill it after so many seconds; 1 when it was still running then."""
    environment = clean_environment(settings.home)
    environment |= {"SIDEREUS_OFFLINE": "0", "SIDEREUS_OAI_URL": settings.oai_url, "SIDEREUS_ARXIV_PAUSE": "0.03"}
    command = [sys.executable, str(QUICK), str(settings.home), str(listing), *arguments]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        _, err = running.communicate(timeout=seconds)
        assert running.returncode == 0, err
        return 0
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
        running.communicate()
        return 1


def test_killed_at_random_moments_and_run_again_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    assert survive(tmp_path, papers=1500, kills=4, longest=3.0) >= 3


# A chat beside


def test_a_running_chat_takes_up_new_papers_and_answers_all_the_while(
    cli: Cli, own_library: Path, tmp_path: Path
) -> None:
    session = Session(load_settings(home=own_library, index="invented", offline=True))
    before = session.index
    assert session.describe().papers == len(ASTRONOMY)
    failures: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            try:
                assert session.search("zinc sulphide clouds").hits[0].paper.id == "2403.91002"
            except BaseException as error:
                failures.append(error)

    thread = threading.Thread(target=search)
    thread.start()
    for number in (1, 2):
        fresh = record(f"2504.9100{number}", f"Cheese comets {number}", "Ada Example", "astro-ph.EP", "Comets melt.")
        source = write(tmp_path / f"{number}.jsonl", [fresh])
        assert cli("index", "add", "invented", str(source), home=own_library).code == 0
        assert session.search(f"Cheese comets {number}").hits[0].paper.id == f"2504.9100{number}"
    stop.set()
    thread.join()
    assert failures == []
    assert session.describe().papers == len(ASTRONOMY) + 2
    # What was open before two swaps still reads.
    row = before.row_of("2403.91002") or 0
    assert before.papers([row])[0].id == "2403.91002"
    assert before.matching_words("zinc sulphide", 1)[0].tolist() == [row]
    assert before.nearest(before.vectors([row])[0], 1)[0].tolist() == [row]
    before.close()


def test_an_index_can_be_opened_at_any_moment_of_its_updates(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    source = tmp_path / "mine.jsonl"
    build_index(settings, "mine", str(write(source, [*many(1)])))
    failures: list[BaseException] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            try:
                open_index(settings.indexes, "mine").close()
            except BaseException as error:
                failures.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for count in range(2, 12):
        write(source, [*many(count)])
        assert update_index(settings, "mine").runs[-1].added == 1
    stop.set()
    thread.join()
    assert failures == []
    assert [path.name for path in (settings.indexes / "mine").glob("g*")] == ["g0011"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which files a process holds")
def test_a_chat_gives_back_what_the_index_before_took(own_library: Path, tmp_path: Path) -> None:
    def removed() -> list[str]:
        held = [str(link.readlink()) for link in list(Path("/proc/self/fd").iterdir()) if link.is_symlink()]
        return [path for path in held if str(own_library) in path and path.endswith("(deleted)")]

    session = Session(load_settings(home=own_library, index="invented", offline=True))
    assert session.search("zinc sulphide clouds").hits
    plan = build.Plan("invented", (open_source(str(write(tmp_path / "p.jsonl", [*many(1)]))),))
    build.add(own_library / "indexes", plan, lambda model: session.embedder)
    assert removed()
    assert session.search("zinc sulphide clouds").hits
    assert removed() == []


def test_a_chat_whose_new_index_is_damaged_goes_on_with_the_one_it_has(own_library: Path) -> None:
    session = Session(load_settings(home=own_library, index="invented", offline=True))
    assert session.search("zinc sulphide clouds").hits
    (own_library / "indexes" / "invented" / "index.json").write_text("{", encoding="utf-8")
    assert session.search("zinc sulphide clouds").hits


# Vectors in files


def test_vectors_of_one_index_build_another_without_embedding(arxiv: ArxivServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, oai_url=arxiv.oai, arxiv_pause=0.01)
    build_index(settings, "one", "oai:astro-ph")
    file = tmp_path / "vectors.npz"
    assert export_vectors(settings.indexes, "one", file) == 30
    arxiv.articles.append(replace(articles(31)[30], datestamp="2026-11-20"))
    embedder = QuickEmbedder()
    plan = build.Plan("two", (open_source("oai:astro-ph", settings),))
    build.build(settings.indexes, plan, GivenVectors(embedder, VectorFile(file)))
    assert len(embedder.embedded) == 1
    one, two = open_index(settings.indexes, "one"), open_index(settings.indexes, "two")
    for article in arxiv.articles[:30]:
        rows = [index.row_of(article.id) for index in (one, two)]
        assert None not in rows
        pair = [index.vectors([row or 0])[0] for index, row in zip((one, two), rows, strict=True)]
        assert np.allclose(*pair, atol=1e-3)

    other = QuickEmbedder()
    other.weights = "others"
    with pytest.raises(IndexProblem, match="same model"):
        GivenVectors(other, VectorFile(file))


def test_vectors_are_exported_and_imported_by_commands(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    assert cli("index", "export-vectors", "invented", str(file), home=own_library).code == 0
    result = cli("index", "import-vectors", "invented", str(file), home=own_library)
    assert result.code == 0, result.err
    assert cli("search", "zinc sulphide clouds", "--json", "--index", "invented", home=own_library).json["hits"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04"])
def test_what_is_no_file_of_vectors_is_refused(cli: Cli, own_library: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "vectors.npz"
    file.write_bytes(content)
    result = cli("index", "import-vectors", "invented", str(file), home=own_library)
    assert result.code == 2
    assert "export-vectors" in result.sentence


def test_an_unknown_device_is_one_sentence(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "p.jsonl", [*many(2)])
    result = cli("index", "add", "invented", str(source), "--device", "abacus", home=own_library)
    assert result.code == 2
    assert "'abacus'" in result.sentence
