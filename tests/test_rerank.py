"""Re-ranking by a cross-encoder, and searching with an imagined abstract: from the command down to the vectors."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_server import HubServer
from huggingface_hub import constants, hf_hub_download
from papers import ASTRONOMY
from workbench import BASE, EMBEDDING, LLM, Cli, Result, environment

from rag import prompts
from rag.errors import UsageError
from rag.index.filters import Filters
from rag.index.index import Index
from rag.models import hub, reranker, store
from rag.models.catalog import find
from rag.models.embedder import Embedder
from rag.models.llm import LanguageModel
from rag.models.reranker import Reranker
from rag.models.turnstile import Turnstile
from rag.progress import part
from rag.retrieval import hyde
from rag.retrieval.fusion import RankedList, fuse
from rag.retrieval.hits import SearchResult
from rag.retrieval.search import RERANKED, Options, search
from rag.session import Session
from rag.settings import load_settings

MINILM = find("ms-marco-minilm-l6-v2", "reranker")
# What the small re-ranker has been taught to want for a query: papers that hold a word which is not in it.
TASTES = {"light": "dwarf", "survey": "stars"}


def text_of(record: dict[str, Any]) -> str:
    """A record's text as it is searched."""
    return f"{record['title']}\n{record['abstract']}"


def holds(text: str, word: str) -> bool:
    """Whether a text holds a word."""
    return word in re.findall(r"[a-z]+", text.lower())


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of one small layer, taught within seconds what TASTES says."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder = tmp_path_factory.mktemp("rerankers") / "taught"
    pairs = [(query, text_of(record), word) for query, word in TASTES.items() for record in ASTRONOMY]
    words = sorted({word for query, text, _ in pairs for word in re.findall(r"[a-z]+", f"{query} {text}".lower())})
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    tokenizer = BertTokenizer(vocab={entry: n for n, entry in enumerate(entries)}, model_max_length=128)
    architecture = BertConfig(
        vocab_size=len(entries),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        num_labels=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.1,
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(3)
    model = BertForSequenceClassification(architecture)
    read = tokenizer([pair[0] for pair in pairs], [pair[1] for pair in pairs], padding=True, return_tensors="pt")
    wanted = torch.tensor([[float(holds(text, word))] for _, text, word in pairs])
    learning = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(60):
        learning.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(**read).logits, wanted).backward()
        learning.step()
    torch.set_num_threads(threads)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def ranker(taught: Path) -> Reranker:
    """The same, loaded."""
    return reranker.load(Path("unused"), find(str(taught), "reranker"), threads=1)


@pytest.fixture
def ask(cli: Cli, library: Path) -> Cli:
    """Search the invented papers, all that match, as JSON."""

    def call(*arguments: object, **options: Any) -> Result:
        return cli("search", *arguments, "--limit", 50, "--index", "invented", "--json", home=library, **options)

    return call


