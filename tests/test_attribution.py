"""A paper's sentence said about its authors: whose verb it is, in whose person, and what stays as it was."""

from __future__ import annotations

import pytest

from rag.answers.attribution import attributed
from rag.papers import Paper

ONE = Paper("2001.00001", "A title", ("Ada B. Anderberg",), "Text.", 2020, ("astro-ph.GA",))
MANY = Paper("2001.00002", "A title", ("Ada B. Anderberg", "Chi Lin", "Eve Okafor"), "Text.", 2020, ("astro-ph.GA",))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("We find a warp.", "Anderberg finds a warp."),
        ("I have found a warp.", "Anderberg has found a warp."),
        ("We were looking for a warp.", "Anderberg was looking for a warp."),
        ("We discuss warps.", "Anderberg discusses warps."),
        ("We try warps.", "Anderberg tries warps."),
        ("We go on to warps.", "Anderberg goes on to warps."),
        ("We need a warp.", "Anderberg needs a warp."),
        ("We proceed to warps.", "Anderberg proceeds to warps."),
        ("We showed a warp.", "Anderberg showed a warp."),
        ("We ran models of a warp.", "Anderberg ran models of a warp."),
        ("We cannot see a warp.", "Anderberg cannot see a warp."),
        ("We shall see a warp.", "Anderberg shall see a warp."),
        ("We re-analyse a warp.", "Anderberg re-analyses a warp."),
    ],
)
def test_a_single_author_does_what_is_said_in_the_third_person(written: str, said: str) -> None:
    assert attributed(written, ONE) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("We informally review warps.", "Anderberg informally reviews warps."),
        ("We dynamically determine a mass.", "Anderberg dynamically determines a mass."),
        ("We carefully and systematically study warps.", "Anderberg carefully and systematically studies warps."),
        ("We first present warps.", "Anderberg first presents warps."),
        ("We have recently found a warp.", "Anderberg has recently found a warp."),
        ("We very briefly touch on warps.", "Anderberg very briefly touches on warps."),
        ("We also newly identify a warp.", "Anderberg newly identifies a warp."),
    ],
)
def test_an_adverb_before_the_verb_stays_an_adverb(written: str, said: str) -> None:
    assert attributed(written, ONE) == said


@pytest.mark.parametrize(("verb", "does"), [("apply", "applies"), ("rely on", "relies on"), ("imply", "implies")])
def test_a_verb_that_ends_like_an_adverb_is_a_verb(verb: str, does: str) -> None:
    assert attributed(f"We {verb} warps.", ONE) == f"Anderberg {does} warps."


@pytest.mark.parametrize(
    "written",
    [
        "We don't find a warp.",
        "We ourselves find a warp.",
        "We neither find nor seek a warp.",
        "We also for the first time find a warp.",
        "We therefore, no longer seek a warp.",
        "We find that our warp is ours.",
    ],
)
def test_a_sentence_whose_verb_is_not_where_it_is_looked_for_stays_as_it_is(written: str) -> None:
    assert attributed(written, ONE) == written


def test_several_authors_do_what_they_said_they_do() -> None:
    assert attributed("We informally review warps.", MANY) == "Anderberg et al. informally review warps."
    assert attributed("We were looking for a warp.", MANY) == "Anderberg et al. were looking for a warp."
