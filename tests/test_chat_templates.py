"""A chat template is a program that a model's file carries; whatever is wrong with it is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench import Cli

from rag.models import tiny

BAD = {
    "no end": "{% for message in messages %}{{ message.content }}",
    "no Jinja": "{{ messages[ }}",
    "an unknown filter": "{{ messages | frobnicate }}",
    "an unknown name": "{{ nothing.at.all }}",
    "a wrong type": "{{ messages + 1 }}",
    "a complaint of its own": "{{ raise_exception('no system role\\nhere') }}",
    "a forbidden look inside": "{{ messages.__class__.__mro__[1].__subclasses__() }}",
    "no end to its calls": "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
}


def with_template(path: Path, template: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny model with a chat template, as a file."""
    facts = [*tiny._facts(), tiny._fact("tokenizer.chat_template", tiny.STRING, template)]
    with monkeypatch.context() as patch:
        patch.setattr(tiny, "_facts", lambda: facts)
        tiny.write_tiny_model(path)
    return path


@pytest.mark.parametrize("what", BAD)
def test_a_bad_chat_template_is_one_sentence(
    cli: Cli, library: Path, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = with_template(tmp_path / "odd.gguf", BAD[what], monkeypatch)
    result = cli("ask", "What is dust?", "--index", "invented", "--llm", str(model), home=library)
    assert result.code == 1
    assert "The chat template that" in result.sentence
    assert "choose another model" in result.sentence


def test_a_good_one_is_filled_in(cli: Cli, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = "{% for message in messages %}{{ message.role }}: {{ message.content[:20] }}\n{% endfor %}"
    model = with_template(tmp_path / "good.gguf", template, monkeypatch)
    question = "Which clouds make the night side of Tarnhelm-1b dark?"
    result = cli("ask", question, "--index", "invented", "--llm", str(model), home=library)
    assert result.code == 0, result.err
