"""Cutting abstracts into sentences the way astronomers write them."""

from __future__ import annotations

import pytest
from papers import RECORDS

from rag.sources import ReadReport, papers
from rag.sources.starter import StarterCollection
from rag.text.sentences import spans, split

ONE_SENTENCE = [
    "We agree with Li et al. (2004) on this.",
    "It lies at z = 0.5, i.e. Far beyond the cluster.",
    "See Fig. 3 and Eq. 12 for details.",
    "The star HD 209458 b was found by J. P. Doe and M. Mayor in 1995.",
    "Its mass is 1.4 solar masses.",
    "The density is $n = 10^3\\,{\\rm cm}^{-3}. X$ here.",
    "The value (which was 0.3. Nothing more) is small.",
    "Source No. 5 of the survey is used.",
    "We compare with Astron. Astrophys. 12 as well.",
    "A galaxy at R.A. 12h was seen",
    "Aims. We measure the rotation of stars.",
]
SEVERAL = [
    ("Seen at z~6. We agree with Li et al. (2004).", ["Seen at z~6.", "We agree with Li et al. (2004)."]),
    ("Is it dust? It is! We show how.", ["Is it dust?", "It is!", "We show how."]),
    ("Observed at 4 K. The line is narrow.", ["Observed at 4 K.", "The line is narrow."]),
    ("This holds for $z<1$. $H_0$ is then low.", ["This holds for $z<1$.", "$H_0$ is then low."]),
    ("We study galaxies.We find 12 of them.", ["We study galaxies.", "We find 12 of them."]),
    ("So say Doe et al. The model fails.", ["So say Doe et al.", "The model fails."]),
    ("The hole is Sgr A. We weigh it.", ["The hole is Sgr A.", "We weigh it."]),
    ("Methods. We count. Results. There are 5.", ["Methods. We count.", "Results. There are 5."]),
    ("It works (as shown.) Then it stops.", ["It works (as shown.)", "Then it stops."]),
    ('He said "no." Others agreed.', ['He said "no."', "Others agreed."]),
]


@pytest.mark.parametrize("text", ONE_SENTENCE)
def test_a_stop_that_ends_nothing_is_passed_over(text: str) -> None:
    assert split(text) == [text]


@pytest.mark.parametrize(("text", "sentences"), SEVERAL)
def test_a_stop_that_ends_a_sentence_is_found(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize("text", ["...", ".", "$", "(((", "[1] . . .", "$$ x. $ y. $$ Z. ( A. B", "é. É. 王。"])
def test_stray_signs_never_lose_a_character(text: str) -> None:
    assert "".join("".join(split(text)).split()) == "".join(text.split())


def test_the_sentences_of_every_text_here_put_together_give_the_text_back() -> None:
    texts = [paper.abstract for paper in papers(StarterCollection(), ReadReport())]
    texts += [record["abstract"] or "" for record in RECORDS]
    for text in texts:
        assert "".join("".join(split(text)).split()) == "".join(text.split())


def test_spans_are_in_order_and_stay_inside_the_text() -> None:
    text = "Aims. We look at stars.  We find 3. \n Done."
    found = spans(text)
    assert found == sorted(found)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert [text[start:end] for start, end in found] == ["Aims. We look at stars.", "We find 3.", "Done."]


def test_digests_are_cut_into_sentences_of_sensible_length() -> None:
    lengths = [
        len(sentence.split())
        for paper in papers(StarterCollection(), ReadReport())
        for sentence in split(paper.abstract)
    ]
    assert min(lengths) >= 3
    assert max(lengths) <= 90


def test_a_very_long_text_is_cut_like_a_short_one() -> None:
    assert split("The star is red. " * 1_000) == ["The star is red."] * 1_000
