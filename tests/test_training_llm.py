"""Training of a language model: written answers, exercises, the loss, a kill, and adapters that llama.cpp reads."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from workbench import Cli

from rag.errors import UsageError
from rag.index.index import Index, open_index
from rag.models import catalog, embedder
from rag.progress import Progress
from rag.resources import training_queries
from rag.text.citations import cited
from rag.text.sentences import split
from rag.training import answers, exercises, gguf_lora, queries
from rag.training.answering import METRIC, Answering
from rag.training.answers import WrittenAnswer
from rag.training.exercises import Candidate, Exercise, Exercises, Plan, lay_out
from rag.training.fit import REPORT, TRAINING, Trainer
from rag.training.lora import Rank
from rag.training.recipe import LanguageRecipe
from rag.training.writer import Tokens, Writer

LLM = "smollm2-135m-instruct"
LAYERS = 2


@pytest.fixture(scope="module")
def small(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline language model cut to its first layers, as a GGUF file."""
    place = tmp_path_factory.mktemp("small") / "small.gguf"
    whole = gguf.GGUFReader(next((models / LLM).glob("*.gguf")))
    writer = gguf.GGUFWriter(place, "llama")
    for field in whole.fields.values():
        if field.name.startswith("GGUF.") or field.name == gguf.Keys.General.ARCHITECTURE:
            continue
        value = LAYERS if field.name == "llama.block_count" else field.contents()
        writer.add_key_value(field.name, value, field.types[0], field.types[-1] if len(field.types) > 1 else None)
    for tensor in whole.tensors:
        block = tensor.name.split(".")
        if block[0] != "blk" or int(block[1]) < LAYERS:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return place


@pytest.fixture(scope="module")
def lent(small: Path) -> tuple[Writer, dict[str, torch.Tensor]]:
    """A writer, which takes seconds to load, with its first adapters; in 32 bits, as llama.cpp reckons."""
    one = Writer(catalog.find(str(small), "llm"), small, Rank(4, 8), "cpu", 0)
    one.model.float()
    return one, {name: value.clone() for name, value in one.masters.items()}


@pytest.fixture
def writer(lent: tuple[Writer, dict[str, torch.Tensor]]) -> Writer:
    """The writer as it was loaded."""
    one, first = lent
    one.load(first)
    return one


def exercise(number: int) -> Exercise:
    """A question about an invented lamp, with the sentence that answers it and three that don't."""
    name, watts = f"Lamp {number}", 10 + 7 * number
    return Exercise(
        f"2403.9{number:04}",
        f"What power does {name} have?",
        (
            Candidate(f"2403.9{number:04}", f"{name} has a power of {watts} W.", True),
            Candidate(f"2403.9{number:04}", f"{name} hangs in a hall.", False),
            Candidate("2403.90999", "Other lamps are of brass.", False),
            Candidate("2403.90999", "They were made long ago.", False),
        ),
        f"The power of {name} is {watts} W.",
    )


@pytest.fixture(scope="module")
def made() -> Exercises:
    return Exercises(tuple(map(exercise, range(12))), tuple(map(exercise, range(12, 16))), {"index": "lamps"})


def trainer(folder: Path, made: Exercises, writer: Writer, **more: object) -> Trainer[Sequence[Tokens]]:
    recipe = LanguageRecipe(LLM, **{"passes": 2.0, "batch": 4, "every": 2, "rank": 4, "alpha": 8} | more)  # type: ignore[arg-type]
    return Trainer(folder, Answering(made, recipe, writer), recipe)


