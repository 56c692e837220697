"""Papers from the fields of a reference: what libraries, exports and tables have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rag.papers import Paper, clean, plain_name, split_id, year_of_id
from rag.sources.identity import arxiv_id, bibcode_of, digest, doi_of, own_id
from rag.sources.journals import journal
from rag.sources.limits import check_lengths
from rag.text.latex import readable

YEAR = re.compile(r"(?<!\d)(?:1[6-9]\d\d|20\d\d)(?!\d)")
SHORT_YEAR = re.compile(r"['’]?(\d\d)")
# Two digits above are years of the last century.
CENTURY_TURNS = 50
CATEGORY = re.compile(r"[a-z][a-z-]+(?:\.[A-Za-z-]{2,})?")


def paper_of_fields(
    fields: Mapping[str, str],
    authors: Sequence[str],
    key: str = "",
    categories: Sequence[str] = (),
    place: str = "",
    textless: bool = False,
) -> Paper:
    """The paper of a reference with an arXiv id or an abstract; with ``textless``, of one without these too.

    ``fields`` are title, abstract, year, doi, journal, volume, pages, bibcode and any in which an identifier may
    stand (:mod:`rag.sources.identity`). Without an arXiv id, the DOI, else the ``key`` in the library ``place``,
    else title, first author and year are what the paper is known by.
    Raises ValueError when there is no title, no year, or neither an arXiv id nor an abstract.
    """
    check_lengths(fields.get("title", ""), fields.get("abstract", ""), "".join(authors))
    title, abstract = readable(fields.get("title", "")), readable(fields.get("abstract", ""))
    if not title:
        raise ValueError("it has no title")
    doi, arxiv = doi_of(fields), arxiv_id(fields)
    if not arxiv and not abstract and not textless:
        raise ValueError("it has neither an arXiv id nor an abstract")
    year = year_of(fields.get("year", ""))
    if year is None and not arxiv:
        raise ValueError("it has no year")
    names = tuple(name for name in map(plain_name, authors) if name)
    bibcode = bibcode_of({**fields, "key": key})
    if arxiv:
        identifier, version = split_id(arxiv)
        year = year if year is not None else year_of_id(identifier)
    else:
        assert year is not None
        named = f"{place}/{clean(key)}" if place and key else clean(key)
        identifier, version = own_id(doi, bibcode, named, digest(title, names[:1], year)), 1
    published = journal(fields.get("journal", ""))
    volume, pages = (clean(readable(fields.get(name, ""))) for name in ("volume", "pages"))
    in_journal = published and not published.lower().startswith(("arxiv", "corr"))
    return Paper(
        id=identifier,
        title=clean(title),
        authors=names,
        abstract=clean(abstract),
        year=year,
        categories=tuple(one for one in categories if CATEGORY.fullmatch(one)),
        doi=doi,
        journal_ref=reference(published, volume, pages, year) if in_journal else None,
        version=version,
        key=clean(key) or None,
        bibcode=bibcode,
        journal=published if in_journal else None,
        volume=(volume if in_journal else "") or None,
        pages=(pages if in_journal else "") or None,
    )


def reference(journal_name: str, volume: str, pages: str, year: int) -> str:
    """A reference as one writes it: "ApJ 826, 56 (2016)"; only the journal where there is no volume.

    >>> reference("ApJ", "826", "56-60", 2016), reference("Nature", "", "", 2016)
    ('ApJ 826, 56-60 (2016)', 'Nature')
    """
    if not volume:
        return journal_name
    return f"{journal_name} {volume}{f', {pages}' if pages else ''} ({year})"


def year_of(text: str) -> int | None:
    """The year in a date as people and programs write it; None when there is none.

    >>> year_of("1999/06/01/"), year_of("2001a"), year_of("1 JUN 1999"), year_of("99"), year_of("in press")
    (1999, 2001, 1999, 1999, None)
    """
    plain = readable(text)
    if match := YEAR.search(plain):
        return int(match[0])
    if short := SHORT_YEAR.fullmatch(plain.strip()):
        return int(short[1]) + (1900 if int(short[1]) > CENTURY_TURNS else 2000)
    return None
