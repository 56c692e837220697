"""One open index with the models that search it and write from it: what both faces of Sidereus talk to."""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.answers.answer import Answer, Event, Finished
from rag.description import Description, described
from rag.errors import IndexProblem, ModelLost
from rag.index import folders
from rag.index.filters import Filters
from rag.index.manifest import FILE, Manifest, read_manifest
from rag.models import catalog, choice, store
from rag.models.addresses import refuse_offline
from rag.models.catalog import Model
from rag.papers import Paper
from rag.progress import Progress, silent
from rag.question.conversation import Conversation
from rag.question.shape import Shape
from rag.retrieval.hits import SearchResult
from rag.settings import Settings
from rag.state import read_state, remember

if TYPE_CHECKING:
    from rag.answers.pipeline import Pipeline
    from rag.evidence.reader import Reader
    from rag.index.index import Index
    from rag.models.embedder import Embedder
    from rag.models.reranker import Reranker
    from rag.models.turnstile import Turnstile
    from rag.models.writer import Writer

EXAMPLES = {
    "starter": (
        "How much energy did GW150914 radiate in gravitational waves?",
        "What is the evidence that the expansion of the Universe is accelerating?",
        "How many planets orbit TRAPPIST-1?",
        "What is the mass of the black hole in M87?",
    )
}


