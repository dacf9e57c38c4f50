"""What can be watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry

from api.context import Info
from api.work import Change

_PAUSE = 0.5  # seconds before Neo4j is asked again


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changes(
        self,
        info: Info,
        item_id: strawberry.ID | None = None,
        story_id: strawberry.ID | None = None,
        after_version: int | None = None,
    ) -> AsyncGenerator[Change, None]:
        """The changes of an item, of a story with its tasks, or of everything, as they are made.

        With `afterVersion`, first those that the item, or the story, has after it: who was away misses none. A change
        that is told with an error UNAVAILABLE is told again, until all that was asked of it could be read.
        """
        async for item, row in info.context.engine.follow.changes(item_id, story_id, after_version):
            # What could not be read of it is asked for again, as an event comes once and nobody else tells of it.
            while True:
                info.context.renew()
                yield Change(row=row, item_id=item)
                if not info.context.unread:
                    break
                await asyncio.sleep(_PAUSE)
