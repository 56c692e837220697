"""``sidereus index``: build, update, check and remove indexes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.cli import index_look, options

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.index.build import Plan
    from rag.index.manifest import Feed
    from rag.models.embedder import Embedder
    from rag.settings import Settings
    from rag.sources import Source


@click.group("index")
def command() -> None:
    """Build, update, check and remove indexes."""


for look in (index_look.list_indexes, index_look.info, index_look.verify, index_look.remove, index_look.export_vectors):
    command.add_command(look)

selection = options.option_group(
    click.option(
        "--category",
        metavar="PREFIX",
        help="Only papers with a category that begins so.  [default for files of arXiv's: astro-ph]",
    ),
    options.years,
    click.option("--limit", type=click.IntRange(min=1), help="At most this many new papers of each source each time."),
    click.option("--strict", is_flag=True, help="Stop at the first record that can't be used."),
    click.option("--columns", metavar="MAP", help="What the columns of a table are called: title=NAME,abstract=NAME."),
)
power = options.option_group(
    click.option("--device", metavar="NAME", help="Embed on this device of PyTorch's: cuda, mps, cuda:0,cuda:1."),
    click.option(
        "--processes",
        type=click.IntRange(min=1),
        default=1,
        help="Embed in so many processes, on processors with many cores.",
    ),
)
vectors = click.option(
    "--vectors", type=click.Path(path_type=Path), help="Take vectors from a file of 'index export-vectors'."
)
dry_run = click.option("--dry-run", is_flag=True, help="Only say how many papers, and about how long it takes.")


@command.command("build")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True)
@selection
@options.embedding
@vectors
@power
@click.option(
    "--force", is_flag=True, help="Build anew although NAME exists; it stays in use until the new one is whole."
)
@dry_run
@options.offline
def build(
    name: str,
    sources: tuple[str, ...],
    embedding: str | None,
    vectors: Path | None,
    device: str | None,
    processes: int,
    force: bool,
    dry_run: bool,
    offline: bool | None,
    **wanted: Any,
) -> None:
    """Build the index NAME from SOURCES. Interrupted, it goes on.

    A source is 'starter', 'oai:astro-ph', 'arxiv:QUERY', or a file: of arXiv's bulk metadata (.json, .jsonl), a
    library (.bib, .ris) or a table (.csv, .parquet).
    """
    from rag.index import build as building
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from rag.state import remember
    from ui.cli import index_told

    settings = load_settings(embedding=embedding, offline=offline)
    plan = _plan(settings, name, sources, processes, **wanted)
    building.refuse_existing(settings.indexes, name, force or dry_run)
    embedder = _given(_embedder(settings, None, device, 1 if dry_run else processes), vectors)
    if dry_run:
        from rag.index.harvest import Errand

        index_told.forecasts(tuple(Errand(source, plan.selection) for source in plan.sources), embedder)
        return
    with ProgressLine("Indexing", "papers") as line:
        manifest = building.build(settings.indexes, plan, embedder, force, line)
    remember(settings, index=name)
    index_told.report(manifest)


@command.command("add")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True)
@selection
@vectors
@power
@options.offline
def add(
    name: str,
    sources: tuple[str, ...],
    vectors: Path | None,
    device: str | None,
    processes: int,
    offline: bool | None,
    **wanted: Any,
) -> None:
    """Add the papers of SOURCES to the index NAME; newer versions replace older ones."""
    from rag.index import build as building
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import index_told

    settings = load_settings(offline=offline)
    plan = _plan(settings, name, sources, processes, **wanted)
    with ProgressLine("Indexing", "papers") as line:
        manifest = building.add(
            settings.indexes, plan, lambda model: _given(_embedder(settings, model, device, processes), vectors), line
        )
    index_told.report(manifest)


@command.command("update")
@click.argument("name", required=False)
@power
@dry_run
@options.offline
def update(name: str | None, device: str | None, processes: int, dry_run: bool, offline: bool | None) -> None:
    """Bring the index NAME up to date with what is new in its sources; without NAME, the one used last.

    A chat that is running takes up the new papers by itself.
    """
    from rag.index import build as building
    from rag.index import folders
    from rag.index.manifest import read_manifest
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from rag.state import read_state
    from ui.cli import index_told

    settings = load_settings(offline=offline)
    name = name or settings.index or read_state(settings).index or "starter"
    reopen = _reopen(settings)
    if dry_run:
        manifest = read_manifest(folders.folder(settings.indexes, name))
        index_told.forecasts(building.due(manifest, reopen), _embedder(settings, manifest.model, device))
        return
    with ProgressLine("Updating", "papers") as line:
        manifest = building.update(
            settings.indexes, name, reopen, lambda model: _embedder(settings, model, device, processes), line, processes
        )
    index_told.report(manifest)


@command.command("reembed")
@click.argument("name")
@options.embedding
@power
@options.offline
def reembed(name: str, embedding: str | None, device: str | None, processes: int, offline: bool | None) -> None:
    """Build the index NAME again, from the papers it holds, with another embedding model."""
    from rag.index import build as building
    from rag.index.folders import folder
    from rag.index.manifest import read_manifest
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import index_told

    settings = load_settings(embedding=embedding, offline=offline)
    read_manifest(folder(settings.indexes, name))
    with ProgressLine("Embedding", "papers") as line:
        embedder = _embedder(settings, None, device, processes)
        manifest = building.reembed(settings.indexes, name, embedder, line, processes)
    index_told.report(manifest)


@command.command("refresh")
@click.argument("name")
def refresh(name: str) -> None:
    """Bring the index NAME of an earlier Sidereus up to date: words, names and checksums, from what it holds.

    Nothing is read from a source or embedded.
    """
    from rag.index import build as building
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import show

    settings = load_settings()
    with ProgressLine("Taking words", "papers") as line:
        manifest = building.refresh(settings.indexes, name, line)
    show.note(f"Index {manifest.name}: the words of its {manifest.papers:,} papers and its checksums are up to date.")


@command.command("import-vectors")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@options.offline
def import_vectors(name: str, file: Path, offline: bool | None) -> None:
    """Build the index NAME again with the vectors in FILE; papers that are not in it are embedded here."""
    from rag.index import build as building
    from rag.index.folders import folder
    from rag.index.manifest import read_manifest
    from rag.index.vectors import GivenVectors, VectorFile
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import index_told

    settings = load_settings(offline=offline)
    read_manifest(folder(settings.indexes, name))
    read = VectorFile(file)
    with ProgressLine("Embedding", "papers") as line:
        embedder = GivenVectors(_embedder(settings, read.model), read)
        manifest = building.reembed(settings.indexes, name, embedder, line)
    index_told.report(manifest)


def _plan(
    settings: Settings,
    name: str,
    sources: tuple[str, ...],
    processes: int,
    category: str | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    strict: bool,
    columns: str | None,
) -> Plan:
    from rag.index.build import Plan
    from rag.sources import Selection, open_source
    from rag.sources.table import with_columns
    from ui.cli import show

    wanted = Selection(category, since, until, limit)
    specs = [with_columns(spec, columns) for spec in sources]
    return Plan(
        name, tuple(open_source(spec, settings, wanted, show.note) for spec in specs), wanted, strict, processes
    )


def _reopen(settings: Settings) -> Callable[[Feed], Source | None]:
    """Opens the sources of an index again; a file that is no longer there is left out with a word."""
    from rag.index.build import selection_of
    from rag.sources import is_missing_file, open_source
    from ui.cli import show

    def reopen(feed: Feed) -> Source | None:
        if is_missing_file(feed.source):
            show.note(f"{feed.source} is no longer there, so nothing is read of it.")
            return None
        return open_source(feed.source, settings, selection_of(feed), show.note)

    return reopen


def _embedder(settings: Settings, name: str | None, device: str | None = None, processes: int = 1) -> Embedder:
    """The embedder of that name, or the one to use for new indexes; fetched when it is not here."""
    from rag.errors import UsageError
    from rag.index.workers import threads_each
    from rag.models import catalog, choice, embedders
    from rag.state import read_state
    from ui.cli import show

    if device and processes > 1:
        raise UsageError("--processes shares out the processor: leave it out, or name several devices with --device.")
    wanted = name or settings.embedding or read_state(settings).embedding
    model = (
        catalog.find(wanted, "embedding") if wanted else choice.at_hand(settings.models, "embedding", settings.offline)
    )
    if device and model.servers:
        raise UsageError("--device is for models on this machine: leave it out, the server has its own.")
    show.note(f"Embedding with {model.title}.")
    return embedders.load(settings, model, threads_each(settings.threads, processes), device)


def _given(embedder: Embedder, file: Path | None) -> Embedder:
    from rag.index.vectors import GivenVectors, VectorFile

    return GivenVectors(embedder, VectorFile(file)) if file else embedder
