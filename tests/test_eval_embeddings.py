"""``sidereus eval embeddings``: the table of a model card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import papers
import pytest
from safetensors.numpy import load_file, save_file
from workbench import EMBEDDING, Cli

from rag.evaluation.embeddings import EmbeddingReport, parameters, ranked, table
from rag.models.embedder import Embedder

DOCUMENTS = [record for record in papers.RECORDS if len(record["abstract"] or "") > 100]


@pytest.fixture(scope="session")
def beir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The abstracts of the invented papers, each to be found by its title."""
    folder = tmp_path_factory.mktemp("beir")
    (folder / "qrels").mkdir()
    corpus, queries, judgements = [], [], ["query-id\tcorpus-id\tscore"]
    for record in DOCUMENTS:
        corpus.append({"_id": record["id"], "title": "", "text": record["abstract"]})
        queries.append({"_id": f"q-{record['id']}", "text": record["title"]})
        judgements.append(f"q-{record['id']}\t{record['id']}\t1")
    for name, records in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "qrels" / "test.tsv").write_text("\n".join(judgements) + "\n")
    return folder


@pytest.fixture(scope="session")
def broken(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline embedding model with the weights of every layer shuffled."""
    import numpy as np

    folder = tmp_path_factory.mktemp("models") / "shuffled"
    shutil.copytree(models / EMBEDDING, folder)
    random = np.random.default_rng(0)
    weights = load_file(folder / "model.safetensors")
    shuffled = {
        name: random.permutation(value.ravel()).reshape(value.shape) if value.dtype.kind == "f" else value
        for name, value in weights.items()
    }
    save_file(shuffled, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_ranks_a_good_model_over_a_broken_one(cli: Cli, home: Path, beir: Path, broken: Path) -> None:
    good, bad = cli("eval", "embeddings", EMBEDDING, str(broken), "--dataset", beir, "--json").json
    assert (good["model"], bad["model"]) == ("Astro-MiniLM", "shuffled")
    assert good["ndcg@10"] > bad["ndcg@10"] + 0.2  # a random bag of words still finds every second paper
    assert good["parameters"] == pytest.approx(22.7e6, rel=0.01)
    assert bad["parameters"] == 22_713_216  # counted
    assert good["disk"] == len(DOCUMENTS) * 384 * 4
    assert good["documents"] == good["queries"] == len(DOCUMENTS)
    assert good["index_seconds"] > 0 and good["search_seconds"] > 0


def test_prints_a_markdown_table(cli: Cli, beir: Path) -> None:
    result = cli("eval", "embeddings", EMBEDDING, "--dataset", beir)
    heading, rule, line = result.out.strip().splitlines()
    assert heading == "| Model | Parameters | nDCG@10 | Index time (s) | Search time (s) | Disk (MB) |"
    assert rule.count("|") == line.count("|") == 7
    assert "22.7M" in line


def test_the_best_model_comes_first() -> None:
    rows = [
        EmbeddingReport(name, None, ndcg, 1, 1, 1, 1, 1, 1, "cpu") for name, ndcg in (("worse", 0.1), ("best", 0.9))
    ]
    assert table(rows).index("best") < table(rows).index("worse")


def test_ranking_is_by_cosine(minilm: Embedder) -> None:
    vectors = minilm.encode(["a pulsar", "a comet", "dark energy"], "document")
    assert ranked(vectors, vectors, 5)[:, 0].tolist() == [0, 1, 2]


def test_weights_are_counted_without_buffers(models: Path, tmp_path: Path) -> None:
    assert parameters(models / EMBEDDING) == 22_713_216
    assert parameters(tmp_path) is None


def test_bad_input_is_one_sentence(cli: Cli, beir: Path, tmp_path: Path) -> None:
    assert "no folder" in cli("eval", "embeddings", EMBEDDING, "--dataset", tmp_path / "none").sentence
    assert "can't be read" in cli("eval", "embeddings", EMBEDDING, "--dataset", tmp_path).sentence
    assert "no folder of an embedding model" in cli("eval", "embeddings", str(tmp_path), "--dataset", beir).sentence
    assert "not on this machine" in cli("eval", "embeddings", "some/model", "--dataset", beir, "--offline").sentence


def test_a_missing_gpu_is_one_sentence(cli: Cli, beir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no CUDA device" in cli("eval", "embeddings", EMBEDDING, "--dataset", beir, "--device", "cuda").sentence
