"""What leaves Sidereus is what a paper is, and nothing that its record smuggles in."""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import replace

import bibtexparser
import pytest
import rispy
from stand_in import HUBBLE

from rag.answers.answer import Citation
from rag.bibtex import bibliography
from rag.exports import FORMATS, written
from rag.papers import Paper
from ui.cli import show

SMUGGLED = "x}, note = {smuggled}, y = {"
STEERING = "A\x1b[2J\x1b]0;owned\x07 b\u202ec\u200bd\r\nTY  - JOUR\nTI  - second\u2066"


def spoilt(text: str) -> Paper:
    """A paper with a text in every field that a record can set."""
    return replace(
        HUBBLE, title=text, authors=(f"Mal {text}", text), abstract=text, categories=(text,), doi=f"10.1/{text}",
        journal_ref=text,
    )  # fmt: skip


@pytest.mark.parametrize("text", [SMUGGLED, STEERING, "a\\}b{", "}{", "{" * 9, "\\", "a\\\\", "%}", "@misc{x,"])
def test_one_paper_is_one_bibtex_entry_with_its_own_fields(text: str) -> None:
    library = bibtexparser.parse_string(bibliography([HUBBLE, spoilt(text)]))
    assert library.failed_blocks == []
    assert len(library.entries) == 1  # both have one id: the later one
    known = {"author", "title", "year", "eprint", "archivePrefix", "primaryClass", "doi", "journal", "url"}
    assert set(library.entries[0].fields_dict) <= known


@pytest.mark.parametrize("text", [SMUGGLED, STEERING, "ER  - \nTY  - JOUR"])
def test_one_paper_is_one_ris_reference_and_one_row(text: str) -> None:
    paper = spoilt(text)
    assert len(rispy.loads(written([paper], "ris"))) == 1
    assert len(list(csv.reader(io.StringIO(written([paper], "csv"))))) == 2


@pytest.mark.parametrize("name", FORMATS)
def test_no_file_holds_a_character_that_nobody_sees(name: str) -> None:
    out = written([spoilt(STEERING)], name)
    assert [char for char in out if unicodedata.category(char)[0] == "C" and char not in "\r\n"] == []


def test_nothing_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show.sources([Citation(1, spoilt(STEERING), (STEERING,), 0.5)])
    show.references([Citation(1, spoilt(STEERING), (STEERING,), 0.5)])
    show.table(("a",), [(STEERING,)])
    show.say(STEERING)
    show.note(STEERING)
    out = "".join(capsys.readouterr())
    assert [char for char in out if unicodedata.category(char)[0] == "C" and char != "\n"] == []
