"""What astronomers really type: ADS syntax, bare names, misspelt words, and words in many forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import papers
import pytest

from rag.index import build as building
from rag.index.build import Plan, build
from rag.index.engine import words
from rag.index.filters import Filters
from rag.index.index import Index, open_index
from rag.index.manifest import read_manifest, write_manifest
from rag.models.embedder import Embedder
from rag.papers import Paper
from rag.retrieval.hits import SearchResult
from rag.retrieval.order import terms_first
from rag.retrieval.query import ads
from rag.retrieval.query.understand import understand
from rag.retrieval.search import Options, search
from rag.sources.bulk import BulkFile
from rag.text import identifiers, references
from rag.text.forms import FORM, comparable

Find = Callable[..., SearchResult]
QUILLS = "The spectrum of quills is measured with the gravitational telescope of the observatory."
RECORDS = [
    papers.record(
        "1501.91001", "Quills in dark clouds", "Conan O'Learyson; Bosse Jenkinsen", "astro-ph.GA", QUILLS,
        papers.on("1 Jan 2015"), doi="10.1088/0004-637X/990/1/734",
    ),
    papers.record(
        "1601.91002", "More quills in dark clouds", "Bosse Jenkinsen; Conan O'Learyson", "astro-ph.GA",
        f"{QUILLS} Axions are seen.", papers.on("1 Jan 2016"), doi="10.1093/mnras/stv9901",
    ),
    papers.record(
        "1901.91003", "Carbon dioxide CO$_2$ in disks", "Ana Teotonia Sobrinhas; Wim de Zeeuwen", "astro-ph.EP",
        "The colour of CO$_{2}$ ice and of H$_3^+$ is measured in a protoplanetary disc around HD 989733b.",
        papers.on("1 Jan 2019"), doi="10.1002/1521-3986(200103)41:2/3<231::AID-QUILL231>3.0.CO;2-O",
    ),
    papers.record(
        "1902.91004", "A telescope for all of us", "Simone Kestrelman", "astro-ph.IM",
        "A gravitational telescope sees a spectrum of waves. It does not need any of the waves of ice.",
        papers.on("1 Feb 2019"),
    ),
    papers.record(
        "1902.91005", "Another observatory", "Kestrel Simone", "astro-ph.IM",
        "This observatory has a gravitational telescope too, and its spectrum.", papers.on("1 Feb 2019"),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Index:
    """An index of a few invented papers."""
    place = tmp_path_factory.mktemp("typed")
    build(place / "indexes", Plan("typed", (BulkFile(papers.write(place / "p.jsonl", [*RECORDS])),)), minilm)
    return open_index(place / "indexes", "typed")


@pytest.fixture
def find(typed: Index, minilm: Embedder) -> Find:
    """Search the invented papers."""

    def call(query: str, **options: Any) -> SearchResult:
        return search(typed, minilm, query, Filters(), 10, Options(**options))

    return call


def ids(result: SearchResult) -> list[str]:
    """The identifiers of the hits, best first."""
    return [hit.paper.id for hit in result.hits]


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ('author:"^Jenkinsen, B"', Filters(author="^Jenkinsen, B")),
        ('author:("Jenkinsen" "O\'Learyson") year:2015', Filters(2015, 2015, author="Jenkinsen & O'Learyson")),
        ("pubdate:[2015-01 TO 2016-12] quills", Filters(2015, 2016)),
        ("year:2010-2015 abs:quills", Filters(2010, 2015)),
        ("arxiv_class:astro-ph.EP", Filters(category="astro-ph.EP")),
        ("bibstem:MNRAS", Filters(journal="mnras")),
        ("author:(Jenkinsen OR Sobrinhas)", Filters(author="Jenkinsen | Sobrinhas")),
        ("^Jenkinsen 2016", Filters(2016, 2016, author="^Jenkinsen")),
    ],
)
def test_fields_of_ads_become_filters(find: Find, query: str, filters: Filters) -> None:
    result = find(query)
    assert (result.filters, result.relaxed) == (filters, ())
    assert result.hits


def test_a_caret_wants_the_first_author(find: Find) -> None:
    assert ids(find('author:"^Jenkinsen"')) == ["1601.91002"]
    assert ids(find("first author O Learyson")) == ["1501.91001"]


def test_what_ads_knows_and_abstracts_do_not_is_set_aside_and_said(find: Find) -> None:
    result = find("quills property:refereed database:astronomy")
    assert ids(result)[0] in ("1501.91001", "1601.91002")
    assert "property:refereed, database:astronomy" in result.notes[0]
    for query in ("citations(author:Jenkinsen)", "citation_count:[10 TO *]", "trending(quills)"):
        result = find(query)
        assert (result.hits, len(result.notes)) == ((), 1)
        assert "can't be answered" in result.notes[0]


@pytest.mark.parametrize(
    "query",
    ["quills -axions", "quills NOT axions", "abs:quills -axion", "quills but not axions", "quills without axions"],
)
def test_what_is_not_wanted_is_left_out(find: Find, query: str) -> None:
    result = ids(find(query))
    assert result[0] == "1501.91001"
    assert "1601.91002" not in result


@pytest.mark.parametrize(
    "query",
    [
        "a gravitational telescope without waves of ice",  # a paper denies it in other words
        "measuring how the spectrum of quills changes with the temperature of a cloud without axions",  # a description
        "which quills are without axions?",
    ],
)
def test_what_papers_do_without_is_no_wish(typed: Index, query: str) -> None:
    assert understand(query, typed).without_words == ()


@pytest.mark.parametrize(
    "query", ['abs:"quills', "((a", "title:", 'author:("', "-", "^", "a AND", "NOT", ") (", "x:y:z"]
)
def test_a_query_that_breaks_off_is_still_searched(find: Find, query: str) -> None:
    reading = ads.read(query)
    assert reading is None or isinstance(reading, ads.Reading)
    if any(sign.isalnum() for sign in query):
        find(query)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Jenkinsen", "1601.91002"),
        ("jenkinsen", "1601.91002"),
        ("Jenkinsen, B.", "1601.91002"),
        ("Jenkinsen, B. 2016", "1601.91002"),
        ("Jenkinsen+15", "1501.91001"),
        ("Jenkinsen & O'Learyson", "1601.91002"),
        ("OLearyson", "1501.91001"),
        ("O Learyson", "1501.91001"),
        ("Teotonia Sobrinhas", "1901.91003"),
        ("papers by Zeeuwen", "1901.91003"),
        ("W. de Zeeuwen", "1901.91003"),
        ("Jenkinsen et al.", "1601.91002"),
        ("Sobrinhas since 2018", "1901.91003"),
    ],
)
def test_a_query_that_is_a_name_is_about_its_papers(find: Find, query: str, first: str) -> None:
    result = find(query)
    assert result.filters.author
    assert ids(result)[0] == first


@pytest.mark.parametrize(
    ("query", "author", "words"),
    [
        ("Jenkinsen quills", "Jenkinsen", "quills"),
        ("quills jenkinsen", "jenkinsen", "quills"),
        ("Sobrinhas carbon dioxide", "Sobrinhas", "carbon dioxide"),
        ("jenkinsen olearyson", "jenkinsen & olearyson", ""),
        ("papers by Jenkinsen in 2015", "Jenkinsen", ""),
        ("What does Jenkinsen et al. 2016 find?", "Jenkinsen", ""),
    ],
)
def test_a_name_beside_words_is_an_author_where_their_papers_say_the_words(
    typed: Index, query: str, author: str, words: str
) -> None:
    meant = understand(query, typed)
    assert (meant.filters.author, meant.text) == (author, words)


def test_a_name_whose_papers_do_not_say_the_words_stays_a_word(typed: Index) -> None:
    assert understand("kestrelman axions", typed).filters.author is None


def test_a_surname_goes_before_a_given_name(find: Find) -> None:
    assert ids(find("papers by Simone")) == ["1902.91005"]


def test_where_a_year_leaves_nothing_the_nearest_comes_first(find: Find) -> None:
    result = find("O'Learyson 2014")
    assert result.relaxed == ("years: 2014",)
    assert ids(result) == ["1501.91001", "1601.91002"]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("CO$_2$", "CO2"),
        ("CO₂", "CO2"),
        ("H$_3^+$", "H3+"),
        ("$\\Lambda$CDM", "ΛCDM"),
        ("LCDM", "ΛCDM"),
        ("$\\gamma$-ray", "gamma-ray"),
        ("H$\\alpha$", "Hα"),
        ("O VII", "OVII"),
        ("O$^{6+}$", "O VII"),
        ("21cm", "21 cm"),
        ("HD 189733b", "HD 189733 b"),
        ("HD189733", "HD 189733"),
        ("$M_{\\odot}$", "M☉"),
        ("polarisation of colours", "polarization of colors"),
        ("protoplanetary disc", "protoplanetary disk"),
        ("light-curves", "lightcurve"),
        ("linewidths", "line widths"),
        ("red shift", "redshift"),
        ("supernovae", "supernova"),
        ("spectra", "spectrum"),
        ("$T_{\\rm eff}$", "Teff"),
        ("24 $\\mu$m", "24 micron"),
    ],
)
def test_what_is_written_in_two_ways_is_one_word(written: str, plain: str) -> None:
    assert words(written) == words(plain) != []


def test_words_that_only_look_alike_stay_apart() -> None:
    assert set(words("Sgr A*")).isdisjoint(words("SGR 1806"))
    assert words("He I 10830")[0].startswith("he")
    assert "virgo" not in words("Virgo A")


@pytest.mark.parametrize("run", ["9", "\\alpha", "$_2$", "{", "O ", "1+", "abc12", "He ", "$^{", "Ly-", "mu "])
def test_the_form_of_a_long_run_of_signs_is_found_at_once(run: str) -> None:
    assert isinstance(comparable(run * 5000), str)


def test_a_slip_is_corrected_and_said(find: Find) -> None:
    result = find("gravitatonal telscope")
    assert dict(result.corrected) == {"gravitatonal": "gravitational", "telscope": "telescope"}
    assert "gravitational telescope" in result.notes[0]
    assert result.as_record()["corrected"] == dict(result.corrected)
    assert find("gravitatonal telscope", ignore=frozenset({"spelling"})).corrected == ()
    assert find("gravitatonal telscope", literal=True).corrected == ()


@pytest.mark.parametrize("query", ["churning football quills", "TELSCOPE quills", "1501.91O01", "HD98973x quills"])
def test_words_of_english_and_designations_are_no_slips(typed: Index, query: str) -> None:
    assert understand(query, typed).corrections == ()


def test_an_author_is_corrected_too(find: Find) -> None:
    assert ids(find("papers by Jenkinson"))[0] == "1601.91002"


@pytest.mark.parametrize(
    ("query", "paper"),
    [
        ('"2015ApJ...990..734O"', "1501.91001"),
        ("identifier:2015ApJ...990..734O", "1501.91001"),
        ("ApJ 990, 734", "1501.91001"),
        ("O'Learyson, C. et al. 2015, ApJ, 990, 734", "1501.91001"),
        ("10.1088/0004-637X/990/1/734/pdf", "1501.91001"),
        ("https://doi.org/10.1088/0004-637X/990/1/734&lang=en", "1501.91001"),
        ('doi:"10.1002/1521-3986(200103)41:2/3<231::AID-QUILL231>3.0.CO;2-O"', "1901.91003"),
        ("(arXiv:1501.91001).", "1501.91001"),
    ],
)
def test_an_identifier_is_known_however_it_is_pasted(find: Find, query: str, paper: str) -> None:
    assert ids(find(query))[0] == paper


def test_a_quoted_sentence_is_no_wish_and_its_paper_comes_first(find: Find) -> None:
    result = find("This observatory has a gravitational telescope too, and its spectrum.")
    assert (ids(result)[0], bool(result.filters)) == ("1902.91005", False)
    assert not find("The quills of 2015 were seen by Jenkinsen in the years from 2010 until 2014.").filters


def test_what_is_left_of_a_link_is_not_searched_for(typed: Index) -> None:
    assert understand("10.1088/0004-637X/990/1/734/pdf", typed).text == ""


def test_a_name_that_differs_by_a_blank_is_no_other_name(typed: Index) -> None:
    assert understand("HD 989733 b", typed).expansions == ()


def test_two_words_side_by_side_gain() -> None:
    told = [
        Paper("a", "Waves", ("Ada Example",), "Quills of waves.", ("astro-ph.GA",), 2019),
        Paper("b", "Waves", ("Ada Example",), "Quill-waves are seen.", ("astro-ph.GA",), 2019),
    ]
    scores = terms_first(np.array([1.0, 0.8], dtype=np.float32), told, "quill waves")
    assert scores[1] > scores[0] == 1.0


def test_an_old_id_without_its_archive_gets_a_hint(find: Find) -> None:
    assert "astro-ph/9706123" in find("arXiv:9706123").notes[0]


def test_a_key_of_a_library_names_its_paper() -> None:
    keys = references.keys_of_paper("key:mine-12ab/quill2016", None, "ApJ 826, 56 (2016)", None, "Quill2016")
    (found,) = identifiers.find("what does quill2016 find?")
    assert set(found.keys) <= keys
    (shown,) = identifiers.find("key:mine-12ab/quill2016")
    assert set(shown.keys) <= keys


def test_an_older_index_says_how_it_is_brought_up_to_date(tmp_path: Any, minilm: Embedder) -> None:
    indexes = tmp_path / "indexes"
    build(indexes, Plan("old", (BulkFile(papers.write(tmp_path / "p.jsonl", [*RECORDS])),)), minilm)
    write_manifest(indexes / "old", replace(read_manifest(indexes / "old"), words=0))
    old = open_index(indexes, "old")
    assert "sidereus index refresh old" in search(old, minilm, "quills", Filters(), 3).notes[-1]
    old.close()
    assert building.refresh(indexes, "old").words == FORM
    new = open_index(indexes, "old")
    result = search(new, minilm, 'author:"^Jenkinsen"', Filters(), 3)
    assert (ids(result), result.notes) == (["1601.91002"], ())
