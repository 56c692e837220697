"""Fetching models from a hub: the real huggingface_hub against a hub on this machine."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hub_server import COMMIT, HubServer
from huggingface_hub import constants, hf_hub_download

from rag.errors import ModelProblem, SidereusError
from rag.models import hub, store
from rag.models.catalog import FileFacts, find
from rag.progress import silent
from rag.storage import locked

ASTROBERT = find("astrobert-small", "embedding")
REPO = "neuml/astrobert-small-embeddings"
WEIGHTS = "model.safetensors"
LOADED = {
    "1_Pooling/config.json",
    "config.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}
MB = 1_000_000


@pytest.fixture(autouse=True)
def fresh_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No hub tried yet, nothing in the Hugging Face cache, nobody logged in."""
    monkeypatch.setattr(hub, "_silent_endpoints", set())
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)


@pytest.fixture
def server(astrobert: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer({REPO: astrobert}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def problem_of_fetching(models: Path, model: object = ASTROBERT) -> str:
    """The message that fetching ends with, which has to be one sentence."""
    with pytest.raises(ModelProblem) as caught:
        hub.fetch(models, model, silent)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    return message


def test_a_whole_model_is_fetched_and_loads(server: HubServer, astrobert: Path, models: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = store.ensure(models, ASTROBERT, offline=False)

    assert files_of(folder) == LOADED | {store.RECORD}
    assert store.verify(models, ASTROBERT) == []
    fetched, original = (SentenceTransformer(str(place), device="cpu") for place in (folder, astrobert))
    assert fetched.max_seq_length == ASTROBERT.max_seq_length
    text = "a black hole in a galaxy"
    assert np.array_equal(fetched.encode(text), original.encode(text))


def test_what_is_here_already_is_not_fetched_again(server: HubServer, models: Path) -> None:
    folder = store.ensure(models, ASTROBERT, offline=False)
    server.requests.clear()
    store.ensure(models, ASTROBERT, offline=False)
    assert server.requests == []

    (folder / "config.json").unlink()
    store.ensure(models, ASTROBERT, offline=False)
    assert server.asked_for("config.json") and not server.asked_for(WEIGHTS)
    assert store.verify(models, ASTROBERT) == []


def test_the_plan_is_the_size_of_what_is_fetched(server: HubServer, models: Path) -> None:
    planned = hub.plan(ASTROBERT)
    hub.fetch(models, ASTROBERT, silent)
    assert planned == sum((models / ASTROBERT.name / name).stat().st_size for name in LOADED)


def test_progress_grows_to_one(server: HubServer, models: Path) -> None:
    seen: list[tuple[int, float]] = []
    hub.fetch(models, ASTROBERT, lambda done, fraction: seen.append((done, fraction)))
    assert seen == sorted(seen)
    assert seen[-1] == (hub.plan(ASTROBERT) // MB, 1.0)
    assert len({fraction for _, fraction in seen}) > 5


def test_a_download_the_user_broke_off_goes_on_the_next_time(server: HubServer, models: Path) -> None:
    def break_off(done: int, fraction: float) -> None:
        if done > 35:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.fetch(models, ASTROBERT, break_off)
    assert not store.present(models, ASTROBERT)
    (part,) = (models / ASTROBERT.name).rglob("*.part")
    assert (had := part.stat().st_size) > 20 * MB

    store.ensure(models, ASTROBERT, offline=False)
    assert [request.range for request in server.asked_for(WEIGHTS)] == ["", f"bytes={had}-"]
    assert store.verify(models, ASTROBERT) == []
    assert files_of(models / ASTROBERT.name) == LOADED | {store.RECORD}


def test_a_cut_connection_is_taken_up_again(server: HubServer, models: Path) -> None:
    server.cut_once_after = 30 * MB
    store.ensure(models, ASTROBERT, offline=False)
    whole, rest = (request.range for request in server.asked_for(WEIGHTS))
    assert whole == "" and rest.startswith("bytes=") and rest != "bytes=0-"
    assert store.verify(models, ASTROBERT) == []


def test_a_stalled_connection_is_taken_up_again(
    server: HubServer, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    server.stall_once_after = 30 * MB
    store.ensure(models, ASTROBERT, offline=False)
    assert len(server.asked_for(WEIGHTS)) == 2
    assert store.verify(models, ASTROBERT) == []


@pytest.mark.parametrize("file", [WEIGHTS, "modules.json"])
@pytest.mark.parametrize("fault", ["truncated", "corrupted"])
def test_a_file_that_is_not_what_the_hub_promised_is_removed(
    server: HubServer, models: Path, file: str, fault: str
) -> None:
    getattr(server, fault).add(file)
    message = problem_of_fetching(models)
    assert f"{file} of astrobert-small was removed" in message and message.endswith("run the command again.")
    assert file not in files_of(models / ASTROBERT.name)
    assert not list(models.rglob("*.part"))

    getattr(server, fault).clear()
    store.ensure(models, ASTROBERT, offline=False)
    assert store.verify(models, ASTROBERT) == []


def test_a_file_that_is_not_the_one_of_the_catalogue_is_not_even_fetched(server: HubServer, models: Path) -> None:
    other = FileFacts(sha256=hashlib.sha256(b"another file").hexdigest())
    message = problem_of_fetching(models, replace(ASTROBERT, files={WEIGHTS: other}))
    assert f"{WEIGHTS} at {server.url} is not the file of the catalogue" in message
    assert not server.asked_for(WEIGHTS)


def test_a_gated_model_says_where_to_accept_its_terms(server: HubServer, models: Path) -> None:
    server.gated.add(REPO)
    message = problem_of_fetching(models)
    assert f"{server.url}/{REPO}" in message and "hf auth login" in message


@pytest.mark.parametrize("name", ["neuml/no-such-model", "neuml/no such model"])
def test_a_model_that_is_not_there_is_named(server: HubServer, models: Path, name: str) -> None:
    assert name in problem_of_fetching(models, find(name, "embedding"))


def test_a_hub_that_refuses_the_connection_is_unreachable_at_once(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setattr(hub, "PROBE_SECONDS", 300)
        started = time.monotonic()
        assert "can't be reached" in problem_of_fetching(models)
        assert time.monotonic() - started < 150


def test_a_hub_that_never_answers_costs_its_seconds_once(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # connections wait for an accept that never comes
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{listening.getsockname()[1]}")
        assert hub.PROBE_SECONDS <= 3
        monkeypatch.setattr(hub, "PROBE_SECONDS", 0.5)
        assert "can't be reached" in problem_of_fetching(models)

        monkeypatch.setattr(hub, "PROBE_SECONDS", 300)
        started = time.monotonic()
        assert not hub.reachable()
        assert "can't be reached" in problem_of_fetching(models)
        assert time.monotonic() - started < 150


def test_a_name_server_that_never_answers_costs_no_more(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **options: over.wait(300))
    monkeypatch.setattr(hub, "PROBE_SECONDS", 0.2)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    started = time.monotonic()
    assert not hub.reachable()
    assert time.monotonic() - started < 150
    over.set()


def test_two_commands_do_not_fetch_the_same_model_at_once(server: HubServer, models: Path) -> None:
    with locked(models / f".{ASTROBERT.name}.lock", "unused"), pytest.raises(SidereusError, match="another command"):
        hub.fetch(models, ASTROBERT, silent)


@pytest.fixture
def in_the_cache(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's snapshot in the user's Hugging Face cache; the hub can't be reached any more."""
    for name in LOADED:
        hf_hub_download(REPO, name, endpoint=server.url, cache_dir=constants.HF_HUB_CACHE)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return Path(constants.HF_HUB_CACHE) / "models--neuml--astrobert-small-embeddings" / "snapshots" / COMMIT


def test_a_model_in_the_hugging_face_cache_needs_no_network(in_the_cache: Path, models: Path) -> None:
    assert hub.cached(ASTROBERT) == in_the_cache
    assert hub.plan(ASTROBERT) == 0
    folder = store.ensure(models, ASTROBERT, offline=False)
    assert files_of(folder) == LOADED | {store.RECORD}
    assert store.verify(models, ASTROBERT) == []


@pytest.mark.parametrize("lacking", sorted(LOADED - {"sentence_bert_config.json", "tokenizer_config.json"}))
def test_half_a_model_in_the_hugging_face_cache_is_no_model(in_the_cache: Path, lacking: str) -> None:
    (in_the_cache / lacking).unlink()
    assert hub.cached(ASTROBERT) is None


def test_a_damaged_model_in_the_hugging_face_cache_is_no_model(in_the_cache: Path) -> None:
    blob = (in_the_cache / WEIGHTS).resolve()
    blob.write_bytes(b"\0" * blob.stat().st_size)
    assert hub.cached(ASTROBERT) is None
