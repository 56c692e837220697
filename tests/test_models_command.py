"""``sidereus models``: list, get, use and verify."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workbench import EMBEDDING, LLM, Cli

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture
def own_llm(home: Path) -> Path:
    """The weights of the offline language model, in a copy that a test may damage."""
    link = home / "models" / LLM
    original = link.resolve()
    link.unlink()
    shutil.copytree(original, link)
    return link / GGUF


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A home without models."""
    place = tmp_path / "bare"
    place.mkdir()
    return place


def test_list_shows_every_model_and_which_are_here_and_in_use(cli: Cli) -> None:
    listed = {entry["name"]: entry for entry in cli("models", "list", "--json").json}
    assert listed[EMBEDDING]["here"]
    assert listed[LLM]["in_use"]
    assert not listed["qwen3-embedding-8b"]["here"]
    assert set(listed[LLM]) == {
        "name", "kind", "set", "title", "licence", "origin", "size", "ram_gb", "languages", "here", "in_use",
    }  # fmt: skip


def test_list_is_a_table_for_people(cli: Cli) -> None:
    result = cli("models", "list")
    assert result.code == 0
    for word in ("astrobert-small", "AstroSage", "98.4 MB", "Llama 3.1 Community License", "in use"):
        assert word in result.out


def test_get_leaves_alone_what_is_here(cli: Cli) -> None:
    result = cli("models", "get", EMBEDDING, LLM)
    assert result.code == 0
    assert result.err.count("is here already") == 2


def test_get_mends_what_is_damaged_and_what_an_earlier_version_made(cli: Cli, tmp_path: Path, models: Path) -> None:
    home = tmp_path / "damaged"
    original = "all-minilm-l6-v2"
    for name in (EMBEDDING, original):
        shutil.copytree(models / name, home / "models" / name)
    weights, mark = (home / "models" / EMBEDDING / name for name in ("model.safetensors", ".made-of"))
    whole = weights.read_bytes()
    weights.write_bytes(bytes(100) + whole[100:])
    assert "Fetching Astro-MiniLM" in cli("models", "get", EMBEDDING, "--offline", home=home).err
    assert weights.read_bytes() == whole
    mark.write_text("other adapters", encoding="utf-8")
    assert "Fetching Astro-MiniLM" in cli("models", "get", EMBEDDING, "--offline", home=home).err
    assert cli("models", "get", EMBEDDING, home=home).err.count("is here already") == 1
    base = home / "models" / original / "model.safetensors"
    base.write_bytes(bytes(100) + base.read_bytes()[100:])
    result = cli("models", "get", original, "--offline", home=home)
    assert result.code == 1
    assert "with a network" in result.sentence
    assert base.exists()


def test_get_without_a_name_says_which_set_was_taken(cli: Cli) -> None:
    result = cli("models", "get")
    assert result.code == 0
    assert "Astro-MiniLM finds, Astro-Reader reads, SmolLM2-135M-Instruct Q4_1 writes (offline set)" in result.err


def test_offline_nothing_is_fetched_and_one_sentence_says_what_to_do(cli: Cli, bare: Path) -> None:
    for arguments in (("models", "get", "--offline"), ("models", "get", LLM, "--offline"), ("models", "get")):
        result = cli(*arguments, home=bare)
        assert result.code == 1
        assert "network" in result.sentence
    assert not (bare / "models" / LLM).exists()


def test_a_fetched_model_is_whole_and_holds_no_plugin(models: Path) -> None:
    assert sorted(path.name for path in (models / LLM).iterdir()) == [GGUF]


def test_use_is_kept_and_auto_takes_it_back(cli: Cli) -> None:
    assert "astrosage-8b" in cli("models", "use", "astrosage-8b").err
    assert {entry["name"] for entry in cli("models", "list", "--json").json if entry["in_use"]} >= {"astrosage-8b"}
    cli("models", "use", "auto")
    assert {entry["name"] for entry in cli("models", "list", "--json").json if entry["in_use"]} == {
        EMBEDDING,
        "astro-reader",
        LLM,
    }


def test_use_takes_a_local_gguf(cli: Cli, own_library: Path, models: Path, tmp_path: Path) -> None:
    local = tmp_path / "my model.gguf"
    local.symlink_to(models / LLM / GGUF)
    assert cli("models", "use", str(local), home=own_library).code == 0
    answer = cli("ask", "Which clouds darken Tarnhelm-1b?", "--index", "invented", "--json", home=own_library)
    assert answer.code == 0, answer.err
    assert "gguf" in answer.json["models"]["llm"]


@pytest.mark.parametrize("arguments", [("use", "no-such-model"), ("get", "no-such-model"), ("verify", "no-such-model")])
def test_an_unknown_name_is_a_wrong_command(cli: Cli, arguments: tuple[str, ...]) -> None:
    result = cli("models", *arguments)
    assert result.code == 2
    assert "no-such-model" in result.sentence


def test_verify_finds_whole_models_as_they_should_be(cli: Cli) -> None:
    result = cli("models", "verify")
    assert result.code == 0
    assert result.out.count("as it should be") == 4


def test_verify_without_any_model_says_so(cli: Cli, bare: Path) -> None:
    result = cli("models", "verify", home=bare)
    assert result.code == 0
    assert "No model is here yet" in result.out


def test_verify_finds_a_truncated_file(cli: Cli, own_llm: Path) -> None:
    with own_llm.open("r+b") as file:
        file.truncate(50_000_000)
    result = cli("models", "verify", LLM)
    assert result.code == 1
    assert "50,000,000 bytes" in result.out
    assert "models get" in result.sentence


def test_verify_finds_a_single_wrong_byte(cli: Cli, own_llm: Path) -> None:
    with own_llm.open("r+b") as file:
        file.seek(60_000_000)
        byte = file.read(1)
        file.seek(60_000_000)
        file.write(bytes([byte[0] ^ 1]))
    result = cli("models", "verify")
    assert result.code == 1
    assert "SHA-256" in result.out


def test_a_truncated_model_is_not_used_and_one_sentence_says_how_to_mend_it(
    cli: Cli, own_library: Path, own_llm: Path
) -> None:
    with own_llm.open("r+b") as file:
        file.truncate(50_000_000)
    result = cli("ask", "Which clouds darken Tarnhelm-1b?", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "models get" in result.sentence


def test_a_gguf_that_is_none_is_one_sentence(cli: Cli, own_library: Path, tmp_path: Path) -> None:
    path = tmp_path / "fake.gguf"
    path.write_bytes(b"this is no model" * 1000)
    result = cli("ask", "What is dust?", "--index", "invented", "--llm", str(path), home=own_library)
    assert result.code == 1
    assert "can't be loaded" in result.sentence


def test_a_gguf_that_breaks_off_is_one_sentence(cli: Cli, own_library: Path, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes((models / LLM / GGUF).read_bytes()[:30_000_000])
    result = cli("ask", "What is dust?", "--index", "invented", "--llm", str(path), home=own_library)
    assert result.code == 1
    assert "can't be loaded" in result.sentence


def test_a_name_that_is_nearly_that_of_a_model_of_any_kind_is_guessed(cli: Cli) -> None:
    for wrong, right in (("smollm-135m", LLM), ("astro-minlm", EMBEDDING), ("bge-reranker", "bge-reranker-v2-m3")):
        result = cli("models", "get", wrong)
        assert result.code == 2
        assert right in result.err
    assert "'sidereus models list'" in cli("models", "get", "zzzz").err
