"""Libraries of references: BibTeX and RIS files, as Zotero, ADS and others export them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rag.errors import SourceProblem
from rag.papers import Paper
from rag.sources import Cursor, Page, ReadReport
from rag.sources.bulk import file_stamp
from rag.sources.records import paper_of_fields

SUFFIXES = (".bib", ".bibtex", ".ris")
# Where an arXiv id may stand, beside the fields that are taken as they are.
LINKS = ("url", "adsurl", "journal", "note", "howpublished", "doi", "number", "volume")
RIS_NAMES = {
    "title": ("title", "primary_title", "translated_title"),
    "abstract": ("abstract", "notes_abstract"),
    "year": ("year", "publication_year", "date"),
    "journal": ("journal_name", "secondary_title", "alternate_title3", "alternate_title1"),
    "doi": ("doi",),
    **{name: (name,) for name in ("urls", "number", "volume", "accession_number", "custom7", "note", "notes")},
}


class Bibliography:
    """A ``.bib`` or ``.ris`` file; references with neither an arXiv id nor an abstract are left out."""

    default_category: str | None = None
    current = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._done = 0.0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the papers in the order of the file, unless it is as it was when it was read before."""
        stamp = file_stamp(self.path)
        if not cursor or cursor["stamp"] != stamp:
            yield Page(tuple(self._papers(report)), {"stamp": stamp})
        self._done = 1.0

    def fraction(self) -> float:
        """Nothing or all."""
        return self._done

    def count(self, cursor: Cursor | None = None) -> int | None:
        """How many references can be used."""
        return sum(1 for _ in self._papers(ReadReport()))

    def _papers(self, report: ReadReport) -> Iterator[Paper]:
        try:
            text = self.path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            raise SourceProblem(f"{self.path} can't be read: {error.strerror or error}.") from None
        read = _ris if self.path.suffix.lower() == ".ris" else _bibtex
        for where, paper in read(text, lambda where, why: report.problem(f"{self.path.name} {where}", why)):
            try:
                yield paper()
            except ValueError as error:
                report.problem(f"{self.path.name} {where}", str(error))


Problem = Callable[[str, str], None]
References = Iterator[tuple[str, Callable[[], Paper]]]


def _bibtex(text: str, problem: Problem) -> References:
    from bibtexparser.entrypoint import parse_string

    logging.getLogger("bibtexparser").setLevel(logging.ERROR)
    library = parse_string(text)
    for block in library.failed_blocks:
        problem(f"line {(block.start_line or 0) + 1}", " ".join(str(block.error).split())[:200])
    for entry in library.entries:
        fields = {key.lower(): str(field.value) for key, field in entry.fields_dict.items()}
        yield (
            f"entry {entry.key}",
            lambda fields=fields, key=entry.key: _bibtex_paper(fields, key),  # type: ignore[misc]
        )


def _bibtex_paper(fields: dict[str, str], key: str) -> Paper:
    authors = re.split(r"\s+and\s+", " ".join(fields.get("author", "").split()))
    prefixed = fields.get("archiveprefix", fields.get("eprinttype", "arxiv")).lower() == "arxiv"
    return paper_of_fields(
        {
            "id": fields.get("eprint", "") if prefixed else "",
            "title": fields.get("title", ""),
            "abstract": fields.get("abstract", ""),
            "year": fields.get("year") or fields.get("date", ""),
            **{name: fields[name] for name in LINKS if name in fields},
            "journal": fields.get("journal") or fields.get("journaltitle", ""),
        },
        [_first_name_first(name) for name in authors if name and name != "others"],
        key,
        fields.get("primaryclass", "").split(),
    )


def _ris(text: str, problem: Problem) -> References:
    """Each reference by itself: one without an end would swallow the next."""
    references = re.split(r"^(?=TY  -)", text.replace("\r\n", "\n"), flags=re.M)[1:]
    for number, reference in enumerate(references, start=1):
        yield f"reference {number}", lambda text=reference: _ris_paper(text)  # type: ignore[misc]


def _ris_paper(text: str) -> Paper:
    import rispy

    try:
        entry: dict[str, Any] = rispy.loads(f"{text}\nER  - \n")[0]
    except (IndexError, KeyError, TypeError):
        raise ValueError("it is no RIS reference") from None
    fields = {
        name: next((_joined(entry[key]) for key in keys if entry.get(key)), "") for name, keys in RIS_NAMES.items()
    }
    authors = entry.get("first_authors") or entry.get("authors") or []
    return paper_of_fields(fields, [_first_name_first(name) for name in authors], str(entry.get("id") or ""))


def _joined(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _first_name_first(name: str) -> str:
    """``Riess, Adam G.`` becomes ``Adam G. Riess``; what stands in braces is one name."""
    if name.startswith("{") and name.endswith("}") and "," not in name:
        return name[1:-1]
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma else name
