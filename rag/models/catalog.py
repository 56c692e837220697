"""The catalogue of models: what each is, where it comes from and what it needs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from rag.errors import UsageError
from rag.models.addresses import Address, is_address, read_addresses
from rag.resources import catalog_file

ModelKind = Literal["embedding", "llm", "reranker", "reader"]
ModelSet = Literal["default", "offline", "extra", "local", "server"]

CALLED: dict[ModelKind, str] = {
    "embedding": "an embedding model",
    "llm": "a language model",
    "reranker": "a re-ranker",
    "reader": "a reader",
}


@dataclass(frozen=True)
class FileFacts:
    """What is known of one file of a model: its size in bytes and its SHA-256 in hexadecimal."""

    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class HubSource:
    """A repository of a model hub; ``files`` empty means all that a loader needs."""

    repo: str
    files: tuple[str, ...] = ()
    revision: str = "main"


@dataclass(frozen=True)
class PackageSource:
    """A folder inside a wheel of a package registry. ``sha256`` is the wheel's, where that is known."""

    name: str
    version: str
    folder: str
    sha256: str = ""


@dataclass(frozen=True)
class AdapterSource:
    """Low-rank adapters that ship with Sidereus, and the name of the model of the catalogue that they change."""

    base: str


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue. ``ram_gb`` is memory beside the index, ``context_length`` in tokens.

    ``fusion`` are settings of :class:`rag.retrieval.fusion.FusionSettings` that are better otherwise with this model.
    """

    name: str
    kind: ModelKind
    set: ModelSet
    title: str
    licence: str
    parameters: int | None = None
    dimensions: int | None = None
    max_seq_length: int | None = None
    context_length: int | None = None
    pooling: str = "mean"
    query_prompt: str = ""
    document_prompt: str = ""
    ram_gb: float = 0.0
    languages: tuple[str, ...] = ("en",)
    thinks: bool = False
    writes: Literal["prose", "quotes"] = "prose"
    fusion: dict[str, float] = field(default_factory=dict)
    hub: HubSource | None = None
    package: PackageSource | None = None
    adapter: AdapterSource | None = None
    path: Path | None = None
    servers: tuple[Address, ...] = ()
    files: dict[str, FileFacts] = field(default_factory=dict)

    @property
    def size(self) -> int | None:
        """Bytes of all its files, or None when that isn't known."""
        sizes = [facts.size for facts in self.files.values()]
        return sum(s for s in sizes if s is not None) if sizes and None not in sizes else None

    @property
    def served_as(self) -> str | None:
        """What the model is called on its servers; None for one that is on none, or not called anything."""
        return self.servers[0].model if self.servers else None

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        if self.path:
            return str(self.path)
        if self.servers:
            return f"server {', '.join(address.place for address in self.servers)}"
        places = [f"adapters of {self.adapter.base}"] if self.adapter else []
        places += [f"package {self.package.name}"] if self.package else []
        places += [f"hub {self.hub.repo}"] if self.hub else []
        return ", ".join(places)


@lru_cache(maxsize=1)
def catalog() -> tuple[Model, ...]:
    """All models of the tracked catalogue, in order of preference."""
    entries = tomllib.loads(catalog_file().read_text(encoding="utf-8"))["model"]
    return tuple(_model(entry) for entry in entries)


def find(name: str, kind: ModelKind) -> Model:
    """The model called ``name``: an entry of the catalogue, a local path, a hub id such as ``org/model`` or a server.

    Raises UsageError when it is none of these, with the names that exist.
    """
    for model in catalog():
        if model.name == name and model.kind == kind:
            return model
    if is_address(name):
        return _served(name, kind)
    path = Path(name).expanduser()
    if path.exists():
        return _local(path, kind)
    if name.count("/") == 1 and kind != "llm" and not name.startswith((".", "/", "~")):
        return Model(name.replace("/", "--"), kind, "extra", name, "see its model card", hub=HubSource(name))
    known = ", ".join(model.name for model in catalog() if model.kind == kind)
    raise UsageError(f"There is no model {name!r}: name {CALLED[kind]} of the catalogue ({known}) or a local path.")


def named(name: str) -> Model:
    """The model called ``name``, of whichever kind; UsageError when there is none."""
    for model in catalog():
        if model.name == name:
            return model
    try:
        return find(name, "llm" if name.endswith(".gguf") or is_address(name) else "embedding")
    except UsageError:
        near = get_close_matches(name, [model.name for model in catalog()], 3, 0.4)
        guess = f"perhaps {' or '.join(near)}, or one" if near else "one"
        raise UsageError(
            f"There is no model {name!r}: name {guess} that 'sidereus models list' shows, or a local path."
        ) from None


def _served(name: str, kind: ModelKind) -> Model:
    """A model on servers; one that the catalogue knows by its name there, or its hub's, is used as that says."""
    if kind not in ("llm", "embedding"):
        raise UsageError(f"{name} is a server, which is asked for no {CALLED[kind].partition(' ')[2]}: name a model.")
    servers = read_addresses(name)
    place, called = ", ".join(address.place for address in servers), servers[0].model
    title = f"{called} on {place}" if called else place
    alike = (one for one in catalog() if one.kind == kind == "embedding" and called in _names(one))
    known = next(alike, Model(name, kind, "server", title, "see its server"))
    elsewhere = replace(known, hub=None, package=None, adapter=None, files={}, ram_gb=0.0)
    return replace(elsewhere, name=",".join(map(str, servers)), set="server", title=title, servers=servers)


def _names(model: Model) -> tuple[str, ...]:
    return (model.name, model.hub.repo) if model.hub else (model.name,)


def _local(path: Path, kind: ModelKind) -> Model:
    if kind == "llm" and path.suffix != ".gguf":
        raise UsageError(f"{path} is no .gguf file, the one format of language models that Sidereus runs.")
    if kind != "llm" and not (path / "config.json").is_file():
        raise UsageError(f"{path} is no folder of {CALLED[kind]}: it has no config.json.")
    return Model(str(path.resolve()), kind, "local", path.stem, "not known to Sidereus", path=path.resolve())


def _model(entry: dict[str, Any]) -> Model:
    values = dict(entry)
    values["languages"] = tuple(values.get("languages", ("en",)))
    values["files"] = {name: FileFacts(**facts) for name, facts in values.get("files", {}).items()}
    if "hub" in values:
        hub = values["hub"]
        values["hub"] = HubSource(hub["repo"], tuple(hub.get("files", ())), hub.get("revision", "main"))
    if "package" in values:
        values["package"] = PackageSource(**values["package"])
    if "adapter" in values:
        values["adapter"] = AdapterSource(**values["adapter"])
    return Model(**values)
