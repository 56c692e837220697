"""``sidereus doctor``: what is right, what is wrong, and how to mend it."""

from __future__ import annotations

import shutil
from pathlib import Path

from workbench import EMBEDDING, LLM, Cli


def failures(text: str) -> dict[str, str]:
    """What failed, with the line below it that says how to mend it."""
    lines = text.splitlines()
    return {line[6:]: lines[n + 1].strip() for n, line in enumerate(lines) if line.startswith("FAIL")}


def test_a_whole_installation_is_well(cli: Cli, library: Path) -> None:
    result = cli("doctor", home=library)
    assert result.code == 0, result.out
    assert failures(result.out) == {}
    assert result.out.endswith("All is well.\n")
    for word in ("Python 3.", "txtai", "llama-cpp-python", "cores", str(library), EMBEDDING, LLM, "index invented"):
        assert word in result.out


def test_a_home_without_models_and_indexes_says_how_to_get_them(cli: Cli, tmp_path: Path) -> None:
    result = cli("doctor", home=tmp_path / "new")
    assert result.code == 1
    found = failures(result.out)
    assert "models get" in found["no embedding model"]
    assert "models get" in found["no language model"]
    assert "index build starter starter" in found["no index"]
    assert result.sentence == "3 things to mend, as said above."


def test_a_damaged_model_is_found(cli: Cli, own_library: Path) -> None:
    link = own_library / "models" / LLM
    original = link.resolve()
    link.unlink()
    shutil.copytree(original, link)
    weights = next(link.glob("*.gguf"))
    content = bytearray(weights.read_bytes())
    content[1000] ^= 255
    weights.write_bytes(content)
    result = cli("doctor", home=own_library)
    assert result.code == 1
    (problem,) = failures(result.out).values()
    assert "SHA-256" in problem


def test_damaged_indexes_are_found(cli: Cli, own_library: Path) -> None:
    (own_library / "indexes" / "invented" / "g0001" / "embeddings").write_bytes(b"x")
    broken = own_library / "indexes" / "broken"
    broken.mkdir()
    (broken / "index.json").write_text("{", encoding="utf-8")
    result = cli("doctor", home=own_library)
    assert result.code == 1
    assert len(failures(result.out)) == 2
    assert all("index remove" in mend for mend in failures(result.out).values())


def test_a_chosen_model_that_is_gone_is_found(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.gguf"
    gone.write_bytes(b"GGUF")
    cli("models", "use", str(gone), home=own_library)
    gone.unlink()
    result = cli("doctor", home=own_library)
    assert result.code == 1
    assert "gone.gguf" in result.out


def test_a_home_that_cannot_be_written_is_found(cli: Cli, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("no folder", encoding="utf-8")
    result = cli("doctor", home=place)
    assert result.code == 1
    assert any("can't be written" in what for what in failures(result.out))
