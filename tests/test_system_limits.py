"""A full disk, a folder that can't be written, and no network: real ones, so they need root on Linux.

The full disk is a small tmpfs, the read-only folder a bind mount, the missing network a namespace that has
only a loopback interface.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from papers import ASTRONOMY, many, write
from workbench import EMBEDDING, Cli, new_home

from rag.storage import write_json


def possible(*command: str) -> bool:
    """Whether this machine lets us run a command that needs root and Linux."""
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


ROOT = sys.platform == "linux" and os.geteuid() == 0
CAN_MOUNT = ROOT and possible("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt")
CAN_CUT_OFF = ROOT and possible("unshare", "--net", "true")
needs_mounts = pytest.mark.skipif(not CAN_MOUNT, reason="mounting a small disk needs root on Linux")
needs_namespace = pytest.mark.skipif(not CAN_CUT_OFF, reason="cutting off the network needs root on Linux")


def mounted(*arguments: str) -> None:
    """Mount something; the fixture that calls this unmounts it."""
    subprocess.run(["mount", *arguments], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted("-t", "tmpfs", "-o", "size=400k", "none", str(place))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def read_only(own_library: Path) -> Iterator[Path]:
    """A home with the index ``invented`` in which nothing can be written, not even by root."""
    mounted("--bind", str(own_library), str(own_library))
    mounted("-o", "remount,bind,ro", str(own_library))
    yield own_library
    subprocess.run(["umount", "--lazy", str(own_library)], check=True)


# A full disk


@needs_mounts
def test_a_build_on_a_full_disk_stops_with_one_sentence_and_goes_on_when_there_is_room(
    cli: Cli, small_disk: Path, models: Path, tmp_path: Path
) -> None:
    home = new_home(small_disk / "home", models)
    source = write(tmp_path / "p.jsonl", [*many(120)])
    result = cli("index", "build", "mine", str(source), home=home)
    assert result.code == 1
    assert "disk is full" in result.sentence
    assert cli("index", "list", "--json", home=home).json == []

    mounted("-o", "remount,size=20m", str(small_disk))
    assert cli("index", "build", "mine", str(source), home=home).code == 0
    assert cli("index", "verify", "mine", home=home).code == 0


@needs_mounts
def test_a_rebuild_on_a_full_disk_leaves_the_index_in_use_whole(
    cli: Cli, small_disk: Path, models: Path, library: Path, tmp_path: Path
) -> None:
    mounted("-o", "remount,size=20m", str(small_disk))
    home = new_home(small_disk / "home", models)
    shutil.copytree(library / "indexes" / "invented", home / "indexes" / "invented")
    fill(small_disk, leave=150_000)
    source = write(tmp_path / "p.jsonl", [*many(120)])
    for arguments in (("build", "invented", str(source), "--force"), ("add", "invented", str(source))):
        result = cli("index", *arguments, home=home)
        assert result.code == 1
        assert "disk is full" in result.sentence
        assert cli("index", "verify", "invented", home=home).code == 0
    found = cli("search", "zinc sulphide", "--index", "invented", "--json", home=home).json
    assert found["hits"][0]["id"] == "2403.91002"
    assert cli("index", "info", "invented", "--json", home=home).json["papers"] == len(ASTRONOMY)


@needs_mounts
def test_a_file_is_not_lost_when_its_successor_does_not_fit(small_disk: Path) -> None:
    write_json(small_disk / "talk.json", ["old"])
    with pytest.raises(OSError, match="No space"):
        write_json(small_disk / "talk.json", ["new" * 200_000])
    assert (small_disk / "talk.json").read_text(encoding="utf-8") == '[\n  "old"\n]\n'
    assert [path.name for path in small_disk.iterdir()] == ["talk.json"]


def fill(disk: Path, leave: int) -> None:
    """Use up a disk but for so many bytes."""
    (disk / "filler").write_bytes(b"x" * (shutil.disk_usage(disk).free - leave))


# A folder that can't be written


@needs_mounts
def test_a_read_only_home_can_be_searched_and_asked(cli: Cli, read_only: Path) -> None:
    found = cli("search", "zinc sulphide", "--index", "invented", "--json", home=read_only)
    assert found.code == 0, found.err
    assert found.json["hits"][0]["id"] == "2403.91002"
    answer = cli("ask", "Which clouds darken Tarnhelm-1b?", "--index", "invented", "--json", home=read_only)
    assert answer.code == 0, answer.err
    assert cli("index", "verify", "invented", home=read_only).code == 0


@needs_mounts
@pytest.mark.parametrize("command", ["build", "force", "add", "reembed", "remove"])
def test_what_would_write_into_a_read_only_home_is_one_sentence(
    cli: Cli, read_only: Path, bulk_file: Path, command: str
) -> None:
    arguments = {
        "build": ("build", "mine", str(bulk_file)),
        "force": ("build", "invented", str(bulk_file), "--force"),
        "add": ("add", "invented", str(bulk_file)),
        "reembed": ("reembed", "invented", "--embedding", EMBEDDING),
        "remove": ("remove", "invented", "--yes"),
    }[command]
    result = cli("index", *arguments, home=read_only)
    assert result.code == 1
    assert "may not write" in result.sentence
    assert "SIDEREUS_HOME" in result.sentence


@needs_mounts
def test_the_doctor_finds_a_read_only_home(cli: Cli, read_only: Path) -> None:
    result = cli("doctor", home=read_only)
    assert result.code == 1
    assert "can't be written" in result.out


@pytest.mark.skipif(ROOT, reason="root may write everywhere; the bind mount above covers that")
def test_an_index_folder_without_permission_is_one_sentence(cli: Cli, own_library: Path, bulk_file: Path) -> None:
    place = own_library / "indexes"
    place.chmod(0o555)
    try:
        result = cli("index", "build", "mine", str(bulk_file), home=own_library)
    finally:
        place.chmod(0o755)
    assert result.code == 1
    assert "may not write" in result.sentence


# No network: without --offline, so that whatever would like to ask a host has every chance to

ONLINE = {"SIDEREUS_OFFLINE": "0"}
CUT_OFF = ("unshare", "--net", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh")
# Every look-up and every connection to another machine is an error that names the caller.
WITNESS = """
import socket, sys
def no(name):
    def call(*arguments, **options):
        place = arguments[1] if name == "connect" else arguments[0]
        host = place[0] if isinstance(place, tuple) else place
        if host not in (None, "127.0.0.1", "localhost", "::1", b"127.0.0.1") and not str(host).startswith("/"):
            with open(%r, "a") as file:
                file.write(f"{name} {host}\\n")
        return kept[name](*arguments, **options)
    return call
