"""Valkey as what keeps details: asked for a moment only, and left alone for a while when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar

import redis.asyncio as redis
from prometheus_client import Counter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from graph.cache import CLAIMED, Entry

Answer = TypeVar("Answer")

FAILURES = Counter("stategate_cache_failures", "Calls of Valkey that failed or took too long.")
_TURN = 0.01  # seconds
_PATIENCE = 10  # turns of one call: while this process is too busy to hear the answer, a turn takes longer
_PAUSE = 2.0  # seconds it is left alone after a call that failed; then one caller tries
_CLAIM = 1.0  # seconds, after which whoever claimed a key has died
_LARGEST = 1_000_000  # bytes of a value that is kept
_CONNECTIONS = 16
_PREFIX = "stategate:"


class ValkeyCache:
    """Keeps details in Valkey. Every failure of it is as if nothing was kept."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._away_until: float | None = None

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str) -> AsyncIterator[ValkeyCache]:
        """Over connections of its own, made when they are needed."""
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=_CONNECTIONS, timeout=None, retry=Retry(NoBackoff(), 0)
        )
        async with redis.Redis.from_pool(pool) as client:
            yield cls(client)

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """What is kept for each key."""

        async def ask() -> list[bytes | None]:
            found: list[Any] = await self._client.mget([_PREFIX + key for key in keys])
            return found

        return await self._within(ask) or [None] * len(keys)

    async def claim(self, keys: Sequence[str]) -> set[str]:
        """Which of these nobody else is loading; all of them, when Valkey does not say."""

        async def ask() -> list[bool | None]:
            async with self._client.pipeline(transaction=False) as pipeline:
                for key in keys:
                    pipeline.set(_PREFIX + key, CLAIMED, nx=True, px=round(_CLAIM * 1000))
                return await pipeline.execute(raise_on_error=False)

        told = (await self._within(ask) if keys else None) or [True] * len(keys)
        return {key for key, claimed in zip(keys, told, strict=True) if claimed is not None}

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keeps these, but for what is very large: nobody need wait for that."""

        async def ask() -> None:
            async with self._client.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    if len(entry.value) > _LARGEST:
                        pipeline.delete(_PREFIX + entry.key)
                    else:
                        pipeline.set(_PREFIX + entry.key, entry.value, px=round(entry.seconds * 1000))
                # One that is full refuses, and can be read all the same.
                if any(isinstance(told, Exception) for told in await pipeline.execute(raise_on_error=False)):
                    FAILURES.inc()

        if entries:
            await self._within(ask)

    async def _within(self, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer | None:
        """The answer; None when there is none in time, or Valkey is left alone."""
        if self._away_until is not None:
            if monotonic() < self._away_until:
                return None
            # This one tries, and those who come meanwhile need not.
            self._away_until = monotonic() + _PAUSE
        try:
            answer = await _in_time(ask())
        except (RedisError, OSError):
            FAILURES.inc()
            self._away_until = monotonic() + _PAUSE
            return None
        self._away_until = None
        return answer


async def _in_time(call: Coroutine[Any, Any, Answer]) -> Answer:
    """Raises `TimeoutError`."""
    task = asyncio.create_task(call)
    try:
        for _ in range(_PATIENCE):
            if (await asyncio.wait({task}, timeout=_TURN))[0]:
                return task.result()
    finally:
        task.cancel()
    raise TimeoutError
