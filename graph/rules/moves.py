"""Items of states that go away: moved to where the mapping says, in batches, by whoever is there to do it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog
from neo4j.exceptions import ConstraintError

from graph import encoding
from graph.database import Database, Transaction
from graph.deciding import decide, look_later
from graph.decision import Command
from graph.errors import ConflictError, UnavailableError
from graph.lease import Lease
from graph.levels import LEVELS
from graph.next_work import NextWork

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
"""Is told how many items have been moved, and of how many."""

BATCH = 1000  # items to a transaction
_WAIT = 0.1  # seconds between two looks at what another process moves
_TRIES = 5  # batches without effect after which something is wrong
_NAMED = 5  # items that are named then


@dataclass(frozen=True, slots=True)
class Move:
    """A state that went away in a version: how many items were in it then, and how many of them wait still.

    `level` is the kind of items, None when the workflow went away.
    """

    workflow: str
    level: str | None
    version: int
    confirm: str | None
    from_state: str
    to_state: str
    items: int
    waiting: int


async def move(
    tx: Transaction, ids: Sequence[str], following: NextWork | None = None, *, goes_on: bool = True
) -> list[str]:
    """Moves those of the items that wait for it, and returns their ids.

    What the rules do by themselves in the new states is done in the same transaction, unless `goes_on` is False.

    Raises: as `NextWork.begin`, of the next work that is `following`.
    """
    moved = await tx.run("rules/move_items", ids=list(ids))
    going = [row["id"] for row in moved if row["goes_on"]] if goes_on else []
    answers = await decide(tx, [encoding.row(Command(item, None, None), seq) for seq, item in enumerate(going)])
    gone = {item for item, answer in zip(going, answers, strict=True) if answer["hops"]}
    await tx.run("rules/rest_items", ids=[row["id"] for row in moved if row["id"] not in gone])
    if goes_on:
        await (following or NextWork()).begin(tx, {story for row in (*moved, *answers) for story in row["stories"]})
    ids = [row["id"] for row in moved]
    # What plug-ins are to be asked about, or all that was left out.
    pending = [item for item, answer in zip(going, answers, strict=True) if answer["pending"]]
    await look_later(tx, pending if goes_on else ids)
    return ids


async def move_first(tx: Transaction, ids: Sequence[str], following: NextWork) -> list[str]:
    """Moves those of the items that wait to be moved, before something else is done with them; returns their ids.

    Raises: as `move`.
    """
    waiting = await tx.run("rules/left_behind", ids=list(ids)) if ids else []
    return await move(tx, [row["id"] for row in waiting], following) if waiting else []


class Moves:
    """What publishing has left to do. The graph says what it is, so whoever comes next goes on with it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lease = Lease(db, "moves")
        self._busy = asyncio.Lock()

    async def pending(self, workflow: str | None = None) -> list[Move]:
        """The moves that are not finished, of one workflow or of all."""
        rows = await self._db.read("rules/pending_moves", workflow=workflow)
        return [
            Move(
                row["move"]["workflow"],
                row["level"],
                row["move"]["version"],
                row["move"]["confirm"],
                row["move"]["from"],
                row["move"]["to"],
                row["move"]["items"],
                row["waiting"],
            )
            for row in rows
        ]

    async def finish(self, workflow: str, progress: Progress | None = None) -> None:
        """Returns when every item has been moved, by this process or by the one that is at it.

        Raises:
            ConflictError: items cannot be moved, because the rules were changed by hand meanwhile.
        """
        async with self._busy:
            idle = 0
            while pending := await self.pending(workflow):
                waiting = sum(one.waiting for one in pending)
                if progress:
                    total = max(waiting, sum(one.items for one in pending))
                    progress(total - waiting, total)
                if not await self._lease.lead():
                    await asyncio.sleep(_WAIT)
                    continue
                idle = 0 if await self._batch(workflow) else idle + 1
                if idle > _TRIES:
                    # Another process may have the moves of other workflows to make.
                    await self._lease.release()
                    some = await self._db.read("rules/waiting_items", workflow=workflow, limit=_NAMED)
                    named = ["one without an id" if row["id"] is None else f"'{row['id']}'" for row in some]
                    raise ConflictError(
                        f"{waiting} items of '{workflow}' cannot be moved from {_names(pending)}: {', '.join(named)}. "
                        "Mend or delete them, or bring back the state they go to; the log says what is wrong."
                    )
            await self._lease.release()

    async def tick(self, levels: Collection[str] = LEVELS) -> int:
        """Goes on with what a crash has left of these levels; returns how many workflows it was.

        Raises:
            UnavailableError: Neo4j is away; nothing is lost.
        """
        if self._busy.locked():
            return 0
        workflows = {one.workflow for one in await self.pending() if one.level is None or one.level in levels}
        for workflow in sorted(workflows):
            try:
                await self.finish(workflow)
            except ConflictError as error:
                log.warning("items wait to be moved", workflow=workflow, error=str(error))
        return len(workflows)

    async def _batch(self, workflow: str) -> bool:
        """Moves a batch, or takes away what is empty; whether anything came of it."""
        ids = [row["id"] for row in await self._db.read("rules/waiting_items", workflow=workflow, limit=BATCH)]
        if not ids:
            try:
                await self._db.write("rules/end_moves", workflow=workflow)
            except ConstraintError:
                return False  # An item came in under the rules of before, which were read a moment too early.
            return True
        return await self._move_or_halve(ids)

    async def _move_or_halve(self, ids: Sequence[str], *, goes_on: bool = True) -> bool:
        """Whether any was moved. What would follow by itself of one waits for mended rules; its move does not."""
        try:
            return bool(await self._db.in_transaction(lambda tx: move(tx, ids, goes_on=goes_on)))
        except UnavailableError:
            raise
        except Exception as error:
            if len(ids) > 1:
                middle = len(ids) // 2
                halves = [await self._move_or_halve(half) for half in (ids[:middle], ids[middle:])]
                return any(halves)
            problem = "a moved item does not go on by itself" if goes_on else "an item cannot be moved"
            log.warning(problem, item=ids[0], error=str(error))
            return goes_on and await self._move_or_halve(ids, goes_on=False)


def _names(pending: Sequence[Move]) -> str:
    return ", ".join(f"'{one.from_state}' to '{one.to_state}'" for one in pending)
