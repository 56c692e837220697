"""A language model of one layer with made-up weights, as a GGUF file: enough to see whether llama.cpp runs here.

Its matrices are of every kind that the catalogue's models hold, since each has kernels of its own in llama.cpp.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

WIDTH, INNER, HEADS, VOCABULARY, CONTEXT = 256, 512, 4, 288, 512
ALIGNMENT = 32
U32, F32, STRING, ARRAY, I32 = 4, 6, 8, 9, 5
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6

# The scales of a block are set, so that no weight is infinite; its other bytes may be anything.
SCALE = np.float16(0.002).tobytes()
Bytes = Callable[[int], bytes]
# Type of a matrix: its number in GGUF, the weights of a block, and how the bytes of a block are made.
KINDS: dict[str, tuple[int, int, Callable[[Bytes], bytes]]] = {
    "F32": (0, 1, lambda some: np.float32((some(1)[0] - 127.5) / 2000).tobytes()),
    "F16": (1, 1, lambda some: np.float16((some(1)[0] - 127.5) / 2000).tobytes()),
    "Q4_0": (2, 32, lambda some: SCALE + some(16)),
    "Q4_1": (3, 32, lambda some: SCALE + SCALE + some(16)),
    "Q5_0": (6, 32, lambda some: SCALE + some(4 + 16)),
    "Q8_0": (8, 32, lambda some: SCALE + some(32)),
    "Q4_K": (12, 256, lambda some: SCALE + SCALE + some(12 + 128)),
    "Q5_K": (13, 256, lambda some: SCALE + SCALE + some(12 + 32 + 128)),
    "Q6_K": (14, 256, lambda some: some(128 + 64 + 16) + SCALE),
}
# Name of a matrix: its kind, the numbers that a row of it takes in, and its rows.
MATRICES = {
    "token_embd.weight": ("Q8_0", WIDTH, VOCABULARY),
    "output.weight": ("Q6_K", WIDTH, VOCABULARY),
    "blk.0.attn_q.weight": ("Q4_0", WIDTH, WIDTH),
    "blk.0.attn_k.weight": ("Q4_1", WIDTH, WIDTH),
    "blk.0.attn_v.weight": ("Q5_0", WIDTH, WIDTH),
    "blk.0.attn_output.weight": ("F16", WIDTH, WIDTH),
    "blk.0.ffn_gate.weight": ("Q4_K", WIDTH, INNER),
    "blk.0.ffn_up.weight": ("Q5_K", WIDTH, INNER),
    "blk.0.ffn_down.weight": ("Q8_0", INNER, WIDTH),
}
NORMS = ("output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight")


def write_tiny_model(place: Path) -> None:
    """Write the model to the file ``place``, the same bytes each time; 0.6 MB."""
    some = np.random.default_rng(1).bytes
    tensors: list[tuple[str, tuple[int, ...], int, bytes]]
    tensors = [(name, (WIDTH,), 0, np.ones(WIDTH, np.float32).tobytes()) for name in NORMS]
    for name, (kind, taken, rows) in MATRICES.items():
        number, weights, block = KINDS[kind]
        data = b"".join(block(some) for _ in range(taken * rows // weights))
        tensors.append((name, (taken, rows), number, data))
    facts = _facts()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join(facts)
    offset = 0
    for name, shape, number, data in tensors:
        head += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, offset)
        offset += len(_padded(data))
    place.write_bytes(_padded(head) + b"".join(_padded(data) for *_, data in tensors))


def _facts() -> list[bytes]:
    """What the file says of the model: its sizes, and a vocabulary of bytes."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [f"word{number}" for number in range(VOCABULARY - len(tokens))]
    types = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256]
    types += [NORMAL] * (VOCABULARY - len(types))
    return [
        _fact("general.architecture", STRING, "llama"),
        _fact("llama.context_length", U32, CONTEXT),
        _fact("llama.embedding_length", U32, WIDTH),
        _fact("llama.block_count", U32, 1),
        _fact("llama.feed_forward_length", U32, INNER),
        _fact("llama.attention.head_count", U32, HEADS),
        _fact("llama.attention.head_count_kv", U32, HEADS),
        _fact("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        _fact("tokenizer.ggml.model", STRING, "llama"),
        _list("tokenizer.ggml.tokens", STRING, tokens),
        _list("tokenizer.ggml.scores", F32, [0.0] * VOCABULARY),
        _list("tokenizer.ggml.token_type", I32, types),
        _fact("tokenizer.ggml.bos_token_id", U32, 1),
        _fact("tokenizer.ggml.eos_token_id", U32, 2),
    ]


def _fact(key: str, kind: int, value: Any) -> bytes:
    return _string(key) + struct.pack("<I", kind) + _value(kind, value)


def _list(key: str, kind: int, values: Iterable[Any]) -> bytes:
    packed = [_value(kind, value) for value in values]
    return _string(key) + struct.pack("<IIQ", ARRAY, kind, len(packed)) + b"".join(packed)


def _value(kind: int, value: Any) -> bytes:
    if kind == STRING:
        return _string(value)
    return struct.pack({U32: "<I", I32: "<i", F32: "<f"}[kind], value)


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)
