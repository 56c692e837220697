"""Turning the weights of a BERT-like model into an ONNX graph with mean pooling inside, once, on first use.

The 8-bit graph quantizes weights per channel and activations as they come (ONNX Runtime's dynamic
quantization); pooling is the mean of the token vectors under the attention mask.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from rag.errors import ModelProblem
from rag.models import store
from rag.models.adapters import HEAD
from rag.models.catalog import FileFacts, Model
from rag.models.files import check_file, sha256
from rag.storage import locked, write_json

if TYPE_CHECKING:
    import torch

Precision = Literal["int8", "fp32"]
ARCHITECTURES = {"bert"}
# The kinds of models that graphs are made of, and where it is noted what a graph holds: its size and SHA-256.
GRAPHS, FACTS = {"embedding", "reader"}, ".json"


def supported(folder: Path) -> bool:
    """Whether the model in ``folder`` is a BERT whose vectors are the mean of its tokens' vectors and nothing more."""
    config = read_json(folder / "config.json")
    if not config:
        raise ModelProblem(f"The embedding model in {folder} has no readable config.json: fetch it again.")
    poolings = [read_json(path) for path in folder.glob("*_Pooling/config.json")]
    mean = all(p.get("pooling_mode_mean_tokens", p.get("pooling_mode", "mean") == "mean") for p in poolings)
    dense = any(folder.glob("*_Dense"))
    return config.get("model_type") in ARCHITECTURES and (folder / "tokenizer.json").is_file() and mean and not dense


def own_max_seq_length(folder: Path) -> int:
    """The number of tokens that the model's own files say it reads."""
    positions = int(read_json(folder / "config.json").get("max_position_embeddings", 512))
    said = read_json(folder / "sentence_bert_config.json").get("max_seq_length")
    said = said or read_json(folder / "tokenizer_config.json").get("model_max_length")
    return min(int(said), positions) if said else positions


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, empty when there is none that can be read."""
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return record
    except (OSError, ValueError):
        return {}


def exported(models: Path, model: Model, precision: Precision) -> Path:
    """The ONNX graph of a model, made when there is no whole one for these very weights."""
    return _graph(models, model, precision, lambda folder: (_mean_pooled(_bert(folder)), "vectors"))


def exported_reader(models: Path, model: Model) -> Path:
    """The 8-bit ONNX graph of a reader, its head inside, made when there is no whole one for these very weights."""
    return _graph(models, model, "int8", lambda folder: (_with_head(_bert(folder), folder), "logits"))


def damaged(models: Path, model: Model) -> dict[Precision, Path]:
    """The graphs of a model's weights that are there and not as they were made; the next use makes them again."""
    if model.kind not in GRAPHS or not store.present(models, model):
        return {}
    precisions: tuple[Precision, ...] = get_args(Precision)
    graphs = {precision: _place(models, model, precision) for precision in precisions}
    return {precision: graph for precision, graph in graphs.items() if graph.is_file() and not _is_whole(graph)}


def make_again(models: Path, model: Model) -> list[Path]:
    """Make the damaged graphs of a model from its weights; those that were made."""
    return [
        exported_reader(models, model) if model.kind == "reader" else exported(models, model, precision)
        for precision in damaged(models, model)
    ]


def _graph(
    models: Path, model: Model, precision: Precision, load: Callable[[Path], tuple[torch.nn.Module, str]]
) -> Path:
    """The graph of a model, made when it is missing or not as it was made; ``load`` gives it with its output's name."""
    place = _place(models, model, precision)
    if not _is_whole(place):
        with locked(place.with_suffix(".lock"), f"Another process is preparing {model.name}: try again in a moment."):
            _trace(*load(store.folder(models, model)), place, precision)
            write_json(place.with_suffix(FACTS), {"size": place.stat().st_size, "sha256": sha256(place)})
    return place


def _place(models: Path, model: Model, precision: Precision) -> Path:
    mark = store.fingerprint(store.folder(models, model))
    return models / ".onnx" / f"{Path(model.name).name}-{mark}-{precision}.onnx"


def _is_whole(graph: Path) -> bool:
    """Whether a graph is there, and is what was noted when it was made."""
    facts = read_json(graph.with_suffix(FACTS))
    return bool(facts) and check_file(graph, FileFacts(facts.get("size"), facts.get("sha256", ""))) is None


def _bert(folder: Path) -> Any:
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return AutoModel.from_pretrained(folder, attn_implementation="eager", local_files_only=True).eval()
    except Exception as error:  # damaged weights fail in as many ways as there are formats
        raise ModelProblem(f"The model in {folder} can't be loaded ({error}): fetch it again.") from None


def _mean_pooled(bert: Any) -> torch.nn.Module:
    import torch

    class MeanPooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor:
            return _mean(self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state, attention_mask)

    return MeanPooled()


def _with_head(bert: Any, folder: Path) -> torch.nn.Module:
    """The model with the two layers in its folder on top, over its first token's vector and the mean of all."""
    import torch
    from safetensors.torch import load_file

    weights = {name: value.float() for name, value in load_file(folder / HEAD).items()}
    hidden, width = weights["0.weight"].shape
    layers = (torch.nn.Linear(width, hidden), torch.nn.GELU(), torch.nn.Linear(hidden, weights["2.weight"].shape[0]))

    class WithHead(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert
            self.head = torch.nn.Sequential(*layers)
            self.head.load_state_dict(weights)

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
        ) -> torch.Tensor:
            states = self.bert(input_ids, attention_mask, token_type_ids).last_hidden_state
            logits: torch.Tensor = self.head(torch.cat([states[:, 0], _mean(states, attention_mask)], dim=-1))
            return logits

    return WithHead()


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _trace(model: torch.nn.Module, output: str, place: Path, precision: Precision) -> None:
    import torch

    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 8), dtype=torch.long) for _ in names)
    full = place.with_suffix(".fp32.tmp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            example,
            str(full),
            input_names=names,
            output_names=[output],
            dynamic_axes={**{name: {0: "texts", 1: "tokens"} for name in names}, output: {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )
    _finish(full, place, precision)


def _finish(full: Path, place: Path, precision: Precision) -> None:
    if precision == "fp32":
        full.replace(place)
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic

    aside = place.with_suffix(".int8.tmp")
    quantize_dynamic(str(full), str(aside), weight_type=QuantType.QInt8, per_channel=True)
    full.unlink()
    aside.replace(place)
