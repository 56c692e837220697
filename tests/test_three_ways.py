"""The three ways of AstroBERT's model card give the same vectors, so an index may be read with any of them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rag.models import embedder
from rag.models.catalog import Model, find

Vectors = npt.NDArray[np.float32]
Way = Callable[[Path, int, Sequence[str]], Vectors]


TXTAI = """
import json, sys
from txtai import Embeddings
folder, limit, texts = json.load(sys.stdin)
embeddings = Embeddings(path=folder, maxlength=limit, gpu=False)
json.dump(embeddings.batchtransform(texts).tolist(), sys.stdout)
"""


def with_txtai(folder: Path, max_seq_length: int, texts: Sequence[str]) -> Vectors:
    """txtai takes its limit from the tokenizer, which for MiniLM knows another one: so it is told.

    It runs in a process of its own, since in this one Sidereus may have imported it without torch.
    """
    request = json.dumps([str(folder), max_seq_length, list(texts)])
    done = subprocess.run([sys.executable, "-c", TXTAI], input=request, capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout), dtype=np.float32)


def with_sidereus(folder: Path, max_seq_length: int, texts: Sequence[str]) -> Vectors:
    """Our own way, on ONNX Runtime, with its weights as they are."""
    model = Model(folder.name, "embedding", "local", folder.name, "", max_seq_length=max_seq_length, path=folder)
    with tempfile.TemporaryDirectory() as models:
        return embedder.load(Path(models), model, precision="fp32").encode(list(texts), "document")


def with_sentence_transformers(folder: Path, max_seq_length: int, texts: Sequence[str]) -> Vectors:
    """sentence-transformers takes its limit from the folder."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    assert model.max_seq_length == max_seq_length
    return model.encode(list(texts))


def with_transformers(folder: Path, max_seq_length: int, texts: Sequence[str]) -> Vectors:
    """Plain transformers, with the mean over the tokens taken by hand."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    inputs = tokenizer(list(texts), padding=True, truncation=True, max_length=max_seq_length, return_tensors="pt")
    with torch.no_grad():
        tokens = model(**inputs)[0]
    mask = inputs["attention_mask"].unsqueeze(-1).float()
    return (torch.sum(tokens * mask, 1) / torch.clamp(mask.sum(1), min=1e-9)).numpy()


# What is compared with plain transformers; a further way to embed joins by a line here.
WAYS: list[Way] = [with_txtai, with_sentence_transformers, with_sidereus]

SENTENCE = "We measure the mass of a black hole in a galaxy at redshift 7 from the emission lines of its disk. "
OTHER = "A magnetic neutron star in a binary orbit shows radio and infrared light with a period of two time series. "
TEXTS = {
    "a word": "Exoplanets",
    "a sentence": SENTENCE,
    "beyond ASCII": "Sérsic profiles of Hα emitters — σ ≈ 200 km s⁻¹, M☉ 10⁸",
    "LaTeX": r"$\Omega_\Lambda = 0.7$ and $H_0 = 67.4 \pm 0.5$ km s$^{-1}$ Mpc$^{-1}$",
    "more than 256 tokens": SENTENCE * 8 + OTHER * 8,
    "more than 512 tokens": SENTENCE * 12 + OTHER * 40,
}


@pytest.fixture(scope="module", params=["astrobert-small", "all-minilm-l6-v2"])
def embedding(request: pytest.FixtureRequest, astrobert: Path) -> tuple[Path, Model]:
    """A model's folder and its entry of the catalogue."""
    model = find(request.param, "embedding")
    folder = astrobert if model.name == "astrobert-small" else request.getfixturevalue("offline_models") / model.name
    return folder, model


@pytest.fixture(scope="module")
def reference(embedding: tuple[Path, Model]) -> Vectors:
    folder, model = embedding
    assert model.max_seq_length is not None
    return normalised(with_transformers(folder, model.max_seq_length, list(TEXTS.values())))


def normalised(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_gives_the_same_vectors(embedding: tuple[Path, Model], reference: Vectors, way: Way) -> None:
    folder, model = embedding
    assert model.max_seq_length is not None
    vectors = normalised(way(folder, model.max_seq_length, list(TEXTS.values())))
    assert vectors.shape == (len(TEXTS), model.dimensions)
    cosines = dict(zip(TEXTS, np.sum(vectors * reference, axis=1), strict=True))
    assert all(cosine >= 0.9999 for cosine in cosines.values()), cosines


def test_another_limit_on_the_tokens_would_be_seen(embedding: tuple[Path, Model], reference: Vectors) -> None:
    """Without this the comparison above could pass by saying that all vectors are alike."""
    folder, model = embedding
    assert model.max_seq_length is not None
    vectors = normalised(with_transformers(folder, model.max_seq_length // 2, list(TEXTS.values())))
    cosines = dict(zip(TEXTS, np.sum(vectors * reference, axis=1), strict=True))
    assert cosines["a sentence"] >= 0.9999
    assert cosines["more than 512 tokens"] < 0.999, cosines


def test_the_long_texts_are_as_long_as_they_say(embedding: tuple[Path, Model]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(embedding[0])
    tokens = {name: len(tokenizer(text, truncation=False)["input_ids"]) for name, text in TEXTS.items()}
    assert tokens["a sentence"] < 256 < tokens["more than 256 tokens"]
    assert tokens["more than 512 tokens"] > 512
