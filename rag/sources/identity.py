"""What a reference is known by: the arXiv id, DOI or bibcode in its own fields, never one that it only mentions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from rag.text import references
from rag.text.identifiers import ARCHIVES
from rag.text.latex import readable
from rag.text.personal_names import folded

DOI = re.compile(r"10\.\d{4,9}/[^\s\"{}]+")
DOI_ALONE = re.compile(r"(?:doi\s*[:=]?\s*|(?:https?://)?(?:dx\.|www\.)?doi\.org/){0,3}(10\..+)", re.I | re.S)
OF_ARXIV = re.compile(r"10\.48550/arxiv\.(.+)", re.I)
BIBCODE = re.compile(r"(?<!\w)((?:1[5-9]|20)\d\d[A-Za-z][A-Za-z&.+]{3,4}[\w.&]{8,9}[\w.]{0,3}[A-Za-z.])(?![\w.])")
BEFORE = re.compile(
    r"^(?:(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html|format)/|(?:oai:)?arxiv\s*(?:\.org)?\s*[:.]\s*"
    r"|arxiv\s+(?:e-?prints?|preprint)?[\s,:;]*(?:arxiv\s*:\s*)?|(?:corr\s+)?abs/|%*\s*citation\s*=\s*)+",
    re.I,
)
AFTER = re.compile(r"(?:\.pdf)?(?:\s*[\[(][A-Za-z][\w\s.,;-]*[\])]?)?[\s.,;%\])}]*$", re.I)
NEW = re.compile(r"(\d{3,4})\.(\d{3,5})(v\d+)?")
OLD = re.compile(rf"({ARCHIVES})(?:\.[a-z]{{2}})?/(\d{{7}})(v\d+)?", re.I)
ARCHIVE = re.compile(rf"({ARCHIVES})(?:\.[a-z-]+)?", re.I)
# Fields that name the paper itself, the surest first, and those in which an id must stand alone to name it.
OWN = ("eprint", "arxivid", "arxiv", "id", "eid", "slaccitation", "number", "pages", "custom7", "accession_number")
ALONE = ("journal", "url", "urls", "link", "howpublished", "note", "annote", "notes", "comment", "comments")
FIVE_DIGITS_SINCE = 1501


def arxiv_id(fields: Mapping[str, str]) -> str | None:
    """The arXiv id of the reference itself, with its version if it has one; None when it names none."""
    archive = fields.get("primaryclass", "") or fields.get("archiveprefix", "") or fields.get("eprinttype", "")
    for name in OWN:
        if found := as_arxiv_id(fields.get(name, ""), archive if name in ("eprint", "arxivid", "arxiv") else ""):
            return found
    if (doi := doi_of(fields)) and (mine := OF_ARXIV.fullmatch(doi)) and (found := as_arxiv_id(mine[1])):
        return found
    if (code := bibcode_of(fields)) and (key := references.key_of_bibcode(code)) and key.startswith("arxiv:"):
        return key.removeprefix("arxiv:")
    for name in ALONE:
        for value in _parts(name, fields):
            if found := as_arxiv_id(value):
                return found
    return None


def as_arxiv_id(text: str, archive: str = "") -> str | None:
    """The arXiv id that a text is, however it is written; None when it is anything else or says more.

    ``archive`` is that of an old number without one. A number that lost a zero in a table gets it back.

    >>> as_arxiv_id("arXiv:1508.00882 [math, stat]"), as_arxiv_id("ASTRO-PH/9805201"), as_arxiv_id("704.0044")
    ('1508.00882', 'astro-ph/9805201', '0704.0044')
    """
    if len(text) > 300:
        return None
    bare = re.sub(r"^\\url\s*\{(.*)\}$", r"\1", text.strip()).strip("{}[]<>() \"'")
    prefixed = BEFORE.match(bare)
    bare = AFTER.sub("", bare[prefixed.end() :] if prefixed else bare)
    if match := NEW.fullmatch(bare):
        month = match[1].zfill(4)
        digits = 5 if int(month) >= FIVE_DIGITS_SINCE else 4
        number = match[2] if len(match[2]) >= digits else match[2].ljust(digits, "0")
        known = len(number) == digits and month >= "0704" and 1 <= int(month[2:]) <= 12
        return f"{month}.{number}{match[3] or ''}" if known else None
    if match := OLD.fullmatch(bare):
        return f"{match[1].lower()}/{match[2]}{match[3] or ''}"
    known_archive = ARCHIVE.match(archive.strip())
    if known_archive and re.fullmatch(r"\d{7}(?:v\d+)?", bare):
        return f"{known_archive[1].lower()}/{bare}"
    return None


def doi_of(fields: Mapping[str, str]) -> str | None:
    """The DOI in the fields for it, without what was written around it."""
    for name in ("doi", "m3", "url", "urls", "link"):
        for value in _parts(name, fields):
            plain = unquote(readable(value)) if "%" in value or "\\" in value or "&" in value else value
            alone = DOI_ALONE.fullmatch(plain.strip())
            found = DOI.match(alone[1]) if alone else DOI.search(plain) if name == "doi" else None
            if found:
                return _closed(found[0].rstrip(".,;:'"))
    return None


def bibcode_of(fields: Mapping[str, str]) -> str | None:
    """The bibcode of ADS in its own field, in the link to ADS or as the key that ADS gave."""
    for name in ("bibcode", "adsurl", "key", "id", "url"):
        value = fields.get(name, "").replace("%26", "&").replace("\\&", "&")
        if name == "adsurl" or (name == "url" and "adsabs" in value):
            value = value.partition("/abs/")[2].partition("/")[0]
        if len(code := value.strip()) == 19 and code[:4].isdigit() and BIBCODE.fullmatch(code):
            return code
        if name in ("bibcode", "adsurl") and re.fullmatch(r"\d{4}arXiv\d{4}\.?\d{4,5}[A-Z]", code, re.I):
            return code
    return None


def own_id(doi: str | None, bibcode: str | None, key: str, words: str) -> str:
    """The id of a paper that is not at arXiv: its DOI, its bibcode, its ``key`` in its library, else its ``words``."""
    if doi:
        return f"doi:{doi.lower()}"
    if bibcode:
        return f"bibcode:{bibcode}"
    if key:
        return f"key:{'_'.join(key.split())}"
    return f"title:{words}"


def digest(title: str, authors: tuple[str, ...], year: int) -> str:
    """Sixteen hexadecimal digits that tell papers apart by title, first author and year."""
    told = "|".join((folded(title), *map(folded, authors), str(year)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _closed(doi: str) -> str:
    while doi.endswith(")") and doi.count(")") > doi.count("("):
        doi = doi[:-1].rstrip(".,;:'")
    return doi


def _parts(name: str, fields: Mapping[str, str]) -> Iterator[str]:
    value = fields.get(name, "")
    if name == "journal" and fields.get("volume", "").startswith("abs/"):
        yield fields["volume"]
    yield from value.split() if name in ("urls", "doi") else (value,)
