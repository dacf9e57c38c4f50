"""The messages of one pull consumer, as a list of what is there: asked for ahead, so that one alone does not wait."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Generic, TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

_HEARTBEAT = 1  # seconds of silence after which the server says that it is still there
_SILENCE = 4.0  # seconds of silence after which the server, or the consumer, is gone
_EXPIRES = 60  # seconds the server keeps a request
_BYTES = 16 * 2**20  # of one request, after which it is over; more where one message may have so many
_LEFT = "Nats-Pending-Messages"

Read = TypeVar("Read")


class GoneError(NatsError):
    """The consumer does not deliver any more, or what it delivered did not arrive here."""


def as_it_is(message: Msg) -> Msg:
    """For who reads messages when they are taken."""
    return message


class Pull(Generic[Read]):
    """Keeps `ahead` messages asked for. What comes is in the stream's order and complete, or is an error."""

    def __init__(
        self, connection: Client, stream: str, durable: str, after: int, ahead: int, read: Callable[[Msg], Read]
    ) -> None:
        """`after` is the number, in the consumer's own count, of the last message it delivered.

        Messages are `read` as they come, which is while those before them are in work.
        """
        self._connection = connection
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = connection.new_inbox()
        self._after = after
        self._ahead = ahead
        # A request for less than one message may have would be over at once, again and again.
        self._bytes = max(_BYTES, 2 * connection.max_payload)
        self._read = read
        self._asked = 0
        self._waiting: list[tuple[Read, int]] = []
        """With the length of each in bytes."""
        self._failed = ""
        self._least = 1
        self._news = asyncio.Event()
        self._heard = monotonic()

    async def __aenter__(self) -> Pull[Read]:
        self._subscription = await self._connection.subscribe(self._inbox, cb=self._hear)
        await self._ask()
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(NatsError):
            await self._subscription.unsubscribe()

    def wake(self) -> None:
        """Lets who waits in `take` return now, with what is there."""
        self._news.set()

    async def take(self, most: int, seconds: float, least: int = 1) -> list[Read]:
        """Up to `most` messages, as soon as there are at `least` so many; fewer when they do not come in time.

        Raises:
            GoneError: there will be no more, or some are missing; the consumer must be looked at anew.
        """
        self._news.clear()
        self._least = least
        if len(self._waiting) < least and not self._failed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        if not taken and self._failed:
            raise GoneError(self._failed)
        if not taken and self._asked and monotonic() - self._heard > _SILENCE:
            raise GoneError("the consumer has gone silent")
        await self._ask_if_few()
        return [read for read, _ in taken]

    async def _ask_if_few(self) -> None:
        size = sum(length for _, length in self._waiting)
        if self._asked + len(self._waiting) <= self._ahead // 2 and size <= self._bytes // 2:
            await self._ask()

    async def _ask(self) -> None:
        count = self._ahead - self._asked - len(self._waiting)
        self._asked += count
        self._heard = monotonic()
        # A few hundred messages are little, unless each is as large as may be.
        wish = {
            "batch": count,
            "max_bytes": self._bytes,
            "expires": _EXPIRES * 10**9,
            "idle_heartbeat": _HEARTBEAT * 10**9,
        }
        await self._connection.publish(self._subject, json.dumps(wish).encode(), self._inbox)

    async def _hear(self, message: Msg) -> None:
        self._heard = monotonic()
        if message.reply:
            self._take_in(message)
            return
        told = message.headers or {}
        status = told.get("Status")
        if status == "408" or (status == "409" and _LEFT in told):
            # The request is over; what is left of it is asked for again.
            self._asked -= int(told.get(_LEFT, 0))
            await self._ask_if_few()
        elif status != "100":
            self._fail(f"{status} {told.get('Description', '')}".strip())

    def _take_in(self, message: Msg) -> None:
        number = message.metadata.sequence.consumer
        if self._failed:
            return
        if number != self._after + 1:
            # What lies between went to somebody else, or was lost on its way; it must not be overtaken.
            self._fail(f"message {number} came after {self._after}")
            return
        try:
            read = self._read(message)
        except Exception as error:
            # Counted as delivered it would be passed over by those behind it.
            self._fail(f"message {number} cannot be read: {error!r}")
            return
        self._after = number
        self._asked -= 1
        self._waiting.append((read, len(message.data)))
        if len(self._waiting) >= self._least:
            self._news.set()

    def _fail(self, reason: str) -> None:
        self._failed = self._failed or reason
        self._news.set()
