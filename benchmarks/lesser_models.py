"""Embedding models that are known to be worse, as folders, to see that a comparison tells them apart.

One is all-MiniLM-L6-v2 cut to its first layers; the other has the architecture of AstroBERT-small and random weights.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from rag.models import catalog, store
from rag.settings import load_settings

WEIGHTS, CONFIG = "model.safetensors", "config.json"


def main() -> None:
    """Write the folders and print their names."""
    options = _options()
    settings = load_settings(offline=True)
    original = store.ensure(settings.models, catalog.find(options.model, "embedding"), offline=True)
    for name, tensors, layers in (
        (f"{options.model}-{options.layers}-layers", _cut(original, options.layers), options.layers),
        (f"{options.model}-random", _random(original), None),
    ):
        print(_written(options.folder / name, original, tensors, layers))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder to write the models into")
    parser.add_argument("--model", default="all-minilm-l6-v2", help="model of the catalogue to start from")
    parser.add_argument("--layers", type=int, default=3, help="how many of its layers to keep")
    return parser.parse_args()


def _cut(original: Path, layers: int) -> dict[str, np.ndarray]:
    """The weights without those of the layers from ``layers`` on."""
    return {
        name: values
        for name, values in load_file(original / WEIGHTS).items()
        if ".layer." not in name or int(name.split(".layer.")[1].split(".")[0]) < layers
    }


def _random(original: Path) -> dict[str, np.ndarray]:
    """Weights as BERT is initialised: matrices normal with 0.02, biases 0, scales 1 (Devlin et al. 2019)."""
    random = np.random.default_rng(0)
    weights = load_file(original / WEIGHTS)
    for name, values in weights.items():
        if values.dtype.kind == "f" and values.ndim == 2:
            weights[name] = random.normal(scale=0.02, size=values.shape).astype(values.dtype)
        elif values.dtype.kind == "f":
            weights[name] = np.full_like(values, 1.0 if name.endswith("LayerNorm.weight") else 0.0)
    return weights


def _written(folder: Path, original: Path, tensors: dict[str, np.ndarray], layers: int | None) -> Path:
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns(WEIGHTS))
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    if layers is not None:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        (folder / CONFIG).write_text(json.dumps({**config, "num_hidden_layers": layers}, indent=2), encoding="utf-8")
    return folder


if __name__ == "__main__":
    main()
