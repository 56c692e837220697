"""``sidereus eval retrieval``, its metrics and what it reads."""

from __future__ import annotations

import json
from pathlib import Path

import papers
import pytest
from workbench import Cli

from rag.errors import UsageError
from rag.evaluation.datasets import Query, read_corpus, read_queries
from rag.evaluation.retrieval import Latency, measure, write_run

WANTED = [record for record in papers.RECORDS if len(record["abstract"] or "") > 100][:6]


def lines(path: Path, *records: object) -> Path:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Papers looked for by their titles, and by words that lead astray."""
    return lines(
        tmp_path / "dev.jsonl",
        *(
            {"qid": f"q{n}", "doc_id": record["id"], "query": record["title"], "plain": "recipes for rye bread"}
            for n, record in enumerate(WANTED)
        ),
    )


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """The same in BEIR's layout."""
    folder = tmp_path / "beir"
    lines(folder / "corpus.jsonl", *({"_id": r["id"], "title": r["title"], "text": r["abstract"]} for r in WANTED))
    lines(folder / "queries.jsonl", *({"_id": f"q{n}", "text": r["title"]} for n, r in enumerate(WANTED)))
    (folder / "qrels").mkdir()
    rows = "".join(f"q{n}\t{record['id']}\t1\n" for n, record in enumerate(WANTED[:-1]))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, encoding="utf-8")
    (folder / "qrels" / "train.tsv").write_text(f"query-id\tcorpus-id\tscore\nq5\t{WANTED[5]['id']}\t1\n")
    return folder


def test_prints_the_metrics_and_latency(cli: Cli, library: Path, questions: Path) -> None:
    result = cli("eval", "retrieval", "--index", "invented", "--queries", questions, "--json", home=library)
    report = result.json
    assert list(report) == ["index", "model", "field", "queries", "metrics", "latency_ms"]
    assert (report["index"], report["field"], report["queries"]) == ("invented", "query", len(WANTED))
    assert report["metrics"] == {"ndcg@10": 1.0, "recall@10": 1.0, "recall@100": 1.0, "mrr@10": 1.0}
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"]
    assert set(report["latency_ms"]) == {"mean", "p50", "p95"}


def test_field_limit_and_dense_only(cli: Cli, library: Path, questions: Path) -> None:
    asked = ("eval", "retrieval", "--index", "invented", "--queries", questions, "--json")
    astray = cli(*asked, "--field", "plain", "--limit", "3", home=library).json
    assert (astray["field"], astray["queries"]) == ("plain", 3)
    assert astray["metrics"]["mrr@10"] < 0.9
    dense = cli(*asked, "--dense-only", home=library).json
    assert dense["metrics"]["ndcg@10"] > 0.9


def test_table_for_people(cli: Cli, library: Path, questions: Path) -> None:
    result = cli("eval", "retrieval", "--index", "invented", "--queries", questions, home=library)
    assert result.code == 0
    assert "ndcg@10" in result.out and "100.0" in result.out


def test_reads_a_beir_folder_and_writes_a_trec_run(cli: Cli, library: Path, beir: Path, tmp_path: Path) -> None:
    run = tmp_path / "run.txt"
    result = cli("eval", "retrieval", "--index", "invented", "--queries", beir, "--json", "--run", run, home=library)
    assert result.json["queries"] == 5
    assert result.json["metrics"]["mrr@10"] == 1.0
    first = run.read_text(encoding="utf-8").splitlines()[0].split()
    assert first[:4] == ["q0", "Q0", WANTED[0]["id"], "1"]
    assert len(first) == 6


def test_corpus_is_title_and_text(beir: Path) -> None:
    assert read_corpus(beir)[WANTED[0]["id"]] == f"{WANTED[0]['title']}\n{WANTED[0]['abstract']}"


def test_metrics_by_hand() -> None:
    queries = [
        Query("a", "first is right", {"1": 1}),
        Query("b", "second of two", {"2": 1}),
        Query("c", "none", {"3": 1}),
    ]
    run = {"a": ["1", "9"], "b": ["8", "2"], "c": []}
    assert measure(queries, run) == {
        "ndcg@10": pytest.approx((1 + 0.6309) / 3, abs=1e-3),  # 1/log2(3) for a second place
        "recall@10": pytest.approx(2 / 3, abs=1e-3),
        "recall@100": pytest.approx(2 / 3, abs=1e-3),
        "mrr@10": pytest.approx(0.5, abs=1e-3),
    }


def test_the_order_of_a_run_counts_to_the_last_place() -> None:
    """Libraries sort a run by score again, so a tie would be broken by name."""
    documents = [f"{n:03}" for n in range(100)]
    late = Query("a", "on the last place", {"099": 1})
    assert measure([late], {"a": documents})["recall@100"] == 1.0
    assert measure([Query("a", "tenth", {"009": 1})], {"a": documents})["mrr@10"] == pytest.approx(0.1)


def test_a_run_file_falls_in_score(tmp_path: Path) -> None:
    write_run(tmp_path / "run.txt", {"a": [f"{n}" for n in range(100)]}, "tag")
    scores = [float(line.split()[4]) for line in (tmp_path / "run.txt").read_text().splitlines()]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 100


def test_latency_is_in_milliseconds() -> None:
    assert Latency.of([0.001] * 19 + [0.1]).as_record() == {
        "mean": 5.95,
        "p50": 1.0,
        "p95": pytest.approx(5.95, abs=0.1),
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"qid": "1", "query": "no paper"}\n', 'line 1 has no "doc_id"'),
        ('{"qid": "1", "doc_id": "2403.91001"}\n', 'line 1 has no "query"'),
        ('{"qid": "1", "doc_id": "2403.91001", "query": " "}\n', 'line 1 has no "query"'),
        ('{"doc_id": "2403.91001", "query": "fine"}\nnot JSON\n', "line 2 is no JSON object"),
        ("[1]\n", "line 1 is no JSON object"),
        ("\n", "holds no query"),
    ],
)
def test_bad_files_are_one_sentence(cli: Cli, library: Path, tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, encoding="utf-8")
    result = cli("eval", "retrieval", "--index", "invented", "--queries", path, home=library)
    assert result.code == 2
    assert says in result.sentence


def test_binary_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "binary.jsonl", tmp_path / "missing.jsonl"):
        with pytest.raises(UsageError, match="can't be read"):
            read_queries(path)


def test_a_folder_without_judgements(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq0 with blanks\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2 is not query, document and relevance"):
        read_queries(beir)
    for path in (beir / "qrels").iterdir():
        path.unlink()
    with pytest.raises(UsageError, match="no BEIR folder"):
        read_queries(beir)
