"""Papers from the fields of a reference: what libraries, exports and tables have in common."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

from rag.papers import Paper, clean, plain_name, split_id, year_of_id
from rag.sources.limits import check_lengths

DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>{}]+")
YEAR = re.compile(r"\b(?:1[6-9]|20)\d\d\b")
ARXIV = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf)/|arxiv[:.]\s*)(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[a-z]{2})?/\d{7}(?:v\d+)?)", re.I
)
MATH = re.compile(r"(\$[^$]*\$)")


def paper_of_fields(
    fields: Mapping[str, str], authors: Sequence[str], key: str = "", categories: Sequence[str] = ()
) -> Paper:
    """The paper of a reference with an arXiv id or an abstract.

    ``fields`` are id, title, abstract, year, doi, journal and anything in which an arXiv id may stand. Without
    an arXiv id, the DOI, else the ``key`` in the library, else the title is what the paper is known by.
    Raises ValueError when there is no title, no year, or neither an arXiv id nor an abstract.
    """
    check_lengths(fields.get("title", ""), fields.get("abstract", ""), "".join(authors))
    title, abstract = unbraced(fields.get("title", "")), unbraced(fields.get("abstract", ""))
    if not title:
        raise ValueError("it has no title")
    doi = DOI.search(fields.get("doi", ""))
    arxiv = _arxiv_id(fields)
    if not arxiv and not abstract:
        raise ValueError("it has neither an arXiv id nor an abstract")
    year = YEAR.search(fields.get("year", ""))
    if not year and not arxiv:
        raise ValueError("it has no year")
    identifier, version = split_id(arxiv) if arxiv else (_own_id(doi and doi[0], clean(key), title), 1)
    return Paper(
        id=identifier,
        title=title,
        authors=tuple(name for name in map(plain_name, authors) if name),
        abstract=abstract,
        year=int(year[0]) if year else year_of_id(identifier),
        categories=tuple(name for name in map(clean, categories) if name),
        doi=doi[0] if doi else None,
        journal_ref=unbraced(fields.get("journal", "")) or None,
        version=version,
    )


def unbraced(text: str) -> str:
    """A text without the braces and accents of BibTeX; formulas between dollars stay as they are."""
    if not any(mark in text for mark in "\\{}"):
        return clean(text)
    return clean("".join(part if part.startswith("$") else _as_text(part) for part in MATH.split(text)))


def _as_text(part: str) -> str:
    return part and part[: len(part) - len(part.lstrip())] + plain_name(part) + part[len(part.rstrip()) :]


def _arxiv_id(fields: Mapping[str, str]) -> str | None:
    """The arXiv id in any of the fields: a bare one in ``id``, elsewhere with its prefix or as a link."""
    try:
        split_id(fields.get("id", ""))
        return fields["id"]
    except ValueError:
        found = (ARXIV.search(value) for name, value in fields.items() if name not in ("title", "abstract"))
        return next((match[1] for match in found if match), None)


def _own_id(doi: str | None, key: str, title: str) -> str:
    if doi:
        return f"doi:{doi.lower().rstrip('.,;')}"
    if key:
        return f"key:{'_'.join(key.split())}"
    return f"title:{hashlib.sha256(title.lower().encode()).hexdigest()[:16]}"
