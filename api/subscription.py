"""What can be watched."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from graphql import GraphQLError

from api.context import Info
from api.errors import coded
from api.work import Change


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

        With `afterVersion`, first those that the item, or the story, has after it: who was away misses none.
        """
        follow = info.context.engine.follow
        try:
            async for item, row in follow.changes(item_id, story_id, after_version):
                info.context.renew()
                yield Change(row=row, item_id=item)
        except Exception as error:
            # No extension sees the errors of a subscription.
            raise coded(GraphQLError(str(error), original_error=error)) from error
