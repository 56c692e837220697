"""In which language a question is asked."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from rag.models.catalog import Model

# With any of these a question is English enough; it saves loading the identifier.
ENGLISH = re.compile(r"\b(?:the|of|what|which|how|why|when|where|who|does|did|is|are|was|were|and|for|with)\b", re.I)
# Below this probability a short question is anybody's guess.
SURE = 0.7
NAMES = {
    "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ru": "Russian", "zh": "Chinese",
}  # fmt: skip


def language_of(question: str) -> str:
    """The ISO 639-1 code of a question's language; "en" unless another is clear."""
    if ENGLISH.search(question):
        return "en"
    code, probability = _identifier().classify(question)
    return str(code) if probability > SURE else "en"


def note(question: str, llm: Model) -> str | None:
    """One sentence for a question in a language that the model doesn't write, or None."""
    code = language_of(question)
    if code in llm.languages:
        return None
    name = NAMES.get(code, "the language of your question")
    return f"{llm.title} does not write {name}, so the papers were searched and the answer is in English."


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
