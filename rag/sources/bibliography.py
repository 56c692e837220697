"""Libraries of references: BibTeX and RIS files, as Zotero, ADS and others export them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from rag.errors import SourceProblem
from rag.papers import Paper
from rag.sources import Cursor, Page, ReadReport, bibtex, ris
from rag.sources.bulk import file_stamp
from rag.sources.encodings import decoded
from rag.sources.identity import digest
from rag.sources.names import names_of_list
from rag.sources.records import paper_of_fields

SUFFIXES = (".bib", ".bibtex", ".ris")


class Bibliography:
    """A ``.bib`` or ``.ris`` file; references with neither an arXiv id nor an abstract are left out.

    With ``textless`` they are given too, though nothing can be found in them.
    """

    default_category: str | None = None
    current = True

    def __init__(self, path: Path, textless: bool = False) -> None:
        self.path = path
        self._textless = textless
        self.name = str(path)
        self._done = 0.0

    def pages(self, report: ReadReport, cursor: Cursor | None = None) -> Iterator[Page]:
        """Yield the papers in the order of the file, unless it is as it was when it was read before.

        Raises SourceProblem when it can't be read, or no reference is in it.
        """
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
            data = self.path.read_bytes()
        except OSError as error:
            raise SourceProblem(f"{self.path} can't be read: {error.strerror or error}.") from None
        text, doubt = decoded(data)
        if doubt:
            report.note(self.path.name, doubt)
        read = _ris if self.path.suffix.lower() == ".ris" else _bibtex
        place = f"{self.path.stem}-{hashlib.sha256(str(self.path).encode()).hexdigest()[:4]}"
        taken: dict[str, Paper] = {}
        empty = True
        for line, paper_of in read(text, place, self._told(report), self._textless):
            empty = False
            try:
                paper = paper_of()
            except ValueError as error:
                report.problem(f"{self.path.name} {line}", str(error))
                continue
            other = taken.setdefault(paper.id, paper)
            if other is not paper and paper.id.startswith("key:") and other.title != paper.title:
                report.note(f"{self.path.name} {line}", f"the key {paper.key} is that of another paper too: both kept")
                paper = replace(paper, id=f"{paper.id}-{digest(paper.title, paper.authors[:1], paper.year)[:4]}")
            elif other is not paper:
                report.note(f"{self.path.name} {line}", f"the paper {paper.id} is in it twice: the later one was kept")
            yield paper
        if empty:
            raise SourceProblem(nothing_in(self.path, data, text))

    def _told(self, report: ReadReport) -> bibtex.Told:
        return lambda where, what: report.note(f"{self.path.name} {where}", what)


References = Iterator[tuple[str, Callable[[], Paper]]]


def _bibtex(text: str, place: str, told: bibtex.Told, textless: bool) -> References:
    for entry in bibtex.references(text, told):
        where = f"line {entry.line}, entry {entry.key or 'without a key'}"
        yield where, lambda entry=entry: _bibtex_paper(entry, place, textless)  # type: ignore[misc]


def _bibtex_paper(entry: bibtex.Reference, place: str, textless: bool) -> Paper:
    fields = dict(entry.fields)
    archive = fields.get("archiveprefix", "") or fields.get("eprinttype", "")
    if archive and not archive.lower().startswith("arxiv") and archive.lower() in ("jstor", "pubmed", "hdl"):
        fields.pop("eprint", None)
    fields["year"] = next((fields[name] for name in ("year", "date", "issued") if fields.get(name)), "")
    journal = next((fields[name] for name in ("journal", "journaltitle", "booktitle") if fields.get(name)), "")
    fields["journal"] = journal
    authors = bibtex.names(fields.get("author", "") or fields.get("editor", ""))
    categories = fields.get("primaryclass", "").replace(",", " ").split()
    return paper_of_fields(fields, authors, entry.key, categories, place, textless)


def _ris(text: str, place: str, told: bibtex.Told, textless: bool) -> References:
    for entry in ris.references(text):
        yield f"line {entry.line}", lambda entry=entry: _ris_paper(entry, place, textless)  # type: ignore[misc]


def _ris_paper(entry: ris.RisReference, place: str, textless: bool) -> Paper:
    authors = [name for field in entry.authors for name in names_of_list(field)]
    return paper_of_fields(entry.fields, authors, entry.key, place=place, textless=textless)


def nothing_in(path: Path, data: bytes, text: str) -> str:
    """The sentence for a file without a single reference, with what it holds instead."""
    wanted = "RIS references" if path.suffix.lower() == ".ris" else "BibTeX entries"
    return f"No {wanted} found in {path.name}: {found_instead(data, text)}."


def found_instead(data: bytes, text: str) -> str:
    """What a file is in a few words."""
    start = text.lstrip("\ufeff \t\r\n")[:300]
    signs = {b"%PDF": "it is a PDF", b"PK\x03\x04": "it is a zip archive", b"\x1f\x8b": "it is compressed with gzip"}
    if not data.strip():
        return "it is empty"
    for sign, words in signs.items():
        if data.startswith(sign):
            return words
    if start.lower().startswith(("<!doctype html", "<html")):
        return "it is a web page"
    if start.startswith("<"):
        return "it is XML"
    if start.startswith(("{", "[")):
        return "it looks like JSON"
    if ris.BEGIN.match(start) or "\nTY  -" in text[:5000]:
        return "it holds RIS references, so call it .ris"
    if bibtex.START.search(text[:5000]):
        return "it holds BibTeX entries, so call it .bib"
    if b"\0" in data[:1000]:
        return "it is no text"
    line = " ".join(start.split())[:60]
    return f"it begins with {line!r}"
