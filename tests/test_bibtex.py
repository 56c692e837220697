"""BibTeX entries that a real BibTeX parser reads back."""

from __future__ import annotations

import bibtexparser
import pytest
from papers import RECORDS

from rag.bibtex import bibliography, entry
from rag.citing.keys import key
from rag.papers import Paper
from rag.sources.bulk import paper_of_record


def paper(**fields: object) -> Paper:
    """A paper with the given fields."""
    values: dict[str, object] = {
        "id": "2206.91005",
        "title": "A title",
        "authors": ("Hana Mizuhara",),
        "abstract": "A.",
        "year": 2022,
        "categories": ("astro-ph.GA", "hep-ph"),
    }
    return Paper(**(values | fields))  # type: ignore[arg-type]


def parsed(text: str) -> dict[str, str]:
    """The fields of the one entry in a text."""
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks, text
    (found,) = library.entries
    return {"ENTRYTYPE": found.entry_type, **{name: field.value for name, field in found.fields_dict.items()}}


def test_an_entry_holds_what_one_cites_by() -> None:
    fields = parsed(entry(paper(doi="10.9999/x_1", authors=("Hana Mizuhara", "J. P. van der Doe"))))
    assert fields == {
        "ENTRYTYPE": "misc",
        "author": "Mizuhara, Hana and van der Doe, J. P.",
        "title": "{A title}",
        "year": "2022",
        "eprint": "2206.91005",
        "archivePrefix": "arXiv",
        "primaryClass": "astro-ph.GA",
        "doi": "10.9999/x_1",
        "url": "https://arxiv.org/abs/2206.91005",
    }


def test_a_published_paper_is_an_article_with_its_journal() -> None:
    fields = parsed(entry(paper(journal_ref="Astron. & Astrophys. 12 (2022) 345")))
    assert (fields["ENTRYTYPE"], fields["journal"]) == ("article", r"Astron. \& Astrophys. 12 (2022) 345")


def test_et_al_becomes_others_and_a_collaboration_stays_whole() -> None:
    fields = parsed(entry(paper(authors=("Planck Collaboration", "Hana Mizuhara", "et al."))))
    assert fields["author"] == "{Planck Collaboration} and Mizuhara, Hana and others"


def test_signs_that_latex_would_choke_on_are_escaped_but_not_inside_formulas() -> None:
    title = parsed(entry(paper(title=r"Gas & dust at 5% of $M_\odot$ in x_1 #2, $a_b$ \& more")))["title"]
    assert title == r"{Gas \& dust at 5\% of $M_\odot$ in x\_1 \#2, $a_b$ \& more}"


@pytest.mark.parametrize("title", ["an { open brace", "a } closing one", "}{", "{{x}", r"a \{ b", "ends in \\"])
def test_braces_that_do_not_match_cannot_break_the_file(title: str) -> None:
    library = bibtexparser.parse_string(bibliography([paper(title=title), paper(id="2206.91006")]))
    assert not library.failed_blocks
    assert [found.fields_dict["eprint"].value for found in library.entries] == ["2206.91005", "2206.91006"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "Mizuhara2022_2206.91005"),
        ({"id": "astro-ph/9602901", "year": 1996}, "Mizuhara1996_astro-ph_9602901"),
        ({"authors": ("Zsófia Bárány",)}, "Barany2022_2206.91005"),
        ({"authors": ("王 小明",)}, "arXiv2022_2206.91005"),
        ({"authors": ()}, "arXiv2022_2206.91005"),
        ({"authors": (" ",)}, "arXiv2022_2206.91005"),
        ({"authors": ("Conan O'Neill",)}, "ONeill2022_2206.91005"),
    ],
)
def test_a_key_is_plain_letters_and_digits_with_the_identifier(fields: dict[str, object], expected: str) -> None:
    assert key(paper(**fields)) == expected


def test_every_invented_paper_gives_an_entry_that_parses_and_keys_are_unique() -> None:
    papers = [paper_of_record(record) for record in RECORDS]
    library = bibtexparser.parse_string(bibliography(papers))
    assert not library.failed_blocks
    assert {found.fields_dict["eprint"].value for found in library.entries} == {p.id for p in papers}
    assert len({found.key for found in library.entries}) == len(papers)


def test_the_same_paper_is_listed_once() -> None:
    assert bibliography([paper(), paper()]).count("@misc") == 1


def test_an_empty_bibliography_is_empty() -> None:
    assert bibliography([]) == ""
