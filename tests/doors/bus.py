"""NATS as a foreign program uses it: publishes, and hears what is said from now on."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy, DiscardPolicy

from tests.doors.asyncapi import check

PATIENCE = 120.0  # seconds before a test fails that waits in vain


@asynccontextmanager
async def no_room_for_dead_letters(js: JetStreamContext) -> AsyncIterator[None]:
    """Their stream is full meanwhile."""
    place = uuid.uuid4().hex
    await js.publish("dead.full", b"", headers={"Stategate-Reason": "full", "Stategate-Place": place})
    about = await js.stream_info("DEAD_LETTERS")
    await js.update_stream(replace(about.config, max_msgs=about.state.messages, discard=DiscardPolicy.NEW))
    try:
        yield
    finally:
        await js.update_stream(about.config)


class Bus:
    """Keeps every message heard while it is open."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._js = connection.jetstream()
        self._heard: list[Msg] = []
        self._more = asyncio.Condition()
        self._subscriptions: list[Any] = []

    async def __aenter__(self) -> Bus:
        for subject in ("planning.>", "workflow.>", "dead.>"):
            self._subscriptions.append(
                await self._js.subscribe(
                    subject, cb=self._hear, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW
                )
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for subscription in self._subscriptions:
            await subscription.unsubscribe()
        # Whatever a test is about: what we say is what our document says.
        for message in self._heard:
            check(message)

    async def _hear(self, message: Msg) -> None:
        async with self._more:
            self._heard.append(message)
            self._more.notify_all()

    async def send(self, subject: str, body: dict[str, Any] | bytes, **headers: str) -> None:
        """Publishes; header names are given with `_` for `-`."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self._js.publish(subject, data, headers=named or None)

    async def send_raw(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        await self._js.publish(subject, data, headers=headers)

    def heard(self, subject: str) -> list[Msg]:
        """What was heard on a subject so far."""
        return [message for message in self._heard if message.subject == subject]

    async def messages(self, subject: str, count: int = 1, **wanted: Any) -> list[Msg]:
        """The first `count` messages on a subject whose bodies have these fields; waits for them."""
        return (await self._until(subject, count, lambda message: _has(message, wanted)))[:count]

    async def dead_letter(self, subject: str, mark: str) -> Msg:
        """The one dead letter of what was sent on a subject with this message id; waits for it.

        What is said elsewhere meanwhile tells nothing of it: each stream is heard by itself.
        """
        [letter] = await self._until(
            f"dead.{subject}", 1, lambda message: (message.headers or {}).get("Stategate-Msg-Id") == mark
        )
        return letter

    async def dead_letters(self, subject: str, body: bytes, count: int) -> list[Msg]:
        """The first `count` dead letters of what was sent on a subject with this body; waits for them."""
        return (await self._until(f"dead.{subject}", count, lambda message: message.data == body))[:count]

    async def _until(self, subject: str, count: int, is_wanted: Callable[[Msg], bool]) -> list[Msg]:
        """All such messages on a subject, as soon as there are so many."""
        found: list[Msg] = []

        def enough() -> bool:
            found[:] = filter(is_wanted, self.heard(subject))
            return len(found) >= count

        async with asyncio.timeout(PATIENCE), self._more:
            await self._more.wait_for(enough)
        return found

    async def hear(self, subject: str, **wanted: Any) -> dict[str, Any]:
        """The body of the first such message."""
        [message] = await self.messages(subject, 1, **wanted)
        body: dict[str, Any] = json.loads(message.data)
        return body

    def count(self, subject: str, **wanted: Any) -> int:
        """How many such messages were heard so far."""
        return sum(message.subject == subject and _has(message, wanted) for message in self._heard)


def _has(message: Msg, wanted: dict[str, Any]) -> bool:
    if not wanted:
        return True
    body = json.loads(message.data)
    return all(body.get(name) == value for name, value in wanted.items())
