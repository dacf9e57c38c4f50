"""Actors, as GraphQL shows them."""

from __future__ import annotations

from enum import Enum

import strawberry

from api.context import Info
from graph.database import Row


@strawberry.enum
class ActorKind(Enum):
    HUMAN = "human"
    AGENT = "agent"
    SERVICE = "service"


@strawberry.type
class Actor:
    """Somebody, or something, that acts. One whose node is gone still has its id."""

    id: strawberry.ID
    row: strawberry.Private[Row | None] = None

    @strawberry.field
    async def kind(self, info: Info) -> ActorKind | None:
        row = await self._row(info)
        return ActorKind(row["kind"]) if row and row["kind"] else None

    @strawberry.field
    async def roles(self, info: Info) -> list[str]:
        row = await self._row(info)
        return row["roles"] if row else []

    async def _row(self, info: Info) -> Row | None:
        return self.row or await info.context.loaders.actors.load(self.id)


def actor(id: str | None) -> Actor | None:
    return None if id is None else Actor(id=strawberry.ID(id))
