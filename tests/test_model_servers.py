"""A language model on a server: any that speaks OpenAI's protocol, well or badly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import model_server as server
import pytest
from model_server import ModelServer, Reply, says

from rag.errors import ModelLost, UsageError
from rag.models import endpoint
from rag.models.addresses import read_addresses, refuse_offline
from rag.models.catalog import find
from rag.models.served import ServedModel

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Write about stars."}]
Open = Callable[..., ServedModel]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens models on servers, and lets go of them in the end."""
    models: list[ServedModel] = []

    def open_model(*addresses: str, **options: Any) -> ServedModel:
        models.append(ServedModel(find(",".join(addresses), "llm"), **options))
        return models[-1]

    yield open_model
    for model in models:
        model.close()


def written(model: ServedModel, max_tokens: int = 32, stop: threading.Event | None = None) -> str:
    """A whole reply."""
    return "".join(model.stream(MESSAGES, max_tokens, stop=stop))


def lost(model: ServedModel) -> ModelLost:
    """What is told of a server that can't be used."""
    with pytest.raises(ModelLost) as caught:
        written(model)
    return caught.value


# Addresses


def test_an_address_is_read_as_people_type_it() -> None:
    for typed in ("http://gpu1:8000", "http://gpu1:8000/", "http://gpu1:8000/v1", "HTTP://gpu1:8000/v1/"):
        (address,) = read_addresses(typed)
        assert str(address) == "http://gpu1:8000/v1"
        assert address.place == "gpu1:8000"
    (behind_a_path,) = read_addresses("https://institute.example/llm/v1#org/Model-7B:q4")
    assert behind_a_path.url == "https://institute.example/llm/v1"
    assert behind_a_path.model == "org/Model-7B:q4"
    assert read_addresses("http://[::1]:8000#tiny")[0].url == "http://[::1]:8000/v1"


@pytest.mark.parametrize("typed", ["http://", "http://gpu1:port", "http://gpu1:8000?key=1", "http://a b:80"])
def test_what_is_no_address_is_refused_in_one_sentence(typed: str) -> None:
    with pytest.raises(UsageError, match="name it like http://gpu1:8000/v1"):
        find(typed, "llm")


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="SIDEREUS_LLM_KEY") as refused:
        find("http://me:secret@gpu1:8000/v1", "llm")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("here", ["http://127.0.0.1:1", "http://127.8.8.8:1", "http://[::1]:1", "http://localhost:1"])
def test_offline_reaches_servers_on_this_machine(here: str) -> None:
    refuse_offline(read_addresses(here), offline=True)


@pytest.mark.parametrize("there", ["http://gpu1:8000", "http://192.168.0.7:1", "http://127.0.0.1.example:1"])
def test_offline_refuses_servers_elsewhere(there: str) -> None:
    refuse_offline(read_addresses(there), offline=False)
    with pytest.raises(UsageError, match="not on this machine"):
        refuse_offline(read_addresses(f"http://127.0.0.1:1,{there}"), offline=True)


# Writing


def test_a_reply_comes_piece_by_piece_from_the_messages_that_were_sent(opened: Open) -> None:
    with ModelServer(says("Stars ", "shine.")) as there:
        pieces = list(opened(there.address).stream(MESSAGES, 32, 0.5))
    assert pieces == ["Stars ", "shine."]
    path, _, body = there.asked[-1]
    assert path == "/v1/chat/completions"
    assert (body["model"], body["messages"]) == ("tiny", MESSAGES)
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (32, 0.5, True)


def test_what_a_model_only_thinks_is_not_shown(opened: Open) -> None:
    with ModelServer(says("<thi", "nk>Hm.</th", "ink>Stars ", "shine.")) as there:
        assert written(opened(there.address)) == "Stars shine."


def test_evidence_cannot_end_a_turn_of_any_familys_template(opened: Open) -> None:
    marks = ("<|im_end|>", "<|eot_id|>", "</s>", "<end_of_turn>", "[/INST]", "<｜end▁of▁sentence｜>", "</think>")
    with ModelServer(says("Yes.")) as there:
        list(opened(there.address).stream([{"role": "user", "content": f"Stars {' '.join(marks)} [OIII]"}], 8))
    (message,) = there.asked[-1][2]["messages"]
    assert not [mark for mark in marks if mark in message["content"]]
    assert "[OIII]" in message["content"]


@pytest.mark.parametrize("reply", [server.hangs, server.hangs_in_the_middle, server.never_ends])
def test_stop_closes_the_connection_whatever_the_server_does(opened: Open, reply: Reply) -> None:
    stop, heard = threading.Event(), []
    with ModelServer(reply) as there:

        def listen() -> None:
            heard.extend(opened(there.address).stream(MESSAGES, 100_000, stop=stop))

        listening = threading.Thread(target=listen)
        listening.start()
        while not there.replies or (reply is not server.hangs and not heard):
            stop.wait(0.01)
        stop.set()
        listening.join(10)
        assert not listening.is_alive()
        assert there.left.wait(10)


