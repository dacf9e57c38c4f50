"""What tasks wait for each other, of whatever story, and how that is edited; never into a circle."""

from __future__ import annotations

import json

from graph.circle import told
from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError
from graph.gate import Gate
from graph.items import known
from graph.people import may_stand_for


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
            ConflictError: the other task waits for this one already, the message names how; or a task in no state.
        """
        if task_id == on_id:
            raise BadInputError(f"A task cannot wait for itself: {told([task_id, task_id])}.")
        await may_stand_for(self._db, actor_id)

        async def work(tx: Transaction) -> None:
            await self._lock(tx, task_id, on_id)
            # Only such an edge can close a circle: nothing waits yet for a task that is new.
            for row in await tx.run("dependency/way", from_id=on_id, to_id=task_id):
                circle = told([task_id, *row["way"]])
                raise ConflictError(f"'{task_id}' cannot wait for '{on_id}', which waits for it: {circle}.")
            await tx.run(
                "dependency/add",
                task_id=task_id,
                on_id=on_id,
                actor_id=actor_id,
                inputs=json.dumps({"waits_for": on_id}),
            )

        await self._db.in_transaction(work)

    async def remove(self, task_id: str, on_id: str, actor_id: str | None = None) -> None:
        """Has a task wait for another no more; what its story can begin now is assigned in the same transaction.

        Raises: as `add`; where there is no such edge nothing is done.
        """
        await may_stand_for(self._db, actor_id)

        async def work(tx: Transaction) -> tuple[None, list[str]]:
            stories = await self._lock(tx, task_id, on_id)
            await tx.run(
                "dependency/remove",
                task_id=task_id,
                on_id=on_id,
                actor_id=actor_id,
                inputs=json.dumps({"waits_no_more_for": on_id}),
            )
            return None, stories

        await self._gate.assigning(work)

    async def _lock(self, tx: Transaction, task_id: str, on_id: str) -> list[str]:
        """The story of the task, if it has one; raises when one of the tasks is unknown, or cannot be edited."""
        [found] = await tx.run("dependency/lock", task_id=task_id, on_id=on_id)
        known("task", task_id, found["has_task"])
        known("task", on_id, found["has_on"])
        if found["states"] != 1:
            raise ConflictError(f"'{task_id}' is in no state, or in several, by an edit by hand; mend that first.")
        return list(found["stories"])

    async def blocking(self, ids: list[str]) -> dict[str, Row]:
        """`{id, blocked_by, blocks}` of each known task: which open tasks it waits for, and which wait for it."""
        return {row["id"]: row for row in await self._db.read("dependency/blocking", ids=ids)}

    async def chains(self, story_ids: list[str]) -> dict[str, list[Row]]:
        """For each story its open tasks and those they wait for, of any story, as `critical_path` takes them."""
        tasks: dict[str, list[Row]] = {id: [] for id in story_ids}
        for row in await self._db.read("dependency/chains", ids=story_ids):
            tasks[row["story_id"]].append(row)
        return tasks
