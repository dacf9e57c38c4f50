"""Publishes the events of the outbox, in their order; an event is forgotten only when the stream has confirmed it."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from datetime import datetime

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NoStreamResponseError

from consumers.bus import ensure_streams, stream_of, until_reachable
from consumers.runner import bury
from graph.database import Database
from graph.errors import UnavailableError
from graph.outbox import Outbox, WaitingEvent

log = structlog.get_logger(__name__)

_BATCH = 200
_SUBJECT = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*")
_LOOK = 0.25  # seconds after which the outbox is looked at even when this process wrote nothing


class Publisher:
    """The one that empties the outbox."""

    def __init__(self, js: JetStreamContext, db: Database, outbox: Outbox) -> None:
        self._js = js
        self._db = db
        self._outbox = outbox

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`; a bus or a database that is away is waited for."""
        while not stopping.is_set():
            try:
                if not await self.publish_waiting():
                    await self._wait(stopping)
            except UnavailableError:
                log.warning("neo4j is away", part="publisher")
                await asyncio.sleep(0.5)
            except (NatsError, TimeoutError, OSError) as error:
                log.warning("publisher", error=str(error) or type(error).__name__)
                await until_reachable(self._js, stopping)

    async def publish_waiting(self) -> int:
        """Publishes one batch and returns how many events it had."""
        # Cleared before looking, so that what is written while we look is looked at again.
        self._db.wrote.clear()
        events = await self._outbox.take(_BATCH)
        done: list[str] = []
        try:
            for event in events:
                await self._publish(event)
                done.append(event.id)
        finally:
            if done:
                await self._outbox.remove(done)
        return len(done)

    async def _publish(self, event: WaitingEvent) -> None:
        data = json.dumps(event.payload, ensure_ascii=False).encode()
        if not _SUBJECT.fullmatch(event.subject):
            # A rule edited by hand may emit anything; it must not stop the events behind it.
            reason = f"'{event.subject}' is no subject; change what the rule emits"
            log.warning("dead letter", subject=event.subject, reason=reason)
            await bury(self._js, "outbox", data, _headers(event), reason, f"outbox/{event.id}")
            return
        try:
            await self._js.publish(event.subject, data, headers=_headers(event))
        except NoStreamResponseError:
            await ensure_streams(self._js)
            if await stream_of(self._js, event.subject) is not None:
                await self._js.publish(event.subject, data, headers=_headers(event))
                return
            reason = f"no stream keeps '{event.subject}'; add one, or change what the rule emits"
            log.warning("dead letter", subject=event.subject, reason=reason)
            await bury(self._js, event.subject, data, _headers(event), reason, f"outbox/{event.id}")

    async def _wait(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._db.wrote, stopping)]
        await asyncio.wait(waits, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _headers(event: WaitingEvent) -> dict[str, str]:
    trace = uuid.UUID(event.id).hex
    return {
        "Nats-Msg-Id": event.id,
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-type": event.subject,
        "ce-source": "stategate",
        "ce-time": _rfc3339(event.at),
        "ce-subject": event.item_id,
        "content-type": "application/json",
        "traceparent": f"00-{trace}-{trace[:16]}-01",
    }


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
