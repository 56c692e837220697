"""The embedding model that the settings or an index name, ready to be used, wherever it runs."""

from __future__ import annotations

from rag.models import embedder, store
from rag.models.addresses import refuse_offline
from rag.models.catalog import Model
from rag.models.embedder import Embedder
from rag.settings import Settings, secret


def load(settings: Settings, model: Model, threads: int | None = None, device: str | None = None) -> Embedder:
    """An embedding model, fetched first when it is not here.

    Raises ModelProblem when it can't be had, ModelLost when its servers can't be used, UsageError when they are
    elsewhere and the network is not to be touched, or when there is no such ``device``.
    """
    if model.servers:
        from rag.models.served_embedder import ServedEmbedder

        refuse_offline(model.servers, settings.offline)
        return ServedEmbedder(model, secret(settings.embedding_key, "SIDEREUS_EMBEDDING_KEY"))
    store.ensure(settings.models, model, settings.offline)
    return embedder.load(settings.models, model, threads, device=device)
