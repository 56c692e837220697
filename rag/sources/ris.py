"""RIS as programs write it: tags with one blank or two, in lower case, without an end, with lines in between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

TAG = re.compile(r"^[ \t]{0,3}([A-Z][A-Z0-9])[ \t]{0,3}-(?:[ \t]+(.*)|[ \t]*)$")
LOWER_TAG = re.compile(r"^[ \t]{0,3}([a-z][a-z0-9])[ \t]{0,3}-(?:[ \t]+(.*)|[ \t]*)$")
BEGIN = re.compile(r"^[ \t]{0,3}TY[ \t]{0,3}-", re.I)
# The tags of a field, the surest first.
TAGS = {
    "title": ("TI", "T1", "CT", "BT"),
    "abstract": ("AB", "N2"),
    "year": ("PY", "Y1", "YR", "DA"),
    "journal": ("JO", "JF", "JA", "T2", "J2", "SO"),
    "volume": ("VL",),
    "number": ("IS", "M1"),
    "doi": ("DO", "DI"),
    "m3": ("M3", "L3"),
    "urls": ("UR", "L1", "L2", "LK"),
    "custom7": ("C7",),
    "accession_number": ("AN",),
    "note": ("N1",),
    "bibcode": ("U1",),
}
AUTHORS = ("AU", "A1")


@dataclass(frozen=True, slots=True)
class RisReference:
    """One reference: the line it begins in, its key, its fields and its authors as written."""

    line: int
    key: str
    fields: Mapping[str, str]
    authors: tuple[str, ...]


def references(text: str) -> Iterator[RisReference]:
    """The references of a file, in their order, one beginning at each TY."""
    values: dict[str, list[str]] = {}
    begun, tag = 0, re.compile("")
    last = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if BEGIN.match(line):
            if begun:
                yield _reference(begun, values)
            begun, values, last = number, {}, ""
            tag = LOWER_TAG if line.lstrip()[:1].islower() else TAG
        elif begun and (match := tag.match(line)):
            last = match[1].upper()
            if last == "ER":
                yield _reference(begun, values)
                begun, last = 0, ""
            else:
                values.setdefault(last, []).append((match[2] or "").strip())
        elif begun and last and line.strip():
            values[last][-1] = f"{values[last][-1]} {line.strip()}".strip()
    if begun:
        yield _reference(begun, values)


def _reference(line: int, values: Mapping[str, list[str]]) -> RisReference:
    fields = {name: _first(values, tags, name == "urls") for name, tags in TAGS.items()}
    start, end = _first(values, ("SP",)), _first(values, ("EP",))
    fields["pages"] = f"{start}-{end}" if end and end != start and "-" not in start else start
    authors = next((values[name] for name in AUTHORS if any(values.get(name, ()))), [])
    return RisReference(line, _first(values, ("ID",)), fields, tuple(name for name in authors if name))


def _first(values: Mapping[str, list[str]], tags: tuple[str, ...], all_of_them: bool = False) -> str:
    if all_of_them:
        return " ".join(value for tag in tags for value in values.get(tag, ()))
    return next((value for tag in tags for value in values.get(tag, ()) if value), "")
