"""How the two levels meet: a story's state releases its tasks, and its tasks move their story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from graph.database import Database, Transaction
from graph.decision import Command, Decision
from graph.errors import StategateError
from graph.gate import Gate

TASK_WORKFLOW = "task"  # the contract's default workflow of a task that an event names


@dataclass(frozen=True, slots=True)
class TaskSeed:
    """A task as an event names it: an id, and what else is known."""

    id: str
    title: str | None = None
    priority: int | None = None
    depends_on: list[str] = field(default_factory=list)


class Work:
    """The couplings between stories and tasks."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def story_transitioned(self, story_id: str, to_state: str, tasks: Sequence[TaskSeed] = ()) -> None:
        """A story has entered a state: creates unknown tasks if that state releases them, and assigns the next."""

        async def work(tx: Transaction) -> tuple[None, list[str]]:
            [meaning] = await tx.run("work/release", story_id=story_id, to_state=to_state)
            if not meaning["releases"]:
                return None, []
            await self._adopt(tx, story_id, tasks)
            return None, [story_id]

        await self._gate.assigning(work)

    async def _adopt(self, tx: Transaction, story_id: str, tasks: Sequence[TaskSeed]) -> None:
        rows = [
            asdict(task) | {"place": place} for place, task in enumerate({task.id: task for task in tasks}.values())
        ]
        created = await tx.run("work/adopt_tasks", story_id=story_id, workflow=TASK_WORKFLOW, tasks=rows)
        fresh = {row["id"] for row in created}
        edges = [{"id": task.id, "on": other} for task in tasks if task.id in fresh for other in task.depends_on]
        if edges:
            await tx.run("work/connect_tasks", edges=edges)

    async def assign(self, story_id: str) -> None:
        """Assigns the next released task of a story, if there is one."""

        async def work(tx: Transaction) -> None:
            await tx.run("work/lock_story", story_id=story_id)
            await self._gate.assign_in(tx, [story_id])

        await self._db.in_transaction(work)

    async def settle(self, item_id: str) -> Decision:
        """Fires what the system may fire now; an item that has nothing to fire stays as it is.

        Raises:
            StategateError: a rule cannot be run; the message comes again, and then goes where a person finds it.
        """
        [decision] = await self._gate.decide([Command(item_id, None, None)])
        if any(reason.code == "RULE_BROKEN" for reason in decision.reasons):
            raise StategateError(f"What '{item_id}' could do by itself cannot be told: {decision.reasons[0].message}")
        return decision
