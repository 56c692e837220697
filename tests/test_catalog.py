"""The catalogue of models: what it tells, and what a name may mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rag.errors import ModelProblem, UsageError
from rag.models import catalog, choice, store
from rag.models.catalog import FileFacts, Model, PackageSource, find, named

MODELS = catalog.catalog()


def name_of(model: Model) -> str:
    """How a test's name shows a model."""
    return model.name


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_every_entry_tells_where_it_comes_from_and_what_it_needs(model: Model) -> None:
    assert model.title
    assert model.licence
    assert model.hub or model.package or model.adapter
    assert model.ram_gb > 0
    assert model.languages
    assert all(re.fullmatch("[a-z]{2}", language) for language in model.languages)
    assert re.fullmatch("[a-z0-9.-]+", model.name)


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_every_entry_tells_the_facts_of_its_kind(model: Model) -> None:
    if model.kind == "embedding":
        assert model.dimensions
        assert model.max_seq_length
        assert model.pooling in {"mean", "cls", "lasttoken"}
    elif model.kind == "reranker":
        assert model.max_seq_length
        assert model.set == "extra"
    elif model.kind == "reader":
        assert model.max_seq_length
        assert model.adapter
    else:
        assert model.context_length
        assert model.writes in {"prose", "quotes"}
        assert isinstance(model.thinks, bool)
        assert any(name.endswith(".gguf") for name in (model.hub.files if model.hub else model.files))


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_every_known_hash_and_size_has_the_right_form(model: Model) -> None:
    for facts in model.files.values():
        assert facts.size is None or facts.size > 0
        assert facts.sha256 is None or re.fullmatch("[0-9a-f]{64}", facts.sha256)


def test_names_are_unique() -> None:
    assert len({model.name for model in MODELS}) == len(MODELS)


def test_the_catalogue_holds_the_models_of_the_model_card_and_those_asked_for() -> None:
    repos = {model.hub.repo for model in MODELS if model.hub}
    assert "neuml/astrobert-small-embeddings" in repos
    assert {"lightonai/DenseOn", "google/embeddinggemma-300m", "Qwen/Qwen3-Embedding-0.6B"} <= repos
    names = {model.name for model in MODELS}
    assert {"all-minilm-l6-v2", "smollm2-135m-instruct", "astrosage-8b", "qwen3-1.7b"} <= names


def test_the_offline_set_comes_whole_and_verified_from_package_registries() -> None:
    offline = [model for model in MODELS if model.set == "offline"]
    assert {model.kind for model in offline} == {"embedding", "llm", "reader"}
    for model in offline:
        made_of = model
        while made_of.adapter:
            made_of = named(made_of.adapter.base)
        assert made_of.package
        assert model.size
        assert all(facts.sha256 for facts in model.files.values())


def test_models_that_think_aloud_are_marked() -> None:
    assert find("qwen3-1.7b", "llm").thinks
    assert not find("qwen3-4b-instruct-2507", "llm").thinks


def test_astrobert_is_the_preferred_embedding_model() -> None:
    assert choice.candidates("embedding")[0].name == "astrobert-small"


def test_a_name_is_an_entry_of_its_kind_only() -> None:
    assert find("all-minilm-l6-v2", "embedding").dimensions == 384
    with pytest.raises(UsageError):
        find("all-minilm-l6-v2", "llm")


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match="smollm2-135m-instruct") as caught:
        find("gpt-17", "llm")
    assert "all-minilm" not in str(caught.value)


def test_a_hub_id_is_an_embedding_model_of_that_repository() -> None:
    model = find("sentence-transformers/paraphrase-MiniLM-L3-v2", "embedding")
    assert model.hub
    assert model.hub.repo == "sentence-transformers/paraphrase-MiniLM-L3-v2"
    assert "/" not in model.name


def test_a_gguf_file_is_a_local_language_model(tmp_path: Path) -> None:
    path = tmp_path / "Mine.Q4.gguf"
    path.write_bytes(b"GGUF")
    model = named(str(path))
    assert (model.kind, model.set, model.path) == ("llm", "local", path)
    assert store.gguf(tmp_path, model) == path
    assert store.present(tmp_path, model)


def test_a_file_of_another_kind_is_no_language_model(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"x")
    with pytest.raises(UsageError, match=r"\.gguf"):
        find(str(path), "llm")