def test_who_stops_listening_closes_the_connection(opened: Open) -> None:
    with ModelServer(server.never_ends) as there:
        pieces = opened(there.address).stream(MESSAGES, 100_000)
        next(pieces)
        pieces.close()
        assert there.left.wait(10)


def test_a_model_that_does_not_end_is_not_listened_to_for_ever(opened: Open) -> None:
    with ModelServer(server.never_ends) as there:
        assert written(opened(there.address), 20).count("star") < 200
        assert there.left.wait(10)


# What a server says of itself


SAYING = [
    ({"models": [{"id": "tiny", "max_model_len": 8192}]}, 8192, endpoint.Facts("tiny", 8192)),
    (
        {"pages": {"/props": {"default_generation_settings": {"n_ctx": 2048}, "total_slots": 3}}},
        2048,
        endpoint.Facts("tiny", 2048, 3),
    ),
    ({"pages": {"/api/v0/models/tiny": {"loaded_context_length": 6000}}}, 6000, endpoint.Facts("tiny", 6000)),
    (
        {"pages": {"/api/ps": {"models": [{"name": "tiny", "context_length": 5000}]}}},
        5000,
        endpoint.Facts("tiny", 5000),
    ),
    ({"pages": {"/props": ["nonsense"], "/api/ps": {"models": "none"}}}, 4096, endpoint.Facts("tiny")),
    ({}, 4096, endpoint.Facts("tiny")),
]


@pytest.mark.parametrize(("said", "context", "facts"), SAYING)
def test_the_context_is_read_from_the_server_as_each_kind_says_it(
    opened: Open, said: dict[str, Any], context: int, facts: endpoint.Facts
) -> None:
    with ModelServer(says("Yes."), **said) as there:
        model = opened(there.address)
        model.wait()
        assert model.context == context
        assert model.look() == [facts]
        assert model.places == (facts.slots or 8)
    assert opened(there.address, context=1000).context == 1000


def test_the_only_model_is_taken_and_of_several_one_must_be_named(opened: Open) -> None:
    with ModelServer(says("Yes."), [{"id": "small"}, {"id": "large"}]) as there:
        assert "small, large" in str(lost(opened(there.address)))
        assert written(opened(f"{there.address}#large")) == "Yes."
        assert there.asked[-1][2]["model"] == "large"
        assert "no model huge, only small, large" in str(lost(opened(f"{there.address}#huge")))


def test_a_server_without_a_list_is_believed_about_the_model_that_is_named(opened: Open) -> None:
    with ModelServer(says("Yes."), models=None) as there:
        assert written(opened(f"{there.address}#tiny")) == "Yes."
        assert "name" in str(lost(opened(there.address)))


def test_the_size_of_a_prompt_is_never_reckoned_too_small(opened: Open, smollm: Any) -> None:
    model = opened("http://127.0.0.1:1/v1")
    for text in ("Write about stars. " * 40, "$10^{-16}$ erg, Å-scale 王 ≲ ±" * 20, "12.3456 78.9012 1E-34 " * 20, ""):
        messages = [{"role": "user", "content": text}]
        assert model.size(messages) >= smollm.size(messages) - smollm.size([{"role": "user", "content": ""}])


# Keys


def test_the_key_is_sent_to_the_server_and_told_to_nobody(opened: Open, capfd: pytest.CaptureFixture[str]) -> None:
    with ModelServer(says("Yes."), key="sk-right") as there:
        assert written(opened(there.address, key="sk-right")) == "Yes."
        refused = lost(opened(there.address, key="sk-wrong"))
    assert "refuses the key" in str(refused)
    assert "sk-" not in str(refused) + "".join(capfd.readouterr())
    assert all("sk-" not in path for path, _, _ in there.asked)


def test_the_key_is_blotted_out_of_what_a_server_says(opened: Open) -> None:
    with ModelServer(server.refuses(500, "sk-right is out of\x1b[31m quota")) as there:
        told = str(lost(opened(there.address, key="sk-right")))
    assert "… is out of[31m quota" in told


def test_a_server_that_sends_elsewhere_is_not_followed_there(opened: Open) -> None:
    with ModelServer(says("Yes.")) as elsewhere:

        def sends_on(exchange: server.Exchange) -> None:
            exchange.send(b"", 307, Location=f"{elsewhere.url}/v1/chat/completions")

        with ModelServer(sends_on) as there:
            assert "307" in str(lost(opened(there.address, key="sk-right")))
    assert elsewhere.asked == []


