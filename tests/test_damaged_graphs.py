"""What is made of a model's weights once, for speed, is noticed where it is damaged, and made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workbench import EMBEDDING, READER, Cli

from rag.models import store


@pytest.fixture
def own_graphs(own_library: Path) -> Path:
    """A home whose graphs are its own, for tests that change them."""
    folder = own_library / "models" / ".onnx"
    for link in list(folder.iterdir()):
        original = link.resolve()
        link.unlink()
        shutil.copyfile(original, link)
    return own_library


def graph(home: Path, model: str) -> Path:
    """The graph of a model's present weights."""
    return home / "models" / ".onnx" / f"{model}-{store.fingerprint(home / 'models' / model)}-int8.onnx"


def cut_short(path: Path) -> bytes:
    """Take the second half away; what was there before."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return content


def flipped(path: Path) -> bytes:
    """Flip one bit in the middle; what was there before."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    before = path.read_bytes()
    path.write_bytes(content)
    return before


@pytest.mark.parametrize("damage", [cut_short, flipped])
def test_a_search_makes_a_damaged_graph_again_from_the_weights(cli: Cli, own_graphs: Path, damage: object) -> None:
    assert callable(damage)
    before = damage(graph(own_graphs, EMBEDDING))
    result = cli("search", "dust", "--index", "invented", home=own_graphs)
    assert result.code == 0, result.err
    assert len(graph(own_graphs, EMBEDDING).read_bytes()) == len(before)
    assert cli("models", "verify", EMBEDDING, home=own_graphs).out == f"{EMBEDDING}: as it should be\n"


def test_an_answer_makes_a_damaged_reader_again(cli: Cli, own_graphs: Path) -> None:
    before = cut_short(graph(own_graphs, READER))
    result = cli("ask", "Which clouds make the night side of Tarnhelm-1b dark?", "--index", "invented", home=own_graphs)
    assert result.code == 0, result.err
    assert len(graph(own_graphs, READER).read_bytes()) == len(before)


def test_doctor_and_verify_notice_it(cli: Cli, own_graphs: Path) -> None:
    places = {model: graph(own_graphs, model) for model in (EMBEDDING, READER)}
    for place in places.values():
        cut_short(place)
    looked = cli("doctor", home=own_graphs)
    assert looked.code == 1
    for model, place in places.items():
        assert f"{place} is damaged: 'sidereus models verify', or the next search, makes it again." in looked.out
        verified = cli("models", "verify", model, home=own_graphs)
        assert verified.code == 0
        assert f"{place} was damaged and is made again." in verified.out
    assert cli("doctor", home=own_graphs).code == 0


def test_a_graph_of_which_nothing_was_noted_is_made_again(cli: Cli, own_graphs: Path) -> None:
    noted = graph(own_graphs, EMBEDDING).with_suffix(".json")
    noted.unlink()
    assert cli("search", "dust", "--index", "invented", home=own_graphs).code == 0
    assert noted.is_file()