class Session:
    """Searches and answers. Nothing heavy is loaded before it is needed, or :meth:`warm` is called.

    Safe to use from several threads: the language model writes for so many at once as it can and the others queue.
    """

    def __init__(self, settings: Settings, lender: Session | None = None) -> None:
        self.settings = settings
        self._lender = lender
        self._loading = threading.RLock()
        self._stamp = 0

    def beside(self, index: str) -> Session:
        """A session of another index, which shares this one's models and its queue for the language model."""
        return Session(self.settings.model_copy(update={"index": index, "embedding": None}), self)

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest of the index in use; IndexProblem when there is no such index."""
        name = self.settings.index or read_state(self.settings).index or "starter"
        manifest = read_manifest(folders.folder(self.settings.indexes, name))
        wanted = self.settings.embedding
        if wanted and not _the_same(wanted, manifest.model):
            raise IndexProblem(
                f"The index {name!r} was built with {manifest.model} and can't be searched with {wanted}: "
                f"leave out --embedding, or run 'sidereus index reembed {name} --embedding {wanted}'."
            )
        remember(self.settings, index=name)
        return manifest

    @cached_property
    def llm_model(self) -> Model:
        """The catalogue's entry of the language model in use; UsageError when it is elsewhere and may not be asked."""
        model = choice.choose(self.settings.models, "llm", self.settings.llm or read_state(self.settings).llm)
        refuse_offline(model.servers, self.settings.offline)
        return model

    def refresh(self) -> None:
        """Take up what a build has put in the place of the open index; answers under way keep what they have.

        Nothing but a look at one file as long as nothing has changed. What can't be opened is left alone: the
        index that is open goes on answering.
        """
        from rag.index.index import open_index

        with self._loading:
            if self._stamp == (stamp := self._manifest_stamp()):
                return
            if "_index" not in self.__dict__:
                self._stamp = stamp
                self.__dict__.pop("manifest", None)
                return
            try:
                index = open_index(self.settings.indexes, self.manifest.name)
            except IndexProblem:
                return
            old, self._stamp = self.manifest, stamp
            self.__dict__.update(manifest=index.manifest, _index=index)
            self.__dict__.pop("_pipeline", None)
            if (old.model, old.weights) != (index.manifest.model, index.manifest.weights):
                self.__dict__.pop("_embedder", None)
            gc.collect()  # an index is full of cycles; until it is freed, its memory and its files' space are held

    def _manifest_stamp(self) -> int:
        try:
            return (folders.folder(self.settings.indexes, self.manifest.name) / FILE).stat().st_mtime_ns
        except OSError:
            return self._stamp

    def describe(self) -> Description:
        """What is loaded, without loading it."""
        self.refresh()
        return described(self.manifest, self.llm_model, choice.reranking(self.settings), self._resting)

    def examples(self) -> tuple[str, ...]:
        """Questions that the index in use answers, as far as they are known already."""
        return EXAMPLES.get(self.manifest.name) or self.__dict__.get("_examples", ())

    def find_examples(self) -> tuple[str, ...]:
        """The same, found out when they are not; a second or so of work, after :meth:`warm`."""
        return self.examples() or self._examples

    def warm(self) -> Iterator[str]:
        """Open the index and load the models, saying in a few words what is being done.

        The language model loads in its own process meanwhile, when it need not be fetched first. That it died there,
        or that its server can't be reached, is told in the answers, which go on without it. One that only quotes
        writes nothing, and isn't loaded.
        """
        yield "opening the index"
        if self._writes and store.at_hand(self.settings.models, self.llm_model):
            _ = self.manifest, self.llm
        _ = self.index
        yield "loading the embedding model"
        _ = self.embedder
        yield "loading the reader"
        _ = self.reader
        yield "reaching the model server" if self.llm_model.servers else "loading the language model"
        _ = self.llm
        if self._writes:
            with contextlib.suppress(ModelLost):
                self.llm.wait()
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
        hyde: bool = False,
        progress: Progress = silent,
    ) -> SearchResult:
        """Find papers. Raises UsageError for an empty query, or a re-ranker that is not here.

        The keywords are those of :class:`rag.retrieval.search.Options` and :func:`rag.retrieval.aids.aided`. A parsed
        filter of the result is taken away with its kind ("author", "years" or "category") in ``ignore``.
        """
        from rag.retrieval.aids import aided
        from rag.retrieval.search import Options, checked, search

        if not like:
            checked(query)
        self.refresh()
        writer = (self.llm, self.pipeline.turnstile) if hyde else None
        options = aided(Options(recency, diversity, like, frozenset(ignore), literal), self.reranker, writer, progress)
        with self._loading:
            index, embedder = self.index, self.embedder
        return search(index, embedder, query, filters, limit, options)

    def papers(self, identifiers: Iterable[str]) -> list[Paper]:
        """The papers of the index with these ids; those that it does not hold are left out."""
        rows = [row for identifier in identifiers if (row := self.index.row_of(identifier)) is not None]
        return self.index.papers(rows)

    def ask(
        self,
        question: str,
        conversation: Conversation = Conversation(),
        stop: threading.Event | None = None,
        *,
        within: Collection[str] = (),
        without: Collection[str] = (),
        shape: Shape | None = None,
        alone: bool = False,
        person: str = "",
    ) -> Iterator[Event]:
        """Answer a question, event by event; setting ``stop`` ends it at the next token.

        ``within`` are the ids of the only papers to answer from (none: all), ``without`` of papers to leave out;
        ``shape`` overrides the one that the question asks for; with ``alone`` it is read as it stands, whatever came
        before. ``person`` is who asks, since people take turns where several wait for the language model. Raises
        UsageError for an empty question.
        """
        from rag.answers.compose import Request, answer
        from rag.retrieval.search import checked

        checked(question)
        self.refresh()
        filters = Filters(within=frozenset(within) or None, without=frozenset(without))
        return answer(self.pipeline, Request(question, conversation, filters, shape, alone, person), stop)

    def answer(self, question: str, conversation: Conversation = Conversation(), **options: Any) -> Answer:
        """The whole answer; ``options`` are those of :meth:`ask`, which raises the same."""
        for event in self.ask(question, conversation, **options):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("an answer ends with Finished")

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
    def llm(self) -> Writer:
        """The language model, which may be loading still."""
        with self._loading:
            return self._llm

    @property
    def reader(self) -> Reader:
        """What reads sentences: the trained reader when it is here, else the signs of good sentences."""
        with self._loading:
            return self._lender.reader if self._lender else self._reader

    @property
    def reranker(self) -> Reranker | None:
        """The loaded re-ranker, when the user asked for one."""
        with self._loading:
            return self._lender.reranker if self._lender else self._reranker

    @property
    def pipeline(self) -> Pipeline:
        """What answers are made with."""
        with self._loading:
            return self._pipeline

    @cached_property
    def _examples(self) -> tuple[str, ...]:
        from rag.examples import working

        return working(self.pipeline)

    @cached_property
    def _index(self) -> Index:
        from rag.index.index import open_index

        self._stamp = self._manifest_stamp()
        index = open_index(self.settings.indexes, self.manifest.name)
        self.__dict__["manifest"] = index.manifest
        return index

    @cached_property
    def _embedder(self) -> Embedder:
        from rag.models import embedders

        lender = self._lender
        if lender and (lender.manifest.model, lender.manifest.weights) == (self.manifest.model, self.manifest.weights):
            return lender.embedder
        model = catalog.find(self.settings.embedding or self.manifest.model, "embedding")
        if not model.servers:
            folder = store.ensure(self.settings.models, model, self.settings.offline)
            self._check_weights(store.fingerprint(folder))
        loaded = embedders.load(self.settings, model, self.settings.threads)
        self._check_weights(loaded.weights)
        return loaded

    def _check_weights(self, weights: str) -> None:
        if weights != self.manifest.weights:
            raise IndexProblem(
                f"The index {self.manifest.name!r} was built with other weights of {self.manifest.model} than those "
                f"here: run 'sidereus models verify', or 'sidereus index reembed {self.manifest.name}'."
            )

    @cached_property
    def _reader(self) -> Reader:
        from rag.evidence.reader import SignsReader, TrainedReader
        from rag.models.reader import SentenceReader

        model = choice.reading(self.settings)
        if model is None:
            return SignsReader()
        store.ensure(self.settings.models, model, self.settings.offline)
        return TrainedReader(SentenceReader(self.settings.models, model, self.settings.threads))

    @cached_property
    def _reranker(self) -> Reranker | None:
        from rag.models import reranker

        return reranker.wanted(self.settings)

    @cached_property
    def _llm(self) -> Writer:
        from rag.models import writers

        return self._lender.llm if self._lender else writers.load(self.settings, self.llm_model)

    @property
    def _writes(self) -> bool:
        """Whether the language model writes what it is asked, and doesn't only have papers quoted."""
        return self.llm_model.writes == "prose"

    @property
    def _resting(self) -> str | None:
        """Why the language model writes nothing at present, as far as it has been loaded."""
        lender = self._lender or self
        return lender.__dict__["_llm"].resting if "_llm" in lender.__dict__ else None

    @cached_property
    def _pipeline(self) -> Pipeline:
        from rag.answers.pipeline import Pipeline
        from rag.evidence.reader import TrainedReader
        from rag.retrieval.aids import aided
        from rag.retrieval.search import Options

        turnstile = self._lender.pipeline.turnstile if self._lender else self._turnstile
        searching = aided(Options(), self.reranker, None, silent)
        reader = self.reader
        judge = reader.model if isinstance(reader, TrainedReader) else None
        return Pipeline(self.index, self.embedder, reader, self.llm, turnstile, self.settings, searching, judge)

    @cached_property
    def _turnstile(self) -> Turnstile:
        from rag.models.turnstile import Turnstile

        return Turnstile(lambda: self.llm.places)


def _the_same(wanted: str, built_with: str) -> bool:
    """Whether a model is the one that an index was built with; one on a server may have moved to another since."""
    one, other = catalog.find(wanted, "embedding"), catalog.find(built_with, "embedding")
    return one.name == other.name or (one.served_as is not None and one.served_as == other.served_as)
