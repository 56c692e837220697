"""What an answer says to whom: readings, degrees of an answer, scopes, lists, years and courtesies.

The papers are found by the real search; the reader is sure of itself, so that nothing hangs on chances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from scripted import Judge, Scripted, answered, events_of, pipeline, says_nothing, words_of

from rag.answers import layout, render
from rag.answers.answer import Answer, Found, Said, Status
from rag.answers.compose import DONT_SAY, Request
from rag.answers.pipeline import Pipeline
from rag.chats.conversations import Entry, Kept
from rag.evidence.passage import Passage
from rag.index.filters import Filters
from rag.index.index import Index
from rag.models.embedder import Embedder
from rag.question.conversation import Conversation
from rag.question.courtesy import REPLY
from ui.web.markup import exchange_html, sources_html
from ui.web.turns import turns

CLOUDS = "Which clouds make the night side of Tarnhelm-1b dark?"


@pytest.fixture
def quoting(invented: Index, minilm: Embedder) -> Pipeline:
    """A pipeline with a model that only quotes; its reader finds that nothing answers anything."""
    return pipeline(invented, minilm, Judge())


def knowing(given: Pipeline, *telling: str, near: tuple[str, ...] = ()) -> Pipeline:
    """The pipeline with a reader that knows which words answer."""
    return replace(given, reader=Judge(telling, near))


def text(answer: Answer) -> str:
    """The answer as the terminal shows it."""
    return render.text(answer.blocks)


def page(answer: Answer) -> str:
    """The answer as the page shows it, with its sources."""
    (turn,) = turns(Kept("invented", entries=(Entry(answer.question, answer=answer),)))
    return exchange_html(turn) + sources_html(turn)


def cited(answer: Answer) -> list[str]:
    """The ids of the papers that an answer cites, in the order of its sentences."""
    papers = {citation.n: citation.paper.id for citation in answer.citations}
    return [papers[n] for sentence in answer.sentences for n in sentence.citations]


# Degrees


def test_what_answers_is_quoted_and_nothing_beside_it(quoting: Pipeline) -> None:
    found = answered(knowing(quoting, "zinc"), CLOUDS)
    assert found.verdict == "answered"
    assert [block.kind for block in found.blocks] == ["prose"]
    assert text(found) == "Clouds of zinc sulphide explain why the night side is dark [1]."
    assert found.sentences[0].evidence[0].paper == "2403.91002"
    assert found.sentences[0].evidence[0].place == 1


def test_what_only_comes_near_is_said_to_be_no_more(quoting: Pipeline) -> None:
    found = answered(knowing(quoting, near=("zinc",)), CLOUDS)
    assert found.verdict == "partly"
    assert not found.abstained
    assert found.blocks[0].title == layout.NEAREST
    assert text(found).startswith(f"{layout.NEAREST}\n\nClouds of zinc sulphide")
    assert layout.NEAREST in page(found)
    assert render.record(found)["verdict"] == "partly"
    assert set(cited(found)) == {"2403.91002"}


def test_what_nothing_answers_is_declined_with_the_nearest_papers_and_what_they_say(quoting: Pipeline) -> None:
    found = answered(quoting, CLOUDS)
    assert (found.verdict, found.abstained, text(found)) == ("declined", True, DONT_SAY)
    assert found.citations == ()
    assert [hit.paper.id for hit in found.nearest] == list(found.retrieved[: len(found.nearest)])
    assert {hint.paper.id for hint in found.hints} <= {hit.paper.id for hit in found.nearest}
    assert "Nearest papers" in page(found)


@pytest.mark.parametrize("turn", ["thanks!", "hi", "Thank you very much", "good morning"])
def test_a_courtesy_is_answered_without_a_search(quoting: Pipeline, turn: str) -> None:
    events, found = events_of(replace(quoting, reader=Never()), turn)
    assert not any(isinstance(event, Status | Found) for event in events)
    assert (found.verdict, text(found), found.retrieved, found.nearest) == ("courtesy", REPLY, (), ())
    assert "Nearest papers" not in page(found)


class Never:
    """A reader that isn't asked."""

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """Fail."""
        raise AssertionError(f"{question!r} was searched for")


