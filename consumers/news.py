"""What the bus tells of items, passed on within this process. Nothing hangs on it: who listens looks by itself too."""

from __future__ import annotations

import json
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from graph.news import Moved, News
from graph.published import ItemChanged, StateChangedTold, StoryTransitionedTold

_SUBJECTS = (StateChangedTold.subject, StoryTransitionedTold.subject, ItemChanged.subject)
_PATIENCE = 2  # seconds until NATS must have confirmed that it listens


class Hearing:
    """Listens to the subjects that tell of items, only while somebody follows one: each message costs something."""

    def __init__(self, connection: Client, news: News) -> None:
        self._connection = connection
        self._news = news
        self._heard: list[Subscription] = []

    async def begin(self) -> None:
        if not self._heard:
            # While NATS is away it is told when it is back; those who follow look by themselves until then.
            with suppress(NatsError):
                self._heard = [await self._connection.subscribe(subject, cb=self._hear) for subject in _SUBJECTS]
                await self._connection.flush(_PATIENCE)

    async def end(self) -> None:
        heard, self._heard = self._heard, []
        for subscription in heard:
            with suppress(NatsError):
                await subscription.unsubscribe()

    async def _hear(self, message: Msg) -> None:
        with suppress(ValueError, AttributeError):
            body = json.loads(message.data)
            item, story, version = (
                body.get("task_id") or body.get("story_id"),
                body.get("story_id"),
                body.get("version"),
            )
            if isinstance(item, str) and isinstance(version, int):
                self._news.tell(item, Moved(story if isinstance(story, str) else None, version))
