"""The language model's process: however it ends, at whatever moment, it costs one call and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from scripted import Judge
from workbench import LLM, clean_environment, run

from rag.answers.answer import Event, Finished, Said, Status
from rag.errors import ModelLost, ModelProblem
from rag.models import deaths, llm_process, store
from rag.models.catalog import find
from rag.models.llm import LanguageModel
from rag.models.llm_messages import Preload, Reading, Write
from rag.session import Session
from rag.settings import load_settings

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Write about stars."}]
LONG = [{"role": "user", "content": "The star is red and the planet is blue. " * 300}]
SIGNALS = [signal.SIGSEGV, signal.SIGILL, signal.SIGABRT, signal.SIGKILL]
QUESTION = "Which clouds darken Tarnhelm-1b?"
# Seconds for what takes a moment on an idle machine.
PATIENCE = 120


@pytest.fixture
def untiring() -> Iterator[None]:
    """A model is never left alone, however often it dies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deaths, "WITHIN", 0.0)
        yield


@pytest.fixture(scope="module")
def gguf(models: Path) -> Path:
    """The file of the offline language model."""
    return store.gguf(models, find(LLM, "llm"))


@pytest.fixture(scope="module")
def opened(gguf: Path) -> Iterator[LanguageModel]:
    """A model of these tests' own."""
    opened = LanguageModel(find(LLM, "llm"), gguf, threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def written(opened: LanguageModel) -> list[str]:
    """The beginning of what the model writes when nothing happens."""
    return list(opened.stream(MESSAGES, 40))


@pytest.fixture
def model(written: list[str], opened: LanguageModel, untiring: None) -> LanguageModel:
    """The model, to be killed."""
    return opened


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def pid(model: LanguageModel) -> int:
    """The number of the model's process that lives."""
    until(lambda: model._process.pid)
    return model._process.pid or 0


def is_gone(number: int) -> bool:
    """Whether a process is no more, not even as a zombie."""
    return not psutil.pid_exists(number)


def until_loading(model: LanguageModel) -> None:
    """Have the model's process started again, and be where it is not loaded yet."""
    model.wait()
    old = pid(model)
    os.kill(old, signal.SIGKILL)
    until(lambda: model._process.pid not in (None, old))


# Dying


@pytest.mark.parametrize("how", SIGNALS)
def test_killed_while_it_loads_it_costs_what_was_asked_and_is_loaded_again(model: LanguageModel, how: int) -> None:
    until_loading(model)
    asked = model._process.begin(Write(MESSAGES, 8, 0.0, None))
    os.kill(pid(model), how)
    with pytest.raises(ModelLost, match=signal.Signals(how).name):
        list(model._process.replies(asked))
    assert "".join(model.stream(MESSAGES, 8))


@pytest.mark.parametrize("how", SIGNALS)
def test_killed_while_it_reads_it_costs_that_call(model: LanguageModel, how: int) -> None:
    replies = model._process.replies(model._process.begin(Write(LONG, 8, 0.0, None)))
    assert isinstance(next(replies), Reading)
    os.kill(pid(model), how)
    with pytest.raises(ModelLost, match=signal.Signals(how).name):
        list(replies)
    assert model.count("The star is red.") == 5


@pytest.mark.parametrize("pieces", [1, 6])
@pytest.mark.parametrize("how", SIGNALS)
def test_killed_at_the_first_token_or_in_mid_sentence_what_was_written_stays(
    model: LanguageModel, written: list[str], how: int, pieces: int
) -> None:
    writing = model.stream(MESSAGES, 300)
    said = [next(writing) for _ in range(pieces)]
    os.kill(pid(model), how)
    with pytest.raises(ModelLost, match=signal.Signals(how).name):
        said.extend(writing)
    assert said[:40] == written[: len(said)]
    assert list(model.stream(MESSAGES, 8)) == written[:8]


@pytest.mark.parametrize("how", SIGNALS)
def test_killed_while_it_idles_it_is_there_again_when_it_is_asked(model: LanguageModel, how: int) -> None:
    model.wait()
    old = pid(model)
    os.kill(old, how)
    until(lambda: is_gone(old))
    assert "".join(model.stream(MESSAGES, 8))
    assert pid(model) != old


def test_a_death_costs_every_call_under_way_and_is_told_in_one_sentence(model: LanguageModel) -> None:
    calls = [model._process.begin(Write(LONG, 8, 0.0, None)) for _ in range(3)]
    os.kill(pid(model), signal.SIGSEGV)
    for call in calls:
        with pytest.raises(ModelLost) as lost:
            list(model._process.replies(call))
        assert str(lost.value) == f"{find(LLM, 'llm').title} crashed (SIGSEGV) and is started again: ask once more."


def test_a_system_message_that_was_read_is_read_again_after_a_death(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    monkeypatch.setattr(model._process, "_send", lambda connection, number, request: sent.append(request))
    monkeypatch.setattr(model._process, "_preload", Preload("Be brief."))
    os.kill(pid(model), signal.SIGKILL)
    until(lambda: Preload("Be brief.") in sent)
    monkeypatch.undo()
    silent = pid(model)
    os.kill(silent, signal.SIGKILL)  # it was told nothing, and would wait for ever
    until(lambda: pid(model) != silent)
    assert "".join(model.stream(MESSAGES, 8))


@pytest.mark.parametrize("moment", ["loading", "writing"])
def test_a_process_that_hangs_is_ended_and_started_again(
    model: LanguageModel, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.wait()
    monkeypatch.setattr(llm_process, "LOOK", 0.1)
    monkeypatch.setattr(llm_process, "QUIET", 2)
    if moment == "loading":
        until_loading(model)
    asked = model._process.begin(Write(MESSAGES, 300, 0.0, None))
    replies = model._process.replies(asked)
    if moment == "writing":
        next(replies)
    old = pid(model)
    os.kill(old, signal.SIGSTOP)
    monkeypatch.setattr(llm_process, "BYTES_A_LOOK", 1e5)  # the next one may take its time to load
    with pytest.raises(ModelLost, match="made no progress"):
        list(replies)
    assert is_gone(old)
    monkeypatch.undo()
    assert "".join(model.stream(MESSAGES, 8))


def test_no_death_leaves_a_zombie(model: LanguageModel) -> None:
    model.wait()
    assert not [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]


# Dying too often


@pytest.fixture
def mortal(gguf: Path, tmp_path: Path) -> Iterator[LanguageModel]:
    """A model that may die as often as anybody's, whose deaths are kept."""
    opened = LanguageModel(find(LLM, "llm"), gguf, threads=1, record=tmp_path / deaths.FILE)
    yield opened
    opened.close()


def kill(model: LanguageModel) -> None:
    """Kill the model's process, and wait until that was noticed."""
    number = pid(model)
    os.kill(number, signal.SIGABRT)
    until(lambda: is_gone(number) and (model.resting or model._process.pid not in (None, number)))


def test_after_three_deaths_in_a_short_time_it_is_left_alone_for_a_while(
    mortal: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        kill(mortal)
        assert mortal.resting is None
        assert deaths.recent(tmp_path / deaths.FILE) == []
    kill(mortal)
    assert "third such end within five minutes" in (mortal.resting or "")
    for call in (mortal.wait, lambda: mortal.count("star"), lambda: next(mortal.stream(MESSAGES, 8))):
        with pytest.raises(ModelLost, match="answers quote the papers"):
            call()
    told = deaths.recent(tmp_path / deaths.FILE)
    assert [death.how for death in told] == ["gave up on an error inside llama.cpp (SIGABRT)"] * 3
    monkeypatch.setattr(deaths, "WITHIN", 0.0)
    assert mortal.resting is None
    assert "".join(mortal.stream(MESSAGES, 8))
    assert not (tmp_path / deaths.FILE).exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '[{"at": 1}]', '[{"model": "m", "at": "x", "how": "y"}]', "[1, 2, 3]"]
)
def test_a_record_of_deaths_that_holds_something_else_tells_of_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "deaths").write_text(content, encoding="utf-8")
    assert deaths.recent(tmp_path / "deaths") == []
    assert deaths.recent(tmp_path / "nothing") == []


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """An environment in which llama.cpp crashes as soon as it is loaded."""
    stub = tmp_path / "broken" / "llama_cpp.py"
    stub.parent.mkdir()
    stub.write_text("import os, signal, sys\nsys.stderr.write('GGML_ASSERT failed\\n')\nsys.stderr.flush()\n"
                    "os.kill(os.getpid(), signal.SIGSEGV)\n", encoding="utf-8")  # fmt: skip
    return {"PYTHONPATH": str(stub.parent)}


def test_with_a_library_that_crashes_at_once_answers_are_quotations_and_all_say_so(
    own_library: Path, broken: dict[str, str], gguf: Path
) -> None:
    # A file of one's own is trusted to write; the catalogue's small one only quotes, and isn't loaded.
    broken = broken | {"SIDEREUS_LLM": str(gguf)}
    asked = run(own_library, "ask", QUESTION, "--index", "invented", env=broken, check=True)
    assert "[1]" in asked.out
    assert "crashed (SIGSEGV), the third such end within five minutes" in asked.err
    assert "Traceback" not in asked.err
    looked = run(own_library, "doctor", env=broken)
    assert looked.code == 1
    assert "crashed (SIGSEGV)" in looked.out
    assert "models verify" in looked.out
    assert "GGML_ASSERT failed" in looked.out


def test_the_first_screen_says_that_the_model_is_left_alone(
    own_library: Path, broken: dict[str, str], gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", broken["PYTHONPATH"])
    session = Session(load_settings(home=own_library, index="invented", llm=str(gguf), offline=True))
    assert list(session.warm())[-1] == "ready"
    assert "crashed (SIGSEGV), the third" in (session.describe().note or "")
    assert session.beside("invented").describe().note == session.describe().note


# Answers


def asked(session: Session, moment: str) -> list[Event]:
    """The events of an answer, while which the model is killed as soon as it has begun to write or before that."""
    events = []
    for event in session.ask(QUESTION):
        events.append(event)
        if isinstance(event, Status) and moment in event.text:
            os.kill(pid(session.llm), signal.SIGSEGV)
    return events


@pytest.fixture(scope="module")
def session(library: Path) -> Session:
    """A session over the forty invented papers, with a model of its own and a reader that is sure."""
    session = Session(load_settings(home=library, index="invented", offline=True, max_tokens=48))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "reader", Judge(telling=("zinc", "Larkspur")))
        assert session.pipeline.reader is Session.reader
    return session


@pytest.mark.parametrize(("moment", "writes"), [("searching", "quotes"), ("searching", "prose"), ("writing", "prose")])
def test_an_answer_whose_model_dies_is_ended_with_quotations_and_says_so(
    session: Session, untiring: None, moment: str, writes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session.llm, "model", replace(session.llm.model, writes=writes))
    *events, finished = asked(session, moment)
    assert isinstance(finished, Finished)
    assert finished.answer.citations
    assert [event.blocks for event in events if isinstance(event, Said)][-1] == finished.answer.blocks
    if moment == "writing":
        assert "crashed (SIGSEGV) and is started again" in (finished.answer.note or "")
    *_, after = session.ask(QUESTION)
    assert isinstance(after, Finished)
    assert after.answer.note is None or "crashed" not in after.answer.note


def test_who_waits_behind_an_answer_whose_model_dies_is_answered(
    session: Session, untiring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session.llm, "model", replace(session.llm.model, writes="prose"))
    first, second = session.ask(QUESTION), session.ask("What is the Larkspur stream?")
    while not (isinstance(event := next(first), Status) and "writing" in event.text):
        pass
    while not (isinstance(event := next(second), Status) and "waiting" in event.text):
        pass
    os.kill(pid(session.llm), signal.SIGKILL)
    ended = [list(answer)[-1] for answer in (first, second)]
    assert all(isinstance(event, Finished) and event.answer.citations for event in ended)
    assert "SIGKILL" in (ended[0].answer.note or "")  # type: ignore[union-attr]
    assert "SIGKILL" not in (ended[1].answer.note or "")  # type: ignore[union-attr]


# Files that are no models


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\3\0\0\0" + b"\xff" * 64, None])
def test_a_file_that_is_no_whole_model_is_one_sentence_and_not_tried_again(
    tmp_path: Path, gguf: Path, content: bytes | None
) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(gguf.read_bytes()[:1_000_000] if content is None else content)
    opened = LanguageModel(find(str(file), "llm"), file)
    for call in (opened.wait, lambda: opened.count("star"), lambda: next(opened.stream(MESSAGES, 8))):
        with pytest.raises(ModelProblem, match="models verify"):
            call()
    until(lambda: opened._process.pid is None)
    assert opened.resting is None


def test_a_grammar_that_llama_cpp_cannot_read_costs_one_call_whether_it_says_so_or_crashes(
    model: LanguageModel,
) -> None:
    with pytest.raises((ModelLost, RuntimeError)):
        next(model.stream(MESSAGES, 8, grammar="no grammar"))
    until(lambda: model._process.pid)
    model.wait()
    assert "".join(model.stream(MESSAGES, 8, grammar='root ::= "yes" | "no"')) in {"yes", "no"}


# Talking to it


def test_tokens_are_counted_while_it_writes(model: LanguageModel) -> None:
    writing = model.stream(MESSAGES, 40)
    first = next(writing)
    assert model.count("The star is red.") == 5
    assert len(model.prompt(MESSAGES)) > 10
    assert len([first, *writing]) == 40


def test_told_to_stop_while_it_reads_it_ends_at_once_and_is_free_for_the_next(model: LanguageModel) -> None:
    stop = threading.Event()
    writing = model.stream(LONG, 300, stop=stop)
    threading.Timer(0.3, stop.set).start()
    assert list(writing) == []
    assert "".join(model.stream(MESSAGES, 8))


def test_every_script_comes_through_whole(model: LanguageModel) -> None:
    for text in ("Hα at 6563 Å", "王", "\x00", "line\nline", "🌌", "\u2028"):
        assert model.count(text) > 0
    with pytest.raises(RuntimeError, match="UnicodeEncodeError"):
        model.count("\ud800")


def test_the_process_outlives_the_thread_that_opened_the_model(untiring: None, gguf: Path) -> None:
    opened = []
    thread = threading.Thread(target=lambda: opened.append(LanguageModel(find(LLM, "llm"), gguf)))
    thread.start()
    thread.join()
    opened[0].wait()
    before = pid(opened[0])
    assert "".join(opened[0].stream(MESSAGES, 8))
    assert pid(opened[0]) == before
    opened[0].close()


# Ending


def test_a_model_that_is_closed_or_forgotten_leaves_no_process(gguf: Path) -> None:
    closed, forgotten = (LanguageModel(find(LLM, "llm"), gguf) for _ in range(2))
    numbers = [pid(closed), pid(forgotten)]
    closed.close()
    del forgotten
    until(lambda: all(map(is_gone, numbers)))
    with pytest.raises(ModelProblem, match="closed"):
        closed.count("star")


HOLDER = """
import sys, threading, time
from pathlib import Path
from rag.models.catalog import find
from rag.models.llm import LanguageModel
model = LanguageModel(find(sys.argv[1], "llm"), Path(sys.argv[2]))
if sys.argv[3] == "loaded":
    model.wait()
while model._process.pid is None:
    time.sleep(0.01)
print(model._process.pid, flush=True)
if sys.argv[3] == "writing":
    for piece in model.stream([{"role": "user", "content": "Write about stars. " * 300}], 3000):
        pass
time.sleep(600)
"""


@pytest.mark.parametrize("moment", ["loading", "loaded", "writing"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_program_that_uses_it_is_killed(gguf: Path, moment: str, how: int) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDER, LLM, str(gguf), moment],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdout
    number = int(program.stdout.readline())
    program.send_signal(how)
    program.wait(PATIENCE)
    program.stdout.close()
    until(lambda: is_gone(number))


def test_the_process_loads_nothing_that_only_other_parts_need() -> None:
    code = "import sys, rag.models.llm_worker, rag.models.llama, llama_cpp; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "llama_cpp" in loaded
    assert not {"torch", "txtai", "gradio", "onnxruntime", "transformers", "pydantic"} & set(loaded)


def test_the_process_that_answers_holds_nothing_of_llama_cpp(library: Path) -> None:
    code = f"""
import sys
from rag.session import Session
from rag.settings import load_settings
*_, last = Session(load_settings(index="invented")).ask({QUESTION!r})
assert last.answer.citations
assert "llama_cpp" not in sys.modules
if sys.platform == "linux":
    assert "libllama" not in open("/proc/self/maps").read()
"""
    subprocess.run([sys.executable, "-c", code], env=clean_environment(library), check=True)


def test_a_folder_that_looks_like_a_part_of_sidereus_is_not_taken_for_one(gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "rag").mkdir()
    for name in ("rag/__init__.py", "llama_cpp.py", "psutil.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong one')\n", encoding="utf-8")
    code = HOLDER.replace("time.sleep(600)", "")
    subprocess.run([sys.executable, "-P", "-c", code, LLM, str(gguf), "loaded"], cwd=tmp_path, check=True)
