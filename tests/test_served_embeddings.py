"""An embedding model on a server: building an index with it, and searching that."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import model_server as server
import numpy as np
import pytest
from model_server import ModelServer, embeds
from workbench import EMBEDDING, Cli

from rag.errors import ModelLost, ModelProblem
from rag.models import served_embedder
from rag.models.catalog import find
from rag.models.embedder import Embedder
from rag.models.served_embedder import ServedEmbedder

QUERY = "clouds on the night side of a hot Jupiter"
Open = Callable[..., ServedEmbedder]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens embedding models on servers, and lets go of them in the end."""
    models: list[ServedEmbedder] = []

    def open_model(*addresses: str) -> ServedEmbedder:
        models.append(ServedEmbedder(find(",".join(addresses), "embedding")))
        return models[-1]

    yield open_model
    for model in models:
        model.close()


def lengths(texts: list[str]) -> list[list[float]]:
    """Vectors that say how long each text is."""
    return [[float(len(text)), 1.0, 0.0] for text in texts]


def told_length(vector: np.ndarray) -> float:
    """How long a text was, by its vector."""
    return round(float(vector[0] / vector[1]), 3)


def test_texts_come_back_as_vectors_of_unit_length_in_their_order(opened: Open) -> None:
    texts = ["x" * (1 + n % 37) for n in range(300)]
    with ModelServer(embeds(lengths)) as one, ModelServer(embeds(lengths)) as other:
        model = opened(one.address, other.address)
        seen: list[float] = []
        vectors = model.encode(texts, "document", lambda done, fraction: seen.append(fraction or 0.0))
        assert vectors.shape == (300, model.dimensions) == (300, 3)
        assert one.replies > 1
        assert other.replies > 1
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert [told_length(vector) for vector in vectors] == [len(text) for text in texts]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_of_a_text_that_is_too_long_for_the_model_its_beginning_is_embedded(opened: Open) -> None:
    with ModelServer(embeds(lengths, longest=1000)) as there:
        vectors = opened(there.address).encode(["x" * 10, "x" * 3000, "x" * 20], "document")
    assert [told_length(vector) for vector in vectors] == [10, 750, 20]


def test_a_hiccup_ends_no_build_and_is_told_to_who_searches(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_embedder, "PAUSES", (0.0, 0.0))
    with ModelServer(embeds(lengths)) as there:
        model = opened(there.address)
        failing = iter([server.refuses(500, "boom"), server.talks_nonsense])
        there.reply = lambda exchange: next(failing, embeds(lengths))(exchange)
        assert len(model.encode(["a star"], "document")) == 1
        there.reply = server.refuses(500, "boom")
        with pytest.raises(ModelLost, match="failed with status 500"):
            model.encode(["a star"], "query")


@pytest.mark.parametrize(
    "vectors", [lambda texts: [], lambda texts: [[float("nan")] * 3], lambda texts: [[1.0, 2.0], [1.0]]]
)
def test_what_are_no_vectors_is_one_sentence(opened: Open, vectors: Callable[[list[str]], list[list[float]]]) -> None:
    with ModelServer(embeds(vectors)) as there, pytest.raises(ModelLost, match="does not speak OpenAI's protocol"):
        opened(there.address)


def test_servers_of_different_models_or_vectors_do_not_share_an_index(opened: Open) -> None:
    with (
        ModelServer(embeds(lengths), [{"id": "one"}]) as one,
        ModelServer(embeds(lengths), [{"id": "other"}]) as other,
        pytest.raises(ModelProblem, match="different models"),
    ):
        opened(one.address, other.address)
    with ModelServer(embeds(lengths)) as there:
        model = opened(there.address)
        there.reply = embeds(lambda texts: [[1.0, 2.0] for _ in texts])
        with pytest.raises(ModelProblem, match="another length"):
            model.encode(["a star"], "query")


def test_another_process_asks_the_servers_itself(opened: Open) -> None:
    with ModelServer(embeds(lengths)) as there:
        model = opened(there.address)
        copy = pickle.loads(pickle.dumps(model))
        assert (copy.weights, copy.dimensions) == (model.weights, model.dimensions)
        assert told_length(copy.encode(["four"], "query")[0]) == 4
        copy.close()


def test_an_index_built_through_a_server_finds_what_one_built_here_finds(
    cli: Cli, home: Path, library: Path, bulk_file: Path, minilm: Embedder
) -> None:
    def vectors(texts: list[str]) -> np.ndarray:
        return minilm.encode(texts, "document")

    def found(place: Path, index: str, *options: str) -> list[str]:
        result = cli("search", QUERY, "--index", index, "--json", *options, home=place)
        assert result.code == 0, result.err
        return [hit["id"] for hit in result.json["hits"]]

    with ModelServer(embeds(vectors), [{"id": EMBEDDING}]) as there:
        address = f"{there.address}#{EMBEDDING}"
        built = cli("index", "build", "far", str(bulk_file), "--embedding", address)
        assert built.code == 0, built.err
        assert found(home, "far") == found(library, "invented")
        looked = cli("doctor", env={"SIDEREUS_EMBEDDING": address})
        assert f"{there.url[7:]} serves {EMBEDDING}" in looked.out
    gone = cli("search", QUERY, "--index", "far")
    assert gone.code == 1
    assert f"{there.url[7:]} can't be reached" in gone.sentence

    with ModelServer(embeds(vectors), [{"id": EMBEDDING}]) as moved:
        assert found(home, "far", "--embedding", f"{moved.address}#{EMBEDDING}") == found(library, "invented")
        other = cli("search", QUERY, "--index", "far", "--embedding", f"{moved.address}#bge-m3")
        assert other.code == 1
        assert "can't be searched with" in other.sentence
    elsewhere = cli("index", "build", "never", str(bulk_file), "--embedding", "http://gpu1.example:8000")
    assert elsewhere.code == 2
    assert "gpu1.example:8000 is not on this machine" in elsewhere.sentence
