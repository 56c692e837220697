"""Bad input gets one clear sentence: no traceback, and nothing is lost."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from workbench import Cli, Result

from rag.errors import UsageError
from ui.cli.chat import _credentials

NOTHING = ["", " ", "\t\n", "???", "\u200b", "--- ...", "\x00", "\x07\x08"]
LONG = "What is the mass of the planet Velamen-4b? " * 500
BINARY = [
    "PK\x03\x04\x14\x00\x08\x08dust",
    "".join(chr(n) for n in range(1, 256)),
    "\ufffd\ufffd dust \ufeff\u202e",
    os.fsdecode(b"\xff\xfe\x80 dust \x9c\x00\x01".replace(b"\x00", b"")),
]
FOREIGN = {
    "de": "Wie schwer ist der Planet um den Zwergstern Velamen-4?",
    "es": "¿Cuánto pesa el planeta que gira alrededor de Velamen-4?",
    "zh": "行星 Velamen-4b 的质量是多少？",
    "ru": "Какова масса планеты у звезды Velamen-4?",
}


@pytest.fixture(params=["search", "ask"])
def question(request: pytest.FixtureRequest, cli: Cli, library: Path) -> Cli:
    """Search, and ask."""

    def call(text: str, *arguments: str, **options: Any) -> Result:
        return cli(request.param, "--index", "invented", *arguments, "--", text, home=library, **options)

    return call


@pytest.mark.parametrize("text", NOTHING)
def test_an_empty_question_is_refused(question: Cli, text: str) -> None:
    result = question(text)
    assert result.code == 2
    assert "empty" in result.sentence


def test_a_question_beyond_the_longest_is_refused_with_both_lengths(question: Cli) -> None:
    result = question(LONG)
    assert result.code == 2
    assert "21,499" in result.sentence
    assert "20,000" in result.sentence


def test_a_question_of_twenty_thousand_characters_is_still_searched(cli: Cli, library: Path) -> None:
    result = cli("search", LONG[:20_000], "--index", "invented", "--json", home=library)
    assert result.code == 0
    assert result.json["hits"][0]["id"] == "2403.91001"


def test_a_question_that_fills_the_language_model_is_one_sentence_or_an_answer(cli: Cli, library: Path) -> None:
    result = cli("ask", LONG[:20_000], "--index", "invented", "--json", home=library)
    if result.code:
        assert "too long" in result.sentence
    else:
        assert result.json["sentences"]


@pytest.mark.parametrize("text", BINARY)
def test_binary_signs_around_a_question_do_no_harm(question: Cli, text: str) -> None:
    result = question(text, "--json")
    assert result.code == 0, result.err
    json.loads(result.out)


def test_a_real_command_line_with_broken_bytes_is_answered(sidereus: Cli, library: Path) -> None:
    broken = os.fsdecode(b"dust \xff\xfe\x80")
    result = sidereus("search", "--index", "invented", "--json", "--", broken, home=library)
    assert result.code == 0, result.err
    assert result.json["hits"]


@pytest.mark.parametrize("language", FOREIGN)
def test_a_question_in_another_language_is_searched_and_one_sentence_says_the_answer_is_english(
    cli: Cli, library: Path, language: str
) -> None:
    result = cli("ask", FOREIGN[language], "--index", "invented", home=library)
    assert result.code == 0
    assert result.err.count("the answer is in English") == 1
    assert "2403.91001" in result.out


def test_a_question_in_another_language_says_so_beside_json_too(cli: Cli, library: Path) -> None:
    result = cli("ask", FOREIGN["de"], "--index", "invented", "--json", home=library)
    assert result.json["question"] == FOREIGN["de"]
    assert "the answer is in English" in result.err


def test_an_english_question_is_answered_without_such_a_sentence(cli: Cli, library: Path) -> None:
    result = cli("ask", "How heavy is the planet Velamen-4b?", "--index", "invented", home=library)
    assert "English" not in result.err


def test_years_that_contradict_themselves_are_refused(cli: Cli, library: Path) -> None:
    result = cli("search", "dust", "--since", "2020", "--until", "2010", "--index", "invented", home=library)
    assert result.code == 2
    assert "2020" in result.sentence
    assert "2010" in result.sentence


@pytest.mark.parametrize(
    "arguments", [("--limit", "0"), ("--limit", "many"), ("--since", "soon"), ("--no-such-option",)]
)
def test_options_that_make_no_sense_are_a_wrong_command(cli: Cli, library: Path, arguments: tuple[str, ...]) -> None:
    result = cli("search", "dust", *arguments, home=library)
    assert result.code == 2
    assert "Traceback" not in result.err


def test_a_command_that_does_not_exist_is_a_wrong_command(cli: Cli) -> None:
    result = cli("serach", "dust")
    assert result.code == 2
    assert "serach" in result.sentence


@pytest.mark.parametrize(
    ("command", "option", "key"), [("search", "--queries", "query"), ("ask", "--questions", "question")]
)
@pytest.mark.parametrize("bad", ["not json", "[]", '"text"', "{}", '{"other": "x"}', "5"])
def test_a_malformed_line_in_a_file_of_questions_is_named_by_its_number(
    cli: Cli, library: Path, tmp_path: Path, command: str, option: str, key: str, bad: str
) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(f"\n{bad}\n" + json.dumps({key: "dust"}) + "\n", encoding="utf-8")
    result = cli(command, option, str(file), "--index", "invented", home=library)
    assert result.code == 2
    assert "line 2" in result.sentence


@pytest.mark.parametrize(("command", "option"), [("search", "--queries"), ("ask", "--questions")])
@pytest.mark.parametrize("kind", ["missing", "binary", "folder"])
def test_a_file_of_questions_that_cannot_be_read_is_one_sentence(
    cli: Cli, library: Path, tmp_path: Path, command: str, option: str, kind: str
) -> None:
    file = tmp_path / "lines.jsonl"
    if kind == "binary":
        file.write_bytes(b"\xff\xfe\x00\x80")
    if kind == "folder":
        file.mkdir()
    result = cli(command, option, str(file), "--index", "invented", home=library)
    assert result.code == 2
    assert "can't be read" in result.sentence


def test_an_empty_question_in_a_file_is_refused_like_any_other(cli: Cli, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"query": "  "}\n', encoding="utf-8")
    result = cli("search", "--queries", str(file), "--index", "invented", home=library)
    assert result.code == 2
    assert "empty" in result.sentence


def test_a_port_in_use_is_one_sentence_that_says_what_to_do(sidereus: Cli, library: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = sidereus("chat", "--index", "invented", "--port", port, "--no-browser", home=library)
    assert result.code == 1
    assert port in result.sentence
    assert "--port" in result.sentence


@pytest.mark.parametrize("auth", ["", "name", "name:", ":secret"])
def test_a_name_and_password_that_are_none_are_refused(auth: str) -> None:
    with pytest.raises(UsageError, match="USER:PASSWORD"):
        _credentials("127.0.0.1", auth)


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_a_wrong_command(cli: Cli, library: Path, port: str) -> None:
    assert cli("chat", "--port", port, "--no-browser", home=library).code == 2


def test_beyond_this_machine_a_password_is_made_up_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert _credentials("127.0.0.1", None) is None
    assert _credentials("localhost", "me:secret:with:colons") == ("me", "secret:with:colons")
    first, second = _credentials("0.0.0.0", None), _credentials("192.168.1.5", None)
    assert first
    assert second
    assert first[1] != second[1]
    assert len(first[1]) >= 12
    warning = capsys.readouterr().err
    assert first[1] in warning
    assert "Others on the network can reach 0.0.0.0" in warning
