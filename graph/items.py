"""Epics, stories and tasks: created in an initial state of their workflow, and edited; never acted on from here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from math import isfinite
from typing import Any

from neo4j.exceptions import ConstraintError

from graph.changing import EDIT, change, check_actor, hold, hold_epics
from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.gate import Gate
from graph.ids import given_or_made, text
from graph.limits import CRITERIA, FIRST, LABEL, LABELS, LARGEST, TEXT, no_repeats

STORY_WORKFLOW, TASK_WORKFLOW = "story", "task"  # the contract's, of what is created without saying
_PRIORITY = 3  # of a task without one; 1 is first
EPIC_FIELDS = {"title", "description", "labels"}
STORY_FIELDS = EPIC_FIELDS | {"acceptance_criteria", "story_points"}
TASK_FIELDS = EPIC_FIELDS | {"type", "estimate", "priority", "assignee_id"}


class Items:
    """The work there is."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def create_epic(
        self,
        title: str,
        id: str | None = None,
        description: str | None = None,
        *,
        labels: Sequence[str] | None = None,
        author_id: str | None = None,
    ) -> str:
        """The id of the new epic.

        Raises:
            ConflictError: the id is taken, or the author may not change epics. NotFoundError: there is no such author.
            BadInputError: a text that cannot be.
        """
        epic = given_or_made(id, "epic")
        check(title=title, description=description, labels=labels)

        async def work(tx: Transaction) -> None:
            await hold_epics(tx, [], author_id)
            made = await tx.run(
                "item/create_epic",
                id=epic,
                title=title,
                description=description,
                labels=no_repeats(list(labels or [])),
                author_id=author_id,
            )
            if not made:
                raise ConflictError(f"'{epic}' is the id of a story or a task; take another id.")

        try:
            await self._db.in_transaction(work)
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
        labels: Sequence[str] | None = None,
        author_id: str | None = None,
        owner_id: str | None = None,
    ) -> str:
        """The id of the new story, at version 0 in the first initial state its author may create in.

        Raises:
            NotFoundError: the epic, the author or the workflow is unknown.
            ConflictError: the id is taken, or the epic is archived.
            BadInputError: a text or number that cannot be, an author who is the system itself, or a state the author
            may not create in.
        """
        story = given_or_made(id, "story")
        check(
            title=title,
            description=description,
            acceptance_criteria=acceptance_criteria,
            story_points=story_points,
            labels=labels,
        )

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
                labels=no_repeats(list(labels or [])),
                author_id=author_id,
                owner_id=owner_id,
            )
            return found

        found = await self._created(lambda: self._db.in_transaction(work), story)
        known("epic", epic_id, found["has_epic"])
        if found["is_archived"]:
            raise ConflictError(f"The epic '{epic_id}' is archived, and takes no stories.")
        check_actor(author_id, there=found["has_author"], builtin=found["builtin"])
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
        type: str | None = None,
        estimate: float | None = None,
        priority: int | None = None,
        labels: Sequence[str] | None = None,
        depends_on: Sequence[str] = (),
        assignee_id: str | None = None,
        author_id: str | None = None,
        owner_id: str | None = None,
    ) -> str:
        """The id of the new task, at version 0; in a released story it is assigned as soon as the rules allow.

        `type` is any word, such as of a bug; `estimate` in hours.

        Raises: as `create_story`; a story that was put away takes no tasks (`ConflictError`).
        """
        task = given_or_made(id, "task")
        check(title=title, description=description, type=type, estimate=estimate, priority=priority, labels=labels)

        async def assigning(tx: Transaction) -> tuple[Row, list[str]]:
            found = await create_task_in(
                tx,
                task,
                story_id,
                title,
                workflow=workflow,
                state=state,
                description=description,
                type=type,
                estimate=estimate,
                priority=priority,
                labels=labels,
                depends_on=list(dict.fromkeys(depends_on)),
                assignee_id=assignee_id,
                author_id=author_id,
                owner_id=owner_id,
            )
            return found, [story_id] if found["start"] is not None else []

        found = await self._created(lambda: self._gate.assigning(assigning), task)
        known("story", story_id, found["has_story"])
        takes_tasks(story_id, found["is_put_away"])
        for missing in found["missing"]:
            known("task", missing, False)
        known("actor", assignee_id, found["has_assignee"])
        check_actor(author_id, there=found["has_author"], builtin=found["builtin"])
        known("actor", owner_id, found["has_owner"])
        started("task", task, workflow, state, found)
        return task

    async def edit_epic(self, id: str, fields: dict[str, Any], *, actor_id: str | None = None) -> None:
        """Changes title, description or labels. Raises as `edit_story`."""
        given = _given("epic", fields, EPIC_FIELDS)

        async def work(tx: Transaction) -> None:
            known("epic", id, id in await hold_epics(tx, [id], actor_id))
            await tx.run("item/change_epic", id=id, fields=given)

        await self._db.in_transaction(work)

    async def edit_story(
        self, id: str, fields: dict[str, Any], *, actor_id: str | None = None, expected_version: int | None = None
    ) -> None:
        """Changes title, description, acceptance_criteria, story_points or labels: one change, one version.

        Raises:
            NotFoundError: no such story, or actor. ConflictError: it is at another version, or `actor_id` may not.
            BadInputError: a field that cannot be.
        """
        await self._edit("story", id, _given("story", fields, STORY_FIELDS), actor_id, expected_version)

    async def edit_task(
        self, id: str, fields: dict[str, Any], *, actor_id: str | None = None, expected_version: int | None = None
    ) -> None:
        """Changes title, description, type, estimate, priority, labels or assignee_id. Raises as `edit_story`."""
        given = _given("task", fields, TASK_FIELDS)
        if "priority" in given and given["priority"] is None:
            given["priority"] = _PRIORITY
        await self._edit("task", id, given, actor_id, expected_version)

    async def _edit(
        self, kind: str, id: str, fields: dict[str, Any], actor_id: str | None, expected_version: int | None
    ) -> None:
        plain = {name: value for name, value in fields.items() if name != "assignee_id"}

        async def work(tx: Transaction) -> tuple[None, list[str]]:
            held = await hold(tx, kind, id, actor_id, expected_version=expected_version)
            if "assignee_id" in fields:
                [found] = await tx.run("item/assign", id=id, assignee_id=fields["assignee_id"])
                known("actor", fields["assignee_id"], found["has_assignee"])
            await change(tx, id, EDIT, actor_id, plain, {"fields": sorted(fields)})
            # What the rules wait for before a task is begun may be there now.
            return None, [held["story_id"]] if held["story_id"] is not None else []

        await self._gate.assigning(work)

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
    type: str | None = None,
    estimate: float | None = None,
    labels: Sequence[str] | None = None,
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
        type=type,
        estimate=estimate,
        priority=_PRIORITY if priority is None else priority,
        labels=no_repeats(list(labels or [])),
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


