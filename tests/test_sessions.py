"""Several indexes open at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from papers import many, write

from rag.additions import add_papers
from rag.errors import IndexProblem
from rag.session import Session
from rag.sessions import Sessions
from rag.settings import load_settings
from rag.sources import open_source


@pytest.fixture
def sessions(own_library: Path) -> Sessions:
    """The index ``invented``, and a copy of it called ``second``."""
    second = own_library / "indexes" / "second"
    shutil.copytree(own_library / "indexes" / "invented", second)
    manifest = json.loads((second / "index.json").read_text())
    (second / "index.json").write_text(json.dumps({**manifest, "name": "second"}))
    return Sessions(Session(load_settings(home=own_library, index="invented", offline=True)))


def test_indexes_share_their_models_but_nothing_else(sessions: Sessions) -> None:
    first, second = sessions.of(""), sessions.of("second")
    assert sessions.names() == ("invented", "second")
    assert sessions.of("invented") is first is sessions.first
    assert sessions.of("second") is second is not first
    assert (first.describe().index, second.describe().index) == ("invented", "second")
    assert second.embedder is first.embedder
    assert second.index is not first.index
    assert second.llm is first.llm
    assert second.pipeline.turnstile is first.pipeline.turnstile


def test_papers_that_were_added_are_there_for_every_session(sessions: Sessions, tmp_path: Path) -> None:
    first, second = sessions.of("invented"), sessions.of("second")
    assert second.search("black holes").hits
    before = second.describe().papers
    for name in ("invented", "second"):
        source = open_source(str(write(tmp_path / f"{name}.jsonl", [*many(2)])))
        assert add_papers(sessions, name, source).papers == before + 2
    assert (first.describe().papers, second.describe().papers) == (before + 2, before + 2)
    assert sessions.of("second") is second
    found = [session.search("entry 2 of the Nightjar survey").hits[0].paper.id for session in (first, second)]
    assert found == ["2501.00002"] * 2


def test_an_index_that_is_not_there_is_told_and_not_remembered(sessions: Sessions) -> None:
    with pytest.raises(IndexProblem, match="nowhere"):
        sessions.of("nowhere")
    assert "nowhere" not in sessions.names()
