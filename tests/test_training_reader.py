"""Training a reader: judged questions, detailed ones and claims in, adapters with a head out that read like it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import papers
import pytest
from workbench import Cli

from rag.errors import UsageError
from rag.index.index import Index, open_index
from rag.models import adapters, catalog
from rag.models.embedder import Embedder
from rag.models.reader import SentenceReader
from rag.resources import training_queries
from rag.training import claims, judgments, readings
from rag.training.answers import WrittenAnswer
from rag.training.claims import WrittenClaim
from rag.training.fit import Trainer
from rag.training.judgments import JudgedQuestion
from rag.training.lora import Rank
from rag.training.reader_student import ReaderStudent
from rag.training.reading import Lesson, ReadingTask
from rag.training.readings import Plan, Readings, Written
from rag.training.recipe import ReaderRecipe
from rag.training.start import MODEL

PLANET, CLOUDS, DISC = "2403.91001", "2403.91002", "2312.91003"
QUESTIONS = ("how long is its orbit", "clouds on tarnhelm", "who opened the gaps", "water on velamen", "night side")


def judged(number: int, question: str) -> JudgedQuestion:
    grades = {PLANET: {0: 1, 1: 0, 2: 3}, CLOUDS: {0: 0, 1: 2}, DISC: {0: 0, 2: 1}}
    return JudgedQuestion(f"q-{number:03}", f"{question} {number}", grades)


def claimed(number: int, paper: str, text: str, supported: bool) -> WrittenClaim:
    return WrittenClaim(f"{paper}#{number}", paper, (0,), text, supported, "paraphrase" if supported else "number")


@pytest.fixture(scope="module")
def written() -> Written:
    questions = [judged(number, question) for number, question in enumerate(QUESTIONS * 6)]
    said = [
        claimed(1, PLANET, "Velamen-4b has 1.62 times the radius of the Earth.", True),
        claimed(2, PLANET, "Velamen-4b has 16 times the radius of the Earth.", False),
        claimed(1, CLOUDS, "The night side of Tarnhelm-1b is at 1,040 K.", True),
        claimed(2, DISC, "The disc of HX Ostrava has five gaps.", False),
        *(claimed(3, one["id"], "Something else altogether was measured.", False) for one in papers.RECORDS[:12]),
    ]
    answers = [WrittenAnswer(PLANET, (2,), "11.4 days.")]
    return Written(questions, answers, {PLANET: "How long does Velamen-4b take to orbit its star?"}, said)


@pytest.fixture(scope="module")
def made(written: Written, library: Path, minilm: Embedder) -> Readings:
    return readings.make(open_index(library / "indexes", "invented"), minilm, written, Plan(held_out=0.2))


def trainer(folder: Path, made: Readings, base: Path, **more: Any) -> Trainer[Lesson]:
    recipe = ReaderRecipe(str(base), **{"passes": 2.0, "batch": 4, "claims": 2, "rank": 8, "every": 100} | more)
    student = ReaderStudent(base, Rank(recipe.rank, recipe.alpha), "cpu", recipe.seed)
    return Trainer(folder, ReadingTask(made, recipe, student), recipe)


def test_the_questions_and_claims_that_ship_are_many_and_name_no_paper_that_is_read_twice() -> None:
    questions = judgments.read([training_queries()])
    assert len(questions) >= 1_500
    assert 0.35 < sum(one.answerable for one in questions) / len(questions) < 0.7
    said = claims.read([training_queries()])
    assert len(said) >= 3_000
    assert {one.kind for one in said if one.supported} == {"paraphrase"}
    errors = {one.kind for one in said if not one.supported}
    assert errors == {"number", "unit", "object", "sign", "negation", "opposite", "cause", "overclaim", "extra"}
    assert all(sum(one.kind == kind for one in said) >= 100 for kind in errors)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"cid": "a", "id": "b", "claim": "c", "kind": "d", "sentences": [0]}', 'whether the claim is "supported"'),
        ('{"cid": "a", "id": "b", "claim": "c", "kind": "d", "sentences": [], "supported": true}', 'of "sentences"'),
        ('{"cid": "a", "id": "b", "kind": "d", "sentences": [0], "supported": true}', 'a "claim"'),
    ],
)
def test_claims_that_are_not_right_are_named(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "claims-a.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=f"claims-a.jsonl line 1 .*{sentence}"):
        claims.read([tmp_path])


def test_exercises_hold_sentences_behind_their_papers_titles(made: Readings) -> None:
    one = next(one for one in made.train if one.judged)
    best = max(one.sentences, key=lambda each: each.grade or 0)
    assert best.text.startswith("A water-rich super-Earth around the quiet M dwarf Velamen-4 (2024). ")
    assert "The orbit takes 11.4 days." in best.text
    detailed = [one for one in (*made.train, *made.held_out) if not one.judged]
    assert [each.grade for each in detailed[0].sentences].count(3) == 1
    assert {each.grade for each in detailed[0].sentences} == {3, None}


def test_claims_of_a_paper_are_learnt_from_or_measured_with_and_never_both(made: Readings) -> None:
    learnt, measured = ({one.id.split("#")[0] for one in some} for some in (made.claims, made.claims_held_out))
    assert learnt and measured
    assert learnt | measured >= {PLANET, CLOUDS, DISC}
    assert not learnt & measured


def test_a_reserved_paper_is_refused(written: Written, invented: Index, minilm: Embedder) -> None:
    with pytest.raises(UsageError, match=f"1 papers .* are reserved, the first is {re.escape(DISC)}"):
        readings.make(invented, minilm, written, Plan(reserved=frozenset({DISC})))


def test_exercises_are_read_as_they_were_written(made: Readings, tmp_path: Path) -> None:
    readings.write(made, tmp_path)
    assert readings.read(tmp_path) == made
    (tmp_path / readings.CLAIMS).unlink()
    with pytest.raises(UsageError, match="holds no exercises in reading"):
        readings.read(tmp_path)


def test_a_reader_learns_and_reads_afterwards_as_it_did_in_training(
    made: Readings, small: Path, tmp_path: Path
) -> None:
    run = trainer(tmp_path / "run", made, small, passes=6.0, rate=2e-3)
    course = run.run()
    assert np.mean(course.losses[-4:]) < 0.8 * np.mean(course.losses[:4])
    assert set(course.history[0]) >= {"natural", "bears", "answerable", "supported"}
    adapters.compose(small, tmp_path / "run", tmp_path / "run" / MODEL)
    reader = SentenceReader(tmp_path, catalog.find(str(tmp_path / "run" / MODEL), "reader"), threads=1)
    one = made.held_out[0]
    seen = run.task.student.logits([(one.question, each.text) for each in one.sentences])  # type: ignore[attr-defined]
    read = reader.logits(one.question, [each.text for each in one.sentences])
    assert read.shape == (len(one.sentences), 2)
    assert np.abs(read - seen.detach().numpy()[:, :2]).max() < 1.0
    assert isinstance(reader.support("Velamen-4b is a planet.", one.sentences[0].text), float)


def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(made: Readings, small: Path, tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", made, small).run()
    first = trainer(tmp_path / "parts", made, small, every=2)
    first.steps = 2
    first.run()
    second = trainer(tmp_path / "parts", made, small, every=2).run()
    assert second.losses == whole.losses


def test_the_commands_make_exercises_and_train(
    cli: Cli, own_library: Path, small: Path, tmp_path: Path, written: Written
) -> None:
    lines = [{"qid": one.id, "question": one.question, "grades": one.grades} for one in written.judged]
    file = tmp_path / "judged-own.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    data, folder = tmp_path / "data", tmp_path / "out"
    result = cli("train", "readings", data, "--index", "invented", "--judgments", file, home=own_library)
    assert result.code == 0, result.err
    learn = ("train", "reader", data, folder, "--base", small, "--passes", "1", "--batch", "4")
    result = cli(*learn, "--json", home=own_library)
    assert result.code == 0, result.err
    assert result.json["judged"] + result.json["held_out"] == len(written.judged)
    assert "adapted to read" in (folder / "report.md").read_text(encoding="utf-8")
    further = ("train", "reader", data, tmp_path / "more", "--base", small, "--passes", "1", "--batch", "4", "--json")
    result = cli(*further, "--start", folder, home=own_library)
    assert result.code == 0, result.err
    assert result.json["recipe"]["start"] == str(folder)


def test_a_reader_goes_on_learning_from_where_another_stands(made: Readings, small: Path, tmp_path: Path) -> None:
    first = trainer(tmp_path / "first", made, small)
    first.run()
    student = ReaderStudent(small, Rank(8, 64), "cpu", 1)
    student.take(tmp_path / "first")
    scores = ReadingTask(made, first.recipe, student).scores(lambda *_: None)  # type: ignore[arg-type]
    assert scores == pytest.approx(first.course.history[first.best], abs=0.02)
    with pytest.raises(UsageError, match="no adapters for this model and rank"):
        ReaderStudent(small, Rank(4, 64), "cpu", 1).take(tmp_path / "first")
    (tmp_path / "first" / "head.safetensors").unlink()
    with pytest.raises(UsageError, match="no head of a reader"):
        student.take(tmp_path / "first")
