"""``sidereus index``: build, list, check and remove indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ui.cli import options

if TYPE_CHECKING:
    from rag.index.build import Plan
    from rag.index.manifest import Manifest
    from rag.models.embedder import Embedder
    from rag.settings import Settings


@click.group("index")
def command() -> None:
    """Build, list, check and remove indexes."""


selection = options.option_group(
    click.option(
        "--category",
        metavar="PREFIX",
        help="Only papers with a category that begins so.  [default for files: astro-ph]",
    ),
    options.years,
    click.option("--limit", type=click.IntRange(min=1), help="At most this many papers of each source."),
    click.option("--strict", is_flag=True, help="Stop at the first record that can't be used."),
)


@command.command("build")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True)
@selection
@options.embedding
@click.option(
    "--force", is_flag=True, help="Build anew although NAME exists; it stays in use until the new one is whole."
)
@options.offline
def build(
    name: str,
    sources: tuple[str, ...],
    category: str | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    strict: bool,
    embedding: str | None,
    force: bool,
    offline: bool | None,
) -> None:
    """Build the index NAME from SOURCES: files in arXiv's bulk layout, or 'starter'. Interrupted, it goes on."""
    from rag.index import build as building
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from rag.state import remember

    settings = load_settings(embedding=embedding, offline=offline)
    plan = _plan(name, sources, category, since, until, limit, strict)
    building.refuse_existing(settings.indexes, name, force)
    embedder = _embedder(settings, None)
    line = ProgressLine("Indexing", "papers")
    manifest = building.build(settings.indexes, plan, embedder, force, line)
    line.close()
    remember(settings, index=name)
    _report(manifest)


@command.command("add")
@click.argument("name")
@click.argument("sources", nargs=-1, required=True)
@selection
@options.offline
def add(
    name: str,
    sources: tuple[str, ...],
    category: str | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    strict: bool,
    offline: bool | None,
) -> None:
    """Add the papers of SOURCES to the index NAME; newer versions replace older ones."""
    from rag.index import build as building
    from rag.progress import ProgressLine
    from rag.settings import load_settings

    settings = load_settings(offline=offline)
    line = ProgressLine("Indexing", "papers")
    plan = _plan(name, sources, category, since, until, limit, strict)
    manifest = building.add(settings.indexes, plan, lambda model: _embedder(settings, model), line)
    line.close()
    _report(manifest)


@command.command("reembed")
@click.argument("name")
@options.embedding
@options.offline
def reembed(name: str, embedding: str | None, offline: bool | None) -> None:
    """Build the index NAME again, from the papers it holds, with another embedding model."""
    from rag.index import build as building
    from rag.index.folders import folder
    from rag.index.manifest import read_manifest
    from rag.progress import ProgressLine
    from rag.settings import load_settings

    settings = load_settings(embedding=embedding, offline=offline)
    read_manifest(folder(settings.indexes, name))
    line = ProgressLine("Embedding", "papers")
    manifest = building.reembed(settings.indexes, name, _embedder(settings, None), line)
    line.close()
    _report(manifest)


@command.command("list")
@options.as_json
def list_indexes(as_json: bool) -> None:
    """Show all indexes."""
    from rag.errors import IndexProblem
    from rag.index.folders import manifests
    from rag.settings import load_settings
    from ui.cli import show

    settings = load_settings()
    found = manifests(settings.indexes)
    whole = [manifest for manifest in found if not isinstance(manifest, IndexProblem)]
    if as_json:
        show.json_record([_record(settings, manifest) for manifest in whole])
    elif not found:
        click.echo(
            "There is no index yet: 'sidereus index build starter starter' builds the one that comes with Sidereus."
        )
    else:
        rows = [
            (m.name, f"{m.papers:,}", f"{m.years[0]}-{m.years[1]}", m.model, m.runs[-1].finished[:10]) for m in whole
        ]
        show.table(("name", "papers", "years", "embedding model", "updated"), rows, right=("papers",))
    for problem in found:
        if isinstance(problem, IndexProblem):
            show.note(str(problem))


