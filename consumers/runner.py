"""Runs one handler over one durable consumer: acknowledged after the commit, tried again, or a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from pydantic import BaseModel, ValidationError

from consumers.bus import ensure_streams, subscribe, until_reachable
from graph.errors import BadInputError, UnavailableError

log = structlog.get_logger(__name__)

_TRIES = 5  # of a message that fails for a reason nobody foresaw
_BACK_OFF = 0.2  # seconds before the second try; doubled each time
_LONGEST_BACK_OFF = 5.0
_IDLE = 5.0  # seconds one pull waits for a message

Event = TypeVar("Event", bound=BaseModel)


class UnreadableError(Exception):
    """A message that no later try could read; says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message: its raw body, its headers, and a name of its place in its stream that nothing else has."""

    subject: str
    data: bytes
    headers: dict[str, str]
    place: str

    def read(self, kind: type[Event]) -> Event:
        """The body as an event. Raises `UnreadableError`."""
        try:
            return kind.model_validate_json(self.data)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in problem['loc']) or 'the body'}: {problem['msg']}"
                for problem in error.errors(include_url=False)[:5]
            )
            raise UnreadableError(f"{self.subject} cannot be read: {problems}") from error


Handle = Callable[[Delivery], Awaitable[None]]


class Runner:
    """Takes the messages of one subject in the order of their stream."""

    def __init__(self, js: JetStreamContext, subject: str, durable: str, handle: Handle) -> None:
        self._js = js
        self._subject = subject
        self._durable = durable
        self._handle = handle
        self._created = ""

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`: pulls, handles, acknowledges; a lost connection or consumer is made again."""
        while not stopping.is_set():
            try:
                subscription = await subscribe(self._js, self._subject, self._durable)
                info = await subscription.consumer_info()
                created = (await self._js.stream_info(info.stream_name)).created
                self._created = created.astimezone(UTC).isoformat().replace("+00:00", "Z") if created else ""
                await self._pull(subscription, stopping)
            except (NatsError, TimeoutError, OSError) as error:
                log.warning("consumer", durable=self._durable, error=str(error) or type(error).__name__)
                await until_reachable(self._js, stopping)

    async def _pull(self, subscription: JetStreamContext.PullSubscription, stopping: asyncio.Event) -> None:
        stop = asyncio.ensure_future(stopping.wait())
        try:
            while not stopping.is_set():
                fetch = asyncio.ensure_future(subscription.fetch(1, timeout=_IDLE, heartbeat=1))
                await asyncio.wait({fetch, stop}, return_when=asyncio.FIRST_COMPLETED)
                if not fetch.done():
                    fetch.cancel()
                    await asyncio.gather(fetch, return_exceptions=True)
                    return
                try:
                    messages = fetch.result()
                except TimeoutError:
                    # Nothing came, or the consumer is gone: asking tells which.
                    await subscription.consumer_info()
                    continue
                for message in messages:
                    await self._deliver(message, stopping)
        finally:
            stop.cancel()
            await subscription.unsubscribe()

    async def _deliver(self, message: Msg, stopping: asyncio.Event) -> None:
        delivery = self._delivery(message)
        tries, pause = 0, _BACK_OFF
        while not stopping.is_set():
            try:
                await self._handle(delivery)
                break
            except (UnreadableError, BadInputError) as error:
                await self._bury(message, delivery, str(error))
                break
            except UnavailableError:
                log.warning("neo4j is away", durable=self._durable)
            except Exception as error:
                # A message that breaks the handler must not stop those behind it.
                tries += 1
                log.exception("handler failed", durable=self._durable, place=delivery.place, tries=tries)
                if tries >= _TRIES:
                    await self._bury(message, delivery, f"failed {tries} times: {type(error).__name__}")
                    break
            await message.in_progress()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_BACK_OFF)
        else:
            return  # stopped before it was handled: it stays in the stream and comes again
        await message.ack_sync(timeout=5)

    async def _bury(self, message: Msg, delivery: Delivery, reason: str) -> None:
        log.warning("dead letter", subject=delivery.subject, place=delivery.place, reason=reason)
        await bury(self._js, delivery.subject, message.data, delivery.headers, reason, delivery.place)

    def _delivery(self, message: Msg) -> Delivery:
        at = message.metadata
        place = f"{at.stream}/{self._created}/{at.sequence.stream}"
        return Delivery(message.subject, message.data, dict(message.headers or {}), place)


async def bury(
    js: JetStreamContext, subject: str, data: bytes, headers: dict[str, str], reason: str, place: str
) -> None:
    """Puts a whole message to the dead letters, once, with the reason and its place in the headers."""
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("nats-")}
    words = " ".join(reason.split())[:1000]
    kept |= {"Stategate-Reason": words, "Stategate-Place": place, "Nats-Msg-Id": f"dead/{subject}/{place}"}
    if original := headers.get("Nats-Msg-Id"):
        kept["Stategate-Msg-Id"] = original
    await ensure_streams(js)
    await js.publish(f"dead.{subject}", data, headers=kept)
