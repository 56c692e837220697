"""Which papers of an index may be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """Which papers may be found; None or empty means any. Years are inclusive, ``category`` is a prefix.

    ``author`` matches surnames and names, accents and case aside: "Press & Schechter" wants both, "^Riess" the first
    author, "Riess | Perlmutter" either. ``journal`` is an abbreviation of ADS's, such as ``apj``. ``within`` holds the
    ids of the only papers that may be found, ``without`` of some that may not.
    """

    since: int | None = None
    until: int | None = None
    category: str | None = None
    author: str | None = None
    within: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    journal: str | None = None

    def __bool__(self) -> bool:
        named = (self.since, self.until, self.category, self.author, self.within, self.journal)
        return any(value is not None for value in named) or bool(self.without)

    def as_record(self) -> dict[str, Any]:
        """Only the filters that are set, those of single papers aside, JSON-ready."""
        values: dict[str, Any] = {"since": self.since, "until": self.until, "category": self.category}
        values |= {"author": self.author, "journal": self.journal}
        return {name: value for name, value in values.items() if value is not None}

    def narrowed(self, other: Filters) -> Filters:
        """Both filters at once; where both name a category or an author, this one's."""
        return replace(
            self,
            since=_both(max, self.since, other.since),
            until=_both(min, self.until, other.until),
            category=self.category if self.category is not None else other.category,
            author=self.author if self.author is not None else other.author,
            journal=self.journal if self.journal is not None else other.journal,
        )


def _both(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    return choose(one, other) if one is not None and other is not None else one if other is None else other
