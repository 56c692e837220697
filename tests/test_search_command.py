"""``sidereus search``: the table, the JSON that scripts rely on, filters, BibTeX and files of queries."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
import rispy
from papers import ASTRONOMY
from workbench import EMBEDDING, Cli, Result

from rag.text.personal_names import surname


@pytest.fixture
def search(cli: Cli, library: Path) -> Cli:
    """Search the forty invented papers."""

    def call(*arguments: str, **options: Any) -> Result:
        return cli("search", *arguments, "--index", "invented", home=library, **options)

    return call


def ids(result: Result) -> list[str]:
    """The identifiers of the hits, best first."""
    return [hit["id"] for hit in result.json["hits"]]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("zinc sulphide clouds on a hot Jupiter", "2403.91002"),
        ("how much water is there on a super-Earth?", "2403.91001"),
        ("Umber 3 axions", "1209.9022"),
        ("fast radio bursts that come back periodically", "1911.91009"),
        ("lithium", "astro-ph/0302902"),
        ("machine learning to clean images of artificial satellites", "1808.91012"),
        ("MAGNETAR", "1911.91009"),
        ("Å-scale Hα emitters", "2503.91029"),
    ],
)
def test_keywords_questions_and_other_words_find_the_paper(search: Cli, query: str, best: str) -> None:
    assert ids(search(query, "--json"))[0] == best


def test_the_json_has_exactly_the_promised_keys_and_types(search: Cli) -> None:
    record = search("zinc sulphide", "--json", "--limit", "4").json
    assert list(record) == [
        "query",
        "index",
        "model",
        "seconds",
        "filters",
        "relaxed",
        "corrected",
        "also",
        "notes",
        "hits",
    ]
    assert (record["query"], record["index"], record["model"]) == ("zinc sulphide", "invented", EMBEDDING)
    assert isinstance(record["seconds"], float)
    assert (record["filters"], record["relaxed"]) == ({}, [])
    assert len(record["hits"]) == 4
    types = {
        "rank": int,
        "score": float,
        "id": str,
        "title": str,
        "authors": list,
        "year": int,
        "categories": list,
        "abstract": str,
        "kind": str,
        "url": str,
    }
    for rank, hit in enumerate(record["hits"], start=1):
        assert list(hit) == list(types)
        assert all(isinstance(hit[name], kind) for name, kind in types.items())
        assert hit["rank"] == rank
        assert 0 <= hit["score"] <= 1
    scores = [hit["score"] for hit in record["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_a_hit_tells_the_paper_as_it_is(search: Cli) -> None:
    hit = search("dwarf galaxies Quillfeather", "--json").json["hits"][0]
    assert hit["id"] == "2206.91005"  # no version, though the file has three
    assert hit["year"] == 2022
    assert hit["authors"] == ["Oluwaseun Adebayo-Lind", "Hana Mizuhara", "Ilse Brandvold"]
    assert hit["categories"] == ["astro-ph.GA", "astro-ph.CO"]
    assert hit["kind"] == "abstract"
    assert hit["url"] == "https://arxiv.org/abs/2206.91005"


def test_the_year_is_that_of_the_first_version(search: Cli) -> None:
    hit = search("rotation of cool stars in Ferrule 9", "--json").json["hits"][0]
    assert (hit["id"], hit["year"]) == ("2401.91004", 2023)


def test_a_digest_says_that_it_is_one(cli: Cli, starter: Path) -> None:
    result = cli("search", "gravitational waves from merging black holes", "--json", home=starter)
    assert {hit["kind"] for hit in result.json["hits"]} == {"digest"}
    table = cli("search", "gravitational waves from merging black holes", home=starter)
    assert "digest written for Sidereus, not the authors' abstract" in table.out + table.err


def test_a_landmark_paper_is_found_by_a_question(cli: Cli, starter: Path) -> None:
    question = "Which black holes did the first detected gravitational wave come from?"
    assert "1602.03837" in ids(cli("search", question, "--json", home=starter))[:3]


def test_years_are_inclusive(search: Cli) -> None:
    result = search("stars", "--since", "2009", "--until", "2011", "--limit", "1000", "--json")
    expected = {r["id"] for r in ASTRONOMY if r["id"][:2] in ("09", "11")}
    assert set(ids(result)) == expected
    assert result.json["filters"] == {"since": 2009, "until": 2011}


@pytest.mark.parametrize(
    ("arguments", "years"),
    [
        (("--since", "2025"), {2025}),
        (("--until", "1996"), {1996}),
        (("--since", "2023", "--until", "2023"), {2023}),
    ],
)
def test_a_single_year_can_be_a_bound(search: Cli, arguments: tuple[str, ...], years: set[int]) -> None:
    hits = search("light", *arguments, "--limit", "1000", "--json").json["hits"]
    assert hits
    assert {hit["year"] for hit in hits} == years


def test_a_category_is_a_prefix_of_any_listed_category(search: Cli) -> None:
    hits = search("light", "--category", "astro-ph.IM", "--limit", "1000", "--json").json["hits"]
    assert {hit["id"] for hit in hits} == {"2403.91002", "1808.91012", "1703.91014", "2503.91029", "2503.91030"}
    assert len(ids(search("light", "--category", "hep", "--limit", "1000", "--json"))) == 4


@pytest.mark.parametrize(
    ("author", "count"),
    [
        ("Kováč", 3),
        ("kovac", 3),
        ("Tomas Kovac", 3),
        ("T. Kováč", 3),
        ("Bárány", 3),
        ("BARANY", 3),
        ("Adebayo-Lind", 2),
        ("van der Meulenaer", 1),
        ("王 小明", 1),
        ("Nobody", 0),
    ],
)
def test_an_author_is_found_accents_and_case_aside(search: Cli, author: str, count: int) -> None:
    assert len(ids(search("light", "--author", author, "--limit", "1000", "--json"))) == count


def test_filters_are_combined_and_reported(search: Cli) -> None:
    arguments = ("--since", "2020", "--until", "2025", "--category", "astro-ph.SR", "--author", "Kovac")
    result = search("light", *arguments, "--json")
    assert ids(result) == ["2503.91031"]
    assert result.json["filters"] == {"since": 2020, "until": 2025, "category": "astro-ph.SR", "author": "Kovac"}


@pytest.mark.parametrize("author", ["' OR 1=1 --", '"; DROP TABLE paper; --', "%", "*", "\\"])
def test_what_is_typed_is_never_read_as_sql(search: Cli, author: str) -> None:
    for option in ("--author", "--category"):
        assert search("light", option, author, "--json").code == 0
    assert search("light' OR 1=1 --", "--json").json["hits"]
    assert search("light", "--category", author, "--json").json["hits"] == []


def test_no_hits_is_no_error(search: Cli) -> None:
    result = search("light", "--since", "2030", "--json")
    assert (result.code, result.json["hits"]) == (0, [])
    result = search("light", "--since", "2030")
    assert result.code == 0
    assert "No paper matches" in result.out


def test_the_limit_is_kept_even_beyond_the_number_of_papers(search: Cli) -> None:
    assert len(ids(search("light", "--limit", "1", "--json"))) == 1
    assert len(ids(search("light", "--limit", "1000", "--json"))) == len(ASTRONOMY)


def test_papers_are_sorted_by_date_or_by_first_author(search: Cli) -> None:
    found = {
        sort: search("planets and stars", "--sort", sort, "--json", "--limit", "5").json["hits"]
        for sort in ("newest", "oldest", "author")
    }
    years = {sort: [hit["year"] for hit in hits] for sort, hits in found.items()}
    assert years["newest"] == sorted(years["newest"], reverse=True)
    assert years["oldest"] == sorted(years["oldest"])
    assert years["oldest"][0] < years["newest"][0]
    surnames = [surname(hit["authors"][0]) for hit in found["author"]]
    assert surnames == sorted(surnames)
    assert [hit["rank"] for hit in found["author"]] == [1, 2, 3, 4, 5]


def test_the_table_shows_rank_year_authors_title_and_identifier(search: Cli) -> None:
    result = search("zinc sulphide clouds", "--limit", "2")
    first = result.out.splitlines()[1]
    for word in ("1", "2024", "Haddadin", "Clouds of zinc sulphide on the hot Jupiter Tarnhelm-1b", "2403.91002"):
        assert word in first


def test_a_withdrawn_paper_is_marked_in_the_table(search: Cli) -> None:
    assert "(withdrawn)" in search("withdrawn planet in the Ferrule 9 cluster").out


def test_bibtex_is_read_by_a_bibtex_parser(search: Cli) -> None:
    result = search("white dwarf Umber 3", "--bibtex", "--limit", "40")
    library = bibtexparser.parse_string(result.out)
    assert not library.failed_blocks
    assert len(library.entries) == len(ASTRONOMY)
    fields = {entry.fields_dict["eprint"].value: entry for entry in library.entries}
    assert fields["1209.9022"].fields_dict["author"].value == "Thistlewaite, Edmund and Iturbide, Pascual"
    assert fields["2206.91005"].entry_type == "article"


def test_a_file_of_queries_gives_a_line_of_json_each_in_order(search: Cli, tmp_path: Path) -> None:
    queries = ["zinc sulphide", "lithium", "no such thing at all"]
    file = tmp_path / "queries.jsonl"
    file.write_text("".join(json.dumps({"query": q, "more": 1}) + "\n" for q in queries) + "\n", encoding="utf-8")
    result = search("--queries", str(file), "--limit", "2")
    assert [line["query"] for line in result.lines] == queries
    assert result.lines[1]["hits"][0]["id"] == "astro-ph/0302902"
    assert all(len(line["hits"]) == 2 for line in result.lines)


def test_the_index_is_the_one_used_last(cli: Cli, own_library: Path) -> None:
    assert cli("search", "dust", home=own_library).code == 1  # there is no 'starter' here
    cli("search", "dust", "--index", "invented", home=own_library)
    assert cli("search", "dust", "--json", home=own_library).json["index"] == "invented"


@pytest.mark.parametrize("arguments", [(), ("dust", "--queries", "file.jsonl")])
def test_one_query_or_a_file_of_them_must_be_given(search: Cli, arguments: tuple[str, ...]) -> None:
    result = search(*arguments)
    assert result.code == 2
    assert "one query" in result.sentence


def test_json_stands_alone_on_the_output_stream_of_the_real_command(sidereus: Cli, library: Path) -> None:
    result = sidereus("search", "zinc sulphide", "--index", "invented", "--json", home=library)
    assert result.code == 0
    assert result.json["hits"][0]["id"] == "2403.91002"
    assert result.out.startswith("{")
    assert result.out.endswith("}\n")


def test_a_reader_that_goes_away_is_no_error_worth_a_traceback(sidereus: Cli, library: Path, home: Path) -> None:
    result = sidereus(
        "search", "dust", "--index", "invented", "--json", home=library, before=("sh", "-c", '"$@" | head -c 1', "sh")
    )
    assert "Traceback" not in result.err


def test_a_table_and_ris_are_printed_for_other_programs(search: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(search("white dwarf Umber 3", "--csv", "--limit", "3").out)))
    assert len(rows) == 3
    assert {"id", "title", "authors", "year", "abstract"} <= set(rows[0])
    entries = rispy.loads(search("white dwarf Umber 3", "--ris", "--limit", "3").out)
    assert [entry["title"] for entry in entries] == [row["title"] for row in rows]


def test_a_filter_alone_lists_what_it_admits_newest_first(search: Cli) -> None:
    found = search("--since", "2018", "--until", "2021", "--json").json["hits"]
    years = [hit["year"] for hit in found]
    assert years
    assert set(years) <= {2018, 2019, 2020, 2021}
    author = ASTRONOMY[0]["authors"].split(",")[0].split()[-1]
    assert all(author in " ".join(hit["authors"]) for hit in search("--author", author, "--json").json["hits"])
    assert search("--author", author).code == 0


def test_people_are_told_which_index_was_searched_and_programs_are_not(search: Cli) -> None:
    assert "From the index invented, 38 papers" in search("lithium").err
    assert "invented" not in search("lithium", "--csv").err


def test_the_table_has_no_colours_where_none_are_wanted(search: Cli) -> None:
    assert "\x1b" not in search("lithium", env={"NO_COLOR": "1", "FORCE_COLOR": "1"}).out
