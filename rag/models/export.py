"""Turning the weights of a BERT-like model into an ONNX graph with mean pooling inside, once, on first use.

The 8-bit graph quantizes weights per channel and activations as they come (ONNX Runtime's dynamic
quantization); pooling is the mean of the token vectors under the attention mask.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag.errors import ModelProblem
from rag.models import store
from rag.models.adapters import HEAD
from rag.models.catalog import Model
from rag.storage import locked

if TYPE_CHECKING:
    import torch

Precision = Literal["int8", "fp32"]
ARCHITECTURES = {"bert"}


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
    """The ONNX graph of a model, made when there is none for these very weights."""
    folder = store.folder(models, model)
    place = models / ".onnx" / f"{Path(model.name).name}-{store.fingerprint(folder)}-{precision}.onnx"
    if not place.is_file():
        with locked(place.with_suffix(".lock"), f"Another process is preparing {model.name}: try again in a moment."):
            _export(folder, place, precision)
    return place


def exported_reader(models: Path, model: Model) -> Path:
    """The 8-bit ONNX graph of a reader, with its head inside, made when there is none for these very weights."""
    folder = store.folder(models, model)
    place = models / ".onnx" / f"{Path(model.name).name}-{store.fingerprint(folder)}-int8.onnx"
    if not place.is_file():
        with locked(place.with_suffix(".lock"), f"Another process is preparing {model.name}: try again in a moment."):
            _trace(_with_head(_bert(folder), folder), place, "int8", "logits")
    return place


def _export(folder: Path, place: Path, precision: Precision) -> None:
    _trace(_mean_pooled(_bert(folder)), place, precision, "vectors")


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


def _trace(model: torch.nn.Module, place: Path, precision: Precision, output: str) -> None:
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
