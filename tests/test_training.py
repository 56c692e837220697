"""Training: written queries, pairs, batches, the loss, and adapters that survive a kill and a merge."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from workbench import CHECKOUT, Cli

from rag.errors import ModelProblem, UsageError
from rag.index.index import Index
from rag.models import adapters, catalog, embedder
from rag.progress import Progress
from rag.resources import training_queries
from rag.training import dataset, own_words, queries
from rag.training.batches import Rows, batches, steps_per_pass
from rag.training.contrast import Contrast, queries_of
from rag.training.dataset import Dataset, Example, Plan
from rag.training.finding import Finding
from rag.training.fit import REPORT, STATE, TRAINING, Trainer
from rag.training.losses import Memory, alike, contrastive
from rag.training.queries import Written
from rag.training.recipe import Recipe
from rag.training.start import MODEL
from rag.training.student import Rank, Student

BASE = "all-minilm-l6-v2"


def written_for(identifier: str, word: str = "dust") -> Written:
    return Written(identifier, f"{word} search", f"{word} in other words", f"What is asked about {word}?")


@pytest.fixture(scope="module")
def made(library: Path) -> Dataset:
    """Training data of the invented papers, half of which have written queries."""
    from rag.index.index import open_index

    index = open_index(library / "indexes", "invented")
    found = [paper for _, paper in index.content.all_papers()]
    words = [written_for(paper.id, paper.title.split()[-1]) for paper in found[::2]]
    return dataset.make(index, words, Plan(held_out=0.4, corpus=20))


def trainer(folder: Path, data: Dataset, base: Path, **more: object) -> Trainer[Rows]:
    settings = {"passes": 2.0, "batch": 8, "every": 2, "document_tokens": 48, "query_tokens": 16, "memory": 16} | more
    recipe = Recipe(str(base), **settings)  # type: ignore[arg-type]
    student = Student(base, Rank(recipe.rank, recipe.alpha), "cpu", recipe.seed)
    return Trainer(folder, Finding(data, recipe, student, Contrast(folder, data, recipe, student)), recipe)


# Written queries


def test_queries_are_read_from_files_and_folders_sorted_by_id(tmp_path: Path) -> None:
    (tmp_path / "queries-b.jsonl").write_text(written_for("2403.10002").as_line(), encoding="utf-8")
    (tmp_path / "queries-a.jsonl").write_text(written_for("2403.10009").as_line(), encoding="utf-8")
    (tmp_path / "notes.jsonl").write_text("not for training", encoding="utf-8")
    assert [one.id for one in queries.read([tmp_path])] == ["2403.10002", "2403.10009"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no training queries"),
        ('{"id": "2403.10002", "query": "dust", "plain": " ", "question": "Why?"}', 'line 1 has no "plain"'),
        (written_for("2403.10002").as_line() * 2, "2403.10002 twice"),
    ],
)
def test_queries_that_are_not_right_are_named(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "queries-a.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=sentence):
        queries.read([tmp_path / "queries-a.jsonl"])


def test_a_reserved_paper_and_a_copied_sentence_are_found() -> None:
    text = "We measured the light of seven small lamps in a dark room."
    copy = Written("2", "lamps", "Did they measure THE LIGHT of seven, small lamps in a room?", "How many lamps?")
    honest = Written("3", "lamps", "somebody looked at seven bulbs where nothing else shone", "How many lamps?")
    found = list(queries.problems([written_for("1"), copy, honest], {"2": text, "3": text}, {"1"}))
    assert found == ["1 is reserved.", "2: its plain copies 7 words of the paper in a row."]


def test_the_queries_that_ship_are_many_and_each_is_of_its_kind() -> None:
    written = queries.read([training_queries()])
    assert len(written) >= 4000
    for one in written:
        assert all(3 <= len(text.split()) <= 45 for text in one.texts), one
    assert sum(one.question.endswith("?") for one in written) > 0.95 * len(written)
    assert len({one.plain for one in written}) == len(written)


# Pairs


def test_a_reserved_paper_is_in_no_part_of_the_data(invented: Index) -> None:
    ids = [paper.id for _, paper in invented.content.all_papers()]
    reserved, some = frozenset(ids[:5]), [written_for(one) for one in ids[5::2]]
    data = dataset.make(invented, some, Plan(held_out=0.3, corpus=40, reserved=reserved))
    used = {one.id for one in data.examples} | {one.id for one in data.held_out} | set(data.corpus)
    assert used
    assert not used & reserved
    with pytest.raises(UsageError, match="reserved"):
        dataset.make(invented, [written_for(ids[0])], Plan(reserved=reserved))


def test_what_is_held_out_is_not_trained_on_and_stays_so_when_more_is_written(invented: Index) -> None:
    ids = [paper.id for _, paper in invented.content.all_papers()]
    fewer = dataset.make(invented, [written_for(one) for one in ids[::2]], Plan(held_out=0.3, corpus=20))
    more = dataset.make(invented, [written_for(one) for one in ids], Plan(held_out=0.3, corpus=20))
    aside = {question.id for question in fewer.held_out}
    assert aside < {question.id for question in more.held_out}
    assert not aside & {example.id for example in (*fewer.examples, *more.examples)}
    assert aside <= set(fewer.corpus)


def test_papers_without_written_queries_are_found_by_their_own_words(invented: Index) -> None:
    data = dataset.make(invented, (), Plan(held_out=0.1, corpus=10))
    assert {question.field for question in data.held_out} == {"title"}
    for example in data.examples:
        title, sentence, *rare = example.queries
        assert not example.written
        assert sentence not in example.document
        assert title not in example.document
        assert all(word in example.document for line in rare for word in line.split())


def test_rare_words_are_drawn_and_common_ones_and_formulas_are_not() -> None:
    texts = [f"The disc of Kozai has a mass of $M_{{odot}}$ and {word}." for word in ("pebbles", "planets", "dust")]
    tells = own_words.rarity([*texts, *["The disc has a mass of no more."] * 60])
    drawn = [own_words.keywords(texts[0], tells, random.Random(seed)).split() for seed in range(40)]
    assert {word for words in drawn for word in words} == {"Kozai", "and", "pebbles"}
    assert {tuple(words) for words in drawn} >= {("Kozai", "and", "pebbles"), ("pebbles", "Kozai", "and")}
    assert own_words.keywords("The mass has a mass.", tells, random.Random(0)) == ""


def test_held_out_papers_are_searched_for_among_their_likes(invented: Index) -> None:
    found = [paper for _, paper in invented.content.all_papers()]
    words = [written_for(paper.id, paper.title) for paper in found]
    data = dataset.make(invented, words, Plan(held_out=0.1, corpus=30))
    asked = {question.id for question in data.held_out}
    rows = {invented.row_of(identifier) for identifier in asked}
    near = {row for held in rows for row in invented.nearest(invented.vectors([held])[0], 3)[0].tolist()}
    assert len(asked) < 10
    assert {invented.papers([row])[0].id for row in near} <= set(data.corpus)


def test_a_dataset_is_read_as_it_was_written(made: Dataset, tmp_path: Path) -> None:
    dataset.write(made, tmp_path)
    again = dataset.read(tmp_path)
    assert (again.examples, again.held_out, again.corpus, again.facts) == (
        made.examples,
        made.held_out,
        made.corpus,
        made.facts,
    )
    assert np.allclose(again.guide, made.guide, atol=2e-3)
    (tmp_path / dataset.GUIDE).unlink()
    with pytest.raises(UsageError, match="train dataset"):
        dataset.read(tmp_path)


# Batches and loss


def examples(written: int, own: int) -> tuple[Example, ...]:
    return tuple(Example(str(row), "text", ("query",), row < written) for row in range(written + own))


def test_a_pass_shows_every_written_example_once_and_a_share_of_the_others() -> None:
    guide = np.random.default_rng(0).standard_normal((60, 8)).astype(np.float32)
    some = examples(40, 20)
    steps = steps_per_pass(some, 10, 0.2)
    shown = list(islice(batches(some, guide, 10, 0.2, 3), steps))
    assert steps == 5
    assert sorted(row for rows in shown for row in rows if row < 40) == list(range(40))
    assert all(sum(row >= 40 for row in rows) == 2 for rows in shown)


def test_papers_on_like_subjects_meet_in_a_batch() -> None:
    subjects = np.repeat(np.eye(8, dtype=np.float32), 4, axis=0)
    for rows in islice(batches(examples(32, 0), subjects, 8, 0.0, 1), 4):
        assert sorted(np.bincount(rows // 4, minlength=8))[-2:] == [4, 4]


def unit(values: Sequence[Sequence[float]]) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.tensor(values, dtype=torch.float32), dim=-1)


def test_the_loss_is_the_cross_entropy_over_the_candidates_without_what_is_alike() -> None:
    candidates = unit([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 1]])
    asked, owners = unit([[2, 1, 0], [1, 2, 1], [0, 1, 1]]), np.array([0, 1, 1])
    guide = np.eye(4, dtype=np.float32)
    guide[3] = guide[0]  # the guide takes papers 0 and 3 for the same
    found = contrastive(asked, owners, candidates, alike(guide, owners, slice(None), 0.9), 0.1)
    scores = asked @ candidates.T / 0.1
    scores[0, 3] = -torch.inf
    wanted = torch.nn.functional.cross_entropy(scores, torch.tensor(owners))
    assert float(found) == pytest.approx(float(wanted), rel=1e-5)


def test_the_memory_keeps_the_newest_of_each_paper() -> None:
    memory = Memory(3)
    memory.add(unit([[1, 0], [0, 1]]), np.array([5, 6]))
    memory.add(unit([[1, 1], [2, 1]]), np.array([6, 7]))
    assert memory.rows.tolist() == [5, 6, 7]
    assert torch.allclose(memory.vectors[1], unit([[1, 1]])[0])
    memory.add(unit([[1, 3]]), np.array([8]))
    assert memory.rows.tolist() == [6, 7, 8]


# Training


def test_training_lowers_the_loss_and_writes_adapters_and_a_report(made: Dataset, small: Path, tmp_path: Path) -> None:
    one = trainer(tmp_path, made, small, passes=4.0, every=8)
    course = one.run()
    assert np.mean(course.losses[-3:]) < np.mean(course.losses[:3])
    told = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    assert told["step"] == told["steps"] == one.steps
    assert set(told["before"]) == {"query", "plain", "question"}
    assert str(told["best_step"]) in told["history"]
    tuned = sum(len(rows) for rows in one.task.adapters.masters.values())
    assert tuned > 0


def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(made: Dataset, small: Path, tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", made, small)
    whole.run()
    cut = trainer(tmp_path / "cut", made, small)
    with pytest.raises(KeyboardInterrupt):
        cut.run(stopping_at(0.6))
    again = trainer(tmp_path / "cut", made, small)
    course = again.run()
    assert course.step == whole.course.step
    assert course.losses == pytest.approx(whole.course.losses, rel=1e-3)
    for name, value in whole.task.adapters.masters.items():
        assert torch.allclose(again.task.adapters.masters[name], value, atol=1e-5), name


def stopping_at(share: float) -> Progress:
    def progress(done: int, fraction: float, stage: str = "") -> None:
        if stage == TRAINING and fraction >= share:
            raise KeyboardInterrupt

    return progress


def test_a_folder_holds_one_training(made: Dataset, small: Path, tmp_path: Path) -> None:
    one = trainer(tmp_path, made, small, passes=0.5)
    one.run()
    assert (tmp_path / STATE).is_file()
    other = trainer(tmp_path, made, small, passes=0.5, rate=2e-3)
    with pytest.raises(UsageError, match="another recipe"):
        other.run()


def test_the_commands_make_data_and_learn_from_a_teacher_of_another_size(
    cli: Cli, own_library: Path, models: Path, small: Path, tmp_path: Path
) -> None:
    data, folder = tmp_path / "data", tmp_path / "out"
    result = cli("train", "dataset", data, "--index", "invented", "--no-queries", "--held-out", "0.3", home=own_library)
    assert result.code == 0, result.err
    learn = ("train", "embedder", data, folder, "--base", small, "--teacher", BASE, "--passes", "6", "--batch", "8")
    result = cli(*learn, "--every", "100", "--json", home=own_library)
    assert result.code == 0, result.err
    losses = result.json["losses"]
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])
    assert "matching the vectors of" in (folder / "report.md").read_text(encoding="utf-8")
    assert (folder / "adapter_model.safetensors").stat().st_size < 1_000_000
    found = catalog.find(str(folder / MODEL), "embedding"), catalog.find(str(small), "embedding")
    after, before = (embedder.load(models, model).encode(["dust"], "query") for model in found)
    assert before.shape == after.shape
    assert not np.allclose(before, after, rtol=0.01)


def test_a_training_without_data_is_one_sentence(cli: Cli, tmp_path: Path) -> None:
    result = cli("train", "embedder", tmp_path / "none", tmp_path / "out")
    assert result.code == 2
    assert "train dataset" in result.sentence


def test_each_query_knows_its_document() -> None:
    texts, owners = queries_of([Example("1", "a", ("p", "q"), True), Example("2", "b", ("r",), False)])
    assert (texts, owners.tolist()) == (["p", "q", "r"], [0, 0, 1])


# Merging


@pytest.fixture
def trained(made: Dataset, small: Path, tmp_path: Path) -> Student:
    """A student with adapters that do something."""
    student = Student(small, Rank(8, 16), "cpu", 0)
    random = torch.Generator().manual_seed(5)
    for value in student.masters.values():
        value.copy_(torch.randn(value.shape, generator=random) * 0.05)
    student.show()
    student.save(tmp_path / "adapters", BASE)
    return student


def test_merged_weights_give_the_vectors_seen_in_training(trained: Student, small: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["Dust around a young star.", "How far away is the nearest quasar?"]
    with torch.inference_mode():
        wanted = trained.encode(texts, 64).numpy()
    merged = tmp_path / "merged"
    shutil.copytree(small, merged)
    adapters.apply(merged / adapters.MERGED, tmp_path / "adapters")
    found = SentenceTransformer(str(merged), local_files_only=True).encode(texts)
    before = SentenceTransformer(str(small), local_files_only=True).encode(texts)
    assert ((found * wanted).sum(axis=1) > 0.999).all()
    assert ((found * before).sum(axis=1) < 0.95).all()


def test_merging_gives_the_same_bits_in_any_order_of_sums(trained: Student, small: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    place, other = tmp_path / "adapters", tmp_path / "other"
    shutil.copytree(place, other)
    order = np.random.default_rng(1).permutation(8)
    tensors = load_file(place / adapters.WEIGHTS)
    turned = {name: value[order] if "lora_A" in name else value[:, order] for name, value in tensors.items()}
    save_file({name: np.ascontiguousarray(value) for name, value in turned.items()}, other / adapters.WEIGHTS)
    for folder in (place, other):
        shutil.copyfile(small / adapters.MERGED, folder / adapters.MERGED)
        adapters.apply(folder / adapters.MERGED, folder)
    assert (place / adapters.MERGED).read_bytes() == (other / adapters.MERGED).read_bytes()


def test_adapters_for_other_weights_are_refused(trained: Student, models: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    shutil.copyfile(models / BASE / "model.safetensors", tmp_path / "model" / "model.safetensors")
    config = tmp_path / "adapters" / adapters.CONFIG
    config.write_text("{}", encoding="utf-8")
    with pytest.raises(ModelProblem, match="can't be read"):
        adapters.apply(tmp_path / "model" / "model.safetensors", tmp_path / "adapters")


@pytest.mark.parametrize("model", [model for model in catalog.catalog() if model.adapter], ids=lambda model: model.name)
def test_the_adapters_that_ship_are_exact_and_small(model: catalog.Model) -> None:
    from safetensors.numpy import load_file

    folder = CHECKOUT / "models" / "adapters" / model.name
    assert (folder / "README.md").is_file()
    most = 6_000_000 if model.kind == "reader" else 2_000_000
    assert (folder / adapters.WEIGHTS).stat().st_size < most
    tensors = load_file(folder / adapters.WEIGHTS)
    for name, down in tensors.items():
        if name.endswith(adapters.DOWN):
            up = tensors[name.replace(adapters.DOWN, adapters.UP)]
            assert down.dtype == up.dtype == np.float16
            assert (np.abs(up.astype(np.float64)) @ np.abs(down.astype(np.float64))).max() < 32
