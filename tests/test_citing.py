"""Citations as ADS gives them: keys, bibcodes, bibitems and plain references."""

from __future__ import annotations

import bibtexparser
import pytest
from papers import RECORDS
from stand_in import HOSTILE, HUBBLE, PLANCK

from rag.bibtex import Remark
from rag.citing.citations import bibitems, citep, citet, references
from rag.citing.keys import ADS, KEYS, Keys, Style, key, keyed
from rag.citing.names import surname_first, with_initials
from rag.citing.published import bibcode
from rag.exports import FORMATS, written
from rag.papers import Paper
from rag.sources.bulk import paper_of_record

QUILL = Paper("1604.91424", "A quill of light", ("Ann Quill",), "A.", 2016, ("astro-ph.GA",))


def placed(journal_ref: str, *authors: str) -> Paper:
    """A paper in a journal."""
    return Paper("1604.91424", "A quill of light", authors or ("Ann Quill",), "A.", 2015, (), journal_ref=journal_ref)


@pytest.mark.parametrize(
    ("journal_ref", "code"),
    [
        ("ApJ 826, 56 (2016)", "2016ApJ...826...56Q"),
        ("Astrophys.J. 826 (2016) L5", "2016ApJ...826L...5Q"),
        ("ApJL, 848, L12 (2017)", "2017ApJ...848L..12Q"),
        ("Astrophys.J.Suppl. 208 (2013) 19", "2013ApJS..208...19Q"),
        ("A&A 594, A13 (2016)", "2016A&A...594A..13Q"),
        ("Mon.Not.Roy.Astron.Soc. 405 (2010) 2044-2061", "2010MNRAS.405.2044Q"),
        ("Phys. Rev. Lett. 116, 061102 (2016)", "2016PhRvL.116f1102Q"),
        ("Phys.Rev. D66 (2002) 10345", "2002PhRvD..6610345Q"),
        ("JCAP 1305 (2013) 016", "2016arXiv160491424Q"),  # has a rule of its own
        ("ApJ 826, 56", "2016arXiv160491424Q"),  # of what year?
        ("Proceedings of a meeting on quills", "2016arXiv160491424Q"),
    ],
)
def test_a_bibcode_is_made_of_the_journal_where_that_is_certain_else_of_the_arxiv_id(
    journal_ref: str, code: str
) -> None:
    made = bibcode(placed(journal_ref))
    assert made == code
    assert len(made) == 19


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        ("0801.1234", "2008arXiv0801.1234Q"),
        ("astro-ph/9805201", "1998astro.ph..5201Q"),
        ("astro-ph/9812133", "1998astro.ph.12133Q"),
        ("gr-qc/9602902", "1996gr.qc.....2902Q"),
        ("doi:10.9999/q", None),
    ],
)
def test_arxiv_ids_of_all_ages_have_bibcodes(identifier: str, code: str | None) -> None:
    assert bibcode(Paper(identifier, "One", ("Ann Quill",), "", 1998, ())) == code


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("library", "Riess2018_1804.10655"),
        ("id", "Riess2018_1804.10655"),
        ("short", "Riess2018"),
        ("bibcode", "2018ApJ...861..126R"),
        ("zotero", "riess_milky_2018"),
    ],
)
def test_keys_have_the_form_that_is_asked_for(form: Keys, name: str) -> None:
    assert key(HUBBLE, form) == name


def test_a_library_s_own_key_is_kept_only_where_it_is_asked_for() -> None:
    mine = Paper("1604.91424", "A quill", ("Arjen van der Wel",), "", 2016, (), key="quill16", bibcode="2016Quill")
    assert [key(mine, form) for form in KEYS] == [
        "quill16", "vanderWel2016_1604.91424", "vanderWel2016", "2016Quill", "van_der_wel_quill_2016",
    ]  # fmt: skip


@pytest.mark.parametrize("form", KEYS)
def test_no_two_papers_have_one_key(form: Keys) -> None:
    twins = [Paper(f"1604.9142{n}", "A quill", ("Ann Quill",), "", 2016, ()) for n in range(4)]
    library = [*twins, *(paper_of_record(record) for record in RECORDS), HUBBLE, HUBBLE, HOSTILE]
    keys = [name for _, name in keyed(library, form)]
    assert len({name.lower() for name in keys}) == len(keys) == len(library) - 1
    assert not bibtexparser.parse_string(written(library, "bibtex", Style(form))).failed_blocks
    if form == "short":
        assert keys[:4] == ["Quill2016", "Quill2016b", "Quill2016c", "Quill2016d"]
    if form == "zotero":
        assert keys[:3] == ["quill_quill_2016", "quill_quill_2016-1", "quill_quill_2016-2"]


