"""Writing the next generation of an index: the room it needs, and how far it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from papers import many, write
from quick import QuickEmbedder

from rag.errors import IndexProblem
from rag.index import room
from rag.index.build import Plan, build
from rag.index.manifest import read_manifest
from rag.sources import open_source


def test_too_little_room_is_told_before_anything_is_written(own_library: Path, tmp_path: Path) -> None:
    indexes = own_library / "indexes"
    manifest = read_manifest(indexes / "invented")
    for base, papers in ((None, 10**9), (replace(manifest, files={"documents": 10**15}), 0)):
        with pytest.raises(
            IndexProblem, match=r"disk is full but for .* GB, and the index 'invented' needs about .* GB"
        ):
            room.require(indexes / "invented", base, papers)
    room.require(indexes / "invented", manifest, 10)


def test_reading_and_assembling_are_told_each_from_nothing_to_all(home: Path, tmp_path: Path) -> None:
    told: dict[str, list[float]] = {}
    source = open_source(str(write(tmp_path / "p.jsonl", [*many(30)])))
    plan = Plan("mine", (source,))
    build(
        home / "indexes",
        plan,
        QuickEmbedder(),
        progress=lambda _, share, stage="": told.setdefault(stage, []).append(share),
    )
    assert list(told) == ["", "Assembling", "Reading files"]  # these to take their checksums
    for shares in told.values():
        assert shares == sorted(shares)
        assert shares[-1] == 1
    assert told[""][0] == told["Assembling"][0] == 0
    assert len(set(told["Assembling"])) > 30
