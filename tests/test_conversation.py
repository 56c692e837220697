"""Conversations: numbers that stay with their papers, follow-ups that can be searched, and the file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rag.answers.answer import Answer, Citation, Passage, Timings
from rag.answers.compose import number, standalone
from rag.answers.conversation import (
    Conversation,
    Turn,
    conversation_of_record,
    read_conversation,
    write_conversation,
)
from rag.errors import UsageError
from rag.papers import Paper


def paper(identifier: str) -> Paper:
    """A paper with that identifier."""
    return Paper(identifier, f"Title of {identifier}", ("Ada Example",), "Text.", 2024, ("astro-ph.EP",))


A, B, C = paper("2403.91001"), paper("2403.91002"), paper("2403.91003")
FIRST = Conversation((Turn("What is Velamen-4b?", "A planet [2].", {2: B}),))


def passage(source: Paper, text: str) -> Passage:
    """A sentence of a paper."""
    return Passage(source, text, position=0, score=0.5, cosine=0.5)


def answer(question: str, *citations: Citation) -> Answer:
    """A finished answer that cites those papers."""
    return Answer(question, "i", "e", "l", (), citations, False, (), Timings(0, None, None, 0))


def test_a_new_conversation_has_no_numbers() -> None:
    assert Conversation().numbers == {}


def test_a_paper_cited_before_keeps_its_number_and_a_new_one_gets_the_next() -> None:
    chosen = [passage(A, "a1"), passage(B, "b1"), passage(C, "c1"), passage(A, "a2")]
    citations = number(chosen, FIRST)
    assert {citation.paper.id: citation.n for citation in citations} == {B.id: 2, A.id: 3, C.id: 4}
    assert next(citation for citation in citations if citation.paper == A).evidence == ("a1", "a2")


def test_in_a_new_conversation_papers_are_numbered_from_one_in_order() -> None:
    citations = number([passage(C, "c"), passage(A, "a")], Conversation())
    assert [(citation.n, citation.paper.id) for citation in citations] == [(1, C.id), (2, A.id)]


def test_turns_are_added_and_the_old_conversation_stays_as_it_was() -> None:
    later = FIRST.with_turn(answer("And its mass?", Citation(2, B, ()), Citation(3, A, ())))
    assert len(FIRST.turns) == 1
    assert [turn.question for turn in later.turns] == ["What is Velamen-4b?", "And its mass?"]
    assert later.numbers == {B.id: 2, A.id: 3}


@pytest.mark.parametrize(
    "follow_up", ["And its mass?", "Who found it?", "How heavy?", "What did they see at 4.5 microns?"]
)
def test_a_follow_up_that_points_back_takes_the_question_before_it_along(follow_up: str) -> None:
    assert standalone(follow_up, FIRST) == f"What is Velamen-4b? {follow_up}"


def test_a_question_that_stands_alone_is_searched_alone() -> None:
    question = "Which clouds darken hot Jupiter night sides?"
    assert standalone(question, FIRST) == question
    assert standalone("And its mass?", Conversation()) == "And its mass?"


def test_a_conversation_survives_its_file(tmp_path: Path) -> None:
    write_conversation(tmp_path / "talk.json", FIRST)
    assert read_conversation(tmp_path / "talk.json") == FIRST
    assert conversation_of_record(FIRST.as_record()) == FIRST


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
