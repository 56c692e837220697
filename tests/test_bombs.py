"""Files made to do harm are read in little memory, and what is wrong with them is told with its line."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import papers
import pytest
import zstandard

from rag.papers import Paper, plain_name
from rag.sources import ReadReport, open_source
from rag.sources import papers as read
from rag.sources.bulk import authors_of_line
from rag.sources.limits import LONGEST

MEASURED = """
import resource, sys
from rag.sources import ReadReport, open_source, papers
open_source(sys.argv[1])
import zstandard, csv, gzip, rag.sources.bulk, rag.sources.table
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = ReadReport()
found = sum(1 for _ in papers(open_source(sys.argv[1]), report))
print(found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, *report.problems, sep="|")
"""


def all_of(path: Path) -> tuple[list[Paper], list[str]]:
    """The papers of a file and what was wrong with it."""
    report = ReadReport()
    return list(read(open_source(str(path)), report)), report.problems


def measured(path: Path) -> tuple[int, int, str]:
    """How many papers a file has, the megabytes that reading it took, and what was wrong with it."""
    done = subprocess.run([sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found, memory, *problems = done.stdout.strip().split("|")
    return int(found), int(memory) // 1024, " ".join(problems)


def zst(path: Path, megabytes: int) -> Path:
    """Spaces without end, packed."""
    packer = zstandard.ZstdCompressor().compressobj()
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(packer.compress(b" " * (1 << 20)))
        file.write(packer.flush())
    return path


def test_a_gigabyte_in_a_few_kilobytes_is_given_up_early(tmp_path: Path) -> None:
    path = zst(tmp_path / "bomb.jsonl.zst", 1000)
    assert path.stat().st_size < 100_000
    found, memory, problems = measured(path)
    assert found == 0
    assert memory < 300
    assert "expands to more than 100 times its size" in problems


@pytest.mark.parametrize("ending", ["csv.gz", "jsonl.gz"])
def test_a_line_without_an_end_takes_little_memory(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"bomb.{ending}"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"title,abstract,year\n" if ending.startswith("csv") else b"\n")
        for _ in range(150):
            file.write(b"x" * (1 << 20))
    found, memory, problems = measured(path)
    assert found == 0
    assert memory < 120
    assert problems


def test_a_table_goes_on_after_a_line_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"title,abstract,year\nOne,A.,2001\nTwo,{'x' * 5_000_000},2002\nThree,C.,2003\n", encoding="utf-8")
    found, problems = all_of(path)
    assert [paper.title for paper in found] == ["One", "Three"]
    assert problems == ["table.csv line 3: it is longer than any record"]


def test_a_field_longer_than_any_papers_is_skipped_with_its_line(tmp_path: Path) -> None:
    long = papers.record("2401.00002", "Long", "A. B", "astro-ph.GA", "x " * LONGEST["abstract"])
    good = papers.record("2401.00003", "Good", "A. B", "astro-ph.GA", "Words.")
    found, problems = all_of(papers.write(tmp_path / "p.jsonl", [long, good]))
    assert [paper.title for paper in found] == ["Good"]
    assert problems[0].startswith("p.jsonl line 1: the field 'abstract' has 100,")


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
def test_what_is_nested_too_deeply_is_skipped_with_its_line(tmp_path: Path, depth: int) -> None:
    good = json.dumps(papers.record("2401.00003", "Good", "A. B", "astro-ph.GA", "Words."))
    path = tmp_path / "p.jsonl"
    path.write_text("[" * depth + "]" * depth + "\n" + '{"a":' * depth + "1" + "}" * depth + f"\n{good}\n")
    found, problems = all_of(path)
    assert [paper.title for paper in found] == ["Good"]
    assert [problem.split(":")[0] for problem in problems] == ["p.jsonl line 1", "p.jsonl line 2"]


@pytest.mark.parametrize("mark", ["{", "}", "\\", "$", "\\frac{", "~", "\\begin{a}", "{\\bf "])
def test_a_name_or_title_of_nothing_but_marks_ends_nothing(tmp_path: Path, mark: str) -> None:
    for count in (1, 900, 1_999):
        assert isinstance(plain_name((mark * count)[:1_999]), str)
    path = tmp_path / "library.csv"
    path.write_text(f'title,abstract,year\n"{(mark * 900)[:1_900]}",A.,2001\nGood,B.,2002\n', encoding="utf-8")
    found, _ = all_of(path)
    assert found[-1].title == "Good"


@pytest.mark.parametrize("mark", ["(", ")", "()", "((", "( and ", "a,", "team:"])
def test_a_line_of_authors_takes_time_in_proportion(mark: str) -> None:
    assert isinstance(authors_of_line(mark * 20_000), tuple)


def test_a_category_is_one_word_without_control_characters(tmp_path: Path) -> None:
    record = {
        **papers.record("2401.00003", "Good", "A. B", "x", "Words."),
        "categories": ["astro-ph.GA\nTY  - X", "\x1b[2J"],
    }
    found, _ = all_of(papers.write(tmp_path / "p.jsonl", [record]))
    assert found[0].categories == ("astro-ph.GA TY - X", "[2J")
