"""A job that one process at a time does for all, with a number that tells a former holder from the present one."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from time import monotonic

from graph.database import Database, Row, Transaction
from graph.errors import UnavailableError
from graph.metrics import LEASE

SECONDS = 6.0  # that a holder who went away without a word still counts as one
_KEEP = 2.0  # seconds after which a holder who wrote nothing says that it is still there
_PATIENCE = 1.0  # seconds of waiting for its lock after which the holder must be at work
# Seconds for which who could not ask still acts outside of Neo4j. A stream drops repetitions for two minutes, so
# nothing that a next holder has published meanwhile is new to it.
_SURE = 30.0
_STAND_BY = 0.4  # seconds between two looks of those who wait for their turn


class LeaseLostError(UnavailableError):
    """Another process has taken over; nothing was written."""


class Lease:
    """One job. `take` it, write in transactions that `check` it (see `Database.under`), `release` it."""

    def __init__(self, db: Database, name: str) -> None:
        # On a busy machine plans take longer to make than a lease lasts.
        self._db = db.at_once()
        self._name = name
        self._holder = str(uuid.uuid4())
        self._fence: int | None = None
        self._kept = 0.0

    @property
    def held(self) -> bool:
        """Whether it was ours when we last looked."""
        return self._fence is not None

    @property
    def is_sure(self) -> bool:
        """Whether it was ours so short a time ago that what another has done since then cannot be long ago."""
        return self.held and monotonic() - self._kept < _SURE

    def _has(self, fence: int | None) -> None:
        self._fence = fence
        LEASE.labels(self._name).set(self.held)

    async def take(self) -> bool:
        """Whether the job is ours from now on. A lease that is ours already is taken anew: what was begun is lost."""
        [found] = await self._db.read("lease/is_free", name=self._name, holder=self._holder)
        if not found["free"]:
            return False
        began = monotonic()
        [taken] = await self._db.write(
            "lease/take", name=self._name, holder=self._holder, seconds=SECONDS, patience=_PATIENCE
        )
        self._kept = began
        self._has(taken["fence"] if taken["held"] else None)
        return self.held

    async def lead(self) -> bool:
        """Whether the job is ours, taken now if it is free."""
        if self.held:
            with suppress(LeaseLostError):
                await self.keep()
                return True
        return await self.take()

    async def keep(self) -> None:
        """Says that the holder is still there. Raises `LeaseLostError`."""
        await self._db.in_transaction(self.check)

    async def check(self, tx: Transaction) -> None:
        """Raises `LeaseLostError` unless it is ours; then nobody takes it before the transaction ends."""
        began = monotonic()
        if not await tx.run("lease/keep", **self.terms()):
            self._has(None)
            raise self._lost()
        self.kept(began)

    def terms(self) -> Row:
        """`{name, fence, seconds}`, by which a statement looks at it. Raises `LeaseLostError` when it is known lost."""
        if self._fence is None:
            raise self._lost()
        return {"name": self._name, "fence": self._fence, "seconds": SECONDS}

    def kept(self, began: float) -> None:
        """It was found to be ours by a transaction that began then."""
        self._kept = began

    def _lost(self) -> LeaseLostError:
        return LeaseLostError(f"Another process does the job '{self._name}' now.")

    async def keep_on(self) -> None:
        """Keeps it while its holder has nothing to write; returns when it is lost."""
        while self.held:
            await asyncio.sleep(max(0.05, self._kept + _KEEP - monotonic()))
            if self.held and monotonic() - self._kept >= _KEEP:
                try:
                    await self.keep()
                except LeaseLostError:
                    return
                except UnavailableError:
                    await asyncio.sleep(_STAND_BY)

    async def release(self) -> None:
        """Gives it back, so that another takes it at once."""
        if self._fence is not None:
            fence = self._fence
            self._has(None)
            with suppress(UnavailableError):
                await self._db.write("lease/release", name=self._name, fence=fence)

    async def until_taken(self, stopping: asyncio.Event) -> bool:
        """Stands by until it is ours; False when `stopping` came first."""
        while not stopping.is_set():
            with suppress(UnavailableError):
                if await self.take():
                    return True
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _STAND_BY)
        return False

    async def position(self, stream: str) -> int:
        """Up to where a stream was handled, as `set_position` kept it; 0 when it did not."""
        rows = await self._db.read("lease/position", name=self._name, stream=stream)
        return int(rows[0]["position"]) if rows else 0

    async def set_position(self, stream: str, position: int) -> None:
        """Keeps up to where a stream was handled. Raises `LeaseLostError`."""

        async def work(tx: Transaction) -> None:
            await self.check(tx)
            await tx.run("lease/set_position", name=self._name, stream=stream, position=position)

        await self._db.in_transaction(work)
