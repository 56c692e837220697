"""Settings: defaults, then sidereus.toml, then variables, then flags; and what was used last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from workbench import Cli

from rag.errors import UsageError
from rag.resources import checkout
from rag.settings import load_settings
from rag.state import State, read_state, remember


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without settings; no variable of the developer's reaches the test."""
    for name in [name for name in os.environ if name.startswith("SIDEREUS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIDEREUS_HOME", str(tmp_path))
    return tmp_path


def test_the_defaults_are_those_of_the_readme() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.offline) == ("127.0.0.1", 7860, False)
    assert (settings.index, settings.embedding, settings.llm) == (None, None, None)


def test_a_later_source_wins_over_an_earlier_one(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own_home / "sidereus.toml").write_text('port = 1001\ntop_k = 11\nindex = "from-file"\n', encoding="utf-8")
    assert load_settings().port == 1001
    monkeypatch.setenv("SIDEREUS_PORT", "1002")
    monkeypatch.setenv("SIDEREUS_TOP_K", "12")
    settings = load_settings(port=1003)
    assert (settings.port, settings.top_k, settings.index) == (1003, 12, "from-file")


def test_a_flag_that_was_not_given_leaves_the_other_sources_in_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIDEREUS_OFFLINE", "1")
    assert load_settings(offline=None).offline is True


def test_everything_lives_below_the_home(own_home: Path) -> None:
    settings = load_settings()
    assert (settings.indexes, settings.models, settings.state) == (
        own_home / "indexes",
        own_home / "models",
        own_home / "var",
    )


def test_without_a_wish_the_home_is_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIDEREUS_HOME")
    assert checkout() is not None
    assert load_settings().home == checkout()


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "70000"), ("PORT", "many"), ("TEMPERATURE", "-1"), ("TOP_K", "0"), ("OFFLINE", "perhaps")],
)
def test_a_value_that_makes_no_sense_is_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SIDEREUS_{name}", value)
    with pytest.raises(UsageError, match=name.lower()) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_a_setting_that_does_not_exist_is_named(own_home: Path) -> None:
    (own_home / "sidereus.toml").write_text("colour = 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="colour"):
        load_settings()


def test_a_settings_file_that_is_no_toml_is_one_sentence(own_home: Path) -> None:
    (own_home / "sidereus.toml").write_text("port = = 3", encoding="utf-8")
    with pytest.raises(UsageError, match=r"sidereus\.toml can't be read"):
        load_settings()


def test_settings_cannot_be_changed_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


def test_what_was_used_last_is_kept_for_later_commands() -> None:
    settings = load_settings()
    assert read_state(settings) == State()
    remember(settings, index="mine")
    remember(settings, llm="smollm2-135m-instruct")
    assert read_state(settings) == State(index="mine", llm="smollm2-135m-instruct")
    remember(settings, index=None)
    assert read_state(settings).index is None


@pytest.mark.parametrize("content", ["", "not json", "[]", "5", '{"index": '])
def test_a_damaged_state_file_counts_as_none(own_home: Path, content: str) -> None:
    (own_home / "var").mkdir()
    (own_home / "var" / "state.json").write_text(content, encoding="utf-8")
    assert read_state(load_settings()) == State()


def test_where_nothing_can_be_written_remembering_is_given_up(own_home: Path) -> None:
    (own_home / "var").write_text("a file stands where the folder should be", encoding="utf-8")
    remember(load_settings(), index="mine")
    assert read_state(load_settings()) == State()


def test_the_command_answers_a_wrong_setting_with_one_sentence_and_exit_2(cli: Cli) -> None:
    result = cli("search", "dust", env={"SIDEREUS_PORT": "0"})
    assert result.code == 2
    assert "port" in result.sentence
