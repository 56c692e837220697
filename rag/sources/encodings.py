"""Bytes of files that nobody says the encoding of, as text; nothing is lost and nothing raised."""

from __future__ import annotations

import codecs
import re

SAMPLE = 1024 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# As JabRef writes it in the first line of a library.
DECLARED = re.compile(rb"^\s*%+\s*Encoding\s*:\s*([\w-]{2,20})", re.I | re.M)
# The name under which bytes that are no UTF-8 are read as Windows' for Western Europe.
LENIENT = "windows-1252-where-no-utf-8"


def encoding_of(sample: bytes) -> str:
    """The encoding of a file that begins so, to be decoded with the errors :data:`LENIENT`."""
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name
    zeros = sample[:400].count(0)
    if zeros > len(sample[:400]) // 4:
        return "utf-16-be" if sample[:1] == b"\0" else "utf-16-le"
    if declared := DECLARED.search(sample[:1000]):
        name = declared[1].decode("ascii").replace("ISO8859_", "ISO8859-")
        try:
            codec = codecs.lookup(name)
        except LookupError:
            return "utf-8"
        if codec._is_text_encoding and codec.name not in ("ascii", "utf-16", "utf-32", "utf-7"):
            return codec.name
    return "utf-8"


def doubt(sample: bytes, encoding: str) -> str:
    """What to tell about a file whose sample is not in its encoding; empty when it is."""
    if encoding != "utf-8":
        return ""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError as error:
        line = sample.count(b"\n", 0, error.start) + 1
        return f"from line {line} on it is not in UTF-8: what is not was read as Windows-1252"
    return ""


def decoded(data: bytes) -> tuple[str, str]:
    """The text of a whole file, and a sentence when its encoding had to be guessed."""
    encoding = encoding_of(data)
    return data.decode(encoding, LENIENT).replace("\ufeff", ""), doubt(data, encoding)


def _windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    foreign = error.object[error.start : error.end]
    if error.encoding.startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return "\ufffd", error.end
    return "".join(_WINDOWS.get(byte, chr(byte)) for byte in foreign), error.end


_WINDOWS = {byte: bytes([byte]).decode("cp1252") for byte in range(128, 256) if byte not in (129, 141, 143, 144, 157)}
codecs.register_error(LENIENT, _windows)
