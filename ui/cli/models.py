"""``sidereus models``: list, fetch, choose and verify models."""

from __future__ import annotations

import click

from rag.errors import UsageError
from ui.cli import options


@click.group("models")
def command() -> None:
    """List, fetch, choose and verify models."""


@command.command("list")
@options.as_json
def list_models(as_json: bool) -> None:
    """Show every model of the catalogue, which are here and in use, and the server in use; asks none of them."""
    from rag.models import choice, store
    from rag.settings import load_settings
    from ui.cli import show

    settings = load_settings()
    known = choice.known(settings)
    here = {model.name for model in known if store.present(settings.models, model)}
    used = choice.in_use(settings)
    if as_json:
        show.json_record(
            [
                {
                    "name": m.name,
                    "kind": m.kind,
                    "set": m.set,
                    "title": m.title,
                    "licence": m.licence,
                    "origin": m.origin,
                    "size": m.size,
                    "ram_gb": m.ram_gb,
                    "languages": list(m.languages),
                    "here": m.name in here,
                    "in_use": m.name in used,
                }
                for m in known
            ]
        )
        return
    rows = [
        (
            m.name,
            m.kind,
            m.set,
            "" if m.servers else show.size(m.size),
            "" if m.servers else f"{m.ram_gb:g} GB",
            m.licence,
            "in use" if m.name in used else "here" if m.name in here else "",
            m.origin,
        )
        for m in known
    ]
    show.table(("name", "kind", "set", "download", "memory", "licence", "", "from"), rows, right=("download", "memory"))


@command.command("get")
@click.argument("names", nargs=-1)
@options.offline
def get(names: tuple[str, ...], offline: bool | None) -> None:
    """Fetch models by NAME, or without names the best set that can be had here."""
    from rag.models import catalog, choice, store
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import show

    settings = load_settings(offline=offline)
    kinds: tuple[catalog.ModelKind, ...] = ("embedding", "llm", "reader")
    wanted = [catalog.named(name) for name in names] or [
        choice.obtainable(settings.models, kind, settings.offline) for kind in kinds
    ]
    for model in wanted:
        if model.servers:
            show.note(f"{model.name} is on a server, so there is nothing to fetch.")
            continue
        if store.present(settings.models, model):
            problems = store.verify(settings.models, model)
            if not problems:
                show.note(f"{model.name} is here already.")
                continue
            store.discard(settings.models, model, settings.offline, problems[0])
        show.note(f"Fetching {model.title} ({show.size(model.size)}, licence {model.licence}) from {model.origin}.")
        line = ProgressLine("Fetching", "MB")
        store.ensure(settings.models, model, settings.offline, line)
        line.close()
    if not names:
        show.note(
            f"Models: {wanted[0].title} finds, {wanted[2].title} reads, {wanted[1].title} writes ({wanted[1].set} set)."
        )


@command.command("use")
@click.argument("name")
def use(name: str) -> None:
    """Prefer the model called NAME from now on, or the one at a server's address; 'auto' goes back."""
    from rag.models import catalog
    from rag.models.addresses import refuse_offline
    from rag.settings import load_settings
    from rag.state import remember
    from ui.cli import show

    settings = load_settings()
    if name == "auto":
        remember(settings, embedding=None, llm=None, rerank=None)
        show.note("The choice of models is automatic again.")
        return
    model = catalog.named(name)
    if model.kind == "reader":
        raise UsageError(f"{model.title} needs no choosing: answers are read with it wherever it is.")
    setting, purpose = {
        "embedding": ("embedding", "new indexes are embedded"),
        "llm": ("llm", "answers are written"),
        "reranker": ("rerank", "what a search finds is re-ranked"),
    }[model.kind]
    refuse_offline(model.servers, settings.offline)
    remember(settings, **{setting: model.name})
    show.note(f"From now on {purpose} with {model.name}.")


@command.command("verify")
@click.argument("names", nargs=-1)
def verify(names: tuple[str, ...]) -> None:
    """Compare model files with their recorded sizes and SHA-256; without names, all that are here.

    A language model that is whole reads and writes a little too, which shows whether llama.cpp runs here. What was made
    of the weights of the others is made again where it is damaged.
    """
    from rag.errors import ModelProblem
    from rag.models import catalog, export, store
    from rag.models.selftest import MEND_LIBRARY, try_library
    from rag.settings import load_settings

    settings = load_settings()
    models = [catalog.named(name) for name in names] or [
        m for m in catalog.catalog() if store.folder(settings.models, m).exists()
    ]
    broken = fails = False
    for model in models:
        if model.servers:
            click.echo(f"{model.name}: on a server, which 'sidereus doctor' asks how it is")
            continue
        problems = store.verify(settings.models, model)
        broken = broken or bool(problems)
        if problems or model.kind != "llm":
            click.echo(f"{model.name}: {' '.join(problems) or 'as it should be'}")
            if not problems:
                for graph in export.make_again(settings.models, model):
                    click.echo(f"{model.name}: {graph} was damaged and is made again.")
            continue
        outcome = try_library(store.gguf(settings.models, model))
        fails = fails or not outcome.passed
        run = f"does not run: {outcome.problem}" if outcome.problem else "runs"
        click.echo(f"{model.name}: as it should be, and {run} (llama.cpp with {', '.join(outcome.built_with)})")
    if not models:
        click.echo("No model is here yet.")
    if broken:
        raise ModelProblem("Fetch what is damaged again with 'sidereus models get NAME'.")
    if fails:
        raise ModelProblem(f"llama.cpp does not run here. {MEND_LIBRARY}")
