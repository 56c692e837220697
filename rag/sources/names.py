"""Lists of authors in one string, as tables and programs write them."""

from __future__ import annotations

import ast
import json
import re

# "A.G.", "A. G.", "AG", "J.-P."
INITIALS = r"(?:[^\W\d_]\.[\s-]?){1,4}|(?=[^a-z\s]{1,3}$)[^\W\d_](?:-?[^\W\d_]){0,2}"
SURNAME_INITIALS = re.compile(rf"((?:[^\W\d_][\w'’-]+\s+){{0,3}}[^\W\d_][\w'’-]+)\s+({INITIALS})")
SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.I)


def given_first(name: str) -> str:
    """A name with its given names first: of "Riess, Adam G.", "Riess A.G." and "Riess, AG"; others as they are."""
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if len(parts) > 1:
        suffixes = [part for part in parts[1:] if SUFFIX.fullmatch(part)]
        given = [part for part in parts[1:] if not SUFFIX.fullmatch(part)]
        return " ".join([*map(_dotted, given), parts[0], *suffixes])
    if match := SURNAME_INITIALS.fullmatch(name.strip()):
        return f"{_dotted(match[2].strip())} {match[1]}"
    return name.strip()


def names_of_list(text: str) -> list[str]:
    """The names in a list of authors, given names first.

    >>> names_of_list("Riess A.G., Macri L.M."), names_of_list("Riess, Adam; Macri, L.")
    (['A.G. Riess', 'L.M. Macri'], ['Adam Riess', 'L. Macri'])
    >>> names_of_list("A. Low, B. High and C. Nigh"), names_of_list("['Ann Low', 'Bob High']")
    (['A. Low', 'B. High', 'C. Nigh'], ['Ann Low', 'Bob High'])
    """
    text = " ".join(text.split())
    if text[:1] in "[(" and (listed := _literal(text)) is not None:
        return [name for one in listed for name in ([given_first(one)] if one.strip() else [])]
    for separator in (r"\s*;\s*", r"\s*\|\s*", r",?\s+(?:and|&)\s+"):
        if len(parts := re.split(separator, text)) > 1:
            named = [part for part in parts if part.strip()]
            # "A. Low, B. High and C. Nigh": commas between names, the last of which has an "and".
            lists = separator.endswith(r"(?:and|&)\s+") and (_between_names(named[0]) or named[0].count(",") > 2)
            return [name for part in named for name in (names_of_list(part) if lists else [given_first(part)])]
    parts = re.split(r"\s*,\s*", text)
    if len(parts) > 1 and not _between_names(text):
        pairs = [", ".join(parts[at : at + 2]) for at in range(0, len(parts), 2)]
        return [given_first(pair) for pair in pairs]
    return [given_first(part) for part in parts if part]


def _between_names(text: str) -> bool:
    """Whether the commas of a list stand between names, and not between surname and given names."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) < 2:
        return False
    if len(parts) % 2 == 0 and all(re.fullmatch(INITIALS, part) for part in parts[1::2]):
        return False
    return len(parts) != 2 or " " in parts[0].strip()


def _literal(text: str) -> list[str] | None:
    """The names in a list as Python or JSON writes it, of strings, pairs or things that have a name."""
    if len(text) > 1_000_000:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, list | tuple):
            return [name_of(one) for one in value]
    return None


def name_of(value: object) -> str:
    """The name in a string, in ["Riess", "Adam", ""] or in {"name": "Adam Riess"}."""
    if isinstance(value, dict):
        keys = ("name", "full_name", "display_name", "author", "fullname", "literal")
        whole = next((str(value[key]) for key in keys if value.get(key)), "")
        return whole or " ".join(str(value[key]) for key in ("given", "family", "first", "last") if value.get(key))
    if isinstance(value, list | tuple):
        surname, given, *rest = [*map(str, value), "", ""]
        return " ".join(part for part in (given, surname, *rest) if part.strip())
    return str(value)


def _dotted(given: str) -> str:
    """Initials without points, as in "Riess, AG", with them."""
    if re.fullmatch(r"[A-Z]{1,3}", given):
        return "".join(f"{letter}." for letter in given)
    return given
