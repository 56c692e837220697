"""The one record that everything else handles: a paper."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote, urlencode

from rag.text.latex import readable

Kind = Literal["abstract", "digest"]

NEW_ID = re.compile(r"(?P<id>(?P<yy>\d{2})(?P<mm>\d{2})\.\d{4,5})(?:v(?P<version>\d+))?")
OLD_ID = re.compile(r"(?P<id>[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/(?P<yy>\d{2})(?P<mm>\d{2})\d{3})(?:v(?P<version>\d+))?")
FIRST_ARXIV_YEAR = 1991
_LONGEST_NAME = 2_000  # beyond, reading the TeX of a name takes longer than it is worth


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as the index knows it.

    ``text`` is what was written about it: the authors' abstract (``kind="abstract"``) or a digest
    composed for Sidereus (``kind="digest"``), raw LaTeX kept. ``year`` is that of the first version.
    ``key`` and what follows is what a library says: its citation key, and where the paper was published.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    abstract: str
    year: int
    categories: tuple[str, ...]
    kind: Kind = "abstract"
    doi: str | None = None
    journal_ref: str | None = None
    version: int = 1
    withdrawn: bool = False
    key: str | None = None
    bibcode: str | None = None
    journal: str | None = None
    volume: str | None = None
    pages: str | None = None

    @property
    def url(self) -> str:
        """The paper's page: at arXiv, else where its DOI leads, else at ADS, or there a search for its title."""
        if self.on_arxiv:
            return f"https://arxiv.org/abs/{self.id}"
        if self.id.startswith("doi:"):
            return f"https://doi.org/{quote(self.id.removeprefix('doi:'))}"
        if self.bibcode:
            return f"https://ui.adsabs.harvard.edu/abs/{quote(self.bibcode)}/abstract"
        return "https://ui.adsabs.harvard.edu/search/" + urlencode({"q": f'title:"{self.title}"'})

    @property
    def on_arxiv(self) -> bool:
        """Whether ``id`` is arXiv's; papers from elsewhere have ids such as ``doi:10.1086/307221``."""
        return ":" not in self.id

    @property
    def text(self) -> str:
        """What is embedded and searched: the title, a newline, the abstract or digest."""
        return f"{self.title}\n{self.abstract}"

    @property
    def credit(self) -> str:
        """The authors in running text: "Riess et al.", "Abel & Bryan", "Planck Collaboration"."""
        first = [name if name.lower().endswith("collaboration") else name.split()[-1] for name in self.authors[:2]]
        if len(self.authors) > 2 or (len(first) == 2 and self.authors[1].lower() == "et al."):
            return f"{first[0]} et al."
        return " & ".join(first)

    @property
    def byline(self) -> str:
        """The authors and the year, as one cites in running text: "Riess et al. 2018"."""
        return f"{self.credit} {self.year}".strip()

    def as_record(self) -> dict[str, Any]:
        """The paper as JSON-ready values; ``from_record`` is its inverse."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Paper:
        """Rebuild a paper from :meth:`as_record`."""
        values = dict(record)
        values["authors"] = tuple(values["authors"])
        values["categories"] = tuple(values["categories"])
        return cls(**values)


def tidy(paper: Paper) -> Paper:
    """The paper as it leaves Sidereus: every field one line without control characters, wherever it came from."""
    return replace(
        paper,
        id=clean(paper.id),
        title=clean(paper.title),
        authors=tuple(map(clean, paper.authors)),
        abstract=clean(paper.abstract),
        categories=tuple(map(clean, paper.categories)),
        doi=clean(paper.doi) or None,
        journal_ref=clean(paper.journal_ref) or None,
        key=clean(paper.key) or None,
        bibcode=clean(paper.bibcode) or None,
        journal=clean(paper.journal) or None,
        volume=clean(paper.volume) or None,
        pages=clean(paper.pages) or None,
    )


def split_id(identifier: str) -> tuple[str, int]:
    """Split an arXiv identifier of either style into its id without version and the version (1 if none).

    Accepts ``1602.03837v2``, ``arXiv:astro-ph/9805201`` and links to arXiv.
    Raises ValueError when it is no arXiv identifier.
    """
    bare = re.sub(r"^(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf)/|^arxiv:", "", identifier.strip(), flags=re.I)
    match = NEW_ID.fullmatch(bare) or OLD_ID.fullmatch(bare)
    if not match:
        raise ValueError(f"{identifier!r} is no arXiv identifier")
    return match["id"], int(match["version"] or 1)


def year_of_id(identifier: str) -> int:
    """The year in which an arXiv identifier was given out; ValueError when it is none."""
    bare, _ = split_id(identifier)
    match = NEW_ID.fullmatch(bare) or OLD_ID.fullmatch(bare)
    assert match is not None
    two_digits = int(match["yy"])
    return 1900 + two_digits if two_digits >= FIRST_ARXIV_YEAR % 100 else 2000 + two_digits


def clean(text: str | None) -> str:
    """One line of well-formed Unicode: composed (NFC), no control characters, single spaces; LaTeX as it is."""
    line = " ".join(unicodedata.normalize("NFC", text or "").split())
    if line.isprintable():
        return line
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in line).split())


@lru_cache(maxsize=65536)
def plain_name(name: str) -> str:
    """An author's name with LaTeX accents written as Unicode: ``Ol\\'ofsson`` becomes ``Olófsson``."""
    if not any(mark in name for mark in "\\{}$~&<") or len(name) > _LONGEST_NAME:
        return clean(name)
    # The number of a footnote is no part of the name.
    return re.sub(r"(?<=[^\W\d_])\d{1,2}$", "", clean(readable(name)))
