"""Years of publication in what people type: "since 2015", "in the 1990s", "between 2003 and 2007".

A year in a query is more often part of what is asked about ("the 2008 solar minimum") than a wish about the
papers, so the weaker the wording the more must speak for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Neither a piece of a name or number nor a quantity.
YEAR = r"(?<![\w.+/=])((?:19|20)\d\d)(?![\w+]|\.\d|\s*(?:[kMG]?Hz|[kM]?pc|km|nm|K|yr|days?)\b)"
DASH = r"\s*(?:-|–|—|\bto\b)\s*"
CUE = re.compile(
    r"\b(?:papers?|articles?|publications?|published|preprints?|reviews?|literature|studies|written|authored)\b", re.I
)
# What happens at a time, rather than is published then.
HAPPENING = re.compile(
    r"\b(?:observ\w+|outbursts?|bursts?|erupt\w+|eclips\w+|flares?|campaigns?|events?|storms?|cycles?|minim\w+|maxim\w+|"
    r"transits?|opposition|perihelion|apparition|seasons?|epochs?|launch\w*|seen|detected|records?|"
    r"explo\w+|glitch\w*|warming|monitor\w+)\b",
    re.I,
)
ONE_OFF = re.compile(r"\b(?:sn|supernova|nova|comet|grb|frb|gw|impact)\b", re.I)
QUESTION = re.compile(
    r"\?\s*$|^\W*(?:what|how|why|when|where|who|whom|whose|is|are|was|were|does|do|did|can|could|should|has|have)\b",
    re.I,
)
# Nobody asks an archive that begins in 1991 for papers since a year before this.
EARLIEST = 1980
LONGEST_BARE_RANGE = 12
PARTS = {"early": (0, 4), "mid": (3, 7), "late": (5, 9), None: (0, 9)}


@dataclass(frozen=True, slots=True)
class Span:
    """Years, inclusive, either end open, and where they stand in the query."""

    since: int | None
    until: int | None
    span: tuple[int, int]


def is_question(query: str) -> bool:
    """Whether a query asks for a fact rather than for papers."""
    return bool(QUESTION.search(query)) and not CUE.search(query)


def find(query: str, this_year: int, free: str | None = None) -> list[Span]:
    """The years that a query wants its papers from; several spans each narrow the one before.

    ``free`` is the query with blanks where something else was read already.
    """
    spans: list[Span] = []
    free = query if free is None else free
    for reader in (_between, _last_years, _decades, _open_ends, _single, _bare_range):
        for found in reader(free, query, this_year):
            spans.append(found)
            start, end = found.span
            free = free[:start] + " " * (end - start) + free[end:]
    return spans


def _between(free: str, query: str, this_year: int) -> list[Span]:
    pattern = rf"\b(?:(?:between|from|in)\s+{YEAR}(?:\s+(?:and|or)\s+|\s+(?:un)?til\s+|\s+through\s+|{DASH}){YEAR})"
    return [
        _ordered(int(m[1]), int(m[2]), m.span()) for m in re.finditer(pattern, free, re.I) if _wanted(query, int(m[1]))
    ]


def _bare_range(free: str, query: str, this_year: int) -> list[Span]:
    """As in "2010-2015" at an end of the query, when it is no longer than people ask for."""
    pattern = rf"(?:^|(?<=[\s(,]))((?:19|20)\d\d){DASH}((?:19|20)?\d\d)(?=$|[\s),.?])"
    found = []
    for m in re.finditer(pattern, free):
        until = int(m[2]) if len(m[2]) == 4 else int(m[1][:2] + m[2])
        outer = not free[: m.start()].strip(" (,") or not free[m.end() :].strip(" ).?,")
        beside_cue = re.search(rf"{CUE.pattern}\W*$", query[: m.start()], re.I)
        short = 0 < until - int(m[1]) <= LONGEST_BARE_RANGE
        if (outer or beside_cue) and short and _wanted(query, int(m[1])):
            found.append(_ordered(int(m[1]), until, m.span()))
    return found


def _last_years(free: str, query: str, this_year: int) -> list[Span]:
    """As in "in the last five years", counted back from this one."""
    numbers = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "couple of": 2, "few": 3}
    number = rf"\d{{1,2}}|{'|'.join(numbers)}"
    pattern = rf"\b(?:in|from|during|over|of|within)\s+the\s+(?:last|past)\s+(?:({number})\s+)?(years?|decades?)\b"
    found = []
    for m in re.finditer(pattern, free, re.I):
        count = (int(m[1]) if m[1].isdigit() else numbers[m[1].lower()]) if m[1] else 1
        if CUE.search(query) or not (is_question(query) or HAPPENING.search(query)):
            found.append(Span(this_year - count * (10 if "decade" in m[2].lower() else 1), None, m.span()))
    return found


def _decades(free: str, query: str, this_year: int) -> list[Span]:
    pattern = (
        r"\b(?:(in|from|during|of|since|before|after|until)\s+)?(?:the\s+)?(?:(early|mid|late)[\s-]+)?"
        r"((?:19|20)\d)0['’]?s\b"
    )
    found = []
    for m in re.finditer(pattern, free, re.I):
        decade, word = int(m[3]) * 10, (m[1] or "in").lower()
        first, last = (decade + year for year in PARTS[m[2].lower() if m[2] else None])
        ends: dict[str, tuple[int | None, int | None]] = {
            "since": (first, None),
            "after": (last + 1, None),
            "before": (None, first - 1),
            "until": (None, last),
        }
        if _wanted(query, decade, decades=True):
            found.append(Span(*ends.get(word, (first, last)), m.span()))
    return found


def _open_ends(free: str, query: str, this_year: int) -> list[Span]:
    since = r"since|(?:starting|beginning)\s+(?:in|from)|not\s+before"
    after = r"after|later\s+than|newer\s+than|more\s+recent\s+than|post"
    before = r"before|prior\s+to|earlier\s+than|older\s+than|pre"
    until = r"until|till|up\s+to|through|not\s+after|no\s+later\s+than"
    word = rf"(?P<since>{since})|(?P<after>{after})|(?P<before>{before})|(?P<until>{until})"
    prefix = rf"\b(?:{word})[\s-]+(?:the\s+)?(?:year\s+)?{YEAR}"
    found = []
    for m in re.finditer(prefix, free, re.I):
        year = int(m[5])
        ends = {
            "since": (year, None),
            "after": (year + 1, None),
            "before": (None, year - 1),
            "until": (None, year),
        }[m.lastgroup or next(name for name in ("since", "after", "before", "until") if m[name])]
        if _wanted(query, year, open_end=True):
            found.append(Span(*ends, m.span()))
    onwards = r"\s+(?:(?:and|or)\s+(?:later|newer|after)|onwards?|on(?=\s*(?:$|[,.?]))|to\s+(?:now|date|present|today))"
    suffix = rf"\b(?:from\s+)?{YEAR}{onwards}"
    found += [Span(int(m[1]), None, m.span()) for m in re.finditer(suffix, free, re.I) if _wanted(query, int(m[1]))]
    return found


def _single(free: str, query: str, this_year: int) -> list[Span]:
    """As in "published in 2012", "2012 papers" or, farther from its cue, "papers on dust from 2012"."""
    noun = rf"(?<!\w){CUE.pattern}"
    when = rf"(?P<when>(?:(?:in|from|during|of)\s+)?(?:the\s+year\s+)?\(?{YEAR}\)?)"
    patterns = [rf"{noun}\s+{when}", rf"(?P<when>{YEAR})(?=\s+{noun})"]
    if CUE.search(query) and not HAPPENING.search(query) and not ONE_OFF.search(query):
        patterns.append(rf"(?<=\s)(?P<when>(?:in|from|during)\s+(?:the\s+year\s+)?{YEAR})")
    for pattern in patterns:
        for match in re.finditer(pattern, free, re.I):
            year = int(re.sub(r"\D", "", match["when"]))
            return [Span(year, year, match.span("when"))]
    return []


def _wanted(query: str, year: int, decades: bool = False, open_end: bool = False) -> bool:
    """Whether years worded like this are about the papers."""
    if CUE.search(query):
        return not HAPPENING.search(query) or open_end or decades
    if year < EARLIEST and not decades:
        return False
    return not is_question(query) and not (HAPPENING.search(query) and not open_end)


def _ordered(one: int, other: int, span: tuple[int, int]) -> Span:
    return Span(min(one, other), max(one, other), span)
