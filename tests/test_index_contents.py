"""Every byte of an index is as it was written, or that is said, before anything believes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from workbench import Cli

from rag.index.manifest import read_manifest, write_manifest
from rag.index.shape import check_shape

PARTS = ("documents", "embeddings", "scoring", "scoring.terms", "config.json")
# Where Faiss keeps the numbers of a plain index: first those of the outside, then those of the inside.
OUTSIDE, INSIDE, LAYOUT = 4, 41, {"dimensions": 0, "vectors": 4, "metric": 29}


def part(home: Path, name: str) -> Path:
    """A file of the index ``invented``."""
    return home / "indexes" / "invented" / "g0001" / name


def changed(path: Path, place: int, bits: int = 1) -> None:
    """Flip bits of one byte of a file."""
    content = bytearray(path.read_bytes())
    content[place] ^= bits
    path.write_bytes(content)


def without_sums(home: Path) -> None:
    """Make the index one of a Sidereus that wrote no checksums."""
    folder = home / "indexes" / "invented"
    record = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    del record["sums"]
    (folder / "index.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("name", PARTS)
def test_one_flipped_bit_anywhere_is_found(cli: Cli, own_library: Path, name: str, share: float) -> None:
    path = part(own_library, name)
    changed(path, int(path.stat().st_size * share))
    result = cli("index", "verify", "invented", home=own_library)
    assert result.code == 1
    assert f"{path} does not hold what was written" in result.sentence


def test_doctor_finds_it_too(cli: Cli, own_library: Path) -> None:
    changed(part(own_library, "scoring.terms"), 1000)
    assert "scoring.terms does not hold what was written" in cli("doctor", home=own_library).out


def test_an_index_without_checksums_opens_and_is_told_how_to_get_them(cli: Cli, own_library: Path) -> None:
    without_sums(own_library)
    assert cli("search", "dust", "--index", "invented", home=own_library).code == 0
    verified = cli("index", "verify", "invented", home=own_library)
    assert verified.code == 0
    assert "'sidereus index refresh invented' adds" in verified.out
    assert cli("index", "refresh", "invented", home=own_library).code == 0
    assert cli("index", "verify", "invented", home=own_library).out == "The index 'invented' is whole.\n"
    changed(part(own_library, "scoring.terms"), 1000)
    assert cli("index", "verify", "invented", home=own_library).code == 1


def test_damage_that_can_be_seen_gets_no_checksum(cli: Cli, own_library: Path) -> None:
    without_sums(own_library)
    changed(part(own_library, "embeddings"), OUTSIDE)
    assert "damaged" in cli("index", "refresh", "invented", home=own_library).sentence


def test_nothing_is_written_from_a_damaged_index(cli: Cli, own_library: Path, bulk_file: Path) -> None:
    changed(part(own_library, "scoring.terms"), 1000)
    result = cli("index", "add", "invented", str(bulk_file), home=own_library)
    assert result.code == 1
    assert "does not hold what was written" in result.sentence


def test_damaged_vectors_are_made_again_from_the_papers(cli: Cli, own_library: Path) -> None:
    changed(part(own_library, "embeddings"), OUTSIDE)
    assert cli("index", "reembed", "invented", home=own_library).code == 0
    assert cli("index", "verify", "invented", home=own_library).code == 0


@pytest.mark.parametrize("what", LAYOUT)
@pytest.mark.parametrize("side", [OUTSIDE, INSIDE])
@pytest.mark.parametrize("bits", [1, 0x80])
def test_vectors_of_another_shape_are_one_sentence_and_no_crash(
    sidereus: Cli, own_library: Path, what: str, side: int, bits: int
) -> None:
    without_sums(own_library)
    changed(part(own_library, "embeddings"), side + LAYOUT[what], bits)
    for arguments in (("search", "dust", "--index", "invented"), ("index", "verify", "invented")):
        result = sidereus(*arguments, home=own_library)
        assert result.code == 1, f"{arguments[0]} with other {what}"
        assert "damaged" in result.sentence


def test_a_manifest_that_says_other_dimensions_is_not_believed(cli: Cli, own_library: Path) -> None:
    folder = own_library / "indexes" / "invented"
    write_manifest(folder, replace(read_manifest(folder), dimensions=4096))
    assert "dimensions 384 and not 4096" in cli("search", "dust", "--index", "invented", home=own_library).sentence


CLUSTERED: dict[str, Callable[[Any], object]] = {
    "dimensions": lambda index: setattr(index, "d", 8),
    "vectors": lambda index: setattr(index, "ntotal", 9),
    "metric": lambda index: setattr(index, "metric_type", faiss.METRIC_L2),
    "clusters": lambda index: setattr(index, "nlist", 99),
    "dimensions of the centres": lambda index: setattr(index.quantizer, "d", 8),
    "quantized dimensions": lambda index: setattr(index.sq, "d", 8),
    "bytes a vector": lambda index: setattr(index, "code_size", 4),
}


@pytest.mark.parametrize("what", CLUSTERED)
def test_clustered_vectors_agree_in_everything(what: str) -> None:
    vectors = np.random.default_rng(0).normal(size=(900, 24)).astype(np.float32)
    index = faiss.index_factory(24, "IVF16,SQfp16", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    check_shape(index, 24, 900)
    CLUSTERED[what](index)
    with pytest.raises(ValueError, match="the file of vectors has"):
        check_shape(index, 24, 900)
