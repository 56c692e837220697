"""``sidereus index list``, ``info``, ``verify``, ``export-vectors``, ``remove``: what leaves papers as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ui.cli import options

if TYPE_CHECKING:
    from rag.index.manifest import Feed, Manifest, Run
    from rag.settings import Settings


@click.command("list")
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


@click.command("info")
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
    if manifest.feeds:
        click.echo()
        show.table(("source", "taken of it", "last read (UTC)", "goes on from"), [_feed(f) for f in manifest.feeds])
    numbers = ("added", "changed", "removed", "unchanged", "skipped")
    click.echo()
    show.table(("finished (UTC)", "what", *numbers, "from"), [_run(run) for run in manifest.runs], right=numbers)
    for run in manifest.runs:
        for reason in (*run.problems, *filter(None, [run.failure])):
            kind = "failed" if reason == run.failure else "skipped"
            click.echo(f"{_minute(run.finished)}  {run.what} {kind}: {reason}")


def _feed(feed: Feed) -> tuple[str, ...]:
    wanted = {"--category": feed.category, "--since": feed.since, "--until": feed.until, "--limit": feed.limit}
    taken = " ".join(f"{name} {value}" for name, value in wanted.items() if value is not None)
    cursor = ", ".join(f"{name} {value}" for name, value in (feed.cursor or {}).items() if name != "windows")
    return feed.source, taken or "all", _minute(feed.read), cursor[:60]


def _run(run: Run) -> tuple[str, ...]:
    counts = (run.added, run.changed, run.removed, run.unchanged, run.skipped)
    return _minute(run.finished), run.what, *(f"{count:,}" for count in counts), ", ".join(run.sources)


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


@click.command("verify")
@click.argument("name")
def verify(name: str) -> None:
    """Look at every part of the index NAME, and whether its files hold what was written."""
    from rag.errors import IndexProblem
    from rag.index.check import check_index
    from rag.index.folders import folder
    from rag.index.manifest import read_manifest
    from rag.progress import ProgressLine
    from rag.settings import load_settings

    indexes = load_settings().indexes
    with ProgressLine("Checking", "papers") as line:
        problems = check_index(indexes, name, line)
    if problems:
        raise IndexProblem(" ".join(problems))
    if read_manifest(folder(indexes, name)).sums:
        click.echo(f"The index {name!r} is whole.")
    else:
        click.echo(
            f"The index {name!r} is whole as far as can be seen: an earlier Sidereus wrote it without checksums, which "
            f"'sidereus index refresh {name}' adds."
        )


@click.command("export-vectors")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
def export_vectors(name: str, file: Path) -> None:
    """Write the vectors of the index NAME to FILE (.npz), for use on another machine."""
    from rag.index import vectors as given
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import show

    with ProgressLine("Writing", "papers") as line:
        count = given.export_vectors(load_settings().indexes, name, file, line)
    show.note(f"The vectors of {count:,} papers are in {file}.")


@click.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask.")
def remove(name: str, yes: bool) -> None:
    """Remove the index NAME."""
    from rag.errors import SidereusError
    from rag.index import folders
    from rag.settings import load_settings
    from rag.state import read_state, remember

    settings = load_settings()
    folders.require(settings.indexes, name)
    if not yes and not _confirmed(f"Remove the index {name!r} for good?"):
        raise SidereusError(f"The index {name!r} stays: --yes removes it without asking.")
    folders.remove(settings.indexes, name)
    if read_state(settings).index == name:
        remember(settings, index=None)
    click.echo(f"The index {name!r} is removed.")


def _confirmed(question: str) -> bool:
    """Whether somebody says yes; whoever leaves instead, or isn't there, has not."""
    try:
        return click.confirm(question)
    except click.Abort:
        click.echo()
        return False


def _record(settings: Settings, manifest: Manifest) -> dict[str, Any]:
    from dataclasses import asdict

    from rag.index.folders import folder, size

    return {**asdict(manifest), "bytes": size(folder(settings.indexes, manifest.name))}
