"""A built wheel, installed elsewhere, brings the catalogue and the starter collection along."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from workbench import CHECKOUT, EMBEDDING, new_home


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout; its build tool comes from the package registry."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place), str(CHECKOUT)]
    subprocess.run(command, check=True)
    (built,) = place.glob("sidereus-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an empty venv with the wheel; its dependencies are lent to it, since they are gigabytes."""
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    site = next(place.glob("lib/python3.*/site-packages"))
    command = [sys.executable, "-m", "pip", "--python", str(place), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(command, check=True)
    lent = site / "lent"
    lent.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.suffix != ".pth" and "sidereus" not in entry.name:  # neither the checkout nor its metadata
            (lent / entry.name).symlink_to(entry)
    (site / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    return place / "bin" / "python"


def run(python: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the installed Python outside of the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIDEREUS_", "PYTHON"))}
    return subprocess.run(
        [str(python), *arguments], cwd=python.parent, env=kept | variables, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_the_catalogue_the_starter_collection_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "rag/data/catalog.toml" in names
    assert "rag/data/adapters/astro-minilm/adapter_model.safetensors" in names
    digests = sorted(
        Path(name).name for name in names if name.startswith("rag/data/starter/") and name.endswith(".jsonl")
    )
    assert digests == sorted(path.name for path in (CHECKOUT / "indexes" / "starter").glob("*.jsonl"))
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_no_index_no_model_and_no_tests(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        assert not name.startswith(("tests", "models/", "indexes/", "benchmarks"))
        assert not name.endswith((".gguf", ".onnx", "index.json", "embeddings", "documents", ".lock"))
        assert not name.endswith(".safetensors") or name.startswith("rag/data/adapters/")
    assert sum(info.file_size for info in archive.infolist()) < 12_000_000


def test_every_module_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in ("rag", "ui"):
        for path in (CHECKOUT / package).rglob("*.py"):
            assert str(path.relative_to(CHECKOUT)) in names
    assert all(str(path.relative_to(CHECKOUT)) in names for path in (CHECKOUT / "ui" / "web" / "static").rglob("*.*"))


def test_installed_elsewhere_it_runs_from_there_and_finds_what_it_brought(installed: Path) -> None:
    code = (
        "import rag; from rag.resources import checkout; from rag.models.catalog import catalog;"
        "from rag.sources import ReadReport, papers; from rag.sources.starter import StarterCollection;"
        "print(rag.__path__[0]); print(checkout()); print(len(catalog()));"
        "print(len(list(papers(StarterCollection(), ReadReport()))))"
    )
    done = run(installed, "-c", code)
    assert done.returncode == 0, done.stderr
    place, root, models_known, papers = done.stdout.splitlines()
    assert str(CHECKOUT) not in place
    assert root == "None"
    assert int(models_known) >= 10
    assert int(papers) >= 250


def test_installed_elsewhere_data_goes_to_the_data_folder_of_the_platform(installed: Path, tmp_path: Path) -> None:
    code = "from rag.settings import load_settings; print(load_settings().home)"
    done = run(installed, "-c", code, XDG_DATA_HOME=str(tmp_path), HOME=str(tmp_path))
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert run(installed, "-c", code, SIDEREUS_HOME="/some/where").stdout.strip() == "/some/where"


def test_the_installed_command_lists_models_builds_and_searches(installed: Path, models: Path, tmp_path: Path) -> None:
    home = new_home(tmp_path / "home", models)
    command = str(installed.parent / "sidereus")
    variables = {"SIDEREUS_HOME": str(home), "SIDEREUS_OFFLINE": "1"}
    assert EMBEDDING in run(installed, command, "models", "list", **variables).stdout
    built = run(installed, command, "index", "build", "starter", "starter", "--limit", "20", **variables)
    assert built.returncode == 0, built.stderr
    found = run(installed, command, "search", "accretion", "--json", **variables)
    assert found.returncode == 0, found.stderr
    assert '"kind": "digest"' in found.stdout