# Shapes


def test_a_synthesis_is_an_answer_and_a_line_for_each_other_paper(quoting: Pipeline) -> None:
    reader = ("The white dwarf Umber 3 turns", "The white dwarf Umber 3 cools", "Gyrochronology")
    found = answered(knowing(quoting, *reader), Request("white dwarf Umber 3", shape="synthesis"))
    assert [block.kind for block in found.blocks] == ["prose", "points"]
    assert len(found.blocks[0].sentences) == 1
    assert all(sentence.label for sentence in found.blocks[1].sentences)
    assert len(set(cited(found))) == len(cited(found)) >= 2


def test_a_review_has_sections(quoting: Pipeline) -> None:
    found = answered(knowing(quoting, "planet", "stars"), Request("planets and stars", shape="review"))
    assert found.verdict == "answered"
    assert {block.kind for block in found.blocks} == {"section"}
    assert found.blocks[0].title == "In short"
    assert text(found).startswith("## In short\n\n")


def test_a_model_that_only_quotes_is_never_asked(invented: Index, minilm: Embedder) -> None:
    model = Scripted(says_nothing, "quotes")
    for shape in ("fact", "synthesis", "list", "review"):
        found = answered(pipeline(invented, minilm, Judge(("zinc", "planet")), model), Request(CLOUDS, shape=shape))
        assert found.timings.first_token is None
    assert model.asked == 0


def test_a_model_that_phrases_is_asked_for_facts_and_held_to_the_papers(invented: Index, minilm: Embedder) -> None:
    model = Scripted(lambda prompt: words_of("Zinc sulphide clouds make the night side of Tarnhelm-1b dark [1]."))
    found = answered(pipeline(invented, minilm, Judge(("zinc",)), model), CLOUDS)
    assert text(found) == "Zinc sulphide clouds make the night side of Tarnhelm-1b dark [1]."
    assert found.timings.first_token is not None


def test_blocks_only_grow(quoting: Pipeline) -> None:
    events, found = events_of(knowing(quoting, "planet", "zinc"), Request("planets", shape="synthesis"))
    said = [event.blocks for event in events if isinstance(event, Said)]
    assert len(said) == len(found.sentences) > 1
    assert [sum(len(block.sentences) for block in blocks) for blocks in said] == list(range(1, len(said) + 1))
    assert said[-1] == found.blocks


def test_an_old_claim_is_said_with_its_year_and_a_new_one_is_not(quoting: Pipeline) -> None:
    old = answered(knowing(quoting, "21 cm"), "What delays 21 cm absorption until redshift 17?")
    assert old.sentences[0].year == 2003
    assert text(old).endswith("[1] (2003).")
    assert "</a> (2003)." in page(old)
    assert answered(knowing(quoting, "zinc"), CLOUDS).sentences[0].year is None


# Lists


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("papers by Ilse Brandvold", {"2403.91001", "2312.91003", "2206.91005"}),
        ("List papers by Pascual Iturbide before 2012", set()),
        ("Show me papers on white dwarfs after 2010", {"1310.9020", "1209.9022"}),
        ("Which papers discuss planets?", {"2403.91001", "2312.91003"}),
    ],
)
def test_a_list_is_the_search_in_its_order_whatever_the_reader_thinks(
    quoting: Pipeline, question: str, expected: set[str]
) -> None:
    found = answered(quoting, question)
    assert found.shape == "list"
    assert cited(found) == list(found.retrieved)
    assert expected <= set(cited(found))
    assert found.verdict == ("answered" if found.retrieved else "declined")
    for block in found.blocks if found.retrieved else ():
        assert block.kind == "papers"
        assert all(sentence.label for sentence in block.sentences)


def test_a_list_holds_papers_that_the_reader_did_not_come_to(quoting: Pipeline) -> None:
    found = answered(replace(quoting, reader=Impatient()), "Which papers discuss planets?")
    assert found.verdict == "answered"
    assert cited(found) == list(found.retrieved)
    assert len(found.retrieved) > 1


