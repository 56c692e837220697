"""``sidereus eval``: measure retrieval, embeddings and answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag.errors import UsageError
from ui.cli import options

if TYPE_CHECKING:
    from rag.evaluation.datasets import Field
    from rag.evaluation.embeddings import Device
    from rag.evaluation.retrieval import RetrievalReport


@click.group("eval")
def command() -> None:
    """Measure retrieval, embeddings and answers."""


@command.command("retrieval")
@options.index
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help='JSON lines with "qid", "doc_id" and the queries, or a BEIR folder.',
)
@click.option(
    "--field",
    type=click.Choice(["query", "plain", "question"]),
    default="query",
    show_default=True,
    help="Which of the queries to ask.",
)
@click.option("--dense-only", is_flag=True, help="Rank by the embeddings alone.")
@options.rerank
@options.hyde
@click.option("--run", type=click.Path(path_type=Path), metavar="FILE", help="Write the ranking as a TREC run.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many queries.")
@options.as_json
@options.embedding
@options.llm
@options.offline
def retrieval(
    index: str | None,
    queries: Path,
    field: Field,
    dense_only: bool,
    rerank: str | None,
    hyde: bool,
    run: Path | None,
    limit: int | None,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Measure how well and how fast an index finds what queries ask for."""
    from rag.evaluation import datasets
    from rag.evaluation import retrieval as measuring
    from rag.progress import ProgressLine
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    if dense_only and (rerank or hyde):
        raise UsageError("--dense-only ranks by the embeddings alone: leave out --rerank and --hyde.")
    asked = datasets.read_queries(queries, field)[:limit]
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, rerank=rerank, offline=offline))
    line = ProgressLine("Searching", "queries")
    report = measuring.evaluate(session, asked, field, dense_only, line, hyde)
    line.close()
    if run:
        ways = {"dense": dense_only, "hyde": hyde, "reranked": not dense_only and session.reranker}
        tag = "-".join(("sidereus", report.model, *(name for name, taken in ways.items() if taken)))
        measuring.write_run(run, report.run, tag)
    if as_json:
        show.json_record(report.as_record())
    else:
        _print(report)


@command.command("embeddings")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--dataset", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="A BEIR folder.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="Where to run.")
@options.as_json
@options.offline
def embeddings(models: tuple[str, ...], dataset: Path, device: Device, as_json: bool, offline: bool | None) -> None:
    """Compare embedding MODELs: names of the catalogue, hub ids or local folders."""
    from rag.evaluation import embeddings as comparing
    from rag.models import catalog, store
    from rag.progress import ProgressLine
    from rag.settings import load_settings
    from ui.cli import show

    settings = load_settings(offline=offline)
    found = [catalog.find(name, "embedding") for name in models]
    data = comparing.Dataset.read(dataset)
    show.note(f"{len(data.texts):,} documents, {len(data.queries):,} queries, on {device}.")
    for model in found:
        line = ProgressLine(f"Fetching {model.title}", "files")
        store.ensure(settings.models, model, settings.offline, line)
        line.close()
    reports = []
    for model in found:
        line = ProgressLine(model.title, "documents")
        reports.append(comparing.evaluate(settings.models, model, data, device, line))
        line.close()
    if as_json:
        show.json_record([report.as_record() for report in reports])
    else:
        click.echo(comparing.table(reports))