def test_a_folder_without_a_configuration_is_no_embedding_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"config\.json"):
        find(str(tmp_path), "embedding")


def test_a_local_folder_is_an_embedding_model(models: Path) -> None:
    model = find(str(models / "all-minilm-l6-v2"), "embedding")
    assert model.set == "local"
    assert store.folder(Path("/elsewhere"), model) == (models / "all-minilm-l6-v2").resolve()


def test_the_choice_takes_what_is_here_before_what_could_be_fetched(models: Path, tmp_path: Path) -> None:
    here = tmp_path / "models"
    here.mkdir()
    (here / "all-minilm-l6-v2").symlink_to(models / "all-minilm-l6-v2")
    assert choice.choose(here, "embedding", None).name == "astro-minilm"  # made of it without a network
    assert choice.choose(here, "embedding", "all-minilm-l6-v2").name == "all-minilm-l6-v2"


def test_without_any_model_the_choice_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="models get"):
        choice.choose(tmp_path, "llm", None)
    with pytest.raises(ModelProblem, match="models get"):
        choice.obtainable(tmp_path, "llm", offline=True)


def test_a_model_that_needs_more_memory_than_the_machine_has_is_never_chosen() -> None:
    huge = Model("huge", "llm", "default", "Huge", "MIT", ram_gb=1e6)
    assert not choice.fits(huge)
    assert choice.fits(find("smollm2-135m-instruct", "llm"))


SMALL = Model(
    "small",
    "embedding",
    "offline",
    "Small",
    "MIT",
    package=PackageSource("none", "1", "none"),
    files={
        "config.json": FileFacts(5, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),  # hello
        "1_Pooling/config.json": FileFacts(),
    },
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The two files of the model SMALL, as they should be."""
    (tmp_path / "small" / "1_Pooling").mkdir(parents=True)
    (tmp_path / "small" / "config.json").write_text("hello", encoding="utf-8")
    (tmp_path / "small" / "1_Pooling" / "config.json").write_text("any", encoding="utf-8")
    return tmp_path


def test_files_that_are_right_are_found_right(small: Path) -> None:
    assert store.present(small, SMALL)
    assert store.verify(small, SMALL) == []


def test_a_truncated_file_is_not_there_and_is_named_with_both_sizes(small: Path) -> None:
    (small / "small" / "config.json").write_text("hel", encoding="utf-8")
    assert not store.present(small, SMALL)
    (problem,) = store.verify(small, SMALL)
    assert problem.endswith("config.json is 3 bytes long and not 5.")


def test_a_file_of_the_right_size_and_wrong_content_is_found_by_its_hash(small: Path) -> None:
    (small / "small" / "config.json").write_text("hullo", encoding="utf-8")
    (problem,) = store.verify(small, SMALL)
    assert "SHA-256" in problem


def test_a_missing_file_is_named(small: Path) -> None:
    (small / "small" / "1_Pooling" / "config.json").unlink()
    assert not store.present(small, SMALL)
    (problem,) = store.verify(small, SMALL)
    assert problem.endswith("1_Pooling/config.json is missing.")


def test_what_is_not_known_of_a_model_is_recorded_once_and_held_against_it_later(small: Path) -> None:
    unknown = Model("small", "embedding", "extra", "Small", "MIT", hub=catalog.HubSource("org/small"))
    assert not store.present(small, unknown)
    store.record_files(small, unknown)
    assert store.present(small, unknown)
    assert store.verify(small, unknown) == []
    (small / "small" / "config.json").write_text("hullo", encoding="utf-8")
    assert len(store.verify(small, unknown)) == 1


def test_a_record_that_is_damaged_counts_as_none(small: Path) -> None:
    unknown = Model("small", "embedding", "extra", "Small", "MIT", hub=catalog.HubSource("org/small"))
    (small / "small" / store.RECORD).write_text('{"config.json": 5}', encoding="utf-8")
    assert store.known_files(small, unknown) == {}


def test_the_mark_of_weights_changes_with_them(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"a" * 3_000_000)
    before = store.fingerprint(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"a" * 2_999_999 + b"b")
    assert store.fingerprint(tmp_path) != before
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelProblem, match="no weights"):
        store.fingerprint(tmp_path)