def takes_tasks(story_id: str, is_put_away: bool) -> None:
    """Raises `ConflictError` for a story that takes no tasks any more."""
    if is_put_away:
        raise ConflictError(f"The story '{story_id}' was put away, and takes no tasks.")


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
    if description is not None and len(description) > TEXT:
        raise BadInputError(f"The description has {len(description)} characters; {TEXT} are allowed.")
    criteria = fields.get("acceptance_criteria") or []
    if len(criteria) > CRITERIA:
        raise BadInputError(f"There are {len(criteria)} acceptance criteria; {CRITERIA} are allowed.")
    for criterion in criteria:
        text(criterion, "acceptance criterion", TEXT)
    if fields.get("type") is not None:
        text(fields["type"], "type", LABEL)
    labels = fields.get("labels") or []
    if len(labels) > LABELS:
        raise BadInputError(f"There are {len(labels)} labels; {LABELS} are allowed.")
    for label in labels:
        if not text(label, "label", LABEL).isprintable():
            raise BadInputError("A label has characters that cannot be shown.")
    if fields.get("estimate") is not None and not isfinite(fields["estimate"]):
        raise BadInputError("The estimate is no number of hours.")
    for name, least in (("story_points", 0), ("priority", FIRST), ("estimate", 0)):
        check_number(fields.get(name), name, least)


def check_number(value: float | None, name: str, least: int) -> None:
    """Raises `BadInputError` for one that is given and too small or too large."""
    if value is not None and value < least:
        raise BadInputError(f"{name} is {value}; the least is {least}.")
    if value is not None and value > LARGEST:
        raise BadInputError(f"{name} is {value}; the most is {LARGEST}.")


def _given(kind: str, fields: dict[str, Any], there_are: set[str]) -> dict[str, Any]:
    """Fields that can be stored, labels each once. Raises `BadInputError`."""
    if not fields.keys() <= there_are:
        raise BadInputError(f"{kind.capitalize()}: there is no field {', '.join(sorted(fields.keys() - there_are))}.")
    check(**fields)
    return fields | ({"labels": no_repeats(list(fields["labels"] or []))} if "labels" in fields else {})