@command.command("answers")
@options.index
@click.option(
    "--questions",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help='JSON lines with "question", "answer" and "doc_id".',
)
@click.option(
    "--unanswerable",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='JSON lines with "question": what the papers can\'t answer.',
)
@click.option("--leave-out", is_flag=True, help="Leave out the paper that answers, so that none should be given.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many questions of each file.")
@click.option("--show", "shown", type=click.IntRange(min=1), metavar="N", help="Print the first N answers as well.")
@options.as_json
@options.embedding
@options.llm
@options.offline
def answers(
    index: str | None,
    questions: Path,
    unanswerable: Path | None,
    leave_out: bool,
    limit: int | None,
    shown: int | None,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Measure whether answers say what is known, cite what they say, and stop where the papers do."""
    from rag.answers import render
    from rag.evaluation import answers as measuring
    from rag.progress import ProgressLine
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    asked = measuring.read_questions(questions, answered=True)[:limit]
    hopeless = measuring.read_questions(unanswerable, answered=False)[:limit] if unanswerable else ()
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    line = ProgressLine("Answering", "questions")
    report = measuring.evaluate(session, asked, hopeless, leave_out, line)
    line.close()
    if as_json:
        show.json_record(report.as_record())
        return
    for one in report.given[: shown or 0]:
        click.echo(f"{one.asked.question}\n  known: {one.asked.gold}\n{render.text(one.answer.blocks)}\n")
    show.table(
        ("measure", "value"), [(name, _value(value)) for name, value in report.as_record().items()], right=["value"]
    )


@command.command("natural")
@options.index
@click.option(
    "--questions", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Questions with judgments."
)
@click.option("--details", is_flag=True, help="Print each question with the grades of its answer.")
@options.as_json
@options.embedding
@options.llm
@options.offline
def natural(
    index: str | None,
    questions: Path,
    details: bool,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Measure answers to questions as people type them, sentence by sentence.

    FILE has JSON lines with "question", "answerable", "papers" ({id: 1 or 2}) and "sentences" ({"id", "text",
    "grade"}, 3 answers by itself, 2 in part, 1 bears on the question).
    """
    from rag.evaluation import natural as measuring
    from rag.progress import ProgressLine
    from rag.session import Session
    from rag.settings import load_settings

    asked = measuring.read(questions)
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    line = ProgressLine("Answering", "questions")
    graded = measuring.evaluate(session, asked, line)
    line.close()
    for one in graded if details else ():
        grades = one.answer.verdict if one.answer.abstained else " ".join(map(str, one.grades))
        click.echo(f"{one.asked.id}  {'yes' if one.asked.answerable else 'no ':3}  {grades:12}  {one.asked.question}")
    _told(measuring.measures(graded), as_json)


@command.command("dialogues")
@options.index
@click.option(
    "--dialogues", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Dialogues of two turns."
)
@click.option("--details", is_flag=True, help="Print each second turn with what came of it.")
@options.as_json
@options.embedding
@options.llm
@options.offline
def dialogues(
    index: str | None,
    dialogues: Path,
    details: bool,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Measure whether second turns are understood.

    FILE has JSON lines with "turn1", "turn2", "turn2_doc_ids" and "turn2_answer".
    """
    from rag.evaluation import dialogues as measuring
    from rag.progress import ProgressLine
    from rag.session import Session
    from rag.settings import load_settings

    asked = measuring.read_dialogues(dialogues)
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    line = ProgressLine("Talking", "dialogues")
    counts, told = measuring.second_turns(session, asked, line)
    line.close()
    for one, answer in told if details else ():
        right = any(citation.paper.id in one.papers for citation in answer.citations)
        click.echo(f"{one.id}  {one.kind:10}  {'right' if right else answer.verdict:9}  {one.second}")
    _told(counts, as_json)


@command.command("synthesis")
@options.index
@click.option("--questions", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Broad questions.")
@click.option("--details", is_flag=True, help="Print each question with the papers it cites.")
@options.as_json
@options.embedding
@options.llm
@options.offline
def synthesis(
    index: str | None,
    questions: Path,
    details: bool,
    as_json: bool,
    embedding: str | None,
    llm: str | None,
    offline: bool | None,
) -> None:
    """Measure answers to broad questions: cited papers that are relevant, and key points covered.

    FILE has JSON lines with "question", "relevant" ({id: 1 or 2}) and "key_points" ({"point", "ids"}).
    """
    from rag.evaluation import dialogues as measuring
    from rag.progress import ProgressLine
    from rag.session import Session
    from rag.settings import load_settings

    asked = measuring.read_broad(questions)
    session = Session(load_settings(index=index, embedding=embedding, llm=llm, offline=offline))
    line = ProgressLine("Answering", "questions")
    means, told = measuring.broad(session, asked, line)
    line.close()
    for one, answer in told if details else ():
        cited = " ".join(f"{c.paper.id}{'' if c.paper.id in one.relevant else '?'}" for c in answer.citations)
        click.echo(f"{one.id}  {answer.verdict:9}  {one.question}  {cited}")
    _told(means, as_json)


@command.command("pool")
@click.argument("questions", type=click.Path(path_type=Path), metavar="FILE")
@options.index
@click.option("--papers", type=click.IntRange(min=1), default=8, show_default=True, help="Papers for each wording.")
@click.option("--sentences", type=click.IntRange(min=1), default=32, show_default=True, help="Sentences to judge.")
@click.option("--without", type=click.Path(path_type=Path), metavar="FILE", help="Ids of papers to leave out.")
@options.as_json
@options.embedding
@options.offline
def pool(
    questions: Path,
    index: str | None,
    papers: int,
    sentences: int,
    without: Path | None,
    as_json: bool,
    embedding: str | None,
    offline: bool | None,
) -> None:
    """Gather the sentences to judge for each question of FILE, JSON lines with "qid", "question" and "queries".

    "queries" are other wordings of the question, in the words that papers use.
    """
    from rag.evaluation import pool as pooling
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    session = Session(load_settings(index=index, embedding=embedding, offline=offline))
    left_out = frozenset(without.read_text(encoding="utf-8").split()) if without else frozenset()
    for wanted in pooling.read_wanted(questions):
        found = pooling.pool(session, wanted, papers, sentences, left_out)
        if as_json:
            show.json_line(found.as_record())
        else:
            click.echo(found.as_text())


@command.command("make-dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@options.index
@click.option("--papers", type=click.IntRange(min=1), required=True, metavar="N", help="Papers to write queries for.")
@click.option(
    "--corpus", type=click.IntRange(min=1), metavar="N", help="Papers to search among, if more than --papers."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which papers are drawn.")
@options.llm
@options.offline
def make_dataset(
    folder: Path, index: str | None, papers: int, corpus: int | None, seed: int, llm: str | None, offline: bool | None
) -> None:
    """Make the BEIR folder FOLDER from a sample of an index, with queries that the language model writes."""
    from rag.evaluation import make_dataset as making
    from rag.progress import ProgressLine
    from rag.session import Session
    from rag.settings import load_settings
    from ui.cli import show

    session = Session(load_settings(index=index, llm=llm, offline=offline))
    plan = making.Plan(folder, session.manifest.name, session.llm_model.name, papers, max(corpus or 0, papers), seed)
    line = ProgressLine("Writing queries", "papers")
    made = making.make(session, plan, line)
    line.close()
    show.note(
        f"{folder}: {made.documents:,} documents, {made.queries:,} queries; "
        f"{made.left_out:,} papers have none because what was written was empty, copied or said twice."
    )


def _told(found: dict[str, object], as_json: bool) -> None:
    """Measures as JSON or as a table."""
    from ui.cli import show

    if as_json:
        show.json_record(found)
    else:
        show.table(("measure", "value"), [(name, _value(value)) for name, value in found.items()], right=["value"])


def _value(value: object) -> str:
    """A measure for people."""
    if isinstance(value, dict):
        return f"p50 {value['p50']:.2f}  p95 {value['p95']:.2f}"
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def _print(report: RetrievalReport) -> None:
    """The report as a table for people, metrics in percent."""
    from ui.cli import show

    columns = ("index", "model", "field", "queries", *report.metrics, "mean ms", "p50 ms", "p95 ms")
    metrics = [f"{100 * value:.1f}" for value in report.metrics.values()]
    latency = [f"{value:.1f}" for value in report.latency.as_record().values()]
    row = (report.index, report.model, report.field, f"{report.queries:,}", *metrics, *latency)
    show.table(columns, [row], right=columns[3:])