kept = {"getaddrinfo": socket.getaddrinfo, "connect": socket.socket.connect}
socket.getaddrinfo = no("getaddrinfo")
socket.socket.connect = no("connect")
"""


@pytest.fixture
def witness(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A list of all hosts that a command asks for, and the variables that make it keep that list."""
    listing = tmp_path / "hosts"
    listing.touch()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITNESS % str(listing), encoding="utf-8")
    return listing, {"PYTHONPATH": str(tmp_path / "site"), **ONLINE}


@needs_namespace
def test_the_witness_sees_a_look_up(witness: tuple[Path, dict[str, str]]) -> None:
    listing, variables = witness
    code = "import socket\ntry: socket.create_connection(('huggingface.co', 443), 1)\nexcept OSError: pass"
    subprocess.run([*CUT_OFF, sys.executable, "-c", code], env=os.environ | variables, check=True)
    assert "getaddrinfo huggingface.co" in listing.read_text(encoding="utf-8")


@needs_namespace
@pytest.mark.parametrize("command", ["search", "ask", "build", "doctor", "models"])
def test_without_a_network_everything_installed_works_and_asks_for_no_host(
    sidereus: Cli, own_library: Path, bulk_file: Path, witness: tuple[Path, dict[str, str]], command: str
) -> None:
    listing, variables = witness
    arguments = {
        "search": ("search", "zinc sulphide", "--index", "invented", "--json"),
        "ask": ("ask", "Which clouds darken Tarnhelm-1b?", "--index", "invented", "--json"),
        "build": ("index", "build", "mine", str(bulk_file)),
        "doctor": ("doctor",),
        "models": ("models", "list"),
    }[command]
    result = sidereus(*arguments, home=own_library, before=CUT_OFF, env=variables)
    assert result.code == 0, result.err
    # A command that never asks for a host never waits for one.
    assert listing.read_text(encoding="utf-8") == ""


@needs_namespace
def test_without_a_network_and_models_one_sentence_says_what_to_do(sidereus: Cli, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments in (("models", "get"), ("index", "build", "mine", "starter")):
        result = sidereus(*arguments, home=empty, before=CUT_OFF, env=ONLINE | {"PIP_RETRIES": "0"})
        assert result.code == 1
        assert "network" in result.sentence


def test_a_crash_in_native_code_says_where_it_happened(tmp_path: Path) -> None:
    crash = "import os; from ui import cli; cli.sidereus.main = lambda *_, **__: os.kill(os.getpid(), 11)"
    code = f"{crash}; cli.main([])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == -11
    assert "Segmentation fault" in done.stderr
    assert "most recent call first" in done.stderr
