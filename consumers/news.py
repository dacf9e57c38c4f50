"""What the bus tells of items, passed on within this process. Nothing hangs on it: who listens looks by itself too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from graph.news import Moved, News
from graph.published import ItemChanged, StateChangedTold, StoryTransitionedTold

_SUBJECTS = (StateChangedTold.subject, StoryTransitionedTold.subject, ItemChanged.subject)


@asynccontextmanager
async def hearing(connection: Client, news: News) -> AsyncIterator[None]:
    """Passes on while the block runs."""

    async def hear(message: Msg) -> None:
        with suppress(ValueError, AttributeError):
            body = json.loads(message.data)
            item, story, version = (
                body.get("task_id") or body.get("story_id"),
                body.get("story_id"),
                body.get("version"),
            )
            if isinstance(item, str) and isinstance(version, int):
                news.tell(item, Moved(story if isinstance(story, str) else None, version))

    heard = [await connection.subscribe(subject, cb=hear) for subject in _SUBJECTS]
    try:
        yield
    finally:
        for subscription in heard:
            with suppress(NatsError):
                await subscription.unsubscribe()
