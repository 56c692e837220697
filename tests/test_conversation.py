"""Conversations: papers numbered by turn, follow-ups that can be searched, and the file."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from rag.answers.answer import Answer, Block, Citation, Sentence, Timings
from rag.answers.composition import Composition
from rag.chats.conversation import as_record, conversation_of_record, read_conversation, write_conversation
from rag.errors import UsageError
from rag.evidence.passage import Passage
from rag.papers import Paper
from rag.question.conversation import Conversation, Point, Turn
from rag.question.readings import Reading, readings


def paper(identifier: str) -> Paper:
    """A paper with that identifier."""
    return Paper(identifier, f"Title of {identifier}", ("Ada Example",), "Text.", 2024, ("astro-ph.EP",))


A, B, C = paper("2403.91001"), paper("2403.91002"), paper("2403.91003")
FIRST = Conversation((Turn("What is Velamen-4b?", (Point("A planet.", (2,)),), {2: B}),))


def passage(source: Paper, text: str) -> Passage:
    """A sentence of a paper."""
    return Passage(source, text, position=0, score=0.5, cosine=0.5)


def answer(question: str, *citations: Citation) -> Answer:
    """A finished answer that cites those papers."""
    said = tuple(Sentence(f"Text of {citation.paper.id}.", (citation.n,)) for citation in citations)
    return Answer(
        question, "i", "e", "l", (Block("prose", said),), citations, "answered", (), Timings(0, None, None, 0)
    )


def likeliest(question: str, conversation: Conversation) -> Reading:
    """The reading that the words of the question make the likeliest; the plain one of equals."""
    return max(readings(question, conversation), key=lambda reading: reading.prior)


def test_a_new_conversation_has_no_numbers() -> None:
    assert Conversation().numbered == {}


def test_a_paper_that_is_cited_again_in_an_answer_keeps_its_number() -> None:
    composition = Composition("q")
    composition.cite([passage(A, "a1"), passage(B, "b1")])
    composition.cite([passage(C, "c1"), passage(A, "a2")])
    assert {citation.paper.id: citation.n for citation in composition.citations} == {A.id: 1, B.id: 2, C.id: 3}
    assert next(citation for citation in composition.citations if citation.paper == A).evidence == ("a1", "a2")


def test_papers_of_an_answer_are_numbered_from_one_in_order() -> None:
    found = Composition("q").cite([passage(C, "c"), passage(A, "a")])
    assert [(citation.n, citation.paper.id) for citation in found.citations] == [(1, C.id), (2, A.id)]


def test_turns_are_added_and_the_old_conversation_stays_as_it_was() -> None:
    later = FIRST.with_turn(answer("And its mass?", Citation(2, B, ()), Citation(3, A, ())).turn)
    assert len(FIRST.turns) == 1
    assert [turn.question for turn in later.turns] == ["What is Velamen-4b?", "And its mass?"]
    assert later.numbered == {2: B.id, 3: A.id}


def test_a_number_means_the_paper_that_had_it_last() -> None:
    later = FIRST.with_turn(answer("And its mass?", Citation(2, A, ()), Citation(1, C, ())).turn)
    assert later.numbered[2] == A.id
    assert likeliest("What does [2] find?", later).papers == (A.id,)


@pytest.mark.parametrize(
    "follow_up",
    ["And its mass?", "Who found it?", "How heavy?", "What did they see at 4.5 microns?", "why?", "and for M dwarfs?"],
)
def test_a_follow_up_that_points_back_takes_the_question_before_it_along(follow_up: str) -> None:
    reading = likeliest(follow_up, FIRST)
    assert reading.query == f"What is Velamen-4b? {follow_up}"
    assert reading.papers == (B.id,)
    assert not reading.only


@pytest.mark.parametrize(
    "question",
    ["Which clouds darken hot Jupiter night sides?", "What is dark energy?", "How old is the Universe?"],
)
def test_a_question_that_stands_alone_is_searched_alone(question: str) -> None:
    assert likeliest(question, FIRST) == Reading(question, likeliest(question, FIRST).prior)


def test_the_first_question_is_read_as_it_stands_whatever_it_says() -> None:
    assert readings("And its mass?", Conversation()) == [Reading("And its mass?")]


@pytest.mark.parametrize("follow_up", ["Why is M87 dim?", "Dark energy", "What about M33?"])
def test_where_the_words_leave_it_open_both_readings_are_proposed_the_plain_one_first(follow_up: str) -> None:
    plain, joined = readings(follow_up, FIRST)
    assert plain == Reading(follow_up, plain.prior)
    assert joined == Reading(f"What is Velamen-4b? {follow_up}", joined.prior, (B.id,))
    assert plain.prior + joined.prior == pytest.approx(1.0)


def test_a_chain_of_follow_ups_keeps_its_topic() -> None:
    second = FIRST.with_turn(
        replace(answer("And its mass?", Citation(2, B, ())), query="What is Velamen-4b? And its mass?").turn
    )
    joined = "What is Velamen-4b? And its mass? How sure is that?"
    assert likeliest("How sure is that?", second).query == joined
    assert conversation_of_record(as_record(second)) == second


SAID = (Point("One thing.", (2,)), Point("Another thing.", (1,)), Point("A third.", (5,)))
SEVERAL = Conversation((Turn("What is known?", SAID, {1: A, 2: B, 5: C}),))


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("What does the second paper say about dust?", [A]),
        ("What does paper 5 say?", [C]),
        ("Is [1] right?", [A]),
        ("Explain the last point to a student", [C]),
        ("What else does that paper find?", [B]),
        ("compare with the second paper", [B, A]),
        ("Do these papers agree?", [B, A, C]),
        ("the last one?", [C]),
    ],
)
def test_a_question_about_papers_on_the_screen_is_about_those_alone(question: str, papers: list[Paper]) -> None:
    (reading,) = readings(question, SEVERAL)
    assert reading.only
    assert list(reading.papers) == [paper.id for paper in papers]


def test_a_paper_that_was_never_cited_can_not_be_pointed_at() -> None:
    assert not any(reading.only for reading in readings("What does paper 77 say about dust grains there?", SEVERAL))


@pytest.mark.parametrize("question", ["What do they find?", "Compare these papers", "What do all of them say?"])
def test_within_a_scope_they_are_the_papers_of_the_scope_whatever_was_cited_before(question: str) -> None:
    (reading,) = readings(question, SEVERAL, frozenset({"2403.91004", "2403.91005"}))
    assert set(reading.papers) == {"2403.91004", "2403.91005"}
    assert reading.only
    assert reading.each


@pytest.mark.parametrize("question", ["Do these papers agree?", "compare with the second paper"])
def test_of_papers_that_are_compared_each_is_spoken_of(question: str) -> None:
    (reading,) = readings(question, SEVERAL)
    assert reading.each


def test_a_conversation_survives_its_file(tmp_path: Path) -> None:
    write_conversation(tmp_path / "talk.json", FIRST)
    assert read_conversation(tmp_path / "talk.json") == FIRST
    assert conversation_of_record(as_record(FIRST)) == FIRST


def test_a_file_of_before_which_holds_an_answer_as_one_text_is_read_into_points(tmp_path: Path) -> None:
    turn = {"question": "What is it?", "answer": "A planet [2]. It is dark [2, 3].", "cited": {"2": B.as_record()}}
    (tmp_path / "talk.json").write_text(json.dumps({"turns": [turn]}), encoding="utf-8")
    points = (Point("A planet.", (2,)), Point("It is dark.", (2, 3)))
    assert read_conversation(tmp_path / "talk.json") == Conversation((Turn("What is it?", points, {2: B}),))


def test_the_file_of_a_conversation_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    write_conversation(tmp_path / "talk.json", FIRST)
    assert stat.S_IMODE((tmp_path / "talk.json").stat().st_mode) == 0o600


def test_without_a_file_the_conversation_is_new(tmp_path: Path) -> None:
    assert read_conversation(tmp_path / "none.json") == Conversation()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"5",
        b'{"turns": 5}',
        b'{"turns": [{"question": "q"}]}',
        b'{"turns": [{"question": "q", "answer": "a", "cited": {"one": {}}}]}',
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_holds_something_else_is_one_sentence_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "talk.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="holds no conversation"):
        read_conversation(path)
    assert path.read_bytes() == content
