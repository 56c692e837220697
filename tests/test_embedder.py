"""The offline embedding model: normalised vectors that depend on the text alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from papers import ASTRONOMY

from rag.errors import ModelProblem
from rag.models import embedder
from rag.models.catalog import find
from rag.models.embedder import Embedder, batches, normalised

TEXTS = [f"{record['title']}\n{record['abstract'] or ''}" for record in ASTRONOMY]


def test_vectors_have_the_dimensions_of_the_catalogue_and_length_one(minilm: Embedder) -> None:
    vectors = minilm.encode(TEXTS, "document")
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_what_else_is_embedded_with_it(minilm: Embedder) -> None:
    together = minilm.encode(TEXTS, "document")
    for number in (0, 7, len(TEXTS) - 1):
        alone = minilm.encode([TEXTS[number]], "document")[0]
        assert float(alone @ together[number]) > 0.99


def test_texts_of_like_meaning_are_nearer_than_others(minilm: Embedder) -> None:
    cloud, haze, money = minilm.encode(
        ["clouds on a hot planet", "haze in the atmosphere of a gas giant", "interest rates of banks"], "document"
    )
    assert cloud @ haze > cloud @ money + 0.2


def test_only_as_many_tokens_are_read_as_the_catalogue_says(minilm: Embedder) -> None:
    read = "star " * 254  # and two special tokens
    first, second, longer = minilm.encode([read, read + "galaxy " * 300, "galaxy " + read], "document")
    assert float(first @ second) > 0.9999
    assert float(first @ longer) < 0.9999


@pytest.mark.parametrize("text", ["", " ", "王", "\x00", "a" * 100_000, "\ud800".encode("utf-8", "replace").decode()])
def test_any_text_gives_a_vector(minilm: Embedder, text: str) -> None:
    assert np.isfinite(minilm.encode([text], "document")).all()


def test_no_texts_give_no_vectors(minilm: Embedder) -> None:
    assert minilm.encode([], "document").shape == (0, 384)


def test_progress_counts_every_text_and_ends_at_one(minilm: Embedder) -> None:
    seen: list[tuple[int, float]] = []
    minilm.encode(TEXTS, "document", lambda done, fraction: seen.append((done, fraction)))
    assert seen == sorted(seen)
    assert seen[-1] == (len(TEXTS), 1.0)


def test_batches_hold_every_row_once_the_longest_first() -> None:
    lengths = [3, 500, 20, 20, 7, 1, 600]
    found = [batch.tolist() for batch in batches(lengths)]
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    assert found[0] == [6]
    assert all(len(batch) * max(lengths[row] for row in batch) <= embedder.TOKEN_BUDGET for batch in found[1:])


def test_a_row_of_zeros_stays_as_it_is() -> None:
    assert normalised(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).tolist() == [
        [pytest.approx(0.6), pytest.approx(0.8)],
        [0, 0],
    ]


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors"])
def test_a_damaged_model_is_one_sentence(models: Path, tmp_path: Path, damaged: str) -> None:
    place = tmp_path / "all-minilm-l6-v2"
    shutil.copytree(models / "all-minilm-l6-v2", place)
    (place / damaged).write_bytes(b"\x00garbage")
    with pytest.raises(ModelProblem, match="fetch it again"):
        embedder.load(tmp_path, find("all-minilm-l6-v2", "embedding"))
