"""An embedding model on servers that speak OpenAI's protocol: texts in, L2-normalised vectors out."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from rag.errors import ModelLost, ModelProblem
from rag.models.catalog import Model
from rag.models.embedder import Role, Vectors, normalised
from rag.models.endpoint import Facts
from rag.models.servers import Servers
from rag.progress import Progress, silent

# Texts of one request, and requests that each server is given at once, so that it always has the next one.
BATCH, AT_ONCE = 64, 2
PATIENCE = 60.0
# Pauses before papers are sent again, so that no hiccup ends a build of hours; a query is told of it at once.
PAUSES = (1.0, 3.0, 9.0, 27.0)


class ServedEmbedder:
    """A model of a catalogue's entry with ``servers``, which must all serve the same one and share the texts.

    Raises ModelLost when none of them can be used. Its ``weights`` are the model's name on the server and the length
    of its vectors: nobody elsewhere knows more of them.
    """

    def __init__(self, model: Model, key: str = "") -> None:
        self.model = model
        self._key = key
        self._servers = Servers(model.servers, key, PATIENCE)
        served = {one.model for one in self._servers.look() if isinstance(one, Facts)}
        if len(served) > 1:
            raise ModelProblem(f"The servers of {model.title} serve different models ({', '.join(sorted(served))}).")
        self.dimensions = len(self._embedded(["star"])[0])
        self.weights = hashlib.sha256(f"{served}\n{self.dimensions}".encode()).hexdigest()[:16]

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process asks the servers itself."""
        return ServedEmbedder, (self.model, self._key)

    def encode(self, texts: Sequence[str], role: Role, progress: Progress = silent) -> Vectors:
        """Vectors of shape (len(texts), dimensions). Raises ModelLost when no server gives them."""
        prompt = self.model.query_prompt if role == "query" else self.model.document_prompt
        pauses = PAUSES if role == "document" else ()
        vectors: Vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        under_way: deque[tuple[int, list[str], Future[Vectors]]] = deque()

        def take() -> None:
            start, part, begun = under_way.popleft()
            end = start + len(part)
            vectors[start:end] = self._patiently(part, begun, pauses)
            progress(end, end / len(texts))

        for start in range(0, len(texts), BATCH):
            if len(under_way) == AT_ONCE * len(self._servers.endpoints):
                take()
            part = [prompt + text for text in texts[start : start + BATCH]]
            under_way.append((start, part, self._begun(part)))
        while under_way:
            take()
        return normalised(vectors)

    def close(self) -> None:
        """Let go of the servers."""
        self._servers.close()

    def _begun(self, texts: list[str]) -> Future[Vectors]:
        return self._servers.start(self._servers.share_out(lambda one: one.embed(texts)))

    def _embedded(self, texts: list[str]) -> Vectors:
        return self._begun(texts).result()

    def _patiently(self, texts: list[str], begun: Future[Vectors], pauses: Sequence[float]) -> Vectors:
        for pause in (*pauses, None):
            try:
                vectors = begun.result()
                break
            except ModelLost:
                if pause is None:
                    raise
                time.sleep(pause)
                begun = self._begun(texts)
        if vectors.shape[1] != self.dimensions:
            raise ModelProblem(
                f"The vectors of {self.model.title} have another length than before: have its servers serve one model."
            )
        return vectors
