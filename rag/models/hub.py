"""Model files from a hub (``HF_ENDPOINT``, else Hugging Face), through huggingface_hub.

The library's own download throws away a file whose transfer was cut short, so its parts are put together
here instead: ``model_info`` for the facts, ``http_get`` for the bytes, and a partial file kept for the next
time. Nothing of Xet or telemetry is used.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import threading
from pathlib import Path
from typing import Any, cast

import httpx2
from huggingface_hub import HfApi, constants, get_session, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils._headers import build_hf_headers

from rag.errors import ModelProblem
from rag.models.catalog import FileFacts, Model
from rag.models.files import RECORD
from rag.models.hubfiles import HubFile, cached, chosen, fault, length, link
from rag.progress import Progress
from rag.storage import locked, sync_tree

__all__ = ["cached", "endpoint", "fetch", "plan", "reachable"]

PROBE_SECONDS = 3.0
ANSWER_SECONDS = 10.0
PARTS = ".cache"
WEIGHTS = (".safetensors", ".bin", ".gguf")

constants.HF_HUB_DISABLE_TELEMETRY = True
logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its word on retries would tear our line

_silent_endpoints: set[str] = set()


def endpoint() -> str:
    """The hub's address, read anew each time."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def reachable() -> bool:
    """Whether the hub answers within three seconds; one that didn't is not asked again by this process.

    The request runs in a thread of its own, since a name server that never answers knows no time limit.
    """
    place = endpoint()
    if place in _silent_endpoints:
        return False
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    threading.Thread(target=_knock, args=(get_session(), place, answers), daemon=True).start()
    try:
        answered = answers.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        answered = False
    if not answered:
        _silent_endpoints.add(place)
    return answered


def plan(model: Model) -> int:
    """How many bytes :func:`fetch` would download into an empty folder; none when the user has a copy.

    Raises ModelProblem when the hub can't be reached or doesn't have the model.
    """
    return 0 if cached(model) else sum(file.size for file in _listing(model)[0])


def fetch(models: Path, model: Model, progress: Progress) -> None:
    """Put the model's files into ``models/<name>``: from the user's Hugging Face cache, else from the hub.

    Files that are already right are left alone and a partial one is continued. ``progress`` counts
    megabytes. Raises ModelProblem when the hub can't be reached, doesn't have the model or doesn't let the
    user have it, and when what came is not what was promised; that file is then removed.
    """
    place = models / model.name
    busy = f"{model.name} is being fetched by another command: wait until it is done."
    with locked(models / f".{model.name}.lock", busy):
        snapshot = cached(model)
        if snapshot:
            (place / RECORD).unlink(missing_ok=True)
            link(snapshot, place, model)
        else:
            _download(place, model, progress)
        sync_tree(place)


def _knock(session: httpx2.Client, place: str, answers: queue.SimpleQueue[bool]) -> None:
    try:
        session.head(place, timeout=PROBE_SECONDS, follow_redirects=False)
        answers.put(True)
    except Exception:  # whatever keeps it from answering, it can't be reached
        answers.put(False)


def _listing(model: Model) -> tuple[list[HubFile], str]:
    """What the hub says of the files to fetch, and the commit they are of."""
    hub = model.hub
    assert hub is not None
    if not reachable():
        raise ModelProblem(
            f"The hub at {endpoint()} can't be reached to fetch {model.name}: check the network, "
            "then run the command again."
        )
    try:
        api = HfApi(endpoint=endpoint(), library_name="sidereus")
        info = api.model_info(hub.repo, revision=hub.revision, files_metadata=True, timeout=ANSWER_SECONDS)
    except httpx2.HTTPError as error:
        raise _problem(model, error) from None
    except ValueError:  # no JSON, or a name that no repository can have
        raise ModelProblem(f"{endpoint()} knows no {hub.repo}: check HF_ENDPOINT and the name.") from None
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or []}
    files = []
    for name in chosen(model, siblings):
        if name not in siblings:
            raise ModelProblem(f"{hub.repo} at {endpoint()} has no {name} any more: update Sidereus.")
        sibling = siblings[name]
        digest = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id
        if sibling.size is None or not digest:
            raise ModelProblem(f"{endpoint()} doesn't say how to check {name}: use another HF_ENDPOINT.")
        files.append(_known(HubFile(name, sibling.size, digest), model))
    if not any(file.name.endswith(WEIGHTS) for file in files):
        raise ModelProblem(f"{hub.repo} has no weights that Sidereus can load: name another model.")
    return files, info.sha or hub.revision