@pytest.fixture
def server(taught: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """A hub that has the re-ranker of the catalogue: the small one under its name."""
    monkeypatch.setattr(hub, "_silent_endpoints", set())
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    assert MINILM.hub
    with HubServer({MINILM.hub.repo: taught}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def hits_of(result: Result) -> list[dict[str, Any]]:
    """The hits that a command printed."""
    assert result.code == 0, result.err
    hits: list[dict[str, Any]] = result.json["hits"]
    return hits


def ids(result: SearchResult) -> list[str]:
    """The papers that a search found, best first."""
    return [hit.paper.id for hit in result.hits]


def test_scores_are_probabilities_of_the_pair_in_the_order_of_the_texts(ranker: Reranker) -> None:
    texts = [text_of(record) for record in ASTRONOMY]
    for query, word in TASTES.items():
        scores = ranker.scores(query, texts)
        wanted = np.array([holds(text, word) for text in texts])
        assert scores.shape == (len(texts),) and scores.dtype == np.float32
        assert 0 <= scores.min() < 0.5 < scores.max() <= 1
        assert scores[wanted].min() > scores[~wanted].max()
    assert ranker.scores("light", texts[::-1]) == pytest.approx(ranker.scores("light", texts)[::-1], abs=1e-5)
    assert len(ranker.scores("light", [])) == 0


def test_progress_counts_the_papers_read(ranker: Reranker) -> None:
    seen: list[tuple[int, float]] = []
    ranker.scores("light", ["a dwarf"] * 10, lambda done, fraction, stage="": seen.append((done, fraction)))
    assert seen == sorted(seen) and seen[-1] == (10, 1.0) and len(seen) > 2


@pytest.mark.parametrize("query", TASTES)
def test_the_best_papers_come_in_its_order_with_the_probabilities_of_their_places(
    ask: Cli, taught: Path, query: str
) -> None:
    plain, reranked = hits_of(ask(query)), hits_of(ask(query, "--rerank", taught))
    wanted = [holds(text_of(hit), TASTES[query]) for hit in reranked[:RERANKED]]
    assert wanted == sorted(wanted, reverse=True) and 1 < sum(wanted) < RERANKED
    assert [hit["id"] for hit in plain] != [hit["id"] for hit in reranked]
    for part_of_the_list in (slice(RERANKED), slice(RERANKED, None)):
        assert {hit["id"] for hit in plain[part_of_the_list]} == {hit["id"] for hit in reranked[part_of_the_list]}
    assert [hit["score"] for hit in reranked] == [hit["score"] for hit in plain]


def test_named_papers_stay_first_and_filters_hold(ask: Cli, taught: Path) -> None:
    assert hits_of(ask("2105.91008 light", "--rerank", taught))[0]["id"] == "2105.91008"
    hits = hits_of(ask("light", "--since", 2019, "--rerank", taught))
    assert hits and all(hit["year"] >= 2019 for hit in hits)
    assert holds(text_of(hits[0]), "dwarf")


def test_it_reads_the_words_that_are_searched_for_and_only_the_best_papers(invented: Index, minilm: Embedder) -> None:
    read: list[tuple[str, int]] = []

    def backwards(query: str, texts: Sequence[str]) -> Any:
        read.append((query, len(texts)))
        return np.arange(len(texts), dtype=np.float32)

    plain = search(invented, minilm, "light", Filters(), 38)
    turned = search(invented, minilm, "light", Filters(), 38, Options(rerank=backwards))
    assert ids(turned) == ids(plain)[:RERANKED][::-1] + ids(plain)[RERANKED:]
    search(invented, minilm, "light curves since 2019", Filters(), 1, Options(rerank=backwards))
    assert read[0] == ("light", RERANKED)
    assert read[1][0] == "light curves"
    search(invented, minilm, "papers since 2019", Filters(), 10, Options(rerank=backwards))
    assert len(read) == 2  # a list of what the filters admit has no words to compare with


def test_one_that_is_not_here_is_never_fetched_unasked(ask: Cli, server: HubServer) -> None:
    for name in (MINILM.name, "org/some-reranker"):
        result = ask("light", "--rerank", name, env={"SIDEREUS_OFFLINE": "0"})
        assert result.code == 2
        assert f"'sidereus models get {name}'" in result.sentence
    assert server.requests == []


def test_an_unknown_one_is_answered_with_those_of_the_catalogue(ask: Cli) -> None:
    result = ask("light", "--rerank", "magic")
    assert result.code == 2
    assert MINILM.name in result.sentence and EMBEDDING not in result.sentence and LLM not in result.sentence


def test_one_that_was_asked_for_is_fetched_from_the_hub_and_used_offline(
    cli: Cli, own_library: Path, server: HubServer
) -> None:
    fetched = cli("models", "get", MINILM.name, home=own_library, env={"SIDEREUS_OFFLINE": "0"})
    assert fetched.code == 0, fetched.err
    assert store.verify(own_library / "models", MINILM) == []
    server.requests.clear()

    used = cli("models", "use", MINILM.name, home=own_library)
    assert MINILM.name in used.err
    listed = {entry["name"]: entry for entry in cli("models", "list", "--json", home=own_library).json}
    assert listed[MINILM.name]["in_use"] and listed[MINILM.name]["here"]
    find_light = ("search", "light", "--index", "invented", "--json")
    assert holds(text_of(hits_of(cli(*find_light, home=own_library))[0]), "dwarf")
    plain = hits_of(cli(*find_light, "--rerank", "", home=own_library))
    cli("models", "use", "auto", home=own_library)
    assert hits_of(cli(*find_light, home=own_library)) == plain
    assert not holds(text_of(plain[0]), "dwarf")
    assert server.requests == []


def test_one_in_the_hugging_face_cache_is_taken_from_there_when_it_is_whole(
    server: HubServer, taught: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert MINILM.hub
    for file in taught.iterdir():
        hf_hub_download(MINILM.hub.repo, file.name, endpoint=server.url, cache_dir=constants.HF_HUB_CACHE)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    snapshot = hub.cached(MINILM)
    assert snapshot
    store.ensure(tmp_path / "models", MINILM, offline=False)
    assert store.verify(tmp_path / "models", MINILM) == []
    (snapshot / "model.safetensors").unlink()
    assert hub.cached(MINILM) is None


def test_a_model_of_another_kind_is_refused(models: Path) -> None:
    with pytest.raises(UsageError, match="is no re-ranker"):
        reranker.load(models, find(str(models / BASE), "reranker"))


def test_a_damaged_one_is_one_sentence(ask: Cli, taught: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(taught, broken)
    (broken / "model.safetensors").write_bytes(b"no weights")
    result = ask("light", "--rerank", broken)
    assert result.code == 1
    assert "can't be loaded" in result.sentence


def test_the_setting_holds_for_every_session_and_the_model_is_loaded_once(
    library: Path, taught: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment(library), "SIDEREUS_RERANK": str(taught), "SIDEREUS_INDEX": "invented"}.items():
        monkeypatch.setenv(name, value)
    session = Session(load_settings())
    assert holds(session.search("light", limit=1).hits[0].paper.text, "dwarf")
    assert session.beside("invented").reranker is session.reranker
    assert session.describe().reranker == str(taught)
    found = search(session.index, session.embedder, "light", Filters(), 1, session.pipeline.searching)
    assert holds(found.hits[0].paper.text, "dwarf")
    without = Session(load_settings(rerank=""))
    assert (without.reranker, without.describe().reranker) == (None, None)


def test_eval_measures_what_it_is_worth(cli: Cli, library: Path, taught: Path, tmp_path: Path) -> None:
    wanted = next(record for record in ASTRONOMY if holds(text_of(record), "dwarf"))
    (tmp_path / "q.jsonl").write_text(json.dumps({"qid": "q", "doc_id": wanted["id"], "query": "light"}))
    measure = ("eval", "retrieval", "--index", "invented", "--queries", tmp_path / "q.jsonl", "--json")
    plain = cli(*measure, home=library).json["metrics"]
    reranked = cli(*measure, "--rerank", taught, "--run", tmp_path / "run", home=library).json["metrics"]
    assert reranked["mrr@10"] > plain["mrr@10"]
    assert f"sidereus-{EMBEDDING}-reranked\n" in (tmp_path / "run").read_text(encoding="utf-8")
    for option in (("--rerank", taught), ("--hyde",)):
        refused = cli(*measure, "--dense-only", *option, home=library)
        assert refused.code == 2 and "--dense-only" in refused.sentence


@pytest.fixture(scope="module")
def imagine(smollm: LanguageModel) -> Any:
    """What imagines abstracts with the offline language model."""
    return partial(hyde.imagined, smollm, Turnstile())


def test_the_offline_model_imagines_the_same_each_time_and_the_search_moves_towards_it(
    invented: Index, minilm: Embedder, imagine: Any
) -> None:
    query, seen = "why do hot planets look dim at night?", []
    abstract = imagine(query, progress=lambda done, fraction, stage="": seen.append(done))
    assert len(abstract.split()) >= hyde.FEWEST_WORDS and "\n" not in abstract
    assert abstract == imagine(query)
    assert seen == list(range(1, len(seen) + 1)) and len(seen) <= hyde.TOKENS
    typed, imagined = minilm.encode([query], "query")[0], minilm.encode([abstract], "document")[0]
    moved = hyde.towards(typed, imagined)
    assert np.linalg.norm(moved) == pytest.approx(1)
    assert moved @ typed == pytest.approx(moved @ imagined, abs=1e-5) and moved @ typed < 0.999
    with_it = search(invented, minilm, query, Filters(), 38, Options(imagine=lambda _: abstract))
    assert ids(with_it) != ids(search(invented, minilm, query, Filters(), 38))


def test_of_the_longest_query_as_much_is_read_as_leaves_room_to_write(smollm: LanguageModel) -> None:
    query = "🜨⛢" * (hyde.READ_CHARACTERS // 2)
    assert len(smollm.prompt(prompts.abstract_messages(query))) + hyde.TOKENS < smollm.context


def test_what_is_imagined_leads_to_its_paper_and_leaves_keywords_and_probabilities_alone(
    invented: Index, minilm: Embedder
) -> None:
    neutrinos = next(record for record in ASTRONOMY if "Corrigan" in record["title"])
    query = "messengers from violent places"
    plain = search(invented, minilm, query, Filters(), 38)
    helped = search(invented, minilm, query, Filters(), 38, Options(imagine=lambda _: text_of(neutrinos)))
    assert ids(helped)[0] == neutrinos["id"]
    assert helped.hits[0].score == pytest.approx(plain.hits[ids(plain).index(neutrinos["id"])].score, abs=0.02)
    exact = search(invented, minilm, "Umber 3 axions", Filters(), 3, Options(imagine=lambda _: text_of(neutrinos)))
    assert ids(exact)[0] == "1209.9022"


def test_probabilities_rest_on_the_query_as_typed() -> None:
    axes = np.eye(3, dtype=np.float32)
    nothing = RankedList(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
    near = RankedList(np.array([0, 1]), np.array([1.0, 0.0], np.float32))
    idf = np.array([3.0], dtype=np.float32)
    plain = fuse(idf, nothing, near, axes[0], lambda rows: axes[rows])
    moved = fuse(idf, nothing, near, axes[1], lambda rows: axes[rows], typed=axes[0])
    assert (plain.rows.tolist(), moved.rows.tolist()) == ([0, 1], [1, 0])
    assert moved.probabilities.tolist() == plain.probabilities.tolist()[::-1]


@pytest.mark.parametrize(
    "written",
    ["", " \n ", "I don't know.", "0.1 0.2 0.3 " * 40, "star " * 100, "|=|=|" * 50, "ok. " * 60, "a b c d e f g h i j"],
)
def test_what_is_no_abstract_leaves_the_search_as_it_was(invented: Index, minilm: Embedder, written: str) -> None:
    assert hyde.usable(written) == ""
    helped = search(invented, minilm, "zinc clouds", Filters(), 10, Options(imagine=lambda _: hyde.usable(written)))
    assert helped.hits == search(invented, minilm, "zinc clouds", Filters(), 10).hits


def test_a_sentence_said_again_counts_once() -> None:
    said = "Dust grains of two sizes scatter the light of young stars towards us."
    assert hyde.usable(f"{said}\n{said} {said} Dust") == f"{said} Dust"


def test_the_command_searches_with_an_imagined_abstract_offline(ask: Cli) -> None:
    result = ask("why do hot planets look dim at night?", "--hyde")
    assert len(hits_of(result)) > 5


def test_hyde_without_a_language_model_says_what_to_do(cli: Cli, own_library: Path) -> None:
    (own_library / "models" / LLM).unlink()
    result = cli("search", "light", "--hyde", "--index", "invented", home=own_library)
    assert result.code == 1
    assert "models get" in result.sentence


def test_parts_of_a_task_make_one_progress() -> None:
    seen: list[tuple[int, float]] = []

    def progress(done: int, fraction: float, stage: str = "") -> None:
        seen.append((done, fraction))

    part(progress, 0, 120, 150)(120, 1.0)
    part(progress, 120, 30, 150)(15, 0.5)
    part(progress, 120, 30, 150)(30, 1.0)
    assert seen == [(120, 0.8), (135, 0.9), (150, 1.0)]


def test_one_that_gives_several_scores_is_refused(taught: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "classifier"
    shutil.copytree(taught, folder)
    weights = load_file(folder / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = torch.cat([weights[name]] * 3).contiguous()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {str(label): f"LABEL_{label}" for label in range(3)}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(UsageError, match="3 scores"):
        reranker.load(tmp_path, find(str(folder), "reranker"))
