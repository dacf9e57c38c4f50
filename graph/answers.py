"""The answers given to commands: kept so that one sent again gets its first answer, and forgotten after their time."""

from __future__ import annotations

from graph.database import Database
from graph.lease import Lease

_BATCH = 500  # answers forgotten in one transaction, so that none who acts waits for long


class Cleaner:
    """Forgets old answers. One process at a time does it."""

    def __init__(self, db: Database, days: int) -> None:
        """`days` is how long an answer is kept; a command sent again after that is a new one."""
        self._lease = Lease(db, "cleaner")
        self._db = db.under(self._lease)
        self._days = days

    async def clean(self) -> int:
        """Forgets some, if this process leads; returns how many. What happened stays in the history.

        Raises:
            UnavailableError: Neo4j is away, or another process leads now.
        """
        if not await self._lease.lead():
            return 0
        [refusals] = await self._db.write("answers/forget_refusals", days=self._days, limit=_BATCH)
        [changes] = await self._db.write("answers/forget_changes", days=self._days, limit=_BATCH)
        return int(refusals["forgotten"] + changes["forgotten"])

    async def leave(self) -> None:
        """Lets another process lead at once."""
        await self._lease.release()