class Impatient:
    """A reader that reads one sentence."""

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """See :class:`rag.evidence.reader.Reader`."""
        return [replace(passage, answers=0.01) for passage in found[:1]]


# Conversations


def after(given: Pipeline, question: str, *telling: str) -> Conversation:
    """A conversation in which a question was answered."""
    return Conversation((answered(knowing(given, *telling), question).turn,))


VELAMEN = "How large is Velamen-4b?"


def test_a_follow_up_is_understood_by_what_was_asked_and_says_so(quoting: Pipeline) -> None:
    before = after(quoting, VELAMEN, "1.62 Earth radii")
    found = answered(knowing(quoting, "11.4 days"), Request("And how long is its orbit?", before))
    assert found.understood == found.query == f"{VELAMEN} And how long is its orbit?"
    assert text(found) == "The orbit takes 11.4 days [1]."
    assert f"Understood as: {found.understood}" in page(found)
    assert '<button name="alone" value="1">Ask it as it stands</button>' in page(found)
    assert found.turn.query == found.query


def test_asked_alone_it_is_read_as_it_stands(quoting: Pipeline) -> None:
    before = after(quoting, VELAMEN, "1.62 Earth radii")
    found = answered(knowing(quoting, "11.4 days"), Request("And how long is its orbit?", before, alone=True))
    assert found.understood == ""
    assert found.query == "And how long is its orbit?"
    assert "Understood as" not in page(found)


@dataclass(frozen=True)
class Partial:
    """A reader for which everything answers a question that has some word in it, or that lacks it."""

    word: str
    wanted: bool

    def read(self, question: str, found: Sequence[Passage]) -> list[Passage]:
        """See :class:`rag.evidence.reader.Reader`."""
        answers = 0.99 if (self.word in question) == self.wanted else 0.0001
        return [replace(passage, answers=answers, bears=answers) for passage in found]


@pytest.mark.parametrize("joined", [True, False])
def test_the_reading_is_taken_whose_evidence_answers(quoting: Pipeline, joined: bool) -> None:
    before = after(quoting, VELAMEN, "1.62 Earth radii")
    found = answered(replace(quoting, reader=Partial("Velamen", joined)), Request("Why is M87 dim?", before))
    assert found.understood == (f"{VELAMEN} Why is M87 dim?" if joined else "")


def test_a_paper_on_the_screen_can_be_pointed_at_by_its_number(quoting: Pipeline) -> None:
    before = after(quoting, "white dwarf Umber 3", "The white dwarf Umber 3")
    number, paper = next(iter(before.turns[0].cited.items()))
    found = answered(quoting, Request(f"What does [{number}] find?", before))
    assert set(cited(found)) == {paper.id}
    assert found.citations[0].n == 1


# Scopes

THREE = frozenset({"2105.91007", "1911.91009", "1808.91012"})


@pytest.mark.parametrize("question", ["What do they find?", "Compare these papers", "Do these papers agree?"])
def test_of_papers_that_were_chosen_each_has_its_say_and_no_other(quoting: Pipeline, question: str) -> None:
    before = after(quoting, VELAMEN, "1.62 Earth radii")
    found = answered(quoting, Request(question, before, Filters(within=THREE)))
    assert found.verdict == "answered"
    assert sorted(cited(found)) == sorted(THREE)
    assert [block.kind for block in found.blocks] == ["points"]


@pytest.mark.parametrize("question", [VELAMEN, "And its mass?", "What does [1] find?", "the second paper?", "planets"])
def test_a_scope_wins_over_everything_that_a_question_says(quoting: Pipeline, question: str) -> None:
    before = after(quoting, VELAMEN, "1.62 Earth radii")
    found = answered(knowing(quoting, "e"), Request(question, before, Filters(within=THREE)))
    assert set(cited(found)) <= THREE
    assert set(found.retrieved) <= THREE
