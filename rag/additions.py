"""Adding papers to an index that is in use, or to a new one, while everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.index import build as building
from rag.index import undo
from rag.index.build import Plan
from rag.index.folders import existing
from rag.index.manifest import Manifest
from rag.models import catalog, choice, embedders
from rag.progress import Progress, silent
from rag.state import read_state

if TYPE_CHECKING:
    from rag.models.embedder import Embedder
    from rag.sessions import Sessions
    from rag.sources import Source


def add_papers(sessions: Sessions, name: str, source: Source, progress: Progress = silent) -> Manifest:
    """Put the papers of a source into the index called ``name``, which is made when there is none.

    Whoever asks ``sessions`` for it afterwards sees them, and :func:`rag.index.undo.take_back` takes them away
    again. Raises SidereusError when the source or the index can't be used.
    """
    indexes = sessions.first.settings.indexes
    plan = Plan(name, (source,))
    if name in existing(indexes):
        undo.remember(indexes, name)
        return building.add(indexes, plan, lambda _: sessions.of(name).embedder, progress)
    return building.build(indexes, plan, _embedder(sessions), progress=progress)


def _embedder(sessions: Sessions) -> Embedder:
    """The embedding model for new indexes; the one that is loaded already when that is the same."""
    first = sessions.first
    settings = first.settings
    wanted = settings.embedding or read_state(settings).embedding
    model = (
        catalog.find(wanted, "embedding") if wanted else choice.at_hand(settings.models, "embedding", settings.offline)
    )
    if model.name == first.manifest.model:
        return first.embedder
    return embedders.load(settings, model, settings.threads)
