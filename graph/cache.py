"""What is read often: found in a cache, or loaded from Neo4j, once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from graph.database import Row
from graph.metrics import DETAILS

Value = TypeVar("Value")

SETTLED_AFTER = 150
"""Seconds after which a change is whole for every reader: a transaction may last two minutes, counted from what its
first statement says the time is, and a reader may meet half of what it commits."""
_KEEP = 600.0  # seconds; an edit by hand that raises no version is seen after these at the latest
_KEEP_UNSETTLED = 5.0
_WAIT = 0.3  # seconds for what another process loads
_LOOK = 0.005
CLAIMED = b""
"""What stands for a value that somebody is loading."""


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    value: bytes
    seconds: float
    """How long it is worth something."""


class Cache(Protocol):
    """Keeps bytes for a while, or loses them. What fails is the same as nothing found, and raises nothing."""

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """What is kept for each key."""

    async def claim(self, keys: Sequence[str]) -> set[str]:
        """Puts `CLAIMED` where nothing is, for a moment; where it was put. All, when nothing can be kept."""

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keeps these instead of what was there."""


class NoCache:
    """Where nothing is kept."""

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        return [None] * len(keys)

    async def claim(self, keys: Sequence[str]) -> set[str]:
        return set(keys)

    async def put(self, entries: Sequence[Entry]) -> None:
        return


class Kept(Generic[Value]):
    """One kind of thing that items have, each at a version.

    `load` takes ids and gives for each item that is there `{id, version, updated_at, settled}`, and `imported_from` of
    one that a file has brought, and the thing; all of it is read by the same statement, what it is known by first.
    An item that is not there has `nothing`.
    """

    def __init__(
        self,
        kind: str,
        shape: TypeAdapter[Value],
        load: Callable[[list[str]], Awaitable[Iterable[tuple[Row, Value]]]],
        nothing: Value,
        cache: Cache,
    ) -> None:
        self._kind = kind
        self._shape = shape
        self._load = load
        self._nothing = nothing
        self._cache = cache
        self._awaited: dict[str, asyncio.Future[Value]] = {}
        self._fetches: set[asyncio.Task[None]] = set()

    async def of(self, rows: Sequence[Row]) -> list[Value]:
        """The thing of each of these items, which have what `load` gives but `settled`. Raises what loading raises."""
        if not rows:
            return []
        keys = [self._key(row) for row in rows]
        mine = {key: str(row["id"]) for key, row in zip(keys, rows, strict=True) if key not in self._awaited}
        if mine:
            self._awaited |= {key: asyncio.get_running_loop().create_future() for key in mine}
            # A task of its own, because others may wait for it when whoever asked first has gone away.
            fetch = asyncio.create_task(self._fetch(mine))
            self._fetches.add(fetch)
            fetch.add_done_callback(self._fetches.discard)
        awaited = [self._awaited[key] for key in keys]
        await asyncio.wait(awaited)
        return [found.result() for found in awaited]

    async def _fetch(self, asked: dict[str, str]) -> None:
        """Answers those who wait for these keys; who asks before all of it is kept waits with them."""
        try:
            found = await self._found(asked)
            free = {key for key in asked if found[key] is None}
            elsewhere = {key for key in asked if found[key] == CLAIMED} | free - await self._cache.claim([*free])
            await self._load_and_keep({key: id for key, id in self._left(asked).items() if key not in elsewhere})
            await self._wait(elsewhere)
            await self._load_and_keep(self._left(asked))
        except Exception as error:
            for key in self._left(asked):
                self._awaited[key].set_exception(error)
                # Whoever waits may have gone away, and an exception that nobody looks at is complained of.
                self._awaited[key].exception()
        finally:
            for key in asked:
                self._awaited.pop(key).cancel()

    def _left(self, asked: dict[str, str]) -> dict[str, str]:
        """What was not answered yet."""
        return {key: id for key, id in asked.items() if not self._awaited[key].done()}

    async def _found(self, keys: Collection[str]) -> dict[str, bytes | None]:
        """Answers with what is kept; what there was."""
        found = dict(zip(keys, await self._cache.get([*keys]), strict=True))
        for key, text in found.items():
            if text and (value := self._read(text)) is not None:
                self._awaited[key].set_result(value)
                DETAILS.labels("valkey").inc()
        return found

    async def _wait(self, keys: set[str]) -> None:
        """For what another process is loading; not for long, as it may have died."""
        until = monotonic() + _WAIT
        while keys and monotonic() < until:
            await asyncio.sleep(_LOOK)
            found = await self._found(keys)
            keys = {key for key in keys if found[key] == CLAIMED}

    async def _load_and_keep(self, missing: dict[str, str]) -> None:
        if not missing:
            return
        loaded = {str(row["id"]): (row, value) for row, value in await self._load([*missing.values()])}
        for key, id in missing.items():
            self._awaited[key].set_result(loaded[id][1] if id in loaded else self._nothing)
        DETAILS.labels("neo4j").inc(len(missing))
        await self._cache.put([self._entry(row, value) for row, value in loaded.values()])

    def _read(self, text: bytes) -> Value | None:
        """None for what somebody else, or another version of us, has put there."""
        try:
            return self._shape.validate_json(text)
        except ValidationError:
            return None

    def _entry(self, row: Row, value: Value) -> Entry:
        # Under what it was read with, which may be newer than what was asked for.
        return Entry(self._key(row), self._shape.dump_json(value), _KEEP if row["settled"] else _KEEP_UNSETTLED)

    def _key(self, row: Row) -> str:
        """Another one after each change. The time tells an item from one that had its id before, or its version before
        a backup was restored, and the file does of one whose times it has brought; the id comes last, because it may be
        any text."""
        time, file = row["updated_at"], row.get("imported_from") or ""
        return f"{self._kind}:{row['version']}:{time.iso_format() if time else ''}:{file}:{row['id']}"
