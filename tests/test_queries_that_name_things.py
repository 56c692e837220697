"""Queries that name things: identifiers, authors, years, categories, objects, and what is made of a wrong guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import papers
import pytest
from workbench import CHECKOUT

from rag.errors import UsageError
from rag.index.build import Plan, build
from rag.index.filters import Filters
from rag.index.index import Index, open_index
from rag.models.embedder import Embedder
from rag.papers import Paper
from rag.retrieval import order
from rag.retrieval.hits import SearchResult
from rag.retrieval.query import acronyms, categories, objects, years
from rag.retrieval.query.understand import understand
from rag.retrieval.search import Options, search
from rag.sources.bulk import BulkFile
from rag.text import identifiers, personal_names, references

QUERIES = Path(__file__).parent / "metadata_queries.jsonl"
CORPUS = CHECKOUT.parent / "shared" / "data" / "arxiv-astro-ph-14k.jsonl.gz"
Find = Callable[..., SearchResult]
SAME_ABSTRACT = "The rings of the moon Ossifrage are measured from occultations and found to be narrow and eccentric."
RECORDS = [
    papers.record(
        "1602.93001",
        "A local value of the Hubble constant from Brindlewood stars",
        "Adalbert Q. Riessling; Stefania Cassowary",
        "astro-ph.CO",
        "We measure the expansion rate of the Universe with pulsating stars in nearby galaxies.",
        papers.on("1 Feb 2016"),
        doi="10.3847/0004-637X/826/1/56",
    ),
    papers.record(
        "1803.93002",
        "The Hubble constant measured again, with better parallaxes",
        "A. Q. Riessling; S. Cassowary; B. Paczyński",
        "astro-ph.CO",
        "Better parallaxes of pulsating stars change the expansion rate of the Universe a little.",
        papers.on("1 Mar 2018"),
        **{"journal-ref": "Phys.Rev. D97 (2018) 123507"},
    ),
    papers.record(
        "astro-ph/9706901",
        "Globular clusters around NGC 224",
        "Sidonie van den Berghof; Tom White",
        "astro-ph",
        "We count the globular clusters of the nearest large spiral galaxy.",
        papers.on("1 Jun 1997"),
    ),
    papers.record(
        "1105.93004",
        "White dwarfs cooling in the dark",
        "Tamsin Müllerin; Kepler Young",
        "astro-ph.SR",
        "White dwarf stars cool for billions of years. White dwarfs are faint.",
        papers.on("1 May 2011"),
    ),
    papers.record(
        "1205.93005",
        "White dwarfs and young planets: an overview",
        "Oda Fennimore",
        "astro-ph.EP",
        "This review collects what is known of young planets that white dwarfs keep. Young planets are few.",
        papers.on("1 May 2012"),
    ),
    papers.record(
        "1306.93006",
        "First light of the Quagga telescope",
        "Quagga Collaboration; Oda Fennimore",
        "astro-ph.IM gr-qc",
        "The young telescope saw its first white dwarf. The young white stars were bright.",
        papers.on("1 Jun 2013"),
    ),
    papers.record(
        "1407.93007", "The rings of Ossifrage", "Ewald Nightjar", "astro-ph.EP", SAME_ABSTRACT, papers.on("1 Jul 2014")
    ),
    papers.record(
        "1408.93008",
        "The Rings of Ossifrage",
        "Ewald Nightjar",
        "astro-ph.EP",
        f"{SAME_ABSTRACT} Erratum added.",
        papers.on("1 Aug 2014"),
    ),
]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> Index:
    """An index of a few invented papers with authors, years and references to tell them by."""
    place = tmp_path_factory.mktemp("named")
    source = BulkFile(papers.write(place / "papers.jsonl", [*RECORDS]))
    build(place / "indexes", Plan("named", (source,)), minilm)
    return open_index(place / "indexes", "named")


@pytest.fixture
def find(named: Index, minilm: Embedder) -> Find:
    """Search the invented papers."""

    def call(query: str, filters: Filters = Filters(), limit: int = 10, **options: Any) -> SearchResult:
        return search(named, minilm, query, filters, limit, Options(**options))

    return call


def ids(result: SearchResult) -> list[str]:
    """The identifiers of the hits, best first."""
    return [hit.paper.id for hit in result.hits]


@pytest.mark.parametrize(
    "query",
    [
        "1602.93001",
        "arXiv:1602.93001v3",
        "https://arxiv.org/abs/1602.93001",
        "arxiv.org/pdf/1602.93001v1.pdf",
        "doi:10.48550/arXiv.1602.93001",
        "10.3847/0004-637X/826/1/56",
        "https://doi.org/10.3847/0004-637x/826/1/56.",
        "2016ApJ...826...56R",
        "https://ui.adsabs.harvard.edu/abs/2016ApJ...826...56R/abstract",
        "2016arXiv160293001R",
        "what does 1602.93001 say?",
    ],
)
def test_a_paper_named_by_any_identifier_comes_first_for_certain(find: Find, query: str) -> None:
    result = find(query)
    assert (ids(result)[0], result.hits[0].score) == ("1602.93001", 1.0)
    assert len(set(ids(result))) == len(result.hits) > 1


def test_an_identifier_of_the_old_style_is_known(find: Find) -> None:
    assert ids(find("astro-ph/9706901"))[0] == "astro-ph/9706901"


def test_a_bibcode_is_resolved_from_the_journal_reference(find: Find) -> None:
    assert ids(find("2018PhRvD..97l3507R"))[0] == "1803.93002"


@pytest.mark.parametrize("query", ["1907.01234", "10.1093/mnras/stv1", "2013A&A...550A..33X"])
def test_an_identifier_that_is_not_here_is_explained(find: Find, query: str) -> None:
    result = find(query)
    assert result.hits == ()
    assert query in result.notes[0]


def test_what_only_looks_like_an_identifier_is_a_number() -> None:
    for query in ("1420.40575 MHz", "z = 1.1234", "2012.1234", "0613.1234"):
        assert identifiers.find(query) == []


def test_papers_like_another_leave_that_one_out(find: Find) -> None:
    for result in (find("papers like 1602.93001"), find("similar to arXiv:1602.93001"), find("", like="1602.93001")):
        assert ids(result)[0] == "1803.93002"
        assert "1602.93001" not in ids(result)


def test_papers_like_one_that_is_not_here_is_one_sentence(find: Find) -> None:
    with pytest.raises(UsageError, match=r"1907\.01234 is in no paper"):
        find("", like="1907.01234")


@pytest.mark.parametrize(
    ("reference", "bibcode"),
    [
        ("Astrophys.J. 826 (2016) 56", "2016ApJ...826...56R"),
        ("ApJ, 826, 56 (2016)", "2016ApJ...826...56R"),
        ("Mon.Not.Roy.Astron.Soc.381:543-554,2007", "2007MNRAS.381..543X"),
        ("A&A 594, A13 (2016)", "2016A&A...594A..13P"),
        ("Astrophys.J.700:L93,2009", "2009ApJ...700L..93X"),
        ("JCAP 1001:001,2010", "2010JCAP...01..001X"),
        ("Nature 525, 123 (2015)", "2015Natur.525..123X"),
        ("Phys.Rev.Lett. 116 (2016) 061102", "2016PhRvL.116f1102A"),
    ],
)
def test_a_journal_reference_and_its_bibcode_have_one_key(reference: str, bibcode: str) -> None:
    assert references.key_of_reference(reference) == references.key_of_bibcode(bibcode) is not None


@pytest.mark.parametrize(
    ("query", "author", "first"),
    [
        ("papers by Riessling", "Riessling", "1803.93002"),
        ("Riessling papers on the Hubble constant", "Riessling", None),
        ("Adalbert Riessling's work on parallaxes", "Adalbert Riessling", "1803.93002"),
        ("A. Q. Riessling parallaxes", "A. Q. Riessling", "1803.93002"),
        ("Riessling et al. parallaxes", "Riessling", "1803.93002"),
        ("articles by Riessling and Cassowary", "Riessling & Cassowary", "1803.93002"),
        ("work by paczynski", "paczynski", "1803.93002"),
        ("author: Muellerin", "Muellerin", "1105.93004"),
        ('author:"T. Müllerin" cooling', "T. Müllerin", "1105.93004"),
        ("S. van den Berghof", "S. van den Berghof", "astro-ph/9706901"),
        ("by the Quagga Collaboration", "Quagga Collaboration", "1306.93006"),
        ("White et al.", "White", "astro-ph/9706901"),
        ("studies by Young", "Young", "1105.93004"),
    ],
)
def test_an_author_is_read_out_of_the_query(find: Find, query: str, author: str, first: str | None) -> None:
    result = find(query)
    assert result.filters == result.parsed == Filters(author=author)
    assert ids(result)[0] == (first or ids(result)[0])


@pytest.mark.parametrize(
    ("query", "year"),
    [("Riessling et al. 2016", 2016), ("Riessling 2018", 2018), ("Riessling & Cassowary (2016)", 2016)],
)
def test_a_citation_is_an_author_and_a_year(find: Find, query: str, year: int) -> None:
    result = find(query)
    assert (result.filters.since, result.filters.until) == (year, year)
    assert [hit.paper.year for hit in result.hits] == [year]


@pytest.mark.parametrize(
    "query",
    [
        "white dwarfs",
        "young planets of white dwarfs",
        "White dwarf papers",
        "planets lit by young white dwarfs",
        "dust in 2018",
        "Quagga 2013 results",
        "how do white dwarfs cool?",
        "How was the Hubble constant of Riessling et al.'s stars measured?",
        "kepler planets",
    ],
)
def test_words_that_are_surnames_too_are_no_authors(find: Find, query: str) -> None:
    assert find(query).filters == Filters()


def test_initials_and_given_names_tell_authors_apart() -> None:
    filed = personal_names.author_keys(["Adalbert Q. Riessling", "B. Paczyński"])
    for name in ("A. Riessling", "Riessling, A.", "Adalbert Riessling", "Bohdan Paczynski"):
        assert set(personal_names.alternatives(name, by_surname=True).any_of) & filed, name
    for name in ("C. Riessling", "Anna Rießling", "Konrad Paczynski"):
        assert not set(personal_names.alternatives(name, by_surname=True).any_of) & filed, name


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ("dark energy since 2015", 2015, None),
        ("H0 after 1990", 1991, None),
        ("H0 before 2000", None, 1999),
        ("pre-2000 papers on H0", None, 1999),
        ("dust until 2003", None, 2003),
        ("supernovae in the 1990s", 1990, 1999),
        ("papers since the 1990s", 1990, None),
        ("exoplanets between 2003 and 2007", 2003, 2007),
        ("exoplanet atmospheres 2010-2015", 2010, 2015),
        ("reviews of dust, 2010–15", 2010, 2015),
        ("papers from 2012 on dust", 2012, 2012),
        ("dust from 2012 onwards", 2012, None),
        ("dust reviews published in 2012", 2012, 2012),
        ("papers on dust in the last five years", 2021, None),
    ],
)
def test_years_are_read_out_of_the_query(query: str, since: int | None, until: int | None) -> None:
    assert [(span.since, span.until) for span in years.find(query, 2026)] == [(since, until)]


@pytest.mark.parametrize(
    "query",
    [
        "SN 1987A",
        "asteroid 1991 VG",
        "z = 1991",
        "the 2008-2009 solar minimum",
        "Planck 2015 results",
        "coronal mass ejections 1996-2016 and storms",
        "How much of the warming since 1970 is natural?",
        "papers on the eclipse in 2017",
        "PSR J2010-1323",
        "radio at 2015 MHz since 3000",
    ],
)
def test_years_of_something_else_are_no_filter(query: str) -> None:
    assert years.find(query, 2026) == []


@pytest.mark.parametrize(
    ("query", "category"),
    [
        ("disks in astro-ph.EP", "astro-ph.EP"),
        ("ASTRO-PH.ep disks", "astro-ph.EP"),
        ("category exoplanets disks", "astro-ph.EP"),
        ("cat:gr-qc", "gr-qc"),
        ("astro-ph.EP and astro-ph.SR", "astro-ph"),
        ("exoplanets", None),
        ("physics of stars", None),
        ("astro-ph.EP or gr-qc", None),
    ],
)
def test_a_category_only_when_asked(query: str, category: str | None) -> None:
    assert {found.name for found in categories.find(query)} == ({category} if category else set())


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("M31", "NGC 224"),
        ("ngc224", "M31"),
        ("Andromeda galaxy", "M31"),
        ("PSR 1913+16", "PSR B1913+16"),
        ("B1913+16", "PSR B1913+16"),
        ("HD189733", "HD 189733"),
        ("Gliese 581", "GJ 581"),
        ("WASP 12b", "WASP-12b"),
        ("GW 150914", "GW150914"),
        ("SN1987A", "SN 1987A"),
        ("Sgr A*", "Sagittarius A*"),
    ],
)
def test_an_object_is_known_under_its_other_names(query: str, other: str) -> None:
    assert other in objects.find(query)[0][1]


def test_what_only_looks_like_an_object_is_none() -> None:
    for query in ("clusters of M500", "at 2018", "an M dwarf", "10 m telescope"):
        assert objects.find(query) == []


def test_acronyms_are_expanded_both_ways() -> None:
    assert acronyms.find("HST imaging")[0][1] == ("Hubble Space Telescope",)
    assert acronyms.find("active galactic nuclei")[0][1] == ("AGN",)
    assert acronyms.find("a dark act in a fast cafe") == []


def test_a_paper_is_found_under_another_name_of_its_object(find: Find) -> None:
    result = find("M31")
    assert ids(result)[0] == "astro-ph/9706901"
    assert result.also == ("M31: NGC 224",)


def test_a_guess_that_leaves_nothing_is_given_up_and_named(find: Find) -> None:
    result = find("papers by Riessling on parallaxes before 2000")
    assert result.relaxed == ("until: 1999",)
    assert result.filters == Filters(author="Riessling")
    assert ids(result)[0] == "1803.93002"


def test_what_was_asked_by_flag_is_never_given_up(find: Find) -> None:
    flags = Filters(author="Nobody")
    assert (find("parallaxes", flags).hits, find("parallaxes", flags).relaxed) == ((), ())
    result = find("parallaxes before 2000", Filters(since=2017))
    assert (result.filters, result.parsed) == (Filters(since=2017), Filters())
    assert result.relaxed == ("until: 1999",)


def test_a_guess_can_be_refused(find: Find) -> None:
    assert find("Riessling papers since 2017", ignore=frozenset({"years"})).filters == Filters(author="Riessling")
    assert find("Riessling papers since 2017", literal=True).filters == Filters()


def test_an_author_nobody_knows_is_said(find: Find) -> None:
    assert "Sandpiper" in find("papers by Sandpiper on parallaxes").notes[0]


def test_the_words_of_a_guess_are_not_searched(named: Index) -> None:
    assert understand("Riessling papers on parallaxes since 2017", named).text == "parallaxes"


def test_reviews_and_newer_papers_are_preferred_when_asked(find: Find) -> None:
    assert ids(find("reviews of white dwarfs"))[0] == "1205.93005"
    newest_first = ids(find("Hubble constant expansion rate pulsating stars", recency=1.0))
    assert newest_first.index("1803.93002") < newest_first.index("1602.93001")


def test_varied_papers_come_before_more_of_the_same() -> None:
    scores = np.array([1.0, 0.9, 0.5], dtype=np.float32)
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert order.diverse(scores, vectors, 0.5, 3).tolist() == [0, 2, 1]
    assert order.diverse(scores, vectors, 0.0, 3).tolist() == [0, 1, 2]


def test_near_duplicates_are_one_hit(find: Find) -> None:
    hit = find("rings of Ossifrage").hits[0]
    assert {hit.paper.id, *hit.duplicates} == {"1407.93007", "1408.93008"}


def test_parts_of_a_series_are_no_duplicates(minilm: Embedder) -> None:
    titles = ("Dust in disks. II. Grains", "Dust in disks. III. Grains")
    parts = [papers_of(title) for title in titles]
    vectors = minilm.encode(["same text", "same text"], "document")
    assert order.folded_duplicates(parts, vectors) == [(0, ()), (1, ())]


def papers_of(title: str) -> Paper:
    """A paper of which only the title matters."""
    return Paper("2401.99999", title, ("A. Author",), "", 2024, ("astro-ph",))


@pytest.mark.parametrize(
    "query",
    [
        r"$\alpha_{s}^{2}$",
        "чёрные дыры",
        "黑洞",
        "'; DROP TABLE paper; --",
        "SELECT * FROM txtai WHERE similar('x')",
        "since 2015 before 2000",
        "\ud800 dust",
        "author:",
        'author:""',
        "et al. 2016",
        "by & and, by",
        "papers papers papers " * 15,
    ],
)
def test_odd_queries_find_something_or_say_why_not(find: Find, query: str) -> None:
    result = find(query)
    assert result.hits or result.notes


def test_common_words_alone_ask_for_nothing(find: Find) -> None:
    result = find("what is it of the")
    assert (result.hits, len(result.notes)) == ((), 1)


def test_an_impossible_year_is_one_sentence_and_a_far_one_finds_nothing(find: Find) -> None:
    assert find("dust", Filters(since=3000)).hits == ()
    for filters in (Filters(since=2010, until=2000), Filters(since=10**30)):
        with pytest.raises(UsageError):
            find("dust", filters)
    with pytest.raises(UsageError, match="shorten it"):
        find("dust " * 5000)


@pytest.fixture(scope="module")
def astro() -> Index:
    """The index of the corpus beside the project, where there is one."""
    place = CHECKOUT / "indexes" / "astro"
    if not CORPUS.exists() or not place.exists():
        pytest.skip("the corpus beside the project, or an index 'astro' of it, is not here")
    index = open_index(place.parent, "astro")
    if not index.content.rows_of_references(["doi:10.1038/nature09013"]):
        pytest.skip("the index 'astro' was built before DOIs were filed: build it again")
    return index


def test_metadata_queries_over_the_corpus_get_their_filters_and_first_hit(astro: Index, minilm: Embedder) -> None:
    queries = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    wrong = []
    for wanted in queries:
        result = search(astro, minilm, wanted["query"], Filters(), 10)
        if (result.filters.as_record(), ids(result)[:1]) != (wanted["filters"], [wanted["first"]]):
            wrong.append((wanted["query"], result.filters.as_record(), ids(result)[:1]))
    assert len(queries) == 60
    assert len(wrong) <= 3, wrong
