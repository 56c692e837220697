"""Libraries and tables as sources: BibTeX, RIS, CSV and Parquet files, with broken entries among them."""

from __future__ import annotations

import gzip
import sys
import time
from pathlib import Path

import pytest
from quick import build_index, contents, update_index

from rag.errors import SourceProblem, UsageError
from rag.papers import Paper
from rag.settings import Settings
from rag.sources import ReadReport, open_source, papers

ADS = r"""
@ARTICLE{2016ApJ...826...56R,
       author = {{Riess}, Adam G. and {Mac{\'\i}as}, Lucas M. and {Planck Collaboration}},
        title = "{A 2.4\% Determination of the Local Value of the {Hubble} Constant $H_{0}$}",
      journal = {\apj},
     keywords = {cosmology: distance scale},
         year = 2016,
        month = jul,
          doi = {10.3847/0004-637X/826/1/56},
archivePrefix = {arXiv},
       eprint = {1604.01424},
 primaryClass = {astro-ph.CO},
       adsurl = {https://ui.adsabs.harvard.edu/abs/2016ApJ...826...56R},
     abstract = "{We use the Wide Field Camera 3 to reduce the uncertainty from 3.3\% to 2.4\%.}"
}
"""
ZOTERO = r"""
@book{carrollIntroduction2017,
  title = {An Introduction to Modern Astrophysics},
  author = {Carroll, Bradley W. and Ostlie, Dale A.},
  date = {2017-09-07},
  abstract = {A comprehensive text.},
  isbn = {978-1-108-42216-1}
}

@article{vanderwelSizes,
  title = {Sizes of galaxies},
  author = {van der Wel, Arjen},
  year = {2014},
  doi = {10.1088/0004-637X/788/1/28},
  abstract = {We present the size-mass distribution.}
}

@misc{linked,
  title = {Linked to arXiv},
  author = {Doe, Jane},
  url = {https://arxiv.org/abs/astro-ph/9805201v2}
}

@article{bare, title = {Neither id nor abstract}, author = {Doe, Jane}, year = {2001}}
"""
RIS = """TY  - JOUR
AU  - Perlmutter, S.
AU  - Aldering, G.
TI  - Measurements of Omega and Lambda
T2  - The Astrophysical Journal
PY  - 1999/06
DO  - 10.1086/307221
AB  - We report measurements of the mass density
and of the cosmological-constant energy density.
ER  -

TY  - JOUR
TI  - On arXiv
UR  - https://arxiv.org/abs/2206.12345
ER  -

TY  - JOUR
TI  - No end, no abstract
TY  - JOUR
AU  - Late, A.
TI  - After the broken one
PY  - 2003
N2  - It still counts.
"""


def read(path: Path, spec: str = "") -> tuple[dict[str, Paper], ReadReport]:
    """The papers of a file by id, and what was met."""
    report = ReadReport()
    return {paper.id: paper for paper in papers(open_source(spec or str(path)), report)}, report


def written(path: Path, text: str) -> Path:
    """A file with that text."""
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_from_ads_becomes_its_paper_at_arxiv(tmp_path: Path) -> None:
    found, report = read(written(tmp_path / "ads.bib", ADS))
    paper = found["1604.01424"]
    assert paper.title == r"A 2.4% Determination of the Local Value of the Hubble Constant $H_{0}$"
    assert paper.authors == ("Adam G. Riess", "Lucas M. Macías", "Planck Collaboration")
    assert (paper.year, paper.doi, paper.categories) == (2016, "10.3847/0004-637X/826/1/56", ("astro-ph.CO",))
    assert paper.abstract.endswith("from 3.3% to 2.4%.")
    assert report.skipped == 0


def test_what_is_not_at_arxiv_has_an_id_of_its_own_and_a_link(tmp_path: Path) -> None:
    found, report = read(written(tmp_path / "zotero.bib", ZOTERO))
    (book,) = (paper for paper in found.values() if paper.key == "carrollIntroduction2017")
    assert set(found) == {book.id, "doi:10.1088/0004-637x/788/1/28", "astro-ph/9805201"}
    assert (book.year, book.id.startswith("key:zotero-")) == (2017, True)
    assert book.url.startswith("https://ui.adsabs.harvard.edu/search/")
    assert found["doi:10.1088/0004-637x/788/1/28"].url == "https://doi.org/10.1088/0004-637x/788/1/28"
    assert found["astro-ph/9805201"].url == "https://arxiv.org/abs/astro-ph/9805201"
    assert found["doi:10.1088/0004-637x/788/1/28"].authors == ("Arjen van der Wel",)
    assert report.problems == ["zotero.bib line 24, entry bare: it has neither an arXiv id nor an abstract"]


