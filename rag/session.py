"""One open index with the models that search it and write from it: what both faces of Sidereus talk to."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rag import prompts
from rag.answers.answer import Event
from rag.answers.conversation import Conversation
from rag.errors import IndexProblem
from rag.index import folders
from rag.index.manifest import Manifest, read_manifest
from rag.models import catalog, choice, store
from rag.models.catalog import Model
from rag.retrieval.hits import Filters, SearchResult
from rag.settings import Settings
from rag.state import read_state, remember

if TYPE_CHECKING:
    from rag.answers.compose import Desk
    from rag.index.index import Index
    from rag.models.embedder import Embedder
    from rag.models.llm import LanguageModel

EXAMPLES = {
    "starter": (
        "How much energy did GW150914 radiate in gravitational waves?",
        "What is the evidence that the expansion of the Universe is accelerating?",
        "How many planets orbit TRAPPIST-1?",
        "What is the mass of the black hole in M87?",
    )
}


@dataclass(frozen=True, slots=True)
class Description:
    """What is loaded, for people: the index, its size and years, and the models."""

    index: str
    papers: int
    years: tuple[int, int]
    kind_counts: dict[str, int]
    embedding: str
    llm: str
    note: str | None


class Session:
    """Searches and answers. Nothing heavy is loaded before it is needed, or :meth:`warm` is called.

    Safe to use from several threads: the language model runs one generation at a time and the others queue.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._loading = threading.RLock()

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest of the index in use; IndexProblem when there is no such index."""
        name = self.settings.index or read_state(self.settings).index or "starter"
        manifest = read_manifest(folders.folder(self.settings.indexes, name))
        wanted = self.settings.embedding
        if wanted and catalog.find(wanted, "embedding").name != manifest.model:
            raise IndexProblem(
                f"The index {name!r} was built with {manifest.model} and can't be searched with {wanted}: "
                f"leave out --embedding, or run 'sidereus index reembed {name} --embedding {wanted}'."
            )
        remember(self.settings, index=name)
        return manifest

    @cached_property
    def llm_model(self) -> Model:
        """The catalogue's entry of the language model in use."""
        return choice.choose(self.settings.models, "llm", self.settings.llm or read_state(self.settings).llm)

    def describe(self) -> Description:
        """What is loaded, without loading it."""
        manifest, llm = self.manifest, self.llm_model
        note = None
        if llm.writes == "quotes":
            note = f"{llm.title} is a very small model, so answers quote the papers' own sentences."
        return Description(
            manifest.name, manifest.papers, manifest.years, manifest.kinds, manifest.model, llm.name, note
        )

    def examples(self) -> tuple[str, ...]:
        """Questions that the index in use answers."""
        return EXAMPLES.get(self.manifest.name, ())

    def warm(self) -> Iterator[str]:
        """Open the index and load the models, saying in a few words what is being done."""
        yield "opening the index"
        _ = self.index
        yield "loading the embedding model"
        _ = self.embedder
        yield "loading the language model"
        _ = self.llm
        yield "ready"

    def search(
        self,
        query: str,
        filters: Filters = Filters(),
        limit: int = 10,
        *,
        recency: float = 0.0,
        diversity: float = 0.0,
        like: str | None = None,
        ignore: Collection[str] = (),
        literal: bool = False,
    ) -> SearchResult:
        """Find papers. Raises UsageError for an empty query.

        The keywords are those of :class:`rag.retrieval.search.Options`. To take one of the result's parsed filters
        away, search again with its kind ("author", "years" or "category") in ``ignore``.
        """
        from rag.retrieval.search import Options, checked, search

        options = Options(recency, diversity, like, frozenset(ignore), literal)
        if not like:
            checked(query)
        return search(self.index, self.embedder, query, filters, limit, options)

    def ask(
        self, question: str, conversation: Conversation = Conversation(), stop: threading.Event | None = None
    ) -> Iterator[Event]:
        """Answer a question, event by event; setting ``stop`` ends it at the next token."""
        from rag.answers.compose import answer
        from rag.retrieval.search import checked

        checked(question)
        return answer(self.desk, question, conversation, stop)

    @property
    def index(self) -> Index:
        """The open index."""
        with self._loading:
            return self._index

    @property
    def embedder(self) -> Embedder:
        """The loaded embedding model of the index."""
        with self._loading:
            return self._embedder

    @property
    def llm(self) -> LanguageModel:
        """The loaded language model."""
        with self._loading:
            return self._llm

    @property
    def desk(self) -> Desk:
        """What answers are made with."""
        with self._loading:
            return self._desk

    @cached_property
    def _index(self) -> Index:
        from rag.index.index import open_index

        return open_index(self.settings.indexes, self.manifest.name)

    @cached_property
    def _embedder(self) -> Embedder:
        from rag.models import embedder

        model = catalog.find(self.manifest.model, "embedding")
        folder = store.ensure(self.settings.models, model, self.settings.offline)
        if store.fingerprint(folder) != self.manifest.weights:
            raise IndexProblem(
                f"The index {self.manifest.name!r} was built with other weights of {model.name} than those here: "
                f"run 'sidereus models verify', or 'sidereus index reembed {self.manifest.name}'."
            )
        return embedder.load(self.settings.models, model, self.settings.threads)

    @cached_property
    def _llm(self) -> LanguageModel:
        from rag.models.llm import LanguageModel

        store.ensure(self.settings.models, self.llm_model, self.settings.offline)
        model = LanguageModel(self.llm_model, store.gguf(self.settings.models, self.llm_model), self.settings.threads)
        model.preload(prompts.SYSTEM)
        return model

    @cached_property
    def _desk(self) -> Desk:
        from rag.answers.compose import Desk
        from rag.models.llm import Turnstile

        return Desk(self.index, self.embedder, self.llm, Turnstile(), self.settings)
