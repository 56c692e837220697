"""One model server that speaks OpenAI's protocol: what it serves, and having it write."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import ModelLost
from rag.models import server_faults
from rag.models.addresses import Address
from rag.models.server_faults import Fault
from rag.models.writer import Message, harmless

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

CONNECT_SECONDS, ASKED_SECONDS = 5.0, 10.0
# A server that can't be reached, or fails so often in a row, is left alone for so many seconds.
ENOUGH, REST = 3, 15.0
# Connections on which nothing was said for so long are not used again: many servers close theirs after five seconds.
IDLE_SECONDS = 2.0
# What a reply may have in pieces beyond its tokens: the role, what the tokens were counted to, signs of life.
BESIDE = 64
# A text of fewer characters is not too long for any embedding model.
SHORT = 400

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server says of a model: its name there, the tokens that it reads, and how many replies it writes at once.

    None is what it doesn't say.
    """

    model: str
    context: int | None = None
    slots: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reply that is asked for, of at most so many tokens."""

    messages: Sequence[Message]
    max_tokens: int
    temperature: float


class Endpoint:
    """A server, and with how many replies it is ``busy``. Its coroutines belong in one event loop.

    It is given up after ``patience`` seconds in which it wrote nothing.
    """

    def __init__(self, address: Address, key: str, patience: float) -> None:
        self.address, self.busy, self.problem = address, 0, ""
        self.facts: Facts | None = None
        self._key, self._patience = key, patience
        self._http: httpx2.AsyncClient | None = None
        self._client: AsyncOpenAI | None = None
        self._faults, self._rest_until = 0, 0.0

    @property
    def rests(self) -> bool:
        """Whether it failed of late and is left alone."""
        return time.monotonic() < self._rest_until

    async def look(self) -> Facts:
        """What it serves, asked once. Raises ModelLost when it can't be used, or serves no model or too many."""
        if self.facts is None:
            try:
                listed = await self._listed()
                model = self._chosen([str(one.get("id")) for one in listed])
                entry = next((one for one in listed if one.get("id") == model), {})
                self.facts = await self._described(model, entry)
            except Exception as error:  # whatever a server sends, and whatever the client stumbles over
                raise self._lost(error) from None
        return self.facts

    async def write(self, wanted: Wanted, say: Callable[[str], None]) -> None:
        """Have it write a reply, and ``say`` each piece. Raises ModelLost when that goes wrong, before or after one."""
        facts = await self.look()
        try:
            await self._write(facts.model, wanted, say)
        except Exception as error:  # as above
            raise self._lost(error) from None
        self._faults = 0

    async def embed(self, texts: list[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions). Raises ModelLost when that goes wrong."""
        facts = await self.look()
        try:
            async with asyncio.timeout(self._patience):
                vectors = await self._embed(facts.model, texts)
        except Exception as error:  # as above
            raise self._lost(error) from None
        self._faults = 0
        return vectors

    async def _embed(self, model: str, texts: list[str]) -> Vectors:
        """Vectors; of a text that the server finds too long, the first half or quarter is embedded."""
        import openai

        try:
            given = await self._connected().embeddings.create(model=model, input=texts, encoding_format="float")
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            if len(texts) > 1:
                middle = len(texts) // 2
                return np.concatenate([await self._embed(model, half) for half in (texts[:middle], texts[middle:])])
            if len(texts[0]) < SHORT:
                raise
            return await self._embed(model, [texts[0][: len(texts[0]) // 2]])
        ordered = sorted(given.data, key=lambda one: one.index)
        vectors: Vectors = np.array([one.embedding for one in ordered], dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise server_faults.foreign()
        return vectors

    async def close(self) -> None:
        """Let go of its connections."""
        if self._http:
            await self._http.aclose()

    async def _write(self, model: str, wanted: Wanted, say: Callable[[str], None]) -> None:
        reason, said, pieces = "", False, 0
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._patience) as clock:
            completions: Any = self._connected().chat.completions
            stream = await completions.create(
                model=model,
                messages=harmless(wanted.messages),
                max_tokens=wanted.max_tokens,
                temperature=wanted.temperature,
                stream=True,
                # The way of vLLM and llama.cpp to say that nothing is to be thought first; others take no notice.
                extra_body={"chat_template_kwargs": {"enable_thinking": False}},
            )
            async with stream:
                async for piece in stream:
                    pieces += 1
                    choice = piece.choices[0] if piece.choices else None
                    if text := (choice and choice.delta.content) or "":
                        say(text)
                        said = said or bool(text.strip())
                    if choice and (text or choice.delta.model_extra):  # a thought is a sign of life too
                        clock.reschedule(loop.time() + self._patience)
                    reason = (choice and choice.finish_reason) or reason
                    if pieces > wanted.max_tokens + BESIDE:
                        reason = "length"
                        break
        if not pieces:
            raise server_faults.foreign()
        if not reason:
            raise Fault("broke off in the middle of its reply")
        if not said:
            thought = f" in {wanted.max_tokens} tokens" if reason == "length" else ""
            raise Fault(f"wrote nothing{thought}", "turn the model's thinking off, or raise max_tokens")

    def _lost(self, error: Exception) -> ModelLost:
        """What is told of an error. A server that can't be reached, or fails again and again, is left alone a while."""
        fault = server_faults.understood(error, self._patience, self._key)
        self.facts = None
        self._faults += 1
        if fault.away or self._faults >= ENOUGH:
            self._rest_until = time.monotonic() + REST
        self.problem = f"The model server {self.address.place} {fault.told}"
        return ModelLost(self.problem, fault.advice)

    def _connected(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI

            url, key, asked = self.address.url, self._key or "none", self._asking()
            self._client = AsyncOpenAI(base_url=url, api_key=key, http_client=asked, max_retries=0)
            self._client.timeout = asked.timeout
            # What the environment says of an account at OpenAI is no business of this server.
            self._client.organization = self._client.project = None
        return self._client

    def _asking(self) -> httpx2.AsyncClient:
        if self._http is None:
            import httpx2

            self._http = httpx2.AsyncClient(
                headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                timeout=httpx2.Timeout(self._patience, connect=CONNECT_SECONDS),
                limits=httpx2.Limits(keepalive_expiry=IDLE_SECONDS),
                follow_redirects=False,  # the key is for nobody else
                trust_env=not self.address.on_loopback,
            )
        return self._http

    async def _listed(self) -> list[dict[str, Any]]:
        """The server's list of models; one that keeps no list must be told what to use."""
        answer = await self._asking().get(f"{self.address.url}/models", timeout=ASKED_SECONDS)
        if answer.status_code in (404, 405) and self.address.model:
            return []
        answer.raise_for_status()
        return [dict(one) for one in answer.json()["data"]]

    def _chosen(self, names: list[str]) -> str:
        wanted = self.address.model
        shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
        if wanted is None:
            if len(names) == 1:
                return names[0]
            told = f"serves several models ({shown})" if names else "serves no model"
            raise Fault(told, f"name one after its address, like {self.address.url}#{names[0] if names else 'model'}")
        for name in (wanted, f"{wanted}:latest"):  # Ollama's way to leave a version out
            if name in names or not names:
                return name
        raise Fault(f"serves no model {wanted}, only {shown}", "name one of them after #")

    async def _described(self, model: str, entry: dict[str, Any]) -> Facts:
        """What the server says of a model in whichever way it does; what makes no sense is passed over."""
        context = _number(entry.get("max_model_len")) or _number(entry.get("context_length"))
        if context:  # vLLM, SGLang
            return Facts(model, context)
        with contextlib.suppress(KeyError, TypeError, AttributeError):  # llama.cpp
            props = await self._aside("/props")
            if context := _number(props["default_generation_settings"]["n_ctx"]):
                return Facts(model, context, _number(props["total_slots"]))
        with contextlib.suppress(KeyError, TypeError, AttributeError):  # LM Studio
            if context := _number((await self._aside(f"/api/v0/models/{model}"))["loaded_context_length"]):
                return Facts(model, context)
        with contextlib.suppress(KeyError, TypeError, AttributeError):  # Ollama
            loaded = {one["name"]: one["context_length"] for one in (await self._aside("/api/ps"))["models"]}
            context = _number(loaded.get(model))
        return Facts(model, context)

    async def _aside(self, path: str) -> Any:
        """What a server says of itself outside the protocol; empty where it says nothing."""
        import httpx2

        try:
            answer = await self._asking().get(self.address.root + path, timeout=ASKED_SECONDS)
            return answer.json() if answer.status_code == 200 else {}
        except (httpx2.HTTPError, ValueError):
            return {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
