"""Where papers come from: files in arXiv's bulk layout, and the starter collection."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from papers import ASTRONOMY, RECORDS, Record, many, record, write

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.sources import ReadReport, Selection, bulk, open_source, select

ENDINGS = (".json", ".jsonl", ".json.gz", ".jsonl.gz", ".json.zst", ".jsonl.zst")
COMPRESSED = (".jsonl.gz", ".jsonl.zst")


def read(path: Path, wanted: Selection = Selection(), strict: bool = False) -> tuple[list[Paper], ReadReport]:
    """The papers that a file gives, and what was met on the way."""
    report = ReadReport(strict=strict)
    return list(select(open_source(str(path)), wanted, report)), report


def ids(papers: list[Paper]) -> set[str]:
    """Their identifiers."""
    return {paper.id for paper in papers}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_gives_the_same_papers_however_it_is_compressed(tmp_path: Path, ending: str) -> None:
    papers, report = read(write(tmp_path / f"papers{ending}", [*RECORDS]))
    assert [paper.title for paper in papers][:2] == [r["title"] for r in RECORDS[:2]]
    assert (len(papers), report.read, report.skipped) == (len(ASTRONOMY), len(RECORDS), 0)


def test_a_compressed_file_of_several_parts_is_read_to_its_end(tmp_path: Path) -> None:
    for ending in COMPRESSED:
        halves = [write(tmp_path / f"{n}{ending}", [*RECORDS[n::2]]).read_bytes() for n in (0, 1)]
        whole = tmp_path / f"whole{ending}"
        whole.write_bytes(b"".join(halves))
        assert len(read(whole)[0]) == len(ASTRONOMY)


def test_both_styles_of_identifier_lose_their_version_and_keep_its_number(tmp_path: Path) -> None:
    papers, _ = read(write(tmp_path / "p.jsonl", [*RECORDS]))
    by_id = {paper.id: paper for paper in papers}
    assert by_id["astro-ph/0302902"].version == 2  # written astro-ph/0302902v2
    assert by_id["2206.91005"].version == 3  # has three versions


def test_without_a_wish_the_papers_with_any_category_of_astro_ph_are_taken(tmp_path: Path) -> None:
    papers, _ = read(write(tmp_path / "p.jsonl", [*RECORDS]))
    assert "1808.91012" in ids(papers)  # cs.CV astro-ph.IM
    assert "gr-qc/9602902" in ids(papers)
    assert not ids(papers) & {"1703.91013", "hep-ph/9301901"}


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("hep-ph", {"2105.91008", "1209.9022", "hep-ph/9301901", "2503.91034"}),
        ("astro-ph.IM", {"2403.91002", "1808.91012", "1703.91014", "2503.91029", "2503.91030"}),
        ("physics", {"1703.91014", "1310.9019"}),
        ("q-bio", set()),
    ],
)
def test_a_category_is_a_prefix_of_any_listed_category(tmp_path: Path, prefix: str, expected: set[str]) -> None:
    papers, _ = read(write(tmp_path / "p.jsonl", [*RECORDS]), Selection(category=prefix))
    assert ids(papers) == expected


def test_categories_may_also_be_a_list(tmp_path: Path) -> None:
    entry = {**RECORDS[0], "categories": ["hep-ex", "astro-ph.CO"]}
    (paper,), _ = read(write(tmp_path / "p.jsonl", [entry]))
    assert paper.categories == ("hep-ex", "astro-ph.CO")


def test_years_are_inclusive_and_are_those_of_the_first_version(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [*RECORDS])
    papers, _ = read(path, Selection(since=2022, until=2023))
    assert ids(papers) == {"2312.91003", "2401.91004", "2206.91005", "2206.91006"}
    assert {paper.year for paper in read(path, Selection(until=1996))[0]} == {1996}


def test_a_limit_stops_the_reading(tmp_path: Path) -> None:
    papers, report = read(write(tmp_path / "p.jsonl", [*RECORDS]), Selection(limit=3))
    assert (len(papers), report.read) == (3, 3)


BAD_LINES = [
    '{"id": "2403.91001", "title": "cut off in the mid',
    "[1, 2, 3]",
    '"a string"',
    "42",
    "null",
    "\\x00\\x01 garbage",
    json.dumps({"title": "no id", "categories": "astro-ph"}),
    json.dumps({"id": "nonsense", "title": "bad id", "categories": "astro-ph"}),
    json.dumps({"id": "2403.91001", "categories": "astro-ph"}),
    json.dumps({"id": "2403.91001", "title": "", "categories": "astro-ph"}),
    json.dumps({"id": "2403.91001", "title": 5, "categories": "astro-ph"}),
    json.dumps({"id": "2403.91001", "title": "authors are odd", "authors_parsed": [5], "categories": "astro-ph"}),
]


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_line_that_is_no_record_is_skipped_and_its_number_is_told(tmp_path: Path, bad: str) -> None:
    papers, report = read(write(tmp_path / "p.jsonl", [RECORDS[0], bad, RECORDS[1]]))
    assert len(papers) == 2
    assert report.skipped == 1
    (problem,) = report.problems
    assert problem.startswith("p.jsonl line 2: ")


def test_all_bad_lines_are_counted_and_the_first_five_are_shown(tmp_path: Path) -> None:
    entries: list[Record | str] = [RECORDS[0], *BAD_LINES, RECORDS[1]]
    papers, report = read(write(tmp_path / "p.jsonl", entries))
    assert (len(papers), report.skipped) == (2, len(BAD_LINES))
    assert [problem.split(":")[0] for problem in report.problems] == [f"p.jsonl line {n}" for n in range(2, 7)]


def test_bytes_that_are_no_text_are_skipped_like_any_other_bad_line(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [RECORDS[0]])
    with path.open("ab") as file:
        file.write(b"\xff\xfe\x00broken\n" + os.urandom(200).replace(b"\n", b"") + b"\n")
        file.write(json.dumps(RECORDS[1]).encode() + b"\n")
    papers, report = read(path)
    assert (len(papers), report.skipped) == (2, 2)


def test_empty_lines_are_no_problem_and_count_as_lines(tmp_path: Path) -> None:
    _, report = read(write(tmp_path / "p.jsonl", ["", RECORDS[0], "   ", "bad"]))
    assert report.skipped == 1
    assert report.problems[0].startswith("p.jsonl line 4")


def test_read_strictly_the_first_bad_line_stops_the_reading_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [RECORDS[0], "bad", RECORDS[1]])
    with pytest.raises(SourceProblem, match="line 2") as caught:
        read(path, strict=True)
    assert "--strict" in str(caught.value)


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_compressed_file_that_breaks_off_gives_what_can_be_read_and_says_so(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"p{ending}", [record(f"2403.{n:05}", f"T{n}", "A B", "astro-ph", os.urandom(2000).hex())
                                           for n in range(90_000, 90_200)])  # fmt: skip
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    papers, report = read(path)
    assert 50 < len(papers) < 200
    assert "breaks off" in report.problems[-1]
    with pytest.raises(SourceProblem, match="breaks off"):
        read(path, strict=True)


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_file_that_only_pretends_to_be_compressed_is_a_problem_and_no_crash(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"p{ending}"
    path.write_text("this is neither gzip nor zstandard", encoding="utf-8")
    papers, report = read(path)
    assert (papers, report.skipped) == ([], 1)


def test_a_compressed_file_with_damage_in_the_middle_says_so(tmp_path: Path) -> None:
    for ending in COMPRESSED:
        path = write(tmp_path / f"p{ending}", [*RECORDS])
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 40] = bytes(255 - byte for byte in content[middle : middle + 40])
        path.write_bytes(content)
        _, report = read(path)
        assert report.skipped >= 1


def test_a_line_longer_than_any_record_is_one_problem(tmp_path: Path) -> None:
    monster = json.dumps({**RECORDS[2], "abstract": "x" * (17 * 1024 * 1024)})
    papers, report = read(write(tmp_path / "p.jsonl", [RECORDS[0], monster, RECORDS[1], "bad"]))
    assert len(papers) == 2
    assert [problem.split(":")[0] for problem in report.problems] == ["p.jsonl line 2", "p.jsonl line 4"]


def test_a_paper_without_an_abstract_is_kept_with_an_empty_one(tmp_path: Path) -> None:
    without_field = {key: value for key, value in RECORDS[1].items() if key != "abstract"}
    papers, report = read(write(tmp_path / "p.jsonl", [{**RECORDS[0], "abstract": None}, without_field]))
    assert [paper.abstract for paper in papers] == ["", ""]
    assert report.skipped == 0


def test_a_withdrawn_paper_is_kept_and_marked(tmp_path: Path) -> None:
    papers, _ = read(write(tmp_path / "p.jsonl", [*RECORDS]))
    assert ids([paper for paper in papers if paper.withdrawn]) == {"1404.91017"}


def test_odd_unicode_comes_out_composed_and_without_control_characters(tmp_path: Path) -> None:
    papers, _ = read(write(tmp_path / "p.jsonl", [*RECORDS]))
    paper = next(paper for paper in papers if paper.id == "2503.91029")
    assert "\u200b" not in paper.title
    assert "\x07" not in paper.abstract
    assert paper.authors == ("Søren Ødegård-Þórsson", "王 小明")
    assert "10⁻¹⁶ erg" in paper.abstract


def test_escaped_and_plain_unicode_are_the_same(tmp_path: Path) -> None:
    escaped = json.dumps(RECORDS[34], ensure_ascii=True)
    plain = json.dumps(RECORDS[34], ensure_ascii=False)
    first, second = read(write(tmp_path / "p.jsonl", [escaped, plain]))[0]
    assert first == second


def test_reading_is_a_stream_and_tells_how_far_it_is(tmp_path: Path) -> None:
    source = open_source(str(write(tmp_path / "p.jsonl", [*RECORDS] * 80)))
    pages = source.pages(ReadReport())
    assert source.fraction() == 0
    fractions = []
    for _ in pages:
        fractions.append(source.fraction())
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 1
    assert source.fraction() == 1


@pytest.mark.parametrize("ending", [".jsonl", *COMPRESSED])
def test_reading_goes_on_from_any_page_with_what_is_left(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"p{ending}", [*many(2500), "bad line", *many(3)])
    pages = list(open_source(str(path)).pages(ReadReport()))
    assert [len(page.entries) for page in pages] == [1024, 1024, 455]
    for number, page in enumerate(pages):
        report = ReadReport()
        rest = list(open_source(str(path)).pages(report, page.cursor))
        assert [one.entries for one in rest] == [one.entries for one in pages[number + 1 :]]
        assert report.problems == (
            ["p" + ending + " line 2501: " + report.problems[0].split(": ", 1)[1]] if rest else []
        )
    write(path, [*many(7)])  # another file under the same name is read from its beginning
    (page,) = open_source(str(path)).pages(ReadReport(), pages[0].cursor)
    assert len(page.entries) == 7


def test_a_snapshot_whose_last_line_is_cut_off_gives_all_the_others(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [*RECORDS])
    path.write_bytes(path.read_bytes()[:-40])
    papers, report = read(path)
    assert (len(papers), report.skipped) == (len(ASTRONOMY) - 1, 1)
    assert f"line {len(RECORDS)}" in report.problems[0]


def test_a_line_that_unpacks_to_a_flood_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    flood = gzip.compress(b"[" * 100_000_000 + b"\n", 1)
    path.write_bytes(flood + write(tmp_path / "rest.jsonl.gz", [*RECORDS[:2]]).read_bytes())
    papers, report = read(path)
    assert (len(papers), report.problems) == (2, ["p.jsonl.gz line 1: it is longer than any record"])


def test_the_number_of_records_is_estimated_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_source(str(write(tmp_path / "few.jsonl.gz", [*RECORDS]))).count() == len(RECORDS)
    monkeypatch.setattr(bulk, "COUNTED_BYTES", 200_000)
    about = open_source(str(write(tmp_path / "many.jsonl", [*many(5_000)]))).count()
    assert about is not None
    assert 4_500 < about < 5_500


def test_the_starter_collection_holds_digests_and_no_category_is_left_out() -> None:
    report = ReadReport()
    papers = list(select(open_source("starter"), Selection(), report))
    assert len(papers) >= 250
    assert len(ids(papers)) == len(papers)
    assert {paper.kind for paper in papers} == {"digest"}
    assert {"gr-qc/9602056", "1602.03837"} <= ids(papers)
    assert report.skipped == 0


def test_every_digest_of_the_starter_collection_has_the_length_of_an_abstract() -> None:
    papers = list(select(open_source("starter"), Selection(), ReadReport()))
    wrong = {paper.id: len(paper.abstract.split()) for paper in papers if not 80 <= len(paper.abstract.split()) <= 150}
    assert wrong == {}
    assert all(paper.title and paper.authors and paper.categories for paper in papers)


def test_a_source_that_does_not_exist_is_refused_in_one_sentence() -> None:
    with pytest.raises(UsageError, match="There is no source"):
        open_source("/no/such/file.jsonl")


def test_a_file_of_another_kind_is_refused_with_the_endings_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "papers.txt"
    path.write_text("id,title\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"\.jsonl\.zst"):
        open_source(str(path))
