"""Sprints, and how they went, as GraphQL shows them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import strawberry

from api.context import Info
from api.people import Actor, actor
from api.scalars import moment
from graph.burndown import NOW, Day, Stay, Sum, burndown, total
from graph.database import Row


@strawberry.type
class BurndownDay:
    """The end of a day (UTC), in story points; `ideal` when the sprint has a planned end."""

    day: date
    remaining: int
    completed: int
    ideal: float | None


@strawberry.type
class Sprint:
    """`state` is planned, active or closed; `capacity` in story points. Counts are as of now, or of its close."""

    id: strawberry.ID
    row: strawberry.Private[Row]

    @strawberry.field
    def name(self) -> str:
        return str(self.row["name"])

    @strawberry.field
    def state(self) -> str:
        return str(self.row["state"])

    @strawberry.field
    def capacity(self) -> int | None:
        return self.row["capacity"]

    @strawberry.field
    def starts_at(self) -> datetime | None:
        """As planned."""
        return moment(self.row["starts_at"])

    @strawberry.field
    def ends_at(self) -> datetime | None:
        """As planned."""
        return moment(self.row["ends_at"])

    @strawberry.field
    def started_at(self) -> datetime | None:
        return moment(self.row["started_at"])

    @strawberry.field
    def closed_at(self) -> datetime | None:
        return moment(self.row["closed_at"])

    @strawberry.field
    async def committed_points(self, info: Info) -> int:
        """Of the stories in it, done and to do; those that were given up are left out."""
        return _int((await self._sum(info)).committed)

    @strawberry.field
    async def completed_points(self, info: Info) -> int:
        """Of the stories that were finished in it."""
        return _int((await self._sum(info)).done)

    @strawberry.field
    async def unestimated_stories(self, info: Info) -> int:
        """How many of its stories count for nothing because they have no points."""
        return (await self._sum(info)).unestimated

    @strawberry.field
    async def over_capacity(self, info: Info) -> bool:
        """Whether more points are in it than its capacity; nothing is refused for that."""
        capacity = self.row["capacity"]
        return capacity is not None and (await self._sum(info)).committed > capacity

    @strawberry.field
    async def burndown(self, info: Info) -> list[BurndownDay]:
        """Each day from its start to its close, or to today; none before it was started."""
        stays = await self._stays(info)
        started, closed, ends = (moment(self.row[name]) for name in ("started_at", "closed_at", "ends_at"))
        return [_day(one) for one in burndown(stays, started, closed, ends, datetime.now(UTC))]

    async def _stays(self, info: Info) -> list[Stay]:
        return await info.context.loaders.stays.load(self.id)

    async def _sum(self, info: Info) -> Sum:
        return total(await self._stays(info), moment(self.row["closed_at"]) or NOW)


@strawberry.type
class SprintStay:
    """A story's time in a sprint; `leftAt` is null while it is in it."""

    sprint: Sprint | None
    entered_at: datetime | None
    entered_by: Actor | None
    left_at: datetime | None
    left_by: Actor | None


@strawberry.type
class Velocity:
    """How much was finished in the sprints that were closed last, the oldest first; `average` in points per sprint."""

    average: float | None
    sprints: list[Sprint]


def shown(row: Row) -> Sprint:
    return Sprint(id=strawberry.ID(row["id"]), row=row)


async def sprint(info: Info, id: str | None) -> Sprint | None:
    row = await info.context.loaders.sprints.load(id) if id is not None else None
    return shown(row) if row else None


async def stays(info: Info, story_id: str) -> list[SprintStay]:
    """The sprints a story is and was in, the first first."""
    rows = await info.context.loaders.stays_of.load(story_id)
    sprints = await info.context.loaders.sprints.load_many([row["sprint_id"] for row in rows])
    return [
        SprintStay(
            sprint=shown(found) if found else None,
            entered_at=moment(row["entered_at"]),
            entered_by=actor(row["entered_by"]),
            left_at=moment(row["left_at"]),
            left_by=actor(row["left_by"]),
        )
        for row, found in zip(rows, sprints, strict=True)
    ]


async def velocity(info: Info, last: int) -> Velocity:
    rows = await info.context.engine.sprints.last_closed(last)
    found = await info.context.loaders.stays.load_many([row["id"] for row in rows])
    done = [total(stays, moment(row["closed_at"])).done for row, stays in zip(rows, found, strict=True)]
    return Velocity(average=round(sum(done) / len(done), 1) if done else None, sprints=[shown(row) for row in rows])


def _day(found: Day) -> BurndownDay:
    return BurndownDay(
        day=found.day, remaining=_int(found.remaining), completed=_int(found.completed), ideal=found.ideal
    )


def _int(points: int) -> int:
    """A sum as GraphQL can say it, whose numbers end sooner."""
    return min(points, 2**31 - 1)
