"""What is told of items as it happens, to those in this process who listen; who misses some finds it in the graph."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


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


class News:
    """Where it is told."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def tell(self, item_id: str, told: Moved) -> None:
        for listener in self._listeners:
            listener.hear(item_id, told)

    @property
    def listened(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
