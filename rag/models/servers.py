"""Several model servers as one: each piece of work goes to the one that is busy with the least."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from rag.errors import ModelLost, ModelProblem
from rag.models.addresses import Address
from rag.models.endpoint import Endpoint, Facts

Outcome = TypeVar("Outcome")


class Servers:
    """Servers with the event loop that all their connections live in, which has a thread of its own."""

    def __init__(self, addresses: Sequence[Address], key: str, patience: float) -> None:
        self.endpoints = [Endpoint(address, key, patience) for address in addresses]
        self._closed = False
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="model servers", daemon=True).start()

    @property
    def known(self) -> list[Facts]:
        """What those said of themselves that have been asked."""
        return [one.facts for one in self.endpoints if one.facts]

    def start(self, work: Coroutine[Any, Any, Outcome]) -> Future[Outcome]:
        """Begin some work in the event loop. Raises ModelProblem when the servers were let go of."""
        if self._closed:
            work.close()
            raise ModelProblem("The model servers were let go of.")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def look(self) -> list[Facts | ModelLost]:
        """What each server says of its model, or what is wrong with it."""

        async def look() -> list[Facts | ModelLost]:
            return await asyncio.gather(*map(_looked, self.endpoints))

        return self.start(look()).result()

    async def share_out(
        self, work: Callable[[Endpoint], Awaitable[Outcome]], begun: Callable[[], bool] = lambda: False
    ) -> Outcome:
        """Have the least busy server do some work, and when it fails another, unless the work has ``begun`` to show.

        Servers that failed of late are left out as long as there are others. Raises ModelLost when all fail.
        """
        left = [one for one in self.endpoints if not one.rests] or list(self.endpoints)
        while True:
            endpoint = min(left, key=lambda one: one.busy)
            left.remove(endpoint)
            endpoint.busy += 1
            try:
                return await work(endpoint)
            except ModelLost:
                if begun() or not left:
                    raise
            finally:
                endpoint.busy -= 1

    def close(self) -> None:
        """End what is under way, and let go of all connections."""
        if not self._closed:
            self.start(self._let_go()).result()
            self._closed = True
            self._loop.call_soon_threadsafe(self._loop.stop)

    async def _let_go(self) -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.gather(*(one.close() for one in self.endpoints))


async def _looked(endpoint: Endpoint) -> Facts | ModelLost:
    try:
        return await endpoint.look()
    except ModelLost as lost:
        return lost
