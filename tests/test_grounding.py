"""Whether a sentence says no more than its evidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.check.grounding import check, closest
from rag.check.mentions import Mentions
from rag.check.polarity import differs
from rag.models import embedder
from rag.models.catalog import find
from rag.models.embedder import Encode, Vectors
from rag.text.citations import cited
from rag.text.quantities import agrees, quantities

RADIATED = "GW150914 radiated 3.0 solar masses in gravitational waves."
ROSE = "The signal rose in frequency from 35 to 250 Hz with a peak strain of $1.0\\times10^{-21}$."
NO_FLOW = "No evidence of a cooling flow was found in the core of the cluster."


PAIRS = [json.loads(line) for line in Path(__file__).with_name("grounding_pairs.jsonl").read_text().splitlines()]


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
    assert check(sentence, [evidence], encode).supported


@pytest.mark.parametrize(
    ("sentence", "evidence", "reason"),
    [
        ("GW150914 radiated 5.0 solar masses in gravitational waves.", RADIATED, "number"),
        ("GW150914 radiated 3.0 Earth masses in gravitational waves.", RADIATED, "number"),
        ("The signal rose in frequency from 35 to 2500 Hz.", ROSE, "number"),
        ("GW170817 radiated 3.0 solar masses in gravitational waves.", RADIATED, "name"),
        ("Evidence of a cooling flow was found in the core of the cluster.", NO_FLOW, "deny"),
        ("The telescope stands on a mountain.", RADIATED, "far"),
        ("Neutron stars were seen to merge in GW150914.", RADIATED, "neutron"),
        ("The signal fell in frequency from 35 to 250 Hz.", ROSE, "opposite"),
        ("The frequency did not rise from 35 to 250 Hz.", ROSE, "deny"),
        ("Dust makes up a few minutes of the signal.", "Dust makes up a few hours of the signal.", "rival"),
        ("The core of the globular cluster shows no cooling flow.", NO_FLOW, "globular"),
    ],
)
def test_another_number_unit_name_or_meaning_is_not_supported(
    encode: Encode, sentence: str, evidence: str, reason: str
) -> None:
    verdict = check(sentence, [evidence], encode)
    assert not verdict.supported
    assert reason in verdict.reason


def test_without_evidence_nothing_is_supported(encode: Encode) -> None:
    assert not check("GW150914 radiated energy.", [], encode).supported


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
        ("1.4 m/s", "1.4 metres per second"),
        ("0.025 arcsec", "25 milliarcseconds"),
        ("0.1 g/cm²", "one kilogram per square metre"),
        (r"$(4.297 \pm 0.012) \times 10^6 M_\odot$", "4.297 ± 0.012 million solar masses"),
        (r"$7.25 \times 10^{11}\,M_\odot$", "725 billion solar masses"),
        ("1 per cent", "one in a hundred"),
        ("8.1 hours", "8.1 h"),
        ("a 20-day campaign", "twenty days"),
        (r"$12.39^{+1.30}_{-0.98}$ km", "12.4 km"),
        ("400,000 stars", "four hundred thousand stars"),
        ("1.30 pc", "4.2 light-years"),
    ],
)
def test_a_quantity_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert agrees(quantities(other)[0], quantities(one)[0])


@pytest.mark.parametrize(
    ("one", "other"), [("40 km/s", "40 m/s"), ("5.2", "5.3"), ("3 Mpc", "3 kpc"), ("8.1 h", "8.1 minutes")]
)
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


def test_hubbles_constant_is_no_hour() -> None:
    assert quantities(r"$5\,h^{-1}$ Mpc")[0].unit != quantities("5 h")[0].unit


def test_one_is_a_number_only_where_it_counts() -> None:
    assert quantities("one of them is smaller than the other one") == []
    assert quantities("one kiloparsec")[0].value == quantities("1 kpc")[0].value


@pytest.mark.parametrize(
    ("evidence", "name"),
    [
        ("anomalous X-ray pulsars", "AXPs"),
        ("a massive compact halo object", "MACHO"),
        ("Sagittarius A*", "Sgr"),
        ("the JWST spectrum", "Webb"),
        (r"the $\Lambda$CDM model", "ΛCDM"),
        ("the orbit of the Moon", "Lunar"),
    ],
)
def test_a_name_is_mentioned_in_other_spellings(evidence: str, name: str) -> None:
    assert Mentions(evidence).name(name)


@pytest.mark.parametrize(("evidence", "name"), [("the LMC", "SMC"), ("the Hubble telescope", "Spitzer")])
def test_another_name_is_not_mentioned(evidence: str, name: str) -> None:
    assert not Mentions(evidence).name(name)


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        (
            "Nothing observed contradicts a natural origin.",
            "All that was observed is consistent with a natural origin.",
        ),
        ("Pulsars are not a favoured explanation.", "Pulsars are a disfavoured explanation."),
        ("The dispersion hardly varies.", "The dispersion is nearly constant."),
    ],
)
def test_two_denials_affirm(sentence: str, evidence: str) -> None:
    assert not differs(sentence, evidence)


def _shares(pairs: Sequence[dict[str, str]], encode: Encode, titles: dict[str, str]) -> tuple[float, float]:
    """Shares of the paraphrases that pass and of the corruptions that are caught."""
    evidence = [f"{titles[pair['id']]}. {pair['evidence']}" for pair in pairs]
    texts = list(dict.fromkeys([*evidence, *(pair[key] for pair in pairs for key in ("paraphrase", "corruption"))]))
    vectors = dict(zip(texts, encode(texts), strict=True))

    def supported(pair: dict[str, str], said: str, given: str) -> bool:
        return check(pair[said], [given], lambda asked: np.stack([vectors[text] for text in asked])).supported

    passed = [supported(pair, "paraphrase", given) for pair, given in zip(pairs, evidence, strict=True)]
    caught = [not supported(pair, "corruption", given) for pair, given in zip(pairs, evidence, strict=True)]
    return sum(passed) / len(pairs), sum(caught) / len(pairs)


@pytest.fixture(scope="module")
def titles() -> dict[str, str]:
    digests = Path(__file__).parent.parent.joinpath("indexes", "starter").glob("*.jsonl")
    papers = (json.loads(line) for digest in digests for line in digest.read_text().splitlines())
    return {paper["id"]: paper["title"] for paper in papers}


def test_paraphrases_pass_and_planted_errors_are_caught(encode: Encode, titles: dict[str, str]) -> None:
    passed, caught = _shares(PAIRS, encode, titles)
    assert passed >= 0.90
    assert caught >= 0.95


def test_fewer_do_in_the_half_whose_sentences_shaped_no_rule(encode: Encode, titles: dict[str, str]) -> None:
    passed, caught = _shares(PAIRS[100:], encode, titles)
    assert passed >= 0.82
    assert caught >= 0.90


class Says:
    """A judge that says the same of every claim, and keeps what it was asked."""

    def __init__(self, odds: float) -> None:
        self.odds = odds
        self.asked: list[tuple[str, str]] = []

    def support(self, claim: str, evidence: str) -> float:
        """See :class:`rag.check.meaning.Judge`."""
        self.asked.append((claim, evidence))
        return self.odds


def nothing_to_encode(texts: Sequence[str]) -> np.ndarray:
    raise AssertionError(f"{texts} had to be encoded")


def test_a_trained_judge_decides_what_the_evidence_means() -> None:
    claim, evidence = "The gas is lost from the disc.", ["All of the gas is stripped from the disc."]
    sure, unsure = Says(3.0), Says(-8.0)
    assert check(claim, evidence, nothing_to_encode, judge=sure).supported
    refused = check(claim, evidence, nothing_to_encode, judge=unsure)
    assert (refused.supported, refused.reason) == (False, "the evidence does not say this")
    assert sure.asked == [(claim, evidence[0])]


def test_a_doubt_of_the_rules_makes_the_judge_stricter_and_does_not_overrule_it() -> None:
    claim, evidence = "The disc keeps none of its gas.", ["All of the gas is stripped from the disc."]
    assert not check(claim, evidence, nothing_to_encode, judge=Says(-2.0)).supported
    assert check(claim, evidence, nothing_to_encode, judge=Says(4.0)).supported
    certain = ["All of the gas is lost from the disc."]
    assert check("All of the gas is lost.", certain, nothing_to_encode, judge=Says(-2.0)).supported


def test_numbers_and_names_are_checked_whatever_the_judge_says() -> None:
    evidence = ["Tarnhelm-1b has a night side at 1,040 K."]
    wrong = {"Its night side is at 1,400 K.": "number", "The night side of Velamen-4b is at 1,040 K.": "name"}
    for claim, kind in wrong.items():
        found = check(claim, evidence, nothing_to_encode, judge=Says(9.0))
        assert not found.supported
        assert found.reason.startswith(f"{kind} not in evidence")


def test_two_papers_may_support_a_claim_together() -> None:
    judge = Says(1.0)
    assert check("Both turn.", ["One turns.", "The other turns."], nothing_to_encode, judge=judge).supported
    assert [evidence for _, evidence in judge.asked] == [
        "One turns.",
        "The other turns.",
        "One turns. The other turns.",
    ]
