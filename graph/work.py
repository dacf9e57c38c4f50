"""How the two levels meet: a story's state releases its tasks, and its tasks move their story."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from graph.circle import circle, told
from graph.database import Database, Transaction
from graph.decision import Command, Decision
from graph.errors import BadInputError, StategateError
from graph.gate import Gate
from graph.items import TASK_WORKFLOW


@dataclass(frozen=True, slots=True)
class TaskSeed:
    """A task as an event names it: an id, and what else is known."""

    id: str
    title: str | None = None
    priority: int | None = None
    depends_on: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that a story has entered, and the tasks it was told to have."""

    story_id: str
    to_state: str
    tasks: list[TaskSeed] = field(default_factory=list)


class Work:
    """The couplings between stories and tasks."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def story_transitioned(self, story_id: str, to_state: str, tasks: Sequence[TaskSeed] = ()) -> None:
        """A story has entered a state: creates unknown tasks if that state releases them, and assigns the next. A story
        that was put away meanwhile takes none, and of one that is in a state that holds its tasks none is assigned.

        Raises:
            BadInputError: new tasks that wait for each other, or an id of something else; then nothing of it is done.
        """
        await self.stories_transitioned([Entered(story_id, to_state, list(tasks))])

    async def stories_transitioned(self, entered: Sequence[Entered]) -> None:
        """The same for many, in one transaction; what cannot be done of one fails them all."""

        async def work(tx: Transaction) -> tuple[None, list[str]]:
            return None, await self._enter(tx, entered)

        await self._gate.assigning(work)

    async def _enter(self, tx: Transaction, entered: Sequence[Entered]) -> list[str]:
        """The stories whose tasks are released. Locks are taken in the order of ids, as everywhere."""
        released: list[str] = []
        for story in sorted(entered, key=lambda one: one.story_id):
            found = await tx.run("work/release", story_id=story.story_id, to_state=story.to_state)
            if not found:
                raise BadInputError(f"'{story.story_id}' is the id of a task or an epic, and of no story.")
            [meaning] = found
            if meaning["takes_tasks"]:
                await self._adopt(tx, story.story_id, story.tasks)
            if meaning["releases"]:
                released.append(story.story_id)
        return released

    async def _adopt(self, tx: Transaction, story_id: str, tasks: Sequence[TaskSeed]) -> None:
        if not tasks:
            return
        known = await tx.run("item/whereabouts", ids=sorted({task.id for task in tasks}))
        for there in known:
            if not there["is_task"]:
                raise BadInputError(f"'{there['id']}' is no task, but a story or an epic.")
        rows = [
            asdict(task) | {"place": place} for place, task in enumerate({task.id: task for task in tasks}.values())
        ]
        created = await tx.run("work/adopt_tasks", story_id=story_id, workflow=TASK_WORKFLOW, tasks=rows)
        fresh = {row["id"] for row in created}
        if {task.id for task in tasks} - fresh - {row["id"] for row in known}:
            raise StategateError(
                f"The tasks of '{story_id}' cannot be created: the workflow '{TASK_WORKFLOW}' has no state in which an "
                "item begins (STARTS_AT); mend it in the graph."
            )
        depends_on: dict[str, set[str]] = {}
        for task in tasks:
            if task.id in fresh:
                depends_on.setdefault(task.id, set()).update(task.depends_on)
        if found := circle(depends_on):
            raise BadInputError(f"These tasks of '{story_id}' wait for each other: {told(found)}.")
        edges = [{"id": id, "on": on} for id, others in depends_on.items() for on in sorted(others)]
        if edges:
            await tx.run("work/connect_tasks", edges=edges)

    async def settle(self, item_id: str) -> Decision:
        """Fires what the system may fire of one item now; what it answers when there is nothing has no hops."""
        [decision] = await self._gate.decide([Command(item_id, None, None)])
        return decision

    async def settle_all(self, item_ids: Iterable[str]) -> list[Decision]:
        """Fires what the system may fire now, in one transaction; items that have nothing to fire stay as they are.

        Raises:
            StategateError: a rule cannot be run; the message comes again, and then goes where a person finds it.
        """
        # Most that happens to a task moves nothing else, which is seen at a fraction of what a decision costs.
        movable = await self._db.read_newest("work/movable", ids=list(dict.fromkeys(item_ids)))
        decisions = await self._gate.decide([Command(row["id"], None, None) for row in movable])
        for decision in decisions:
            if any(reason.code == "RULE_BROKEN" for reason in decision.reasons):
                raise StategateError(
                    f"What '{decision.item_id}' could do by itself cannot be told: {decision.reasons[0].message}"
                )
        return decisions
