"""What can be changed of sprints, and of which stories are in them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api import sprints, work
from api.context import Info, renewed, there
from api.editing import given
from api.sprints import Sprint
from api.work import Story


@strawberry.type
class Sprinting:
    @strawberry.mutation
    async def create_sprint(
        self,
        info: Info,
        name: str,
        id: strawberry.ID | None = None,
        capacity: int | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Sprint:
        """`capacity` in story points; `startsAt` and `endsAt` as planned, with a time zone."""
        created = await info.context.engine.sprints.create(name, id, capacity, starts_at, ends_at)
        return there(await sprints.sprint(renewed(info, created), created))

    @strawberry.mutation
    async def update_sprint(
        self,
        info: Info,
        id: strawberry.ID,
        name: str | None = strawberry.UNSET,
        capacity: int | None = strawberry.UNSET,
        starts_at: datetime | None = strawberry.UNSET,
        ends_at: datetime | None = strawberry.UNSET,
    ) -> Sprint:
        """Changes what is given, of one that has not ended; null clears a field."""
        fields = given(name=name, capacity=capacity, starts_at=starts_at, ends_at=ends_at)
        await info.context.engine.sprints.edit(id, fields)
        return there(await sprints.sprint(renewed(info, id), id))

    @strawberry.mutation
    async def start_sprint(self, info: Info, id: strawberry.ID) -> Sprint:
        await info.context.engine.sprints.start(id)
        return there(await sprints.sprint(renewed(info, id), id))

    @strawberry.mutation
    async def close_sprint(self, info: Info, id: strawberry.ID) -> Sprint:
        """Ends it; its unfinished stories go where the rules send them."""
        await info.context.engine.sprints.close(id)
        return there(await sprints.sprint(renewed(info, id), id))

    @strawberry.mutation
    async def assign_to_sprint(
        self,
        info: Info,
        story_id: strawberry.ID,
        sprint_id: strawberry.ID,
        actor_id: strawberry.ID | None = None,
    ) -> Story:
        """Puts a story in, and out of any other; `sprint { overCapacity }` of it tells whether that was too much."""
        await info.context.engine.sprints.assign(story_id, sprint_id, actor_id)
        return there(await work.story(renewed(info, story_id), story_id))

    @strawberry.mutation
    async def remove_from_sprint(
        self, info: Info, story_id: strawberry.ID, actor_id: strawberry.ID | None = None
    ) -> Story:
        """Takes a story out of its sprint, if it is in one."""
        await info.context.engine.sprints.remove(story_id, actor_id)
        return there(await work.story(renewed(info, story_id), story_id))