def test_a_ris_file_gives_its_references_one_by_one(tmp_path: Path) -> None:
    found, report = read(written(tmp_path / "library.ris", RIS))
    assert set(found) >= {"doi:10.1086/307221", "2206.12345"}
    paper = found["doi:10.1086/307221"]
    assert (paper.year, paper.journal_ref) == (1999, "The Astrophysical Journal")
    assert paper.abstract.endswith("density and of the cosmological-constant energy density.")
    assert paper.authors == ("S. Perlmutter", "G. Aldering")
    assert {paper.title for paper in found.values()} == {
        "Measurements of Omega and Lambda",
        "On arXiv",
        "After the broken one",
    }
    assert report.problems == ["library.ris line 17: it has neither an arXiv id nor an abstract"]


def test_ten_thousand_entries_with_broken_ones_among_them(tmp_path: Path) -> None:
    entries = []
    for n in range(10_000):
        entry = f"@article{{k{n},\n title = {{Title {n}}},\n abstract = {{Text {n}.}},\n year = {2000 + n % 20}\n}}\n"
        broken = {0: entry.replace("},\n abs", ",\n abs", 1), 1: entry[: len(entry) // 2], 2: entry.replace("=", "")}
        entries.append(broken[n // 1000] if n % 1000 == 500 and n // 1000 < 3 else entry)
    started = time.process_time()
    found, report = read(written(tmp_path / "big.bib", "\n".join(entries)))
    assert time.process_time() - started < 60
    # An unclosed title costs nothing, half an entry and one without "=" cost themselves.
    assert (len(found), report.skipped, len(report.notes)) == (9_998, 2, 3)
    assert all(problem.startswith("big.bib ") for problem in report.problems)


@pytest.mark.parametrize(
    "text", ["", "@", "@article{", "@article{x", "}}}}", "\x00\x01", "TY  -", "ER  - ", "{" * 5000]
)
@pytest.mark.parametrize("ending", [".bib", ".ris", ".csv"])
def test_nonsense_in_a_library_is_no_accident(tmp_path: Path, text: str, ending: str) -> None:
    path = written(tmp_path / f"x{ending}", text)
    with pytest.raises(
        (UsageError, SourceProblem), match=r"No (?:table|BibTeX|RIS)|no column|neither|no title"
    ) as told:
        found, report = read(path)
        assert found == {}
        raise SourceProblem(report.problems[0])
    assert "\n" not in str(told.value)


def test_a_table_with_the_usual_names_needs_no_mapping(tmp_path: Path) -> None:
    rows = 'id,title,authors,abstract,date,categories\n1604.01424v2,A title,"Riess, A.; Macri, L.",Text.,2016-07-01,'
    found, _ = read(written(tmp_path / "t.csv", rows + "astro-ph.CO astro-ph.GA\n"))
    paper = found["1604.01424"]
    assert (paper.version, paper.year, paper.categories) == (2, 2016, ("astro-ph.CO", "astro-ph.GA"))
    assert paper.authors == ("A. Riess", "L. Macri")


def test_the_columns_of_a_table_can_be_named(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "Nr;Titel;Zusammenfassung;Jahr\n1;Ein Titel;Text;1999\n2;Zweiter;;2000\n")
    with pytest.raises(UsageError, match=r"no column for the title, only Nr, Titel.*--columns"):
        read(path)
    found, report = read(path, f"{path}?title=Titel&abstract=Zusammenfassung&year=Jahr")
    assert [(paper.title, paper.year) for paper in found.values()] == [("Ein Titel", 1999)]
    assert report.problems == ["t.csv row 2: it has neither an arXiv id nor an abstract"]
    for wrong, match in (("colour=Titel", "can be named for"), ("title=Nichts", "no column 'Nichts'")):
        with pytest.raises(UsageError, match=match):
            read(path, f"{path}?{wrong}")


def test_a_large_table_is_read_in_pages_and_goes_on_from_any(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    lines = ["title,abstract,year", *(f"Title {n},Text {n},2001" for n in range(3000))]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    pages = list(open_source(str(path)).pages(ReadReport()))
    assert [len(page.entries) for page in pages] == [1024, 1024, 952]
    rest = list(open_source(str(path)).pages(ReadReport(), pages[0].cursor))
    assert [page.entries for page in rest] == [page.entries for page in pages[1:]]
    assert list(open_source(str(path)).pages(ReadReport(), pages[-1].cursor)) == []


def test_a_parquet_file_is_a_table_too(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({"title": ["T"], "abstract": ["A"], "year": [2001], "authors": [["A. One", "B. Two"]]})
    parquet.write_table(table, tmp_path / "t.parquet")
    (paper,) = read(tmp_path / "t.parquet")[0].values()
    assert (paper.year, paper.authors) == (2001, ("A. One", "B. Two"))


def test_without_pyarrow_a_parquet_file_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"sidereus\[parquet\]"):
        read(tmp_path / "t.parquet")


def test_a_library_that_grew_brings_only_what_is_new(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    path = written(tmp_path / "mine.bib", ADS)
    build_index(settings, "mine", str(path))
    written(path, ADS + ZOTERO)
    run = update_index(settings, "mine").runs[-1]
    assert (run.added, run.unchanged, run.skipped) == (3, 1, 1)
    assert len(contents(settings, "mine")) == 4
    assert (update_index(settings, "mine").runs[-1].added, update_index(settings, "mine").runs[-1].unchanged) == (0, 0)