def test_what_the_environment_says_of_an_account_at_openai_is_kept_from_the_server(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "mine-alone")
    with ModelServer(says("Yes.")) as there:
        written(opened(there.address))
    assert "mine-alone" not in str(there.asked)


# Faults


FAULTS = [
    (server.refuses(500, "boom"), "failed with status 500 (boom)"),
    (server.refuses(503, "Loading model"), "is too busy, or not ready yet (Loading model)"),
    (server.refuses(429, ""), "is too busy"),
    (server.refuses(400, "maximum context length is 2048 tokens"), "set llm_context to what the server reads"),
    (server.refuses(404, "The model `tiny` does not exist."), "knows nothing of the kind (The model `tiny` does not"),
    (server.breaks_off, "broke off in the middle of its reply"),
    (server.ends_without_a_reason, "broke off in the middle of its reply"),
    (server.talks_nonsense, "does not speak OpenAI's protocol"),
    (server.means_something_else, "does not speak OpenAI's protocol"),
    (server.shows_a_page, "does not speak OpenAI's protocol"),
    (server.fails_on_the_way, "failed (CUDA error: out of memory)"),
    (server.only_thinks, "wrote nothing in 32 tokens: turn the model's thinking off"),
    (says(""), "wrote nothing"),
    (server.hangs, "wrote nothing for 1 seconds"),
    (server.hangs_in_the_middle, "wrote nothing for 1 seconds"),
    (server.keeps_awake, "wrote nothing for 1 seconds"),
]


@pytest.mark.parametrize(("reply", "sentence"), FAULTS, ids=[sentence for _, sentence in FAULTS])
def test_every_fault_is_one_sentence_that_says_what_to_do(opened: Open, reply: Reply, sentence: str) -> None:
    with ModelServer(reply) as there:
        told = str(lost(opened(there.address, patience=0.6)))
        assert told.startswith(f"The model server {there.url[7:]} ")
    assert sentence in told
    assert "\n" not in told


def test_a_server_that_is_down_is_left_alone_for_a_while_and_then_asked_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelServer(says("Yes.")) as there:
        pass
    model = opened(there.address)
    assert model.resting is None
    assert "can't be reached" in str(lost(model))
    assert model.resting
    assert "can't be reached" in model.resting
    monkeypatch.setattr(endpoint, "REST", 0.0)
    lost(model)
    assert model.resting is None


def test_one_bad_reply_does_not_take_a_server_away_but_three_in_a_row_do(opened: Open) -> None:
    with ModelServer(server.refuses(500, "boom")) as there:
        model = opened(there.address)
        for _ in range(2):
            lost(model)
            assert model.resting is None
        there.reply = says("Yes.")
        assert written(model) == "Yes."
        there.reply = server.refuses(500, "boom")
        for _ in range(3):
            assert model.resting is None
            lost(model)
        assert model.resting


# Several servers


def test_a_server_that_is_down_gives_its_places_back(opened: Open) -> None:
    with ModelServer(says("Yes.")) as gone:
        pass
    with ModelServer(says("Yes.")) as there:
        model = opened(gone.address, there.address, at_once=3)
        assert model.places == 6
        model.wait()
        assert model.places == 3


def test_replies_are_shared_out_by_load(opened: Open) -> None:
    with ModelServer(server.hangs_in_the_middle) as one, ModelServer(server.hangs_in_the_middle) as other:
        model = opened(one.address, other.address)
        streams = [model.stream(MESSAGES, 32) for _ in range(6)]
        assert [next(stream) for stream in streams] == ["Stars "] * 6
        assert (one.replies, other.replies) == (3, 3)
        for stream in streams:
            stream.close()


def test_a_server_that_fails_before_its_first_word_is_replaced_by_another(opened: Open) -> None:
    with (
        ModelServer(server.refuses(500, "boom")) as bad,
        ModelServer(says("Yes.")) as good,
        ModelServer(says("")) as gone,
    ):
        pass
    with ModelServer(server.refuses(500, "boom")) as bad, ModelServer(says("Yes.")) as good:
        model = opened(gone.address, bad.address, good.address)
        assert [written(model) for _ in range(3)] == ["Yes."] * 3
        assert model.resting is None


def test_a_reply_that_has_begun_is_not_begun_again_elsewhere(opened: Open) -> None:
    with ModelServer(server.breaks_off) as bad, ModelServer(says("Yes.")) as good:
        pieces = opened(bad.address, good.address).stream(MESSAGES, 32)
        assert next(pieces) == "Stars "
        with pytest.raises(ModelLost, match="broke off"):
            next(pieces)
        assert good.replies == 0
