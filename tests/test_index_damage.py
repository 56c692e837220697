"""Indexes that are missing, damaged, foreign or of another release: one sentence each, and nothing lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workbench import Cli

PARTS = ("documents", "embeddings", "scoring", "scoring.terms", "config.json")


def part(home: Path, name: str) -> Path:
    """A file of the index ``invented``."""
    return home / "indexes" / "invented" / "g0001" / name


def manifest(home: Path) -> Path:
    """The file that makes the folder an index."""
    return home / "indexes" / "invented" / "index.json"


def test_an_index_is_made_of_the_parts_that_these_tests_damage(library: Path) -> None:
    assert sorted(path.name for path in (library / "indexes" / "invented" / "g0001").iterdir()) == sorted(PARTS)


def test_an_unknown_index_is_one_sentence_with_the_command_that_builds_it(cli: Cli, home: Path) -> None:
    for arguments in (("search", "dust"), ("ask", "What is dust?"), ("chat", "--no-browser")):
        result = cli(*arguments, "--index", "nothing")
        assert result.code == 1
        assert "There is no index 'nothing'" in result.sentence
    assert not (home / "indexes" / "nothing").exists()


def test_an_empty_folder_is_no_index(cli: Cli, home: Path) -> None:
    (home / "indexes" / "empty").mkdir(parents=True)
    result = cli("search", "dust", "--index", "empty")
    assert result.code == 1
    assert "There is no index 'empty'" in result.sentence
    assert cli("index", "list", "--json").json == []


def test_a_folder_of_something_else_is_no_index(cli: Cli, home: Path) -> None:
    foreign = home / "indexes" / "photos"
    foreign.mkdir(parents=True)
    (foreign / "config.json").write_text('{"path": "sentence-transformers/all-MiniLM-L6-v2"}', encoding="utf-8")
    (foreign / "embeddings").write_bytes(b"faiss?")
    result = cli("search", "dust", "--index", "photos")
    assert result.code == 1
    assert "There is no index 'photos'" in result.sentence
    assert sorted(path.name for path in foreign.iterdir()) == ["config.json", "embeddings"]


@pytest.mark.parametrize(
    "content", ["{}", "[]", "null", '"text"', '{"format": 1}', '{"format": 1, "name": "x", "years": 5}']
)
def test_an_index_json_of_another_program_is_one_sentence(cli: Cli, own_library: Path, content: str) -> None:
    manifest(own_library).write_text(content, encoding="utf-8")
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "invented" in result.sentence
    assert "build it again" in result.sentence


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.95])
@pytest.mark.parametrize("name", PARTS)
def test_a_truncated_part_is_found_and_the_sentence_says_how_to_mend_it(
    cli: Cli, own_library: Path, name: str, share: float
) -> None:
    path = part(own_library, name)
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))
    for arguments in (("search", "dust", "--index", "invented"), ("index", "verify", "invented")):
        result = cli(*arguments, home=own_library)
        assert result.code == 1, f"{name} cut to {share:.0%} was not noticed by {arguments[0]}"
        assert "damaged" in result.sentence
        assert "index remove invented" in result.sentence


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_part_is_found(cli: Cli, own_library: Path, name: str) -> None:
    part(own_library, name).unlink()
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "damaged" in result.sentence
    assert not part(own_library, name).exists()


@pytest.mark.parametrize("name", PARTS)
def test_a_part_full_of_garbage_is_found(cli: Cli, own_library: Path, name: str) -> None:
    part(own_library, name).write_bytes(bytes(range(256)) * 64)
    result = cli("index", "verify", "invented", home=own_library)
    assert result.code == 1
    assert "damaged" in result.sentence


def test_a_truncated_index_json_is_found(cli: Cli, own_library: Path) -> None:
    content = manifest(own_library).read_bytes()
    manifest(own_library).write_bytes(content[: len(content) // 2])
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "damaged" in result.sentence


def test_a_missing_generation_is_found(cli: Cli, own_library: Path) -> None:
    part(own_library, "").rename(own_library / "elsewhere")
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "damaged" in result.sentence


def test_an_index_json_cannot_point_outside_its_folder(cli: Cli, own_library: Path) -> None:
    record = json.loads(manifest(own_library).read_text(encoding="utf-8"))
    manifest(own_library).write_text(json.dumps({**record, "generation": "../../../etc"}), encoding="utf-8")
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "damaged" in result.sentence


@pytest.mark.parametrize("version", [0, 2, 99, None, "1"])
def test_an_index_of_another_format_says_how_to_migrate(cli: Cli, own_library: Path, version: object) -> None:
    record = json.loads(manifest(own_library).read_text(encoding="utf-8"))
    manifest(own_library).write_text(json.dumps({**record, "format": version}), encoding="utf-8")
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code == 1
    assert f"format {version}" in result.sentence
    assert "build it again" in result.sentence


def test_a_field_that_a_later_release_added_does_not_break_an_index_of_the_same_format(
    cli: Cli, own_library: Path
) -> None:
    record = json.loads(manifest(own_library).read_text(encoding="utf-8"))
    manifest(own_library).write_text(json.dumps({**record, "colour": "blue"}), encoding="utf-8")
    result = cli("search", "dust", "--index", "invented", home=own_library)
    assert result.code in (0, 1)
    if result.code:
        assert "invented" in result.sentence


def test_a_damaged_index_stands_in_the_list_beside_whole_ones(cli: Cli, own_library: Path) -> None:
    broken = own_library / "indexes" / "broken"
    broken.mkdir()
    (broken / "index.json").write_text("{", encoding="utf-8")
    result = cli("index", "list", "--json", home=own_library)
    assert result.code == 0
    assert [entry["name"] for entry in result.json] == ["invented"]
    assert "broken" in result.err


@pytest.mark.parametrize("name", PARTS)
def test_a_damaged_index_can_be_removed_and_built_again(
    cli: Cli, own_library: Path, bulk_file: Path, name: str
) -> None:
    part(own_library, name).write_bytes(b"")
    assert cli("index", "remove", "invented", "--yes", home=own_library).code == 0
    assert cli("index", "build", "invented", str(bulk_file), home=own_library).code == 0
    assert cli("index", "verify", "invented", home=own_library).code == 0


def test_an_unfinished_build_that_is_damaged_is_begun_again(cli: Cli, home: Path, bulk_file: Path) -> None:
    journal = home / "indexes" / "mine" / "building" / "journal.sqlite"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"no database at all" * 100)
    assert cli("index", "build", "mine", str(bulk_file)).code == 0
    assert cli("index", "verify", "mine").code == 0


def test_adding_to_a_damaged_index_is_one_sentence(cli: Cli, own_library: Path, bulk_file: Path) -> None:
    part(own_library, "documents").write_bytes(b"")
    for arguments in (("add", "invented", str(bulk_file)), ("reembed", "invented")):
        result = cli("index", *arguments, home=own_library)
        assert result.code == 1
        assert "damaged" in result.sentence