def _known(file: HubFile, model: Model) -> HubFile:
    """The file again, unless the catalogue knows another one by its name."""
    known = model.files.get(file.name, FileFacts())
    sizes_agree = known.size in (None, file.size)
    digests_agree = known.sha256 in (None, file.digest) or len(file.digest) < 64
    if not (sizes_agree and digests_agree):
        raise ModelProblem(f"{file.name} at {endpoint()} is not the file of the catalogue: update Sidereus.")
    return file


def _download(place: Path, model: Model, progress: Progress) -> None:
    assert model.hub is not None
    files, commit = _listing(model)
    parts = {file: place / PARTS / f"{file.digest}.part" for file in files if fault(place / file.name, file)}
    _check_room(place, sum(file.size - length(part) for file, part in parts.items()))
    meter = _Meter(sum(file.size for file in files), progress)
    meter.update(sum(file.size for file in files if file not in parts))
    if parts:
        (place / RECORD).unlink(missing_ok=True)  # what was recorded of an older download no longer holds
    for file, part in parts.items():
        url = hf_hub_url(model.hub.repo, file.name, revision=commit, endpoint=endpoint())
        _transfer(model, url, file, part, meter)
        wrong = fault(part, file)
        if wrong:
            part.unlink()
            raise ModelProblem(f"{file.name} of {model.name} was removed, as {wrong}: run the command again.")
        (place / file.name).parent.mkdir(parents=True, exist_ok=True)
        part.replace(place / file.name)
    shutil.rmtree(place / PARTS, ignore_errors=True)


def _transfer(model: Model, url: str, file: HubFile, part: Path, meter: _Meter) -> None:
    """Append to ``part`` what it still lacks of the file."""
    part.parent.mkdir(parents=True, exist_ok=True)
    if length(part) > file.size:
        part.unlink()
    have = length(part)
    meter.update(have)
    headers = build_hf_headers(library_name="sidereus", headers={"Accept-Encoding": "identity"})
    bar = cast(Any, meter)
    try:
        with part.open("ab") as out:
            http_get(url, out, resume_size=have, headers=headers, expected_size=file.size, tqdm_class=bar)
    except httpx2.HTTPError as error:
        raise _problem(model, error) from None
    except OSError as error:
        if error.errno is not None:  # without one it tells of a wrong length, which the caller checks
            raise ModelProblem(f"{part} can't be written ({error.strerror}): make room for it.") from None


def _check_room(place: Path, size: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(place).free
    if size > free:
        need, have = f"{size / 1e9:.1f} GB", f"{free / 1e9:.1f} GB"
        raise ModelProblem(f"The download needs {need} and the disk of {place} has {have} free: make room.")


def _problem(model: Model, error: httpx2.HTTPError) -> ModelProblem:
    """The sentence for an error of the library."""
    assert model.hub is not None
    repo, place = model.hub.repo, endpoint()
    if isinstance(error, GatedRepoError):
        return ModelProblem(
            f"{repo} is given to those who accept its terms: accept them at {place}/{repo}, log in with "
            "'hf auth login', then run the command again."
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelProblem(f"There is no {repo} at {place}, or it is private: check its name.")
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        return ModelProblem(f"{repo} at {place} has not all that it should have: update Sidereus.")
    answer = f"status {error.response.status_code}" if isinstance(error, HfHubHTTPError) else str(error)
    return ModelProblem(
        f"The download of {model.name} stopped ({answer or type(error).__name__}): run the command again, "
        "and it goes on from there."
    )


class _Meter:
    """Adds up the bytes of all files, in the place of the progress bar that http_get wants to make."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total, self.done, self.progress = max(total, 1), 0, progress

    def __call__(self, **bar: Any) -> _Meter:
        return self

    def __enter__(self) -> _Meter:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def update(self, count: int) -> None:
        """Count bytes; http_get takes back (a negative ``count``) what it has to fetch again."""
        self.done += count
        self.progress(self.done // 1_000_000, min(self.done / self.total, 1.0))
