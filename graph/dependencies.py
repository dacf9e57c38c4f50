"""What tasks wait for each other, of whatever story, and how that is edited; never into a circle."""

from __future__ import annotations

from graph.changing import EDIT, change, hold
from graph.circle import told
from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError
from graph.gate import Gate


class Dependencies:
    """The edges from tasks to those they wait for."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def add(self, task_id: str, on_id: str, actor_id: str | None = None) -> None:
        """Has a task wait for another, as one more change of its history; one that does already is left as it is.

        It keeps back the assignment of a task, and stops no task that has begun.

        Raises:
            NotFoundError: no such task or actor. BadInputError: a task that waits for itself, or the built-in actor.
            ConflictError: the other task waits for this one already, the message names how; `actor_id` may not change
            it; or it is in no state.
        """
        if task_id == on_id:
            raise BadInputError(f"A task cannot wait for itself: {told([task_id, task_id])}.")

        async def work(tx: Transaction) -> None:
            await self._hold(tx, task_id, on_id, actor_id)
            # Only such an edge can close a circle: nothing waits yet for a task that is new.
            for row in await tx.run("dependency/way", from_id=on_id, to_id=task_id):
                circle = told([task_id, *row["way"]])
                raise ConflictError(f"'{task_id}' cannot wait for '{on_id}', which waits for it: {circle}.")
            if await tx.run("dependency/add", task_id=task_id, on_id=on_id):
                await change(tx, task_id, EDIT, actor_id, {}, {"waits_for": on_id})

        await self._db.in_transaction(work)

    async def remove(self, task_id: str, on_id: str, actor_id: str | None = None) -> None:
        """Has a task wait for another no more; what its story can begin now is assigned in the same transaction.

        Raises: as `add`; where there is no such edge nothing is done.
        """

        async def work(tx: Transaction) -> tuple[None, list[str]]:
            found = await self._hold(tx, task_id, on_id, actor_id)
            if await tx.run("dependency/remove", task_id=task_id, on_id=on_id):
                await change(tx, task_id, EDIT, actor_id, {}, {"waits_no_more_for": on_id})
            return None, [] if found["story_id"] is None else [found["story_id"]]

        await self._gate.assigning(work)

    async def _hold(self, tx: Transaction, task_id: str, on_id: str, actor_id: str | None) -> Row:
        """Takes all locks, and says what `hold` says of the task; raises when something is unknown, or may not be."""
        await tx.run("dependency/lock")
        return await hold(tx, "task", task_id, actor_id, tasks=(on_id,))

    async def blocking(self, ids: list[str]) -> dict[str, Row]:
        """`{id, blocked_by, blocks}` of each known task: which open tasks it waits for, and which wait for it."""
        return {row["id"]: row for row in await self._db.read("dependency/blocking", ids=ids)}

    async def chains(self, story_ids: list[str]) -> dict[str, list[Row]]:
        """For each story its open tasks and those they wait for, of any story, as `critical_path` takes them."""
        tasks: dict[str, list[Row]] = {id: [] for id in story_ids}
        for row in await self._db.read("dependency/chains", ids=story_ids):
            tasks[row["story_id"]].append(row)
        return tasks
