"""Embedding in several processes: the same vectors, and nothing lost or left behind when a process is killed."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from papers import many, write
from quick import contents
from workbench import EMBEDDING as EMBEDDING_MODEL
from workbench import Cli, clean_environment

from rag.errors import SidereusError
from rag.index import build
from rag.index.filters import Filters
from rag.index.index import open_index
from rag.index.workers import threads_each
from rag.models.embedder import Embedder, Vectors
from rag.settings import Settings
from rag.sources import open_source

EMBEDDING = f"""
import time
from rag.index.workers import Workers
from rag.models import catalog, embedder
from rag.settings import load_settings

model = embedder.load(load_settings().models, catalog.find("{EMBEDDING_MODEL}", "embedding"), 1)
with Workers(model, 2) as workers:
    for position in (1, 2):
        workers.begin([position], ["A text."])
    assert {{tuple(workers.finished()[0]) for _ in range(2)}} == {{(1,), (2,)}}
    workers.begin([3], ["Another."] * 5000)
    print("ready", flush=True)
    time.sleep(600)
"""


def all_vectors(settings: Settings, name: str) -> Vectors:
    index = open_index(settings.indexes, name)
    try:
        return index.vectors(index.content.matching(Filters()).tolist())
    finally:
        index.close()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "BATCH", 16)


def test_processes_embed_the_same_vectors_to_the_last_bit(
    small_batches: None, minilm: Embedder, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    source = str(write(tmp_path / "p.jsonl", [*many(100)]))
    for name, processes in (("one", 1), ("three", 3)):
        plan = build.Plan(name, (open_source(source),), processes=processes)
        assert build.build(settings.indexes, plan, minilm).papers == 100
    assert contents(settings, "three") == contents(settings, "one")
    assert np.array_equal(all_vectors(settings, "three"), all_vectors(settings, "one"))


def test_the_commands_take_processes(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "p.jsonl", [*many(5)])
    result = cli("index", "add", "invented", str(source), "--processes", "2", home=own_library)
    assert result.code == 0, result.err
    assert "5 added" in result.err
    given = tmp_path / "vectors.npz"
    assert cli("index", "export-vectors", "invented", str(given), home=own_library).code == 0
    both = ("--vectors", str(given), "--processes", "2")
    assert cli("index", "build", "again", str(source), *both, home=own_library).code == 0
    result = cli("index", "add", "invented", str(source), "--processes", "2", "--device", "cuda", home=own_library)
    assert (result.code, "--device" in result.sentence) == (2, True)


def test_a_process_that_is_killed_is_one_sentence_and_the_build_goes_on_from_there(
    small_batches: None, minilm: Embedder, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    plan = build.Plan("mine", (open_source(str(write(tmp_path / "p.jsonl", [*many(100)]))),), processes=2)

    def kill(done: int, fraction: float, stage: str = "") -> None:
        if done:
            multiprocessing.active_children()[0].kill()

    with pytest.raises(SidereusError, match="smaller --processes"):
        build.build(settings.indexes, plan, minilm, progress=kill)
    told: list[int] = []
    manifest = build.build(settings.indexes, plan, minilm, progress=lambda done, fraction, stage="": told.append(done))
    assert manifest.papers == 100
    assert told[0] in (16, 32)


def test_processes_die_with_the_one_that_started_them(home: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", EMBEDDING],
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    assert running.stdout.readline() == "ready\n"
    children = psutil.Process(running.pid).children()
    assert len(children) >= 2
    running.kill()
    running.communicate()
    assert psutil.wait_procs(children, timeout=20)[1] == []


def test_threads_are_shared_out() -> None:
    assert threads_each(None, 1) is None
    assert threads_each(8, 1) == 8
    assert threads_each(8, 3) == 2
    assert threads_each(2, 4) == 1