@command.command("info")
@click.argument("name")
@options.as_json
def info(name: str, as_json: bool) -> None:
    """Show where the index NAME came from and what it holds."""
    from rag.index.folders import folder
    from rag.index.manifest import read_manifest
    from rag.settings import load_settings
    from ui.cli import show

    settings = load_settings()
    manifest = read_manifest(folder(settings.indexes, name))
    record = _record(settings, manifest)
    if as_json:
        show.json_record(record)
        return
    kinds = ", ".join(f"{count:,} {kind}s" for kind, count in manifest.kinds.items())
    click.echo(f"{manifest.name}: {manifest.papers:,} papers ({kinds}), {manifest.years[0]}-{manifest.years[1]}")
    click.echo(
        f"embedding model {manifest.model}, {manifest.dimensions} dimensions; "
        f"{show.size(record['bytes'])} on disk; Sidereus {manifest.version}"
    )
    rows = [
        (
            run.finished[:16].replace("T", " "),
            run.what,
            f"{run.added:,}",
            f"{run.changed:,}",
            f"{run.unchanged:,}",
            f"{run.skipped:,}",
            ", ".join(run.sources),
        )
        for run in manifest.runs
    ]
    show.table(
        ("finished (UTC)", "what", "added", "changed", "unchanged", "skipped", "from"),
        rows,
        right=("added", "changed", "unchanged", "skipped"),
    )


@command.command("verify")
@click.argument("name")
def verify(name: str) -> None:
    """Look at every part of the index NAME."""
    from rag.errors import IndexProblem
    from rag.index.index import check_index
    from rag.settings import load_settings

    problems = check_index(load_settings().indexes, name)
    if problems:
        raise IndexProblem(" ".join(problems))
    click.echo(f"The index {name!r} is whole.")


@command.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask.")
def remove(name: str, yes: bool) -> None:
    """Remove the index NAME."""
    from rag.index import folders
    from rag.settings import load_settings
    from rag.state import read_state, remember

    settings = load_settings()
    folders.require(settings.indexes, name)
    if not yes:
        click.confirm(f"Remove the index {name!r} for good?", abort=True)
    folders.remove(settings.indexes, name)
    if read_state(settings).index == name:
        remember(settings, index=None)
    click.echo(f"The index {name!r} is removed.")


def _plan(
    name: str,
    sources: tuple[str, ...],
    category: str | None,
    since: int | None,
    until: int | None,
    limit: int | None,
    strict: bool,
) -> Plan:
    from rag.index.build import Plan
    from rag.sources import Selection, open_source

    return Plan(name, tuple(open_source(spec) for spec in sources), Selection(category, since, until, limit), strict)


def _embedder(settings: Settings, name: str | None) -> Embedder:
    """The embedder of that name, or the one to use for new indexes; fetched when it is not here."""
    from rag.models import catalog, choice, embedder, store
    from rag.state import read_state
    from ui.cli import show

    wanted = name or settings.embedding or read_state(settings).embedding
    model = (
        catalog.find(wanted, "embedding") if wanted else choice.at_hand(settings.models, "embedding", settings.offline)
    )
    store.ensure(settings.models, model, settings.offline)
    show.note(f"Embedding with {model.title}.")
    return embedder.load(settings.models, model, settings.threads)


def _record(settings: Settings, manifest: Manifest) -> dict[str, Any]:
    from dataclasses import asdict

    from rag.index.folders import folder, size

    return {**asdict(manifest), "bytes": size(folder(settings.indexes, manifest.name))}


def _report(manifest: Manifest) -> None:
    from ui.cli import show

    run = manifest.runs[-1]
    show.note(
        f"Index {manifest.name}: {manifest.papers:,} papers; {run.added:,} added, {run.changed:,} changed, "
        f"{run.unchanged:,} already there, {run.skipped:,} skipped, in {run.seconds:,.0f} s."
    )
    for problem in run.problems:
        show.note(f"  skipped: {problem}")
