"""Libraries and tables as people really have them: nothing in them ends a build, and nothing is lost without a word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from quick import build_index, contents

from rag.bibtex import bibliography
from rag.citing.keys import ADS
from rag.errors import SourceProblem
from rag.papers import Paper
from rag.settings import Settings
from rag.sources import ReadReport, open_source, papers
from rag.sources.identity import as_arxiv_id
from rag.sources.names import names_of_list
from rag.text.latex import readable

TEXT = "year={2001}, abstract={Quills are counted.}"


def read(path: Path, text: str | bytes) -> tuple[list[Paper], ReadReport]:
    """The papers of a file of that content, and what was met."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    report = ReadReport()
    return list(papers(open_source(str(path)), report)), report


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        (r"see \href{http://quill.example/a_b}{our table} now", "see our table now"),
        (r"roots \sqrt and \sqrt{2}", "roots √ and √2"),
        (r"\texttt{code} and \mbox{a box}", "code and a box"),
        (r"{\it Quill et al.} measured {\bf it}", "Quill et al. measured it"),
        (r"Mu{\textasciitilde}noz, {\textasciitilde}100 and \~{}7", "Muñoz, ~100 and ~7"),
        (r"{\textless}5 {\textgreater}3 \simlt 4", "<5 >3 ≲ 4"),
        (r"70 \kms of \ion{C}{4}", "70 km/s of C IV"),
        (r"\unheardof{kept} and {\ensuremath{\gamma}}-rays", "kept and γ-rays"),
        (r"50% of it & more", "50% of it & more"),
        ("H<SUB>2</SUB>O &lt; 5 &alpha; <p>so</p>", "H2O < 5 α so"),
        ("{{{ unbalanced } and $5 for a lunch", "unbalanced and $5 for a lunch"),
        (
            r"it is $1,200 in all of the years and $30 later, 8\% more",
            "it is $1,200 in all of the years and $30 later, 8% more",
        ),
        (r"\footnote{a note} \verb|x_y| \frac{1}{2}", "(a note) x_y 1/2"),
        (r"G{\"o}del \v{C}apek \'{\i} {\o} \c c", "Gödel Čapek í ø ç"),
        ("a formula $x_{1}^2$ stays", "a formula $x_{1}^2$ stays"),
    ],
)
def test_latex_and_html_become_what_one_would_read(written: str, plain: str) -> None:
    assert readable(written) == plain


@pytest.mark.parametrize("run", ["\\", "{", "}", "\\frac{", "\\href{", "$", "~", "<", "&", "\\'", "`", "\\begin{", " "])
def test_a_long_run_of_one_sign_takes_no_long_time(run: str) -> None:
    assert isinstance(readable(run * 5000), str)