def test_several_papers_are_cited_in_one_command() -> None:
    assert citep([HUBBLE, PLANCK, HUBBLE], Style("short")) == "\\citep{Riess2018,PlanckCollaboration2018}\n"
    assert citet([HUBBLE], Style("short")) == "\\citet{Riess2018}\n"
    assert citep([]) == ""


def test_a_bibitem_is_as_ads_writes_it() -> None:
    assert bibitems([HUBBLE], ADS) == (
        "\\bibitem[Riess et al.(2018)]{2018ApJ...861..126R} Riess, A.~G., Casertano, S., Yuan, W., \\& Macri, L. 2018, "
        "\\apj, 861, 126. doi:10.3847/1538-4357/aac82e\n"
    )
    assert written([HUBBLE], "aastex", Style("bibcode")) == bibitems([HUBBLE], ADS)
    assert "ApJ, 861, 126" in bibitems([HUBBLE])
    assert bibitems([QUILL]) == "\\bibitem[Quill(2016)]{Quill2016_1604.91424} Quill, A. 2016, arXiv:1604.91424\n"
    many = placed("Weather & Climate", "Ann Quill", "B. Roe", "C. Low", "D. Hay", "E. Fay", "F. Day")
    assert bibitems([many]).endswith("} Quill, A., Roe, B., Low, C., et al.\\ 2015, Weather \\& Climate\n")


def test_a_reference_for_people_names_title_journal_and_identifiers() -> None:
    assert references([HUBBLE, PLANCK]).splitlines() == [
        "Riess, A. G., Casertano, S., Yuan, W., & Macri, L. 2018, “Milky Way Cepheid Standards for Measuring Cosmic "
        "Distances: H₀ at 2.3% precision”, ApJ, 861, 126, doi:10.3847/1538-4357/aac82e, arXiv:1804.10655",
        "Planck Collaboration, et al. 2018, “Planck 2018 results. VI. Cosmological parameters”, arXiv:1807.06209",
    ]


def test_bibtex_takes_a_journal_reference_apart_and_its_year_is_that_of_the_journal() -> None:
    (found,) = bibtexparser.parse_string(written([placed("ApJ 826, 56 (2016)")], "bibtex", ADS)).entries
    fields = {name: field.value for name, field in found.fields_dict.items()}
    assert (fields["journal"], fields["volume"], fields["pages"], fields["year"]) == (r"\apj", "826", "56", "2016")


def test_names_are_sorted_and_shortened_as_bibliographies_do() -> None:
    names = ("Henry Ford Jr.", "Arjen van der Wel", "王 小明", "Plato", "J.-P. Luminet", "Nightjar Team")
    assert [surname_first(name) for name in names] == [
        "Ford Jr., Henry", "van der Wel, Arjen", "小明, 王", "Plato", "Luminet, J.-P.", "Nightjar Team",
    ]  # fmt: skip
    assert [with_initials(name) for name in names] == [
        "Ford Jr., H.", "van der Wel, A.", "小明, 王.", "Plato", "Luminet, J.-P.", "Nightjar Team",
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_is_written_for_papers_of_all_kinds_even_hostile_ones(form: str) -> None:
    assert written([HUBBLE, PLANCK, HOSTILE, Paper("title:0", "", (), "", 1850, ())], form)


def test_tags_and_notes_go_into_the_files_that_have_a_place_for_them() -> None:
    remarks = {HUBBLE.id: Remark(("cepheids", "H0"), "# Check\n50 % of {them & more")}
    (found,) = bibtexparser.parse_string(written([HUBBLE], "bibtex", remarks=remarks)).entries
    assert found.fields_dict["keywords"].value == "cepheids, H0"
    assert found.fields_dict["annote"].value == "\\# Check\n50 \\% of (them \\& more"
    assert "KW  - cepheids" in written([HUBBLE], "ris", remarks=remarks)
    assert "N1  - # Check 50 % of {them & more" in written([HUBBLE], "ris", remarks=remarks)
    assert '"cepheids, H0","# Check\n50 % of {them & more"' in written([HUBBLE], "csv", remarks=remarks)
    assert "tags" not in written([HUBBLE], "csv")
