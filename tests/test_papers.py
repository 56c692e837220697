"""The record of a paper: identifiers, years, names and text."""

from __future__ import annotations

import json

import pytest

from rag.papers import Paper, clean, plain_name, split_id, year_of_id
from rag.sources.bulk import paper_of_record

PAPER = Paper(
    id="2206.91005",
    title="An overdensity of dwarf galaxies",
    authors=("Oluwaseun Adebayo-Lind", "Hana Mizuhara", "Ilse Brandvold"),
    abstract="Deep imaging reveals 31 dwarf galaxies.",
    year=2022,
    categories=("astro-ph.GA", "astro-ph.CO"),
    doi="10.9999/made-up.2206",
    version=3,
)


@pytest.mark.parametrize(
    ("written", "identifier", "version"),
    [
        ("1602.03837", "1602.03837", 1),
        ("1602.03837v4", "1602.03837", 4),
        ("0704.0001", "0704.0001", 1),
        ("astro-ph/9805201", "astro-ph/9805201", 1),
        ("astro-ph/9805201v12", "astro-ph/9805201", 12),
        ("math.GT/0309136", "math.GT/0309136", 1),
        ("cond-mat/0011001", "cond-mat/0011001", 1),
        ("arXiv:1602.03837v2", "1602.03837", 2),
        ("https://arxiv.org/abs/astro-ph/9805201v1", "astro-ph/9805201", 1),
        ("http://www.arxiv.org/pdf/2403.91001v2", "2403.91001", 2),
        ("  2403.91001 ", "2403.91001", 1),
    ],
)
def test_an_identifier_of_either_style_is_split_from_its_version(written: str, identifier: str, version: int) -> None:
    assert split_id(written) == (identifier, version)


@pytest.mark.parametrize(
    "written", ["", "hello", "1602.038", "1602.03837x", "astro-ph/98052011", "9805201", "1602.03837v", "a b/9805201"]
)
def test_what_is_no_identifier_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no arXiv identifier"):
        split_id(written)


@pytest.mark.parametrize(
    ("identifier", "year"),
    [
        ("1602.03837", 2016),
        ("0704.0001v2", 2007),
        ("astro-ph/9204001", 1992),
        ("hep-th/9108001", 1991),
        ("astro-ph/0001001", 2000),
        ("9101.00001", 1991),
        ("9012.00001", 2090),
    ],
)
def test_the_year_follows_from_the_identifier(identifier: str, year: int) -> None:
    assert year_of_id(identifier) == year


def test_a_paper_survives_being_written_as_json() -> None:
    assert Paper.from_record(json.loads(json.dumps(PAPER.as_record()))) == PAPER


def test_the_searched_text_is_the_title_and_the_abstract() -> None:
    assert PAPER.text == "An overdensity of dwarf galaxies\nDeep imaging reveals 31 dwarf galaxies."


def test_the_link_goes_to_the_newest_version_at_arxiv() -> None:
    assert PAPER.url == "https://arxiv.org/abs/2206.91005"


@pytest.mark.parametrize(
    ("authors", "byline"),
    [
        ((), "2022"),
        (("Ada Example",), "Example 2022"),
        (("Ada Example", "Bo Sample"), "Example & Sample 2022"),
        (("Ada Example", "et al."), "Example et al. 2022"),
        (("Ada Example", "Bo Sample", "Cy Instance"), "Example et al. 2022"),
    ],
)
def test_a_byline_names_authors_as_one_cites_them(authors: tuple[str, ...], byline: str) -> None:
    assert Paper("2206.91005", "T", authors, "A", 2022, ()).byline == byline


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("  two\n  lines ", "two lines"),
        ("e\u0301toile", "étoile"),
        ("zero\u200bwidth and bell\x07", "zero width and bell"),
        (r"mass of $10^{6}\,M_\odot$", r"mass of $10^{6}\,M_\odot$"),
        (None, ""),
        ("", ""),
    ],
)
def test_text_becomes_one_line_of_composed_unicode_and_keeps_its_latex(raw: str | None, shown: str) -> None:
    assert clean(raw) == shown


@pytest.mark.parametrize(
    ("latex", "name"),
    [
        (r"Ol\'ofsson", "Olófsson"),
        (r"Bj\"orn \r{A}strand", "Björn Åstrand"),
        (r"Tom\'as Kov\'a\v{c}", "Tomás Kováč"),
        (r"\'Alvarez-Ortu\~no", "Álvarez-Ortuño"),
        (r"{\O}deg{\aa}rd", "Ødegård"),
        ("J.~P. Doe", "J. P. Doe"),
        ("王 小明", "王 小明"),
        ("O'Neill", "O'Neill"),
    ],
)
def test_accents_of_names_are_written_as_unicode(latex: str, name: str) -> None:
    assert plain_name(latex) == name


def bulk(**fields: object) -> dict[str, object]:
    """A record of the bulk layout with the given fields."""
    return {"id": "2206.91005", "title": "T", "abstract": "A", "categories": "astro-ph.GA", "versions": []} | fields


def test_names_are_given_name_first_and_keep_their_suffix() -> None:
    paper = paper_of_record(bulk(authors_parsed=[["Doe", "Jane Q.", ""], ["Roe", "R.", "Jr."], ["Collab", "", ""]]))
    assert paper.authors == ("Jane Q. Doe", "R. Roe Jr.", "Collab")


def test_without_parsed_names_the_list_of_authors_is_split() -> None:
    paper = paper_of_record(bulk(authors="Jane Doe (1 and 2), Rick Roe, and Ann Other (3) and K. Fourth"))
    assert paper.authors == ("Jane Doe", "Rick Roe", "Ann Other", "K. Fourth")


def test_the_year_is_that_of_the_first_version_and_not_of_the_identifier() -> None:
    versions = [{"version": "v1", "created": "Fri, 29 Dec 2023 23:59:00 GMT"}, {"version": "v2", "created": "bad"}]
    paper = paper_of_record(bulk(id="2401.91004", versions=versions))
    assert (paper.year, paper.version) == (2023, 2)


@pytest.mark.parametrize("versions", [None, [], [{}], [{"created": "long ago"}], [{"created": None}]])
def test_without_a_readable_date_the_year_is_that_of_the_identifier(versions: object) -> None:
    assert paper_of_record(bulk(versions=versions)).year == 2022


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("abstract", "This paper has been withdrawn by the author due to an error in eq. 3."),
        ("abstract", "  This submission was withdrawn."),
        ("abstract", "Withdrawn."),
        ("comments", "This paper has been withdrawn"),
        ("comments", "withdrawn, superseded by 2301.90001"),
    ],
)
def test_a_withdrawn_paper_is_marked(field: str, text: str) -> None:
    assert paper_of_record(bulk(**{field: text})).withdrawn


def test_a_paper_that_only_speaks_of_withdrawing_is_not_marked() -> None:
    assert not paper_of_record(bulk(abstract="Gas is withdrawn from the disc. The probe was withdrawn.")).withdrawn


@pytest.mark.parametrize("fields", [{"id": "no id"}, {"title": "  "}, {"title": None}])
def test_a_record_without_identifier_or_title_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"identifier|title"):
        paper_of_record(bulk(**fields))
