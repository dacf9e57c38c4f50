"""What the bus tells of items, passed on within this process. Nothing hangs on it: who listens looks by itself too."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from pydantic import BaseModel, ValidationError

from graph.events import Number
from graph.news import Moved, News
from graph.published import ItemChanged, StateChangedTold, StoryTransitionedTold

_SUBJECTS = (StateChangedTold.subject, StoryTransitionedTold.subject, ItemChanged.subject)
_PATIENCE = 2  # seconds until NATS must have confirmed that it listens


class _Told(BaseModel):
    """What is read of an event; anybody may say it, so it is only what the graph can be asked for."""

    task_id: str | None = None
    story_id: str | None = None
    version: Number


class Hearing:
    """Listens to the subjects that tell of items, only while somebody follows one: each message costs something."""

    def __init__(self, connection: Client, news: News) -> None:
        self._connection = connection
        self._news = news
        self._heard: list[Subscription] = []

    @property
    def listens(self) -> bool:
        """Whether the bus sends anything."""
        return bool(self._heard)

    async def begin(self) -> None:
        if self.listens:
            return
        listens = asyncio.Event()

        async def answer(_: Msg) -> None:
            listens.set()

        # What we tell ourselves comes back when all that was asked for before it is in force; while NATS is away, when
        # it is back, and those who follow look by themselves until then. Not `flush`: one that is given up leaves
        # behind what the client stumbles over, and it hears nothing any more.
        echo = self._connection.new_inbox()
        with suppress(NatsError, TimeoutError):
            for subject in _SUBJECTS:
                self._heard.append(await self._connection.subscribe(subject, cb=self._hear))
            self._heard.append(await self._connection.subscribe(echo, cb=answer))
            await self._connection.publish(echo, b"")
            async with asyncio.timeout(_PATIENCE):
                await listens.wait()

    async def end(self) -> None:
        heard, self._heard = self._heard, []
        for subscription in heard:
            with suppress(NatsError):
                await subscription.unsubscribe()

    async def _hear(self, message: Msg) -> None:
        with suppress(ValidationError):
            told = _Told.model_validate_json(message.data)
            if item := told.task_id or told.story_id:
                self._news.tell(item, Moved(told.story_id, told.version))
