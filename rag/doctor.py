"""A look at the whole installation: what is right, what is wrong, and how to mend it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import psutil

from rag.errors import IndexProblem, ModelLost, ModelProblem, UsageError
from rag.index.check import check_index
from rag.index.folders import manifests
from rag.models import choice, deaths, export, store
from rag.models.addresses import Address, refuse_offline
from rag.models.catalog import CALLED, Model, ModelKind
from rag.models.processor import instruction_sets
from rag.models.selftest import MEND_LIBRARY, try_library
from rag.models.servers import Servers
from rag.settings import Settings, secret
from rag.state import read_state

PACKAGES = ("txtai", "llama-cpp-python", "gradio", "sentence-transformers", "onnxruntime", "torch")
LEAST_DISK_GB = 1.0
PATIENCE = 10.0  # seconds that a model server has to say what it serves


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``mend`` says what to do when it is not well."""

    what: str
    well: bool
    mend: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at Python, packages, llama.cpp, memory, disk, models and indexes, in this order."""
    yield Finding(
        f"Python {sys.version.split()[0]}", (3, 11) <= sys.version_info[:2] <= (3, 13), "Use Python 3.11, 3.12 or 3.13."
    )
    yield from _packages()
    state = read_state(settings)
    yield _library(settings, settings.llm or state.llm)
    memory = psutil.virtual_memory().total / 1e9
    yield Finding(
        f"{memory:.0f} GB of memory, {os.cpu_count()} processor cores",
        memory >= 4,
        "4 GB is the least that works well.",
    )
    yield from _home(settings)
    yield from _model(settings, "embedding", settings.embedding or state.embedding)
    yield from _model(settings, "llm", settings.llm or state.llm)
    if reader := choice.reading(settings):
        yield _files(settings, reader)
    if wanted := state.rerank if settings.rerank is None else settings.rerank:
        yield from _model(settings, "reranker", wanted)
    yield from _deaths(settings)
    yield from _indexes(settings)


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(f"{name} {version(name)}", True)
        except PackageNotFoundError:
            yield Finding(f"{name} is not installed", False, "Run 'make setup', or 'pip install sidereus' again.")


def _library(settings: Settings, wanted: str | None) -> Finding:
    """Whether llama.cpp runs, tried with the model in use if that is whole, and what of the processor it uses."""
    outcome = try_library()
    if outcome.passed:
        with contextlib.suppress(ModelProblem, UsageError):
            model = choice.choose(settings.models, "llm", wanted)
            if not model.servers and not store.verify(settings.models, model):
                outcome = try_library(store.gguf(settings.models, model))
    uses = f"uses {', '.join(outcome.built_with) or 'no special instructions'}"
    has = instruction_sets()
    has_more = [name for name in has if name not in outcome.built_with]
    beside = f", this processor also has {', '.join(has_more)}" if has_more else ""
    lacks = f", this processor lacks {', '.join(outcome.lacking)}" if outcome.lacking else ""
    if outcome.passed:
        return Finding(f"llama.cpp reads and writes; it {uses}{beside}{lacks}", True)
    return Finding(f"llama.cpp does not run: {outcome.problem}; it {uses}{beside}{lacks}", False, MEND_LIBRARY)


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        yield Finding(
            f"{home} can't be written ({error.strerror})", False, "Change its permissions, or set SIDEREUS_HOME."
        )
        return
    free = shutil.disk_usage(home).free / 1e9
    yield Finding(f"{home} can be written, {free:.0f} GB free", free >= LEAST_DISK_GB, "Free at least 1 GB.")


def _model(settings: Settings, kind: ModelKind, wanted: str | None) -> Iterator[Finding]:
    try:
        model = choice.choose(settings.models, kind, wanted)
    except (ModelProblem, UsageError) as error:
        yield Finding(f"no {CALLED[kind].partition(' ')[2]}", False, str(error))
        return
    yield from _servers(settings, model) if model.servers else [_files(settings, model)]


def _servers(settings: Settings, model: Model) -> Iterator[Finding]:
    """What each of a model's servers says of itself."""
    given = settings.llm_key if model.kind == "llm" else settings.embedding_key
    try:
        refuse_offline(model.servers, settings.offline)
        servers = Servers(model.servers, secret(given, f"SIDEREUS_{model.kind.upper()}_KEY"), PATIENCE)
    except UsageError as error:
        yield Finding(f"model {model.name} is not asked", False, str(error))
        return
    with contextlib.closing(servers):
        for address, said in zip(model.servers, servers.look(), strict=True):
            if isinstance(said, ModelLost):
                yield Finding(said.told, False, str(said))
                continue
            reads = f"reads {said.context:,} tokens" if said.context else "doesn't say how many tokens it reads"
            at_once = f", writes {said.slots} answers at once" if said.slots else ""
            yield Finding(f"model server {address.place} serves {said.model}, {reads}{at_once}", True)
    if given.get_secret_value() and any(_in_clear(address) for address in model.servers):
        yield Finding(
            "the key for the model server goes over the network in clear", False, "Give an address with https://."
        )


def _in_clear(address: Address) -> bool:
    return address.url.startswith("http://") and not address.on_loopback


def _files(settings: Settings, model: Model) -> Finding:
    problems = store.verify(settings.models, model)
    if not problems:
        graphs = export.damaged(settings.models, model).values()
        problems = [
            f"{graph} is damaged: 'sidereus models verify', or the next search, makes it again." for graph in graphs
        ]
    return Finding(f"model {model.name} ({model.licence})", not problems, " ".join(problems))


def _deaths(settings: Settings) -> Iterator[Finding]:
    if found := deaths.recent(settings.state / deaths.FILE):
        last = found[-1]
        words = f" The last it said: {last.words}" if last.words else ""
        yield Finding(
            f"{last.model} {last.how} at {last.at}, the third such end within five minutes; answers quoted the papers",
            False,
            "Run 'sidereus models verify'; where memory ran out, choose a smaller model with 'sidereus models use'."
            + words,
        )


def _indexes(settings: Settings) -> Iterator[Finding]:
    found = manifests(settings.indexes)
    if not found:
        yield Finding("no index", False, "Build one with 'sidereus index build starter starter'.")
    for manifest in found:
        if isinstance(manifest, IndexProblem):
            yield Finding("a damaged index", False, str(manifest))
            continue
        problems = check_index(settings.indexes, manifest.name)
        without = "" if manifest.sums else f", without checksums: 'sidereus index refresh {manifest.name}' adds them"
        yield Finding(f"index {manifest.name}, {manifest.papers:,} papers{without}", not problems, " ".join(problems))
