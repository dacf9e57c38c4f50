"""Tasks derived of a story: those of a list, or one of each acceptance criterion. What is there is left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from neo4j.exceptions import ConstraintError

from graph.changing import check_actor
from graph.circle import circle, told
from graph.database import Database, Transaction
from graph.errors import BadInputError, ConflictError
from graph.gate import Gate
from graph.ids import given_or_made
from graph.items import check, create_task_in, known, started, takes_tasks

Result = TypeVar("Result")

MOST = 200  # tasks of one derivation
_TITLE = 200  # characters of a criterion that make a title
_STORY = 150  # characters of a story's id that are seen in those of its tasks


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task that a story is to have. Without an id it has one that follows from its story and its title."""

    title: str
    id: str | None = None
    description: str | None = None
    type: str | None = None
    estimate: float | None = None
    priority: int | None = None
    labels: list[str] = field(default_factory=list)
    depends_on: list[str] = field(default_factory=list)


class Derivation:
    """The way from a story to its tasks, safe to go again: the same wishes make no second task."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def derive(
        self, story_id: str, wanted: Sequence[Wanted] | None, *, workflow: str, author_id: str | None = None
    ) -> list[str]:
        """The ids of the tasks, in their order, new ones and those that were there; None takes the acceptance criteria.

        A task that is there is not touched, whatever became of it; one that nobody wants any more stays. Tasks may
        depend on each other and on tasks that are there. One without a given id is there also when it was moved to
        another story. In a released story the next is assigned as the rules allow.

        Raises:
            NotFoundError: the story, the author, the workflow or a task something depends on is unknown.
            ConflictError: a given id is taken by something that is no task of this story, or the story was put away.
            BadInputError: nothing to derive from, or too much; a field that cannot be; tasks that wait for each other.
        """

        async def work(tx: Transaction) -> tuple[list[str], list[str]]:
            return await self.derive_in(tx, story_id, wanted, workflow=workflow, author_id=author_id)

        return await self.assigning(work)

    async def derive_in(
        self,
        tx: Transaction,
        story_id: str,
        wanted: Sequence[Wanted] | None,
        *,
        workflow: str,
        author_id: str | None = None,
    ) -> tuple[list[str], list[str]]:
        """As `derive`, inside a transaction; also the stories whose next work may be assigned then."""
        found = await tx.run("item/criteria", story_id=story_id)
        known("story", story_id, bool(found))
        tasks = _named(story_id, _of_criteria(story_id, found[0]["criteria"]) if wanted is None else wanted)
        given = {task.id for task in wanted or () if task.id is not None}
        fresh = await self._missing(tx, story_id, tasks, given)
        _check_order(fresh)
        for task in fresh:
            await self._create(tx, story_id, task, workflow, author_id)
        if edges := [{"id": task.id, "on": other} for task in fresh for other in task.depends_on]:
            await tx.run("work/connect_tasks", edges=edges)
        ids = [task.id or "" for task in tasks]
        if fresh:
            await tx.run("item/tell_derived", story_id=story_id, tasks=[task.id for task in fresh])
        return ids, [story_id] if fresh else []

    async def assigning(self, work: Callable[[Transaction], Awaitable[tuple[Result, list[str]]]]) -> Result:
        """As that of the gate, of work that derives.

        Raises:
            ConflictError: somebody else has taken one of the ids meanwhile.
        """
        try:
            return await self._gate.assigning(work)
        except ConstraintError as error:
            raise ConflictError("One of the ids was taken meanwhile; derive again.") from error

    async def _missing(self, tx: Transaction, story_id: str, tasks: list[Wanted], given: set[str]) -> list[Wanted]:
        """Those that are not there yet; what they depend on is there, or among them. A task whose id was not `given`
        was derived of this story, and is there also when it was moved to another one."""
        ids = {task.id or "" for task in tasks}
        others = {other for task in tasks for other in task.depends_on} - ids
        there = {row["id"]: row for row in await tx.run("item/whereabouts", ids=sorted(ids | others))}
        for row in there.values():
            if row["id"] not in ids or row["story_id"] == story_id:
                continue
            if row["id"] in given or not row["is_task"]:
                raise ConflictError(f"'{row['id']}' exists already, and is no task of '{story_id}'; take another id.")
        for other in sorted(others):
            known("task", other, other in there and there[other]["is_task"])
        return [task for task in tasks if task.id not in there]

    async def _create(self, tx: Transaction, story_id: str, task: Wanted, workflow: str, author_id: str | None) -> None:
        # What it depends on may be made after it, so that is connected later.
        found = await create_task_in(
            tx,
            task.id or "",
            story_id,
            task.title,
            workflow=workflow,
            priority=task.priority,
            description=task.description,
            type=task.type,
            estimate=task.estimate,
            labels=task.labels,
            author_id=author_id,
        )
        if found["is_taken"]:
            raise ConflictError(f"'{task.id}' was taken meanwhile; derive again, or take another id.")
        takes_tasks(story_id, found["is_put_away"])
        check_actor(author_id, there=found["has_author"], builtin=found["builtin"])
        started("task", task.id or "", workflow, None, found)


def _of_criteria(story_id: str, criteria: Sequence[str]) -> list[Wanted]:
    if not criteria:
        raise BadInputError(
            f"'{story_id}' has no acceptance criteria to derive tasks of; give it some, or give the tasks."
        )
    texts = dict.fromkeys(" ".join(criterion.split()) for criterion in criteria)
    return [Wanted(text[:_TITLE], _id(story_id, text), text if len(text) > _TITLE else None) for text in texts]


def _named(story_id: str, wanted: Sequence[Wanted]) -> list[Wanted]:
    """With ids, each once, in the order given."""
    if not 0 < len(wanted) <= MOST:
        raise BadInputError(f"{len(wanted)} tasks are to be derived; it must be 1 to {MOST} at a time.")
    tasks: dict[str, Wanted] = {}
    for task in wanted:
        check(
            title=task.title,
            description=task.description,
            type=task.type,
            estimate=task.estimate,
            priority=task.priority,
            labels=task.labels,
        )
        name = _id(story_id, task.title) if task.id is None else given_or_made(task.id, "task")
        if name in tasks and task.id is not None:
            raise BadInputError(f"Two of the tasks have the id '{name}'.")
        tasks.setdefault(name, replace(task, id=name, depends_on=list(dict.fromkeys(task.depends_on))))
    return list(tasks.values())


def _check_order(tasks: Sequence[Wanted]) -> None:
    """Raises `BadInputError` when some of them wait for each other."""
    if found := circle({task.id or "": task.depends_on for task in tasks}):
        raise BadInputError(f"These tasks wait for each other: {told(found)}.")


def _id(story_id: str, text: str) -> str:
    """The same for the same words, so that two who derive at once, or one who does it twice, make one task."""
    words = " ".join(text.split())
    return f"{story_id[:_STORY]}-{hashlib.sha256(f'{story_id} {words}'.encode()).hexdigest()[:12]}"
