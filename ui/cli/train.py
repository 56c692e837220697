"""``sidereus train``: fit small models to the field of an index."""

from __future__ import annotations

from pathlib import Path

import click

from ui.cli import options

_reserved = click.option(
    "--reserved",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ids of papers, one a line, to keep out of the training altogether.",
)
_numbers = options.option_group(
    click.option(
        "--passes", type=click.FloatRange(min=0.0, min_open=True), help="How often each written example is shown."
    ),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Use only N of the written examples."),
    click.option("--batch", type=click.IntRange(min=1), help="Examples a step."),
    click.option("--rate", type=click.FloatRange(min=0.0, min_open=True), help="Largest step size."),
    click.option("--every", type=click.IntRange(min=1), metavar="N", help="Measure every N steps."),
    click.option("--seed", type=int, help="Order of the examples and first values of the adapters."),
)
_where = options.option_group(
    click.option(
        "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where to train."
    ),
    click.option("--threads", type=click.IntRange(min=1), help="Processor threads."),
)


@click.group("train")
def command() -> None:
    """Fit small models to the field of an index. Needs the packages of the extra 'train'."""


@command.command("dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@options.index
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Written training queries: a file of JSON lines, or a folder of queries-*.jsonl.  [default: models/training]",
)
@click.option("--no-queries", is_flag=True, help="Use no written queries, only the papers' own words.")
@_reserved
@click.option(
    "--held-out", type=click.FloatRange(0.001, 0.5), default=0.05, show_default=True, help="Share to measure with."
)
@click.option(
    "--corpus", type=click.IntRange(min=10), default=3000, show_default=True, help="Papers that measuring searches."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which papers are held out.")
@options.offline
def dataset(
    folder: Path,
    index: str | None,
    queries: tuple[Path, ...],
    no_queries: bool,
    reserved: Path | None,
    held_out: float,
    corpus: int,
    seed: int,
    offline: bool | None,
) -> None:
    """Make training pairs in FOLDER from the papers of an index and the queries written for some of them."""
    from rag.resources import training_queries
    from rag.session import Session
    from rag.settings import load_settings
    from rag.training import dataset as making
    from rag.training import queries as reading
    from ui.cli import show

    session = Session(load_settings(index=index, offline=offline))
    written = () if no_queries else reading.read(queries or (training_queries(),))
    plan = making.Plan(held_out, corpus, reading.read_ids(reserved) if reserved else frozenset(), seed)
    made = making.make(session.index, written, plan)
    making.write(made, folder)
    show.note(
        f"{folder}: {made.facts['examples']:,} examples, {made.facts['written']:,} of them with written queries; "
        f"{made.facts['held_out']:,} papers are held out, to be found among {made.facts['corpus']:,}."
    )


@command.command("embedder")
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--base", default="all-minilm-l6-v2", show_default=True, metavar="MODEL", help="The model to adapt.")
@click.option("--teacher", metavar="MODEL", help="Match this model's vectors instead of learning from pairs alone.")
@_numbers
@_where
@options.as_json
@options.offline
def embedder(
    data: Path,
    folder: Path,
    base: str,
    teacher: str | None,
    device: str,
    threads: int | None,
    as_json: bool,
    offline: bool | None,
    **numbers: float | int | None,
) -> None:
    """Train adapters for an embedding model on the pairs in DATA and write them, with a report, to FOLDER.

    Interrupted, the same command goes on where it stopped.
    """
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from rag.training import dataset as making
    from rag.training import report
    from rag.training.recipe import Recipe
    from rag.training.start import train
    from ui.cli import show

    settings = load_settings(offline=offline, threads=threads)
    recipe = Recipe(base, teacher, **{name: value for name, value in numbers.items() if value is not None})  # type: ignore[arg-type]
    with ProgressLine("Training", "papers") as line:
        told = train(settings, making.read(data), folder, recipe, device, line)
    if as_json:
        show.json_record(told)
    else:
        click.echo(report.finding_card(told))


@command.command("answers")
@click.argument("folder", type=click.Path(path_type=Path))
@options.index
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Written answers: a file of JSON lines, or a folder of answers-*.jsonl.  [default: models/training]",
)
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="The questions they answer: a file, or a folder of queries-*.jsonl.  [default: models/training]",
)
@_reserved
@click.option(
    "--held-out", type=click.FloatRange(0.001, 0.5), default=0.065, show_default=True, help="Share to measure with."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which papers are held out.")
@options.offline
def answers(
    folder: Path,
    index: str | None,
    answers: tuple[Path, ...],
    queries: tuple[Path, ...],
    reserved: Path | None,
    held_out: float,
    seed: int,
    offline: bool | None,
) -> None:
    """Make exercises in FOLDER: written questions, what the index holds on them, and written answers."""
    from rag.progress import ProgressLine
    from rag.resources import training_queries
    from rag.session import Session
    from rag.settings import load_settings
    from rag.training import answers as told
    from rag.training import exercises
    from rag.training import queries as asked
    from ui.cli import show

    session = Session(load_settings(index=index, offline=offline))
    written = told.read(answers or (training_queries(),))
    questions = {one.id: one.question for one in asked.read(queries or (training_queries(),))}
    plan = exercises.Plan(held_out, asked.read_ids(reserved) if reserved else frozenset(), seed)
    with ProgressLine("Finding evidence", "questions") as line:
        made = exercises.make(session.index, session.embedder, written, questions, plan, line)
    exercises.write(made, folder)
    show.note(f"{folder}: {made.facts['examples']:,} questions to learn from, {made.facts['held_out']:,} are held out.")


@command.command("llm")
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--base", default="smollm2-135m-instruct", show_default=True, metavar="MODEL", help="The model to adapt.")
@_numbers
@_where
@options.as_json
@options.offline
def llm(
    data: Path,
    folder: Path,
    base: str,
    device: str,
    threads: int | None,
    as_json: bool,
    offline: bool | None,
    **numbers: float | int | None,
) -> None:
    """Train adapters for a language model on the exercises in DATA and write them, with a report, to FOLDER.

    Interrupted, the same command goes on where it stopped. FOLDER/adapter.gguf is what llama.cpp loads.
    """
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from rag.training import exercises, report
    from rag.training.recipe import LanguageRecipe
    from rag.training.start import train_language
    from ui.cli import show

    settings = load_settings(offline=offline, threads=threads)
    recipe = LanguageRecipe(base, **{name: value for name, value in numbers.items() if value is not None})  # type: ignore[arg-type]
    with ProgressLine("Training", "questions") as line:
        told = train_language(settings, exercises.read(data), folder, recipe, device, line)
    if as_json:
        show.json_record(told)
    else:
        click.echo(report.answering_card(told))


@command.command("readings")
@click.argument("folder", type=click.Path(path_type=Path))
@options.index
@click.option(
    "--judgments",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="Judged questions: a file of JSON lines, or a folder of judged-*.jsonl.  [default: models/training]",
)
@_reserved
@click.option(
    "--held-out", type=click.FloatRange(0.001, 0.5), default=0.1, show_default=True, help="Share to measure with."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which questions are held out.")
@options.offline
def readings(
    folder: Path,
    index: str | None,
    judgments: tuple[Path, ...],
    reserved: Path | None,
    held_out: float,
    seed: int,
    offline: bool | None,
) -> None:
    """Make exercises in reading in FOLDER: judged questions, detailed ones whose answers are known, and claims."""
    from rag.progress import ProgressLine
    from rag.resources import training_queries
    from rag.session import Session
    from rag.settings import load_settings
    from rag.training import answers as told
    from rag.training import claims as claiming
    from rag.training import judgments as judging
    from rag.training import queries as asked
    from rag.training import readings as making
    from ui.cli import show

    session = Session(load_settings(index=index, offline=offline))
    here = (training_queries(),)
    questions = {one.id: one.question for one in asked.read(here)}
    written = making.Written(judging.read(judgments or here), told.read(here), questions, claiming.read(here))
    plan = making.Plan(held_out, asked.read_ids(reserved) if reserved else frozenset(), seed)
    with ProgressLine("Finding sentences", "questions") as line:
        made = making.make(session.index, session.embedder, written, plan, line)
    making.write(made, folder)
    show.note(
        f"{folder}: {made.facts['judged']:,} judged and {made.facts['detailed']:,} detailed questions to learn from, "
        f"{made.facts['held_out']:,} are held out."
    )


@command.command("reader")
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--base", default="astro-minilm", show_default=True, metavar="MODEL", help="The model to adapt.")
@click.option("--start", metavar="READER", help="A reader, or a folder of its adapters, that is to go on learning.")
@_numbers
@_where
@options.as_json
@options.offline
def reader(
    data: Path,
    folder: Path,
    base: str,
    start: str | None,
    device: str,
    threads: int | None,
    as_json: bool,
    offline: bool | None,
    **numbers: float | int | None,
) -> None:
    """Train a reader on the exercises in DATA and write its adapters and head, with a report, to FOLDER.

    Interrupted, the same command goes on where it stopped. FOLDER/model is the whole model.
    """
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from rag.training import readings, report
    from rag.training.recipe import ReaderRecipe
    from rag.training.start import train_reader
    from ui.cli import show

    settings = load_settings(offline=offline, threads=threads)
    recipe = ReaderRecipe(base, start, **{name: value for name, value in numbers.items() if value is not None})  # type: ignore[arg-type]
    with ProgressLine("Training", "questions") as line:
        told = train_reader(settings, readings.read(data), folder, recipe, device, line)
    if as_json:
        show.json_record(told)
    else:
        click.echo(report.reading_card(told))


@command.command("turns")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--conversations", type=click.Path(path_type=Path), metavar="FILE", help="Written ones.  [default: models/training]"
)
@click.option("--judgments", type=click.Path(path_type=Path), metavar="PATH", help="More questions that stand alone.")
def turns(folder: Path, conversations: Path | None, judgments: Path | None) -> None:
    """Learn to tell questions that stand alone, questions that lean on earlier ones and courtesies; seconds of work."""
    from rag.resources import training_queries
    from rag.training import judgments as judging
    from rag.training import turns as teaching
    from ui.cli import show

    written = teaching.read(conversations or training_queries() / teaching.FILE)
    judged = judging.read([judgments or training_queries()])
    alone = [teaching.LabelledTurn(one.question, "stands", one.id) for one in judged]
    told = teaching.fit([*written, *alone], folder / "turns.json")
    shares = ", ".join(f"{kind} {share:.1%}" for kind, share in told.items())
    show.note(f"{folder / 'turns.json'}: told rightly on conversations that were not seen: {shares}.")
