"""Answers that a model on a server writes: a real llama.cpp server, and made-up ones that fail."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import model_server as server
import pytest
from model_server import ModelServer, Reply, says
from scripted import Judge, answered, pipeline
from workbench import EMBEDDING, LLM, Cli

from rag.answers import render
from rag.answers.answer import Answer
from rag.answers.pipeline import Pipeline
from rag.index.index import Index
from rag.models import catalog, store
from rag.models.catalog import find
from rag.models.embedder import Embedder
from rag.models.served import ServedModel

CLOUDS = "Which clouds make the night side of Tarnhelm-1b dark?"
TRUE = "Clouds of zinc sulphide explain why the night side is dark [1]. "
KEY = "sk-institute"


@pytest.fixture(scope="module")
def llama_server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real llama.cpp server with the offline model, which wants a key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = store.gguf(models, catalog.find(LLM, "llm"))
    options = {"model": file, "model_alias": "smollm", "port": port, "n_ctx": 2048, "n_threads": 1, "api_key": KEY}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    log = (tmp_path_factory.mktemp("llama") / "log").open("w")
    running = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *words], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/v1"
    try:
        while running.poll() is None and not answers(f"{address}/models"):
            time.sleep(0.1)
        assert running.poll() is None, Path(log.name).read_text(encoding="utf-8")
        yield address
    finally:
        running.kill()
        running.wait()
        log.close()


def answers(address: str) -> bool:
    """Whether a server is up."""
    try:
        httpx2.get(address, timeout=60, trust_env=False)
    except httpx2.TransportError:
        return False
    return True


def test_a_real_server_writes_an_answer_and_nobody_is_told_the_key(
    cli: Cli, library: Path, llama_server: str, tmp_path: Path
) -> None:
    secret = tmp_path / "key"
    secret.write_text(f"{KEY}\n", encoding="utf-8")
    settings = {"SIDEREUS_LLM": llama_server, "SIDEREUS_LLM_KEY": f"@{secret}", "SIDEREUS_LLM_CONTEXT": "2048"}
    result = cli("ask", CLOUDS, "--index", "invented", "--json", home=library, env=settings)
    assert result.code == 0, result.err
    assert result.json["models"] == {"embedding": EMBEDDING, "llm": llama_server}
    assert result.json["citations"]
    assert "The model server" not in result.err
    assert KEY not in result.out + result.err

    listed = cli("models", "list", home=library, env=settings)
    assert llama_server in listed.out
    looked = cli("doctor", home=library, env=settings)
    assert f"{llama_server[7:-3]} serves smollm" in looked.out
    wrong = cli("doctor", home=library, env={**settings, "SIDEREUS_LLM_KEY": "sk-other"})
    assert "refuses the key" in wrong.out
    assert KEY not in looked.out + looked.err + wrong.out + wrong.err


def test_a_real_server_stops_when_it_is_told_to(llama_server: str) -> None:
    model, stop = ServedModel(find(llama_server, "llm"), KEY), threading.Event()
    tale = [{"role": "user", "content": "Tell a long tale about stars."}]
    pieces = model.stream(tale, 2000, stop=stop)
    first = [next(pieces) for _ in range(3)]
    stop.set()
    assert list(pieces) == []
    assert len(first) == 3
    assert "".join(model.stream(tale, 8))  # it has a turn for others
    model.close()


# What becomes of an answer when the server fails


@pytest.fixture
def served(invented: Index, minilm: Embedder, request: pytest.FixtureRequest) -> Iterator[tuple[Pipeline, ModelServer]]:
    """A pipeline whose language model is on a made-up server."""
    with ModelServer(says(TRUE)) as there:
        model = ServedModel(find(there.address, "llm"), patience=1.0)
        yield replace(pipeline(invented, minilm, Judge(telling=("zinc",))), llm=model), there
        model.close()


def words(answer: Answer) -> str:
    """What an answer says."""
    return render.text(answer.blocks)


def test_what_a_server_writes_is_checked_like_what_the_local_model_writes(
    served: tuple[Pipeline, ModelServer],
) -> None:
    given, there = served
    assert words(answered(given, CLOUDS)) == TRUE.strip()
    there.reply = says("Clouds of iron and 17 moons darken it [1]. ", TRUE)
    answer = answered(given, CLOUDS)
    assert words(answer) == TRUE.strip()
    assert answer.withheld == 1


@pytest.mark.parametrize(
    "reply", [server.refuses(500, "boom"), server.hangs, server.talks_nonsense, server.shows_a_page, server.breaks_off]
)
def test_papers_are_quoted_and_the_reason_told_when_a_server_fails(
    served: tuple[Pipeline, ModelServer], reply: Reply
) -> None:
    given, there = served
    there.reply = reply
    answer = answered(given, CLOUDS)
    assert "zinc sulphide" in words(answer)
    assert answer.citations
    assert answer.note
    assert answer.note.startswith(f"The model server {there.url[7:]} ")


def test_what_was_written_before_a_server_broke_off_stays(served: tuple[Pipeline, ModelServer]) -> None:
    given, there = served

    def breaks_off_late(exchange: server.Exchange) -> None:
        exchange.begin()
        exchange.piece({"content": TRUE + "The day "})
        exchange.cut()

    there.reply = breaks_off_late
    answer = answered(given, CLOUDS)
    assert words(answer) == TRUE.strip()
    assert "broke off" in (answer.note or "")


def test_a_server_that_is_down_costs_no_question_its_answer(cli: Cli, library: Path) -> None:
    with ModelServer(says(TRUE)) as there:
        pass
    result = cli("ask", CLOUDS, "--index", "invented", "--llm", there.address, home=library)
    assert result.code == 0
    assert "zinc sulphide" in result.out
    assert f"The model server {there.url[7:]} can't be reached" in result.err


def test_offline_nothing_elsewhere_is_asked(cli: Cli, library: Path) -> None:
    result = cli("ask", CLOUDS, "--index", "invented", "--llm", "http://gpu1.example:8000", home=library)
    assert result.code == 2
    assert "gpu1.example:8000 is not on this machine" in result.sentence
    looked = cli("doctor", home=library, env={"SIDEREUS_LLM": "http://gpu1.example:8000"})
    assert "gpu1.example:8000 is not on this machine" in looked.out
