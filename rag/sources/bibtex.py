"""BibTeX as people keep it: the grammar is pybtex's, and an entry that breaks it costs no other one.

Each entry is parsed by itself, from its "@" to that of the next, so that a brace too few swallows nothing. What of
a broken one can be told apart is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pybtex.bibtex.utils import split_name_list, split_tex_string
from pybtex.database.input.bibtex import LowLevelParser, month_names
from pybtex.scanner import PybtexSyntaxError

START = re.compile(r"(?:^|(?<=[}\)]))[ \t]*@[ \t]*([A-Za-z]+)[ \t\r\n]*([{(])", re.M)
KEY = re.compile(r"([^,={}\"#]{0,300})(?:,|(?=[})]))")
# Where a field begins in an entry that the grammar does not cover.
FIELD = re.compile(r"(?:^|(?<=[}\"\d]),|(?<=[}\"]))[ \t]*([A-Za-z][\w-]{0,40})[ \t]*=\s*(?=[{\"\w\\])", re.M)
NO_ENTRY = frozenset(("comment", "preamble", "string"))
INHERITED = ("crossref", "xdata")

Told = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry: the line it begins in, its kind and key as written, its fields by lower-case name."""

    line: int
    kind: str
    key: str
    fields: Mapping[str, str]


def references(text: str, told: Told) -> Iterator[Reference]:
    """The entries of a library, in their order; ``told`` hears where one breaks the grammar, and how."""
    read = list(_entries(text, told))
    by_key = {entry.key.lower(): entry for entry in reversed(read) if entry.key}
    for entry in read:
        yield Reference(entry.line, entry.kind, entry.key, _inherited(entry, by_key))


def names(field: str) -> list[str]:
    """The names in an author field, given names first: "Ford, Jr., Henry" becomes "Henry Ford Jr."."""
    listed = split_name_list(" ".join(field.split()))
    return [_given_first(name) for name in listed if name.strip("{}~ ,")]


def _entries(text: str, told: Told) -> Iterator[Reference]:
    starts = list(START.finditer(text))
    macros = _Macros(month_names)
    line, counted = 1, 0
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=False):
        line += text.count("\n", counted, start.start())
        counted = start.start()
        # A match may begin with the blanks of the lines before.
        first = line + start[0][: start[0].index("@")].count("\n")
        chunk = text[start.start() : end]
        kind = start[1].lower()
        if kind == "string":
            _define(chunk, macros, lambda why, at=first: told(f"line {at}", why))  # type: ignore[misc]
        elif kind not in NO_ENTRY:
            yield _entry(chunk, start, macros, first, told)


def _entry(chunk: str, start: re.Match[str], macros: _Macros, line: int, told: Told) -> Reference:
    body = chunk[len(start[0]) :]
    match = KEY.match(body)
    key = match[1].strip() if match else ""
    rest = body[match.end() :] if match else body
    where = f"line {line}"
    pairs, broken = _parsed(f"@{start[1]}{start[2]}k,{rest}", macros)
    if broken:
        saved = _salvaged(rest)
        told(where, f"entry {key or 'without a key'} is malformed ({broken}); what could be read of it was kept")
        pairs = saved if len(saved) >= len(pairs) else pairs
    fields: dict[str, str] = {}
    for name, value in pairs:
        known = fields.get(name)
        if known is not None and value.split() != known.split():
            told(where, f"entry {key} has the field {name} twice: the longer was kept")
        fields[name] = max(known or "", value, key=len)
    return Reference(line, start[1].lower(), key, fields)


def _parsed(entry: str, macros: _Macros) -> tuple[list[tuple[str, str]], str]:
    """The fields of an entry, and what is wrong with it."""
    wrong: list[str] = []
    parser = LowLevelParser(entry, macros=macros, handle_error=lambda error: wrong.append(_said(error)))
    found: list[tuple[str, str]] = []
    try:
        for _, (_, fields) in parser:
            found += [(name.lower(), "".join(values)) for name, values in fields]
            break
    except (PybtexSyntaxError, RecursionError) as error:
        wrong.append(_said(error))
    return found, wrong[0] if wrong else ""


def _salvaged(body: str) -> list[tuple[str, str]]:
    starts = list(FIELD.finditer(body))
    ends = [start.start() for start in starts[1:]] + [len(body)]
    return [
        (start[1].lower(), body[start.end() : end].strip().strip(",").strip().strip('{}"').strip())
        for start, end in zip(starts, ends, strict=False)
    ]


def _define(chunk: str, macros: _Macros, told: Callable[[str], None]) -> None:
    def malformed(error: Exception) -> None:
        told(f"this @string is malformed ({_said(error)})")

    parser = LowLevelParser(chunk, macros=macros, handle_error=malformed)
    for _ in parser:
        return


def _inherited(entry: Reference, by_key: Mapping[str, Reference]) -> Mapping[str, str]:
    """The fields of an entry with those of the one it refers to, as BibTeX fills them in."""
    parents = (entry.fields.get(name, "").strip().lower() for name in INHERITED)
    for parent in (by_key[key] for key in parents if key in by_key and key != entry.key.lower()):
        given = dict(parent.fields)
        title = given.pop("title", "")
        if entry.kind in ("inproceedings", "incollection", "inbook"):
            given.setdefault("booktitle", title)
        return {**given, **entry.fields}
    return entry.fields


def _given_first(name: str) -> str:
    if name.lower() == "others":
        return "et al."
    if name.startswith("{") and name.endswith("}") and name.find("}") == len(name) - 1:
        return name
    parts = [part.strip() for part in split_tex_string(name, ",")]
    surname, given = parts[0], parts[-1] if len(parts) > 1 else ""
    return " ".join(part for part in (given, surname, *parts[1:-1]) if part)


def _said(error: Exception) -> str:
    said = " ".join(str(error).split())[:100] or "braces in braces without an end"
    return re.sub(r"^syntax error in line \d+:\s*", "", said)


class _Macros(dict[str, str]):
    """What @string defines; a name that nothing defines stands for itself, as in ``journal = prd``."""

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self.get(name.lower(), f"\\{name}" if name.isalpha() else name)
