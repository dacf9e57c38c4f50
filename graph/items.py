"""Epics, stories and tasks: created in an initial state of their workflow, and edited; never moved from here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from neo4j.exceptions import ConstraintError

from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.gate import Gate
from graph.ids import given_or_made, text

STORY_WORKFLOW, TASK_WORKFLOW = "story", "task"  # the contract's, of what is created without saying
_LONGEST = 100_000  # characters of a description
_PRIORITY = 3  # of a task without one; 1 is first
_FIELDS = {"title", "description", "acceptance_criteria", "story_points"}


class Items:
    """The work there is."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def create_epic(self, title: str, id: str | None = None, description: str | None = None) -> str:
        """The id of the new epic. Raises `ConflictError` when it is taken."""
        epic = given_or_made(id, "epic")
        check(title=title, description=description)
        try:
            await self._db.write("item/create_epic", id=epic, title=title, description=description)
        except ConstraintError as error:
            raise ConflictError(f"The epic '{epic}' exists already.") from error
        return epic

    async def create_story(
        self,
        title: str,
        *,
        workflow: str,
        id: str | None = None,
        epic_id: str | None = None,
        state: str | None = None,
        description: str | None = None,
        acceptance_criteria: Sequence[str] | None = None,
        story_points: int | None = None,
        author_id: str | None = None,
        owner_id: str | None = None,
    ) -> str:
        """The id of the new story, at version 0 in the first initial state its author may create in.

        Raises:
            NotFoundError: the epic, the author or the workflow is unknown. ConflictError: the id is taken.
            BadInputError: a text or number that cannot be, or a state the author may not create in.
        """
        story = given_or_made(id, "story")
        check(title=title, description=description, acceptance_criteria=acceptance_criteria, story_points=story_points)

        async def work(tx: Transaction) -> Row:
            [found] = await tx.run(
                "item/create_story",
                id=story,
                epic_id=epic_id,
                title=title,
                workflow=workflow,
                state=state,
                description=description,
                acceptance_criteria=list(acceptance_criteria or []),
                story_points=story_points,
                author_id=author_id,
                owner_id=owner_id,
            )
            return found

        found = await self._created(lambda: self._db.in_transaction(work), story)
        known("epic", epic_id, found["has_epic"])
        known("actor", author_id, found["has_author"])
        known("actor", owner_id, found["has_owner"])
        started("story", story, workflow, state, found)
        return story

    async def create_task(
        self,
        story_id: str,
        title: str,
        *,
        workflow: str,
        id: str | None = None,
        state: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        depends_on: Sequence[str] = (),
        assignee_id: str | None = None,
        author_id: str | None = None,
        owner_id: str | None = None,
    ) -> str:
        """The id of the new task, at version 0; in a released story it is assigned as soon as the rules allow.

        Raises: as `create_story`.
        """
        task = given_or_made(id, "task")
        check(title=title, description=description, priority=priority)

        async def assigning(tx: Transaction) -> tuple[Row, list[str]]:
            found = await create_task_in(
                tx,
                task,
                story_id,
                title,
                workflow=workflow,
                state=state,
                description=description,
                priority=priority,
                depends_on=list(dict.fromkeys(depends_on)),
                assignee_id=assignee_id,
                author_id=author_id,
                owner_id=owner_id,
            )
            return found, [story_id] if found["start"] is not None else []

        found = await self._created(lambda: self._gate.assigning(assigning), task)
        known("story", story_id, found["has_story"])
        for missing in found["missing"]:
            known("task", missing, False)
        known("actor", assignee_id, found["has_assignee"])
        known("actor", author_id, found["has_author"])
        known("actor", owner_id, found["has_owner"])
        started("task", task, workflow, state, found)
        return task

    async def edit_story(
        self, id: str, fields: dict[str, Any], *, actor_id: str | None = None, expected_version: int | None = None
    ) -> None:
        """Changes title, description, acceptance_criteria or story_points: one more change, one more version.

        Raises:
            NotFoundError: no such story. ConflictError: it is at another version.
            BadInputError: a field that cannot be.
        """
        if not fields.keys() <= _FIELDS:
            raise BadInputError(f"A story has no field {', '.join(sorted(fields.keys() - _FIELDS))}.")
        check(**fields)
        if actor_id is not None:
            found = await self._db.read("people/by_ids", ids=[actor_id])
            known("actor", actor_id, bool(found))
            if found[0]["actor"]["builtin"]:
                raise BadInputError(f"'{actor_id}' is the system itself; nobody may act in its name.")
        if not await self._db.write(
            "item/edit_story", id=id, fields=fields, actor_id=actor_id, expected_version=expected_version
        ):
            raise await self._why_not(id, expected_version)

    async def _why_not(self, id: str, expected_version: int | None) -> Exception:
        rows = await self._db.read("tree/items_by_ids", ids=[id])
        if rows and rows[0]["item"]["is_story"] and expected_version not in {None, rows[0]["item"]["version"]}:
            return ConflictError(f"'{id}' is at version {rows[0]['item']['version']}, not {expected_version}.")
        return NotFoundError(f"There is no story '{id}'.")

    async def _created(self, create: Callable[[], Awaitable[Row]], id: str) -> Row:
        taken = ConflictError(f"'{id}' exists already; take another id.")
        try:
            found = await create()
        except ConstraintError as error:
            raise taken from error
        if found["is_taken"]:
            raise taken
        return found


async def create_task_in(
    tx: Transaction,
    id: str,
    story_id: str,
    title: str,
    *,
    workflow: str,
    priority: int | None,
    description: str | None,
    author_id: str | None,
    state: str | None = None,
    depends_on: Sequence[str] = (),
    assignee_id: str | None = None,
    owner_id: str | None = None,
) -> Row:
    """Creates it if it can be; what the statement told, which also says what stood against it."""
    [found] = await tx.run(
        "item/create_task",
        id=id,
        story_id=story_id,
        title=title,
        workflow=workflow,
        state=state,
        description=description,
        priority=_PRIORITY if priority is None else priority,
        depends_on=list(depends_on),
        assignee_id=assignee_id,
        author_id=author_id,
        owner_id=owner_id,
    )
    return found


def known(what: str, id: str | None, there: bool) -> None:
    """Raises `NotFoundError` for an id that was given and is of nothing."""
    if id is not None and not there:
        raise NotFoundError(f"There is no {what} '{id}'.")


def started(kind: str, id: str, workflow: str, state: str | None, found: Row) -> None:
    """Raises when an item could not be created where it was to begin; `found` is what the statement told."""
    if not found["has_workflow"]:
        raise NotFoundError(f"There is no workflow '{workflow}' for a {kind}.")
    if found["start"] is None:
        where = f"in '{state}'" if state else "in any initial state"
        raise BadInputError(f"'{id}' cannot be created {where} of '{workflow}' by this author; see its `starts`.")


def check(**fields: Any) -> None:
    """Raises `BadInputError` for a field no item can have."""
    if "title" in fields:
        text(fields["title"] or "", "title")
    description = fields.get("description")
    if description is not None and len(description) > _LONGEST:
        raise BadInputError(f"The description has {len(description)} characters; {_LONGEST} are allowed.")
    for criterion in fields.get("acceptance_criteria") or []:
        text(criterion, "acceptance criterion", _LONGEST)
    for name, lowest in (("story_points", 0), ("priority", 1)):
        value = fields.get(name)
        if value is not None and value < lowest:
            raise BadInputError(f"{name} is {value}; the least is {lowest}.")