# Written answers


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "no training answers"),
        ('{"sentences": [1], "answer": "Yes."}', 'line 1 has no "id"'),
        ('{"id": "1", "sentences": [-1], "answer": "Yes."}', 'no list of numbers in "sentences"'),
        ('{"id": "1", "sentences": [1], "answer": " "}', 'needs an "answer"'),
        ('{"id": "1", "sentences": [], "answer": "Yes."}', 'needs an "answer"'),
        (WrittenAnswer("2403.10002", (1,), "Yes.").as_line() * 2, "2403.10002 twice"),
    ],
)
def test_answers_that_are_not_right_are_named(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "answers-a.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=sentence):
        answers.read([tmp_path / "answers-a.jsonl"])


def test_the_answers_that_ship_are_many_and_each_has_its_question() -> None:
    written = answers.read([training_queries()])
    assert len(written) >= 1500
    assert {one.id for one in written} <= {one.id for one in queries.read([training_queries()])}
    for one in written:
        assert not one.answer or 3 <= len(one.answer.split()) <= 45, one
        assert not cited(one.answer)[1], one


# Exercises


@pytest.fixture(scope="module")
def found(library: Path, models: Path) -> tuple[Index, Exercises, list[WrittenAnswer]]:
    """Exercises on the invented papers: each asks by its title, and the abstract's last sentence is the answer."""
    index = open_index(library / "indexes", "invented")
    model = embedder.load(models, catalog.find(index.manifest.model, "embedding"), 1)
    papers = [paper for _, paper in index.content.all_papers()][:24]
    last = {paper.id: split(paper.abstract)[-1] for paper in papers}
    written = [WrittenAnswer(paper.id, (len(split(paper.abstract)) - 1,), last[paper.id]) for paper in papers]
    titles = {paper.id: paper.title for paper in papers}
    plan = Plan(held_out=0.3, reserved=frozenset(written.pop().id for _ in range(3)))
    return index, exercises.make(index, model, written, titles, plan), written


def test_exercises_hold_the_right_sentence_and_none_of_a_reserved_paper(
    found: tuple[Index, Exercises, list[WrittenAnswer]],
) -> None:
    index, made, written = found
    known = {one.id: one for one in written}
    everything = [*made.train, *made.held_out]
    assert {one.id for one in everything} == set(known)
    assert not {one.id for one in made.train} & {one.id for one in made.held_out}
    for one in everything:
        assert [each.text for each in one.found if each.holds] == [known[one.id].answer]
        assert {each.paper for each in one.found} - {one.id}, "no other paper to confuse it with"
    with pytest.raises(UsageError, match="reserved"):
        exercises.make(index, None, written, {}, Plan(reserved=frozenset(known)))  # type: ignore[arg-type]


def test_a_reserved_paper_stands_beside_no_answer(found: tuple[Index, Exercises, list[WrittenAnswer]]) -> None:
    index, made, written = found
    reserved = {paper.id for _, paper in list(index.content.all_papers())[:24]} - {one.id for one in written}
    assert len(reserved) == made.facts["reserved"] == 3
    assert not reserved & {each.paper for one in (*made.train, *made.held_out) for each in one.found}


def test_exercises_are_read_as_they_were_written(made: Exercises, tmp_path: Path) -> None:
    exercises.write(made, tmp_path)
    assert exercises.read(tmp_path) == made
    (tmp_path / exercises.HELD_OUT).write_bytes(b"damaged")
    with pytest.raises(UsageError, match="train answers"):
        exercises.read(tmp_path)


def test_what_is_shown_cites_the_paper_that_says_it_or_nothing() -> None:
    one, refused, first = exercise(3), 0, 0
    for seed in range(400):
        shown = lay_out(one, random.Random(seed))
        answer, numbers = cited(shown.reply)
        right = [n for n, text in shown.evidence if text == one.found[0].text]
        refused += answer == exercises.REFUSAL
        assert list(numbers) == right
        assert (answer == one.answer) == bool(right)
        assert {n for n, _ in shown.evidence} == set(range(1, len({n for n, _ in shown.evidence}) + 1))
        first += shown.evidence[0][1] == one.found[0].text
    assert 20 < refused < 80
    assert 160 < first < 320


# Training


def test_the_loss_is_that_of_the_reply_alone_however_it_is_batched(made: Exercises, writer: Writer) -> None:
    tokens = [writer.tokens(lay_out(each, random.Random(0))) for each in made.train[:3]]
    with torch.inference_mode():
        together = writer.losses(tokens).split([len(each.reply) for each in tokens])
        for each, found in zip(tokens, together, strict=True):
            logits = writer.model(torch.tensor([each.read + each.reply])).logits[0, len(each.read) - 1 : -1]
            wanted = torch.nn.functional.cross_entropy(logits, torch.tensor(each.reply), reduction="none")
            assert torch.allclose(found, wanted, atol=1e-3)


def test_what_is_learnt_is_what_the_product_reads_and_the_mark_that_ends_a_reply(
    made: Exercises, writer: Writer, small: Path
) -> None:
    from rag import prompts
    from rag.models.llm import LanguageModel

    shown = lay_out(made.train[0], random.Random(0))
    asked = LanguageModel(catalog.find(str(small), "llm"), small)
    tokens = writer.tokens(shown)
    assert tokens.read == asked.prompt(prompts.answer_messages(shown.question, shown.evidence))
    assert len(tokens.reply) == asked.count(shown.reply) + 1


def test_training_lowers_the_loss_and_reports(made: Exercises, writer: Writer, tmp_path: Path) -> None:
    course = trainer(tmp_path, made, writer, passes=4.0, rate=5e-3, every=6).run()
    assert np.mean(course.losses[-3:]) < 0.8 * np.mean(course.losses[:3])
    told = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    assert told["step"] == told["steps"] == 12
    assert told["after"][METRIC] < 0.8 * told["before"][METRIC]


def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(
    made: Exercises, lent: tuple[Writer, dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    writer, first = lent
    writer.load(first)
    whole = trainer(tmp_path / "whole", made, writer).run()
    wanted = {name: value.clone() for name, value in writer.masters.items()}
    writer.load(first)
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "cut", made, writer).run(stopping_at(0.8))
    writer.load(first)
    steps: list[int] = []
    course = trainer(tmp_path / "cut", made, writer).run(noting(steps))
    assert steps == [20, 24]
    assert course.losses == pytest.approx(whole.losses, rel=1e-3)
    for name, value in wanted.items():
        assert torch.allclose(writer.masters[name], value, atol=1e-5), name
    with pytest.raises(UsageError, match="another recipe"):
        trainer(tmp_path / "cut", made, writer, rate=1e-4).run()


def noting(steps: list[int]) -> Progress:
    def progress(done: int, fraction: float, stage: str = "") -> None:
        if stage == TRAINING:
            steps.append(done)

    return progress


def stopping_at(share: float) -> Progress:
    def progress(done: int, fraction: float, stage: str = "") -> None:
        if stage == TRAINING and fraction >= share:
            raise KeyboardInterrupt

    return progress


# Adapters that llama.cpp reads


@pytest.fixture
def adapted(writer: Writer, tmp_path: Path) -> Writer:
    """The writer with adapters that change much, written to a folder."""
    source = torch.Generator().manual_seed(5)
    for value in writer.masters.values():
        value.copy_(torch.randn(value.shape, generator=source) * 0.15)
    writer.show()
    writer.save(tmp_path, LLM)
    return writer


def cosine_in_llama_cpp(adapted: Writer, small: Path, adapter: Path | None) -> float:
    """How alike the logits of llama.cpp and of the writer are, over what is read of an exercise."""
    import llama_cpp

    read = adapted.tokens(lay_out(exercise(1), random.Random(0))).read
    model = llama_cpp.Llama(
        str(small),
        n_ctx=320,
        n_threads=1,
        n_threads_batch=1,
        logits_all=True,
        lora_path=adapter and str(adapter),
        verbose=False,
    )
    model.eval(read)
    found = np.array(model.scores[: len(read)], dtype=np.float64)
    model.close()
    with torch.inference_mode():
        wanted = adapted.model(torch.tensor([read])).logits[0].double().numpy()
    centred = [logits - logits.mean(axis=-1, keepdims=True) for logits in (found, wanted)]
    return float(np.sum(centred[0] * centred[1]) / np.prod([np.linalg.norm(part) for part in centred]))


def test_llama_cpp_writes_what_was_trained(adapted: Writer, small: Path, tmp_path: Path) -> None:
    gguf_lora.write(tmp_path, small, tmp_path / "right.gguf")
    right, none = (cosine_in_llama_cpp(adapted, small, file) for file in (tmp_path / "right.gguf", None))
    assert right > 0.995
    assert none < right - 0.1


def test_without_the_order_of_rotary_positions_it_would_not(
    adapted: Writer, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in adapted.masters.items():
        value.mul_(3.0 if name.split(".")[-4] in ("q_proj", "k_proj") else 0.0)
    adapted.show()
    adapted.save(tmp_path, LLM)
    gguf_lora.write(tmp_path, small, tmp_path / "right.gguf")
    monkeypatch.setattr(gguf_lora, "permuted", lambda up, heads: up)
    gguf_lora.write(tmp_path, small, tmp_path / "wrong.gguf")
    right, wrong = (cosine_in_llama_cpp(adapted, small, tmp_path / f"{name}.gguf") for name in ("right", "wrong"))
    assert right > 0.995
    assert wrong < right - 0.01


def test_adapters_of_another_model_are_refused(adapted: Writer, small: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(tmp_path / gguf_lora.WEIGHTS)
    save_file({name.replace("q_proj", "q_layer"): v for name, v in tensors.items()}, tmp_path / gguf_lora.WEIGHTS)
    with pytest.raises(UsageError, match="has no layer"):
        gguf_lora.write(tmp_path, small, tmp_path / "adapter.gguf")
    assert not list(tmp_path.glob("*.gguf*"))
    with pytest.raises(UsageError, match="train llm"):
        gguf_lora.write(tmp_path / "none", small, tmp_path / "adapter.gguf")


# The commands


def test_the_commands_make_exercises_and_train(
    cli: Cli, own_library: Path, small: Path, tmp_path: Path, invented: Index
) -> None:
    papers = [paper for _, paper in invented.content.all_papers()][:12]
    asked = [queries.Written(paper.id, paper.title, paper.title, f"What of {paper.title}?") for paper in papers]
    told = [WrittenAnswer(paper.id, (0,), split(paper.abstract)[0]) for paper in papers]
    (tmp_path / "queries-a.jsonl").write_text("".join(one.as_line() for one in asked), encoding="utf-8")
    (tmp_path / "answers-a.jsonl").write_text("".join(one.as_line() for one in told), encoding="utf-8")
    data, folder = tmp_path / "data", tmp_path / "out"
    written = ("--answers", tmp_path, "--queries", tmp_path, "--held-out", "0.3")
    result = cli("train", "answers", data, "--index", "invented", *written, home=own_library)
    assert result.code == 0, result.err
    learn = ("train", "llm", data, folder, "--base", small, "--batch", "4", "--limit", "8", "--json")
    result = cli(*learn, home=own_library)
    assert result.code == 0, result.err
    assert result.json["step"] == result.json["steps"] == 2
    assert "held-out" in (folder / "report.md").read_text(encoding="utf-8")
    assert (folder / gguf_lora.FILE).is_file()


def test_a_training_without_exercises_is_one_sentence(cli: Cli, tmp_path: Path) -> None:
    result = cli("train", "llm", tmp_path / "none", tmp_path / "out")
    assert result.code == 2
    assert "train answers" in result.sentence