def test_a_link_in_an_abstract_or_a_name_ends_no_build(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    library = tmp_path / "quills.bib"
    library.write_text(
        rf"@misc{{q1, title={{On \href{{http://q.example}}{{quills}}}}, author={{Roe\href{{x}}{{1}}, Ann}}, {TEXT}}}"
    )
    build_index(settings, "quills", str(library))
    (paper,) = contents(settings, "quills").values()
    assert (paper.title, paper.authors) == ("On quills", ("Ann Roe",))


def test_a_brace_too_few_costs_no_other_entry(tmp_path: Path) -> None:
    found, report = read(
        tmp_path / "q.bib",
        f"@misc{{a, title={{One {{quill}}, author={{Roe, A.}}, {TEXT}}}\n@misc{{b, title={{Two}}, {TEXT}}}\n"
        f"@misc{{c, title={{Three}} author={{Roe, A.}} {TEXT}}}\n",
    )
    assert [paper.title for paper in found] == ["One quill", "Two", "Three"]
    assert [note.split(":")[0] for note in report.notes] == ["q.bib line 1", "q.bib line 3"]


def test_a_key_that_names_two_papers_keeps_both(tmp_path: Path) -> None:
    found, report = read(tmp_path / "q.bib", f"@misc{{a, title={{One}}, {TEXT}}}\n@misc{{a, title={{Two}}, {TEXT}}}")
    assert len({paper.id for paper in found}) == 2
    assert "line 2" in report.notes[0]
    other, _ = read(tmp_path / "other.bib", f"@misc{{a, title={{Three}}, {TEXT}}}")
    assert other[0].id not in {paper.id for paper in found}


@pytest.mark.parametrize(
    ("field", "identifier"),
    [
        ("eprint={arXiv:2106.91234}", "2106.91234"),
        ("eprint={http://arxiv.org/abs/2106.91234v3}", "2106.91234"),
        ("eprint={2106.91234 [astro-ph.GA]}", "2106.91234"),
        ("eprint={ASTRO-PH/9706901}", "astro-ph/9706901"),
        ("eprint={9706901}, primaryclass={astro-ph}", "astro-ph/9706901"),
        ("arxivid={2106.91234}", "2106.91234"),
        ("doi={10.48550/arXiv.2106.91234}", "2106.91234"),
        ("journal={CoRR}, volume={abs/2106.91234}", "2106.91234"),
        ("journal={arXiv e-prints}, eid={arXiv:2106.91234}", "2106.91234"),
        ("journal={arXiv preprint arXiv:2106.91234}", "2106.91234"),
        ("adsurl={https://ui.adsabs.harvard.edu/abs/2021arXiv210691234Q}", "2106.91234"),
        ("note={arXiv: 2106.91234}", "2106.91234"),
        ("howpublished={\\url{https://arxiv.org/pdf/2106.91234.pdf}}", "2106.91234"),
        ("note={Erratum to arXiv:2106.91234}", None),
        ("note={See https://arxiv.org/abs/2106.91234 and its data}", None),
        ("doi={10.9999/quill.1}, note={Comment on 2106.91234}", None),
    ],
)
def test_an_arxiv_id_is_the_papers_own_only_where_it_stands_for_it(
    tmp_path: Path, field: str, identifier: str | None
) -> None:
    (paper,), _ = read(tmp_path / "q.bib", f"@article{{a, title={{One}}, {field}, {TEXT}}}")
    assert (paper.id if paper.on_arxiv else None) == identifier


def test_a_number_that_lost_a_zero_in_a_table_gets_it_back() -> None:
    assert (as_arxiv_id("704.0044"), as_arxiv_id("2106.912"), as_arxiv_id("3.14")) == ("0704.0044", "2106.91200", None)


def test_the_grammar_of_bibtex_is_read_whole(tmp_path: Path) -> None:
    found, _ = read(
        tmp_path / "q.bib",
        '@string{me = {Roe, Ann}}\n@article(a, author = me # " and {Quill AND Sons} AND Ford, Jr., Henry and others", '
        f'title = "On " # "quills", journal = \\mnras, volume = 12, pages = "3--9", {TEXT})\n'
        "@inproceedings{b, crossref={p}, title={In a volume}, abstract={Text.}}\n"
        "@proceedings{p, title={The volume}, year=2003}\n",
    )
    paper, chapter = found
    assert paper.authors == ("Ann Roe", "Quill AND Sons", "Henry Ford Jr.", "et al.")
    assert (paper.title, paper.journal, paper.volume, paper.pages) == ("On quills", "MNRAS", "12", "3–9")
    assert paper.journal_ref == "MNRAS 12, 3–9 (2001)"
    assert (chapter.year, chapter.journal) == (2003, "The volume")


def test_what_came_from_a_library_goes_out_as_it_came(tmp_path: Path) -> None:
    code = "2016ApJ...926...56Q"
    library = (
        f"@ARTICLE{{quill2016, title={{One}}, author={{Roe, Ann}}, journal={{\\apj}}, volume=926, pages={{56}}, "
        f"doi={{10.9999/q.1}}, eprint={{1604.91424}}, adsurl={{https://ui.adsabs.harvard.edu/abs/{code}}}, {TEXT}}}"
    )
    found, _ = read(tmp_path / "q.bib", library)
    own = bibliography(found)
    for part in ("@article{quill2016,", "{ApJ}", "{926}", "{56}", "{10.9999/q.1}", "{1604.91424}", code):
        assert part in own
    ads = bibliography(found, ADS)
    assert (f"@article{{{code}," in ads, "{\\apj}" in ads) == (True, True)
    again, _ = read(tmp_path / "again.bib", own)
    assert [replace(paper, abstract="Quills are counted.") for paper in again] == found


@pytest.mark.parametrize(
    ("data", "title", "told"),
    [
        (f"% Encoding: ISO8859_1\n@misc{{a, title={{Größe}}, {TEXT}}}", "Größe", 0),
        (f"@misc{{a, title={{Größe}}, {TEXT}}}", "Größe", 1),
    ],
)
def test_latin_letters_are_read_in_whatever_encoding(tmp_path: Path, data: str, title: str, told: int) -> None:
    (paper,), report = read(tmp_path / "q.bib", data.encode("latin-1"))
    assert (paper.title, len(report.notes)) == (title, told)
    (wide,), report = read(tmp_path / "w.bib", data.encode("utf-16"))
    assert (wide.title, report.notes) == (title, [])


@pytest.mark.parametrize(
    "tags",
    ["TY - JOUR\nTI - {t}\nPY - 2002\nAB - Text.\nER -", "ty  - JOUR\nti  - {t}\npy  - 2002\nab  - Text.\ner  -",
     "\ufeffTY  -  JOUR\r\nT1  -  {t}\r\nY1  -  2002//\r\nN2  -  Text.\r\nSP  -\r\nER  -  "],
)  # fmt: skip
def test_ris_is_read_however_it_is_spaced(tmp_path: Path, tags: str) -> None:
    found, _ = read(tmp_path / "q.ris", f"Provider: Q\n\n{tags.format(t='One')}\n\n{tags.format(t='Two')}\n")
    assert [(paper.title, paper.year) for paper in found] == [("One", 2002), ("Two", 2002)]


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("Quill A.G., Roe L.M.", ["A.G. Quill", "L.M. Roe"]),
        ("Quill, AG; Roe, L", ["A.G. Quill", "L. Roe"]),
        ("['Ann Quill', 'Bob Roe']", ["Ann Quill", "Bob Roe"]),
        ("Ann Quill, Bob Roe and Cy Low", ["Ann Quill", "Bob Roe", "Cy Low"]),
        ("Quill, Ann", ["Ann Quill"]),
        ("Quill, A., Roe, B., & Low, C.", ["A. Quill", "B. Roe", "C. Low"]),
    ],
)
def test_authors_of_all_kinds_of_tables_are_names(listed: str, names: list[str]) -> None:
    assert names_of_list(listed) == names


def test_an_unclosed_quote_in_a_table_swallows_no_row(tmp_path: Path) -> None:
    found, report = read(tmp_path / "q.csv", 'title,abstract,year\nOne,"Text,2001\nTwo,Text,2002\nThree,Text,2003\n')
    assert [paper.title for paper in found] == ["One", "Two", "Three"]
    assert "line 2: a quote is never closed" in report.notes[0]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("q.bib", b"", "it is empty"),
        ("q.bib", b"%PDF-1.4 quill", "it is a PDF"),
        ("q.bib", b"<!doctype html><title>Sign in</title>", "it is a web page"),
        ("q.bib", b"TY  - JOUR\nTI  - One\n", "call it .ris"),
        ("q.ris", b"@article{a, title={One}}", "call it .bib"),
        ("q.csv", b"\x00\x01\x02\x03", "it is no text"),
        ("q.csv", b"<html><body>", "it is a web page"),
    ],
)
def test_a_file_of_something_else_is_told_in_one_sentence(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    with pytest.raises(SourceProblem, match=rf"^No \w+ ?\w* found in {name}: .*{said}.*\.$"):
        read(tmp_path / name, data)
