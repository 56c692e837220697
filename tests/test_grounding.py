"""Whether a sentence says no more than its evidence."""

from __future__ import annotations

import pytest

from rag.answers.grounding import check

EVIDENCE = [
    "GW150914 radiated 3.0 solar masses in gravitational waves.",
    "The signal rose in frequency from 35 to 250 Hz with a peak strain of 1.0e-21.",
]


@pytest.mark.parametrize(
    ("sentence", "best"),
    [
        ("GW150914 radiated 3.0 solar masses in gravitational waves.", 0),
        ("In gravitational waves, GW150914 radiated 3.0 solar masses [1].", 0),
        ("The frequency of the signal rose from 35 to 250 Hz.", 1),
    ],
)
def test_what_the_evidence_says_is_supported_by_its_best_text(sentence: str, best: int) -> None:
    verdict = check(sentence, EVIDENCE)
    assert verdict.supported
    assert verdict.best == best
    assert verdict.score > 0.6


@pytest.mark.parametrize(
    "sentence",
    [
        "GW150914 radiated 5.0 solar masses in gravitational waves.",
        "The signal rose in frequency from 35 to 2500 Hz.",
        "Black holes evaporate by Hawking radiation.",
        "",
        "...",
    ],
)
def test_another_number_other_words_or_no_words_are_not_supported(sentence: str) -> None:
    assert not check(sentence, EVIDENCE).supported


def test_without_evidence_nothing_is_supported() -> None:
    assert not check("GW150914 radiated energy.", []).supported


def test_repeating_the_question_is_not_supported() -> None:
    question = "How much energy did GW150914 radiate in gravitational waves?"
    assert not check("GW150914 did radiate energy in gravitational waves.", EVIDENCE, question).supported
