"""What is told of items as it happens, to those in this process who listen; who misses some finds it in the graph."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Moved:
    """An item has come to a version; it may have come to later ones meanwhile."""

    story_id: str | None
    version: int


class Listener:
    """Keeps of each item the first news since it was last asked, so that one who is slow needs no room for more."""

    def __init__(self) -> None:
        self._news: dict[str, Moved] = {}
        self._woken = asyncio.Event()

    def hear(self, item_id: str, told: Moved) -> None:
        self._news.setdefault(item_id, told)
        self._woken.set()

    async def wait(self, seconds: float) -> dict[str, Moved]:
        """The news by item, as soon as there are any; none after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()
        news, self._news = self._news, {}
        return news


class Source(Protocol):
    """Where news come from, asked only while somebody listens; both may be called again."""

    async def begin(self) -> None: ...

    async def end(self) -> None: ...


class News:
    """Where it is told."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._source: Source | None = None
        self._turn = asyncio.Lock()

    def tell(self, item_id: str, told: Moved) -> None:
        for listener in self._listeners:
            listener.hear(item_id, told)

    @property
    def listened(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    @asynccontextmanager
    async def told_by(self, source: Source) -> AsyncIterator[None]:
        """What the source has to tell is told while the block runs."""
        async with self._turn:
            self._source = source
            if self._listeners:
                await source.begin()
        try:
            yield
        finally:
            async with self._turn:
                self._source = None
                await source.end()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """Begins when the source tells, so that nothing is missed from then on."""
        listener = Listener()
        try:
            async with self._turn:
                if self._source and not self._listeners:
                    await self._source.begin()
                self._listeners.add(listener)
            yield listener
        finally:
            # Also when it was broken off while the source began.
            self._listeners.discard(listener)
            async with self._turn:
                if self._source and not self._listeners:
                    await self._source.end()
