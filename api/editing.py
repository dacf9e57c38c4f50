"""What can be changed of items by hand: fields, parent, place in the order, and whether they are archived.

Without `actorId` the operator asks, who may change everything; an actor may who has a role that `permitEdits` names for
the workflow, or anybody where it never named one.
"""

from __future__ import annotations

from typing import Any

import strawberry

from api import work
from api.context import Info, renewed, there
from api.work import Epic, EpicOrItem, Story, Task
from graph.errors import BadInputError


@strawberry.type
class EditPermission:
    """The roles whose holders may change the items of a workflow by hand; where none is left, nobody may."""

    workflow: str
    roles: list[str]


@strawberry.type
class Editing:
    @strawberry.mutation
    async def update_epic(
        self,
        info: Info,
        id: strawberry.ID,
        title: str | None = strawberry.UNSET,
        description: str | None = strawberry.UNSET,
        labels: list[str] | None = strawberry.UNSET,
        actor_id: strawberry.ID | None = None,
    ) -> Epic:
        """Changes what is given; null clears a field."""
        fields = given(title=title, description=description, labels=labels)
        await info.context.engine.items.edit_epic(id, fields, actor_id=actor_id)
        return there(await work.epic(renewed(info, id), id))

    @strawberry.mutation
    async def update_story(
        self,
        info: Info,
        id: strawberry.ID,
        title: str | None = strawberry.UNSET,
        description: str | None = strawberry.UNSET,
        acceptance_criteria: list[str] | None = strawberry.UNSET,
        story_points: int | None = strawberry.UNSET,
        labels: list[str] | None = strawberry.UNSET,
        actor_id: strawberry.ID | None = None,
        expected_version: int | None = None,
    ) -> Story:
        """Changes what is given; null clears a field."""
        fields = given(
            title=title,
            description=description,
            acceptance_criteria=acceptance_criteria,
            story_points=story_points,
            labels=labels,
        )
        await info.context.engine.items.edit_story(id, fields, actor_id=actor_id, expected_version=expected_version)
        return there(await work.story(renewed(info, id), id))

    @strawberry.mutation
    async def update_task(
        self,
        info: Info,
        id: strawberry.ID,
        title: str | None = strawberry.UNSET,
        description: str | None = strawberry.UNSET,
        type: str | None = strawberry.UNSET,
        estimate: float | None = strawberry.UNSET,
        priority: int | None = strawberry.UNSET,
        labels: list[str] | None = strawberry.UNSET,
        assignee_id: strawberry.ID | None = strawberry.UNSET,
        actor_id: strawberry.ID | None = None,
        expected_version: int | None = None,
    ) -> Task:
        """Changes what is given; null clears a field, a priority to 3. `estimate` in hours."""
        fields = given(
            title=title,
            description=description,
            type=type,
            estimate=estimate,
            priority=priority,
            labels=labels,
            assignee_id=assignee_id,
        )
        await info.context.engine.items.edit_task(id, fields, actor_id=actor_id, expected_version=expected_version)
        return there(await work.task(renewed(info, id), id))

    @strawberry.mutation
    async def move_story(
        self,
        info: Info,
        id: strawberry.ID,
        epic_id: strawberry.ID | None = strawberry.UNSET,
        actor_id: strawberry.ID | None = None,
    ) -> Story:
        """To another epic; null takes it out of its epic."""
        if epic_id is strawberry.UNSET:
            raise BadInputError("Give epicId; null takes the story out of its epic.")
        await info.context.engine.places.move_story(id, epic_id, actor_id=actor_id)
        return there(await work.story(renewed(info, id), id))

    @strawberry.mutation
    async def move_task(
        self, info: Info, id: strawberry.ID, story_id: strawberry.ID, actor_id: strawberry.ID | None = None
    ) -> Task:
        """To another story, behind its tasks, as long as nobody has begun it."""
        await info.context.engine.places.move_task(id, story_id, actor_id=actor_id)
        return there(await work.task(renewed(info, id), id))

    @strawberry.mutation
    async def rank_story(
        self,
        info: Info,
        id: strawberry.ID,
        before: strawberry.ID | None = None,
        after: strawberry.ID | None = None,
        actor_id: strawberry.ID | None = None,
    ) -> Story:
        """Right before or after another story in the backlog; give one of the two."""
        await info.context.engine.places.rank_story(id, before=before, after=after, actor_id=actor_id)
        return there(await work.story(renewed(info, id), id))

    @strawberry.mutation
    async def rank_task(
        self,
        info: Info,
        id: strawberry.ID,
        before: strawberry.ID | None = None,
        after: strawberry.ID | None = None,
        actor_id: strawberry.ID | None = None,
    ) -> Task:
        """Right before or after another task of its story; give one of the two. Tasks of one priority are assigned in
        this order.
        """
        await info.context.engine.places.rank_task(id, before=before, after=after, actor_id=actor_id)
        return there(await work.task(renewed(info, id), id))

    @strawberry.mutation
    async def archive(self, info: Info, id: strawberry.ID, actor_id: strawberry.ID | None = None) -> EpicOrItem:
        """Puts an epic away, or a story or a task that is in a final state."""
        await info.context.engine.places.archive(id, actor_id=actor_id)
        return await _put(info, id)

    @strawberry.mutation
    async def unarchive(self, info: Info, id: strawberry.ID, actor_id: strawberry.ID | None = None) -> EpicOrItem:
        """Takes it back."""
        await info.context.engine.places.unarchive(id, actor_id=actor_id)
        return await _put(info, id)

    @strawberry.mutation
    async def permit_edits(self, info: Info, role: str, workflow: str, edit: bool) -> EditPermission:
        """Says whether the holders of a role may change the items of a workflow by hand; of epics, those of any
        workflow of stories. Where no role was ever named, anybody may; where none is left, only the operator.
        """
        roles = await info.context.engine.people.permit_edits(role, workflow, edit=edit)
        return EditPermission(workflow=workflow, roles=roles)


def given(**fields: Any) -> dict[str, Any]:
    """The arguments that were given, null or not. Raises `BadInputError` when there is none."""
    found = {name: value for name, value in fields.items() if value is not strawberry.UNSET}
    if not found:
        raise BadInputError(f"Give at least one of {', '.join(fields)}.")
    return found


async def _put(info: Info, id: str) -> Epic | Story | Task:
    """What was archived, or taken back."""
    item = await work.item(renewed(info, id), id)
    return item or there(await work.epic(info, id))
