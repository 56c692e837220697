"""Homes to work in, the two offline models, ready-made indexes, and two ways to call the command.

``cli`` calls it in this process, which is quick; ``sidereus`` starts the real one.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import papers
import pytest
from filelock import FileLock

from rag.index.index import Index, open_index
from rag.models import catalog, embedder, export, store
from rag.models.embedder import Embedder
from rag.models.llama import Llama
from rag.models.llm import LanguageModel
from rag.models.writer import CONTEXT
from rag.resources import checkout

SCRIPT = Path(sysconfig.get_path("scripts")) / "sidereus"
CHECKOUT = checkout() or Path(__file__).parent.parent
EMBEDDING, BASE, LLM, READER = "astro-minilm", "all-minilm-l6-v2", "smollm2-135m-instruct", "astro-reader"


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output stream, which must hold JSON and nothing else."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The output stream as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentence(self) -> str:
        """The one sentence that a failed command says; anything else on the error stream fails the test."""
        assert self.code != 0, f"the command did not fail: {self.out}"
        assert "Traceback" not in self.err, self.err
        last = self.err.strip().splitlines()[-1]
        assert last.startswith(("sidereus: ", "Error: ")), self.err
        return last.split(": ", 1)[1]


Cli = Callable[..., Result]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout's models folder with the offline models in it, fetched by Sidereus itself, once.

    Of several processes that run tests one fetches them and the others wait.
    """
    place = CHECKOUT / "models"
    with FileLock(tmp_path_factory.getbasetemp().parent / "models.lock"):
        for model in (catalog.find(EMBEDDING, "embedding"), catalog.find(LLM, "llm"), catalog.find(READER, "reader")):
            store.ensure(place, model, offline=False)
        embedder.load(place, catalog.find(EMBEDDING, "embedding"))  # makes the ONNX graph
        export.exported_reader(place, catalog.find(READER, "reader"))
    return place


@pytest.fixture(scope="session")
def minilm(models: Path) -> Embedder:
    """The offline embedding model."""
    return embedder.load(models, catalog.find(EMBEDDING, "embedding"), threads=2)


@pytest.fixture(scope="session")
def smollm(models: Path) -> LanguageModel:
    """The offline language model."""
    model = catalog.find(LLM, "llm")
    return LanguageModel(model, store.gguf(models, model), threads=1)


@pytest.fixture(scope="session")
def llama(models: Path) -> Llama:
    """The offline language model in the tests' own process."""
    return Llama(LLM, store.gguf(models, catalog.find(LLM, "llm")), CONTEXT, threads=1)


@pytest.fixture(scope="session")
def bulk_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forty invented papers as a file in arXiv's bulk layout."""
    return papers.write(tmp_path_factory.mktemp("bulk") / "papers.jsonl", [*papers.RECORDS])


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, models: Path, bulk_file: Path) -> Path:
    """A home with the index ``invented`` of the forty papers, for tests that change nothing."""
    return _with_index(tmp_path_factory, models, "invented", str(bulk_file))


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A home with the index ``starter`` of the landmark papers, for tests that change nothing."""
    return _with_index(tmp_path_factory, models, "starter", "starter")


def _with_index(factory: pytest.TempPathFactory, models: Path, name: str, source: str) -> Path:
    """A home with an index. Of several processes that run tests one builds it, and the others wait and copy it."""
    own = factory.getbasetemp()
    first = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"home-of-{name}"
    with FileLock(f"{first}.lock"):
        if not first.exists():
            making = new_home(factory.mktemp(name), models)
            run(making, "index", "build", name, source, check=True)
            making.rename(first)
    return Path(shutil.copytree(first, own / f"copied-{name}", symlinks=True))


@pytest.fixture
def home(tmp_path: Path, models: Path) -> Path:
    """An empty home with the offline models."""
    return new_home(tmp_path / "home", models)


@pytest.fixture
def own_library(home: Path, library: Path) -> Path:
    """A home with an index ``invented`` of its own, for tests that change it."""
    shutil.copytree(library / "indexes" / "invented", home / "indexes" / "invented")
    return home


@pytest.fixture
def invented(library: Path) -> Index:
    """The open index of the invented papers."""
    return open_index(library / "indexes", "invented")


@pytest.fixture
def sidereus(home: Path) -> Cli:
    """Run the real command on the empty home, or on the one given as ``home=``."""

    def call(*arguments: str, **options: Any) -> Result:
        return run(options.pop("home", home), *arguments, **options)

    return call


@pytest.fixture
def cli(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Call the command inside this process on the empty home, or on the one given as ``home=``.

    All that reaches the process's output stream counts, also what a library in C prints.
    """
    from ui.cli import main

    def call(*arguments: str, home: Path = home, env: Mapping[str, str] | None = None) -> Result:
        capfd.readouterr()
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("SIDEREUS_")]:
                patch.delenv(name)
            for name, value in {**environment(home), **(env or {})}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.StringIO())
            with pytest.raises(SystemExit) as leaving:
                main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Result(int(leaving.value.code or 0), out, err)

    return call


def new_home(place: Path, models: Path) -> Path:
    """A home with links to the offline models of the checkout; what a test makes stays in the home."""
    (place / "models" / ".onnx").mkdir(parents=True)
    for name in (EMBEDDING, BASE, LLM, READER):
        (place / "models" / name).symlink_to(models / name)
    for made in [path for name in (EMBEDDING, READER) for path in (models / ".onnx").glob(f"{name}-*.[oj]*")]:
        (place / "models" / ".onnx" / made.name).symlink_to(made)
    return place


def environment(home: Path) -> dict[str, str]:
    """Variables for a command that keeps to itself: this home, no network, short answers."""
    return {"SIDEREUS_HOME": str(home), "SIDEREUS_OFFLINE": "1", "SIDEREUS_MAX_TOKENS": "48", "COLUMNS": "160"}


def run(
    home: Path,
    *arguments: str,
    check: bool = False,
    before: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Result:
    """Run the real command in a process of its own; ``before`` goes in front of it, such as ``unshare -n``."""
    done = subprocess.run(
        [*before, sys.executable, str(SCRIPT), *map(str, arguments)],
        env=clean_environment(home) | dict(env or {}),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=300,
        check=False,
        **options,
    )
    assert not check or done.returncode == 0, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def start(home: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start the real command and let it run. It heeds Ctrl-C even when the tests, run in the background, don't."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        env=clean_environment(home) | dict(env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def clean_environment(home: Path) -> dict[str, str]:
    """The environment without what a developer may have set for Sidereus, and with that of :func:`environment`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIDEREUS_")}
    return kept | environment(home)
