"""Timers: what a rule lets the system fire when an item has rested long enough."""

from __future__ import annotations

from collections.abc import Collection

from graph.database import Database, Row
from graph.decision import Command, Outcome
from graph.gate import Gate
from graph.lease import Lease
from graph.levels import LEVELS

_LATER = 60  # seconds after which a timer that could not fire is looked at again
_BATCH = 200


class Timers:
    """Fires what is due. One process at a time does it for a level; the version in a command keeps others from harm."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate
        self._leases = {level: Lease(db, f"timers-{level}") for level in LEVELS}

    async def tick(self, levels: Collection[str] = LEVELS) -> int:
        """Fires what is due now in those of the levels where this process leads; returns how many items moved.

        Raises:
            UnavailableError: Neo4j is away; nothing is lost, the times are in the graph.
        """
        return sum([await self._tick(level) for level in levels if await self._leases[level].lead()])

    async def _tick(self, level: str) -> int:
        while (await self._db.write("timer/rearm", level=level, limit=_BATCH * 5))[0]["armed"]:
            pass
        moved = 0
        while due := await self._db.read("timer/due", level=level, limit=_BATCH):
            fired = [await self._fire(row) for row in due]
            late = [
                {"id": row["item_id"], "version": row["version"]}
                for row, done in zip(due, fired, strict=True)
                if not done
            ]
            await self._db.write("timer/postpone", items=late, seconds=_LATER)
            moved += sum(fired)
        return moved

    async def leave(self) -> None:
        """Lets another process lead at once."""
        for lease in self._leases.values():
            await lease.release()

    async def _fire(self, row: Row) -> bool:
        """Tries the due actions in their order; the version keeps each from being fired twice."""
        for action in row["actions"]:
            command = Command(row["item_id"], action, None, expected_version=row["version"], timer=True)
            [decision] = await self._gate.decide([command])
            if decision.outcome is Outcome.APPLIED:
                return True
        return False
