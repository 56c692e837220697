"""arXiv categories in what people type: "astro-ph.EP", "in gr-qc", "category exoplanets".

A subject in plain words is a category only when it is called one. https://arxiv.org/category_taxonomy
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SUBJECTS = {
    "astro-ph.CO": "cosmology, cosmology and nongalactic astrophysics",
    "astro-ph.EP": "exoplanets, planets, planetary science, earth and planetary astrophysics, solar system",
    "astro-ph.GA": "galaxies, astrophysics of galaxies, milky way, interstellar medium",
    "astro-ph.HE": "high energy, high-energy, high energy astrophysics, high-energy astrophysics",
    "astro-ph.IM": "instrumentation, instruments, methods, instrumentation and methods",
    "astro-ph.SR": "stars, stellar, solar, sun, solar and stellar astrophysics",
    "gr-qc": "general relativity, relativity, gravitation",
    "hep-ex": "particle experiment",
    "hep-ph": "particle phenomenology, phenomenology",
    "hep-th": "string theory",
    "physics.space-ph": "space physics",
    "physics.plasm-ph": "plasma physics",
    "physics.ins-det": "detectors",
}
NAMES = {name: category for category, names in SUBJECTS.items() for name in names.split(", ")}
CODE = re.compile(
    r"(?<![\w/.-])(?P<archive>astro-ph|gr-qc|hep-(?:ex|lat|ph|th)|nucl-(?:ex|th)|quant-ph|math-ph|cond-mat|physics|nlin"
    r"|math|stat|cs)(?:\.(?P<subject>[a-z]{2}|[a-z]+-[a-z]+))?(?![\w/-]|\.\w)",
    re.I,
)
# Archives whose bare name is an English word.
NEED_SUBJECT = frozenset("physics math stat cs nlin".split())
BEFORE = (
    r"(?:\b(?:in|from|within|of|under)\s+)?(?:\b(?:the\s+)?(?:arxiv\s+)?(?:categor(?:y|ies)|cat|section)\s*[:=]?\s*)?$"
)
AFTER = re.compile(r"\s+(?:category|section)\b", re.I)
CALLED = re.compile(
    rf"(?:\b(?:in|from|within|under)\s+)?(?:\bthe\s+)?\b(?:category|cat\s*:)\s*[:=]?\s*[\"']?"
    rf"(?P<name>{'|'.join(sorted(map(re.escape, NAMES), key=len, reverse=True))})\b[\"']?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Category:
    """A category, as a prefix, and where it stands in the query."""

    name: str
    span: tuple[int, int]


def find(query: str) -> list[Category]:
    """The category a query asks for; several are one only when they share their archive."""
    found = [Category(NAMES[match["name"].lower()], match.span()) for match in CALLED.finditer(query)]
    for match in CODE.finditer(query):
        archive, subject = match["archive"].lower(), match["subject"]
        if not subject and archive in NEED_SUBJECT:
            continue
        cue = re.search(BEFORE, query[: match.start()], re.I)
        after = AFTER.match(query, match.end())
        span = (cue.start() if cue else match.start(), after.end() if after else match.end())
        found.append(Category(f"{archive}.{_cased(subject)}" if subject else archive, span))
    names = {category.name for category in found}
    if len(names) > 1:
        archives = {name.split(".")[0] for name in names}
        shared = archives.pop() if len(archives) == 1 else None
        return [Category(shared, category.span) for category in found] if shared else []
    return found


def _cased(subject: str) -> str:
    return subject.lower() if "-" in subject else subject.upper()
