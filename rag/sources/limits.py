"""What no honest file exceeds: how long its records are, and how much more it is than it looks."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

LONGEST_LINE = 4 * 1024 * 1024  # bytes; a paper by 5,000 authors has 500,000
LONGEST = {"title": 2_000, "abstract": 50_000, "authors": 2_000_000}  # characters
MOST_AUTHORS = 20_000
# What a compressed file may expand to: arXiv's metadata is four times its packed size.
EXPANSION, FREE = 100, 64 * 1024 * 1024
# One kilobyte of zstandard can hold 32 MB, and is not to be had in parts.
PACKED = 4096


def check_lengths(title: str, abstract: str, authors: str = "") -> None:
    """ValueError when a field is longer than any paper's."""
    for name, value in (("title", title), ("abstract", abstract), ("authors", authors)):
        if len(value) > LONGEST[name]:
            raise ValueError(f"the field {name!r} has {len(value):,} characters, more than any paper's")


def expanded(path: Path, raw: BinaryIO) -> BinaryIO:
    """The text of a file that is plain, gzipped or compressed with zstandard, as a stream.

    Reading it raises EOFError when a compressed file breaks off, is damaged or expands beyond all measure.
    """
    if path.suffix not in (".gz", ".zst"):
        return raw
    stream = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else _Zstandard(raw)
    most = EXPANSION * path.stat().st_size + FREE
    return io.BufferedReader(_Bounded(stream.readinto, most))


class _Bounded(io.RawIOBase):
    """A stream that ends with an EOFError after so many bytes."""

    def __init__(self, readinto: Callable[[Any], int], most: int) -> None:
        self._readinto = readinto
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._readinto(buffer)
        self._left -= size
        if self._left < 0:
            raise EOFError(f"it expands to more than {EXPANSION} times its size")
        return size


class _Zstandard(io.RawIOBase):
    """The text of a file of zstandard frames; one that breaks off inside a frame raises EOFError."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame: Any = None
        self._packed = b""
        self._text = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._text:
            self._packed = self._packed or self._raw.read(PACKED)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("it ends inside a compressed frame")
                return 0
            self._text = memoryview(self._decompressed())
        size = min(len(buffer), len(self._text))
        buffer[:size], self._text = self._text[:size], self._text[size:]
        return size

    def _decompressed(self) -> bytes:
        import zstandard

        self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        try:
            text: bytes = self._frame.decompress(self._packed)
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from None
        self._packed = b""
        if self._frame.eof:
            self._packed, self._frame = self._frame.unused_data, None
        return text
