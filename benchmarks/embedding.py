"""Bulk embedding: documents/s beside SentenceTransformer.encode in the same run, and the share of peak FLOP/s.

Both read the same abstracts of an index, in turns, so that a change in the machine's load meets both. What the
8-bit weights cost in nDCG is measured by ``sidereus eval retrieval --dense-only`` and ``eval embeddings``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from machine import Row, describe, percentiles, table

from rag.index.filters import Filters
from rag.models import catalog, embedder, store
from rag.models.catalog import Model
from rag.models.embedder import Embedder, Vectors, max_seq_length
from rag.session import Session
from rag.settings import load_settings

PEER_BATCH = 32


def main() -> None:
    """Print a markdown table."""
    options = _options()
    session = Session(load_settings(index=options.index, offline=True))
    texts = _abstracts(session, options.papers)
    model = catalog.find(session.manifest.model, "embedding")
    folder = store.folder(session.settings.models, model)
    precisions = ("int8", "fp32") if options.fp32 else ("int8",)
    ours = {name: embedder.load(session.settings.models, model, precision=name) for name in precisions}
    ways: dict[str, Callable[[Sequence[str]], Vectors]] = {
        "SentenceTransformer.encode, batch 32": _peer(model, folder),
        **{f"Sidereus, {name}": _encoder(loaded) for name, loaded in ours.items()},
    }
    seconds, vectors = _in_turns(ways, texts, options.rounds)
    peer, *others = seconds
    rows = [Row(peer, f"{len(texts) / seconds[peer]:.1f} documents/s", "")]
    rows += [_compared(name, texts, seconds, vectors, peer) for name in others]
    rows += _of_peak(f"Sidereus, {precisions[0]}", seconds, model, folder, texts)
    rows.append(Row("embed one query", _query_time(ours["int8"], texts), "15 ms"))
    print(describe(f"{len(texts)} abstracts of {options.index}, {model.title}, best of {options.rounds} rounds"))
    print(table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", default="starter", help="index whose papers are embedded")
    parser.add_argument("--papers", type=int, default=512, help="how many of them")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is run; the best counts")
    parser.add_argument("--fp32", action="store_true", help="measure the unquantized graph too")
    return parser.parse_args()


def _abstracts(session: Session, count: int) -> list[str]:
    """Titles with abstracts of a random sample, always the same."""
    rows = session.index.admitted(Filters(since=0))
    assert rows is not None
    drawn = random.Random(0).sample(rows.tolist(), min(count, len(rows)))
    return [paper.text for paper in session.index.papers(drawn)]


def _peer(model: Model, folder: Path) -> Callable[[Sequence[str]], Vectors]:
    """Plain sentence-transformers on the same files, reading as many tokens of a text as Sidereus does."""
    from sentence_transformers import SentenceTransformer

    loaded = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    loaded.max_seq_length = max_seq_length(model, folder)
    return lambda texts: loaded.encode(list(texts), batch_size=PEER_BATCH, normalize_embeddings=True)


def _encoder(loaded: Embedder) -> Callable[[Sequence[str]], Vectors]:
    return lambda texts: loaded.encode(texts, "document")


def _in_turns(
    ways: dict[str, Callable[[Sequence[str]], Vectors]], texts: Sequence[str], rounds: int
) -> tuple[dict[str, float], dict[str, Vectors]]:
    """The shortest time of each way, in seconds, and its vectors."""
    best = dict.fromkeys(ways, float("inf"))
    vectors = {name: encode(texts[:PEER_BATCH]) for name, encode in ways.items()}
    for _ in range(rounds):
        for name, encode in ways.items():
            started = time.perf_counter()
            vectors[name] = encode(texts)
            best[name] = min(best[name], time.perf_counter() - started)
    return best, vectors


def _compared(
    name: str, texts: Sequence[str], seconds: dict[str, float], vectors: dict[str, Vectors], peer: str
) -> Row:
    rate, times = len(texts) / seconds[name], seconds[peer] / seconds[name]
    cosine = float(np.mean(np.sum(vectors[name] * vectors[peer], axis=1)))
    return Row(name, f"{rate:.1f} documents/s, {times:.2f} times the peer, mean cosine to it {cosine:.4f}", "1.8 times")


def _of_peak(name: str, seconds: dict[str, float], model: Model, folder: Path, texts: Sequence[str]) -> list[Row]:
    """The arithmetic rate of embedding beside that of a large float32 matrix product on all cores."""
    peak = _matmul_rate()
    done = sum(_operations(folder, length) for length in _lengths(model, folder, texts)) / seconds[name]
    return [
        Row("float32 matrix product, 3000 x 3000 (BLAS)", f"{peak / 1e9:.0f} GFLOP/s", ""),
        Row(f"{name}: useful arithmetic", f"{done / 1e9:.0f} GFLOP/s, {done / peak:.0%} of that", ""),
    ]


def _matmul_rate(size: int = 3000, rounds: int = 5) -> float:
    """FLOP/s of the fastest of some products of two square matrices."""
    one = np.random.default_rng(0).random((size, size), dtype=np.float32)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        one @ one
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times)


def _operations(folder: Path, tokens: int) -> float:
    """Floating-point operations to embed a text, without padding.

    Each layer multiplies every token by 4 h² weights of attention and 2 h f of the feed-forward part, two
    operations a weight, and forms scores and their weighted sum over all tokens: 4 t h for each token.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    per_token = 2 * (4 * hidden**2 + 2 * hidden * inner) + 4 * tokens * hidden
    return float(config["num_hidden_layers"] * per_token * tokens)


def _lengths(model: Model, folder: Path, texts: Sequence[str]) -> list[int]:
    """The tokens of each text, as many as the model reads."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_seq_length(model, folder))
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]


def _query_time(loaded: Embedder, texts: Sequence[str]) -> str:
    """p50 and p95 of embedding one title."""
    seconds = []
    for text in texts[:100]:
        started = time.perf_counter()
        loaded.encode([text.split("\n")[0]], "query")
        seconds.append(time.perf_counter() - started)
    return percentiles(seconds)


if __name__ == "__main__":
    main()
