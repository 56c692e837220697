"""Whether a sentence says no more than its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.answers.evidence import Encode
from rag.answers.grounding import check, cited, closest
from rag.answers.quantities import agrees, quantities
from rag.models import embedder
from rag.models.catalog import find
from rag.models.embedder import Vectors

RADIATED = "GW150914 radiated 3.0 solar masses in gravitational waves."
ROSE = "The signal rose in frequency from 35 to 250 Hz with a peak strain of $1.0\\times10^{-21}$."
NO_FLOW = "No evidence of a cooling flow was found in the core of the cluster."


@pytest.fixture(scope="module")
def encode(offline_models: Path) -> Encode:
    model = embedder.load(offline_models, find("all-minilm-l6-v2", "embedding"))

    def vectors(texts: Sequence[str]) -> Vectors:
        return model.encode(texts, "query")

    return vectors


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        (RADIATED, RADIATED),
        ("In gravitational waves, the source GW150914 gave off 3 $M_\\odot$.", RADIATED),
        ("The frequency of the signal rose from 35 to 250 Hz.", ROSE),
        ("The strain of the signal peaked at 1e-21.", ROSE),
        ("The core of the cluster shows no evidence of a cooling flow.", NO_FLOW),
    ],
)
def test_what_the_evidence_says_in_the_same_or_other_words_is_supported(
    encode: Encode, sentence: str, evidence: str
) -> None:
    assert check(sentence, [evidence], encode, lambda stem: 0.5).supported


@pytest.mark.parametrize(
    ("sentence", "evidence", "reason"),
    [
        ("GW150914 radiated 5.0 solar masses in gravitational waves.", RADIATED, "number"),
        ("GW150914 radiated 3.0 Earth masses in gravitational waves.", RADIATED, "number"),
        ("The signal rose in frequency from 35 to 2500 Hz.", ROSE, "number"),
        ("GW170817 radiated 3.0 solar masses in gravitational waves.", RADIATED, "name"),
        ("Evidence of a cooling flow was found in the core of the cluster.", NO_FLOW, "denies"),
        ("Black holes evaporate by radiation.", RADIATED, "far"),
    ],
)
def test_another_number_unit_name_or_meaning_is_not_supported(
    encode: Encode, sentence: str, evidence: str, reason: str
) -> None:
    verdict = check(sentence, [evidence], encode, lambda stem: 0.5)
    assert not verdict.supported
    assert reason in verdict.reason


def test_without_evidence_nothing_is_supported(encode: Encode) -> None:
    assert not check("GW150914 radiated energy.", [], encode, lambda stem: 0.5).supported


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"$5.2\times10^{-3}$", "0.0052"),
        ("5.2e-3", r"5.2 \times 10^{-3}"),
        (r"40 km s$^{-1}$", "40 km/s"),
        (r"62 $M_\odot$", "62 solar masses"),
        ("13,124 papers", "13124 papers"),
        ("3 per cent", "3%"),
        ("42.3 Mpc", "42 Mpc"),
    ],
)
def test_a_quantity_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert agrees(quantities(other)[0], quantities(one)[0])


@pytest.mark.parametrize(("one", "other"), [("40 km/s", "40 m/s"), ("5.2", "5.3"), ("3 Mpc", "3 kpc")])
def test_another_value_or_unit_is_another_quantity(one: str, other: str) -> None:
    assert not agrees(quantities(other)[0], quantities(one)[0])


def test_a_sentence_points_at_the_text_that_shares_its_words() -> None:
    assert closest("The frequency of the signal rose to 250 Hz.", [RADIATED, ROSE])[0] == 1
    assert closest("Something else entirely", [RADIATED])[1] == 0.0
    assert closest("anything", [])[1] == 0.0


def test_words_of_the_question_do_not_count() -> None:
    question = "How much energy did GW150914 radiate in gravitational waves?"
    assert closest("GW150914 did radiate energy in gravitational waves.", [RADIATED], question)[1] == 0.0


def test_the_citations_of_a_sentence_are_told_from_its_words() -> None:
    assert cited("It is 5 kpc away [2].") == ("It is 5 kpc away.", (2,))
    assert cited("Nothing here.") == ("Nothing here.", ())
