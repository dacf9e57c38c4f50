"""The event path as it is usually written: one transaction to a message. What the product's own is compared with."""

from __future__ import annotations

import asyncio

from nats.aio.msg import Msg

from consumers.bus import DURABLES, connected, subscribe
from consumers.delivery import Delivery, Heard
from consumers.pull import Pull, as_it_is
from consumers.streams import Streams
from consumers.workflow import WorkflowDoor
from graph.engine import Engine
from graph.events import WorkCompleted
from graph.lease import Lease

DURABLE = DURABLES[WorkCompleted]
_AHEAD = 750  # messages asked for, as the product's consumer does
_IDLE = 5.0


async def one_by_one(engine: Engine, nats_url: str, at_once: int) -> None:
    """Decides each message by itself and acknowledges it, `at_once` at the same time; never returns."""
    door = WorkflowDoor(engine, trust_declared_role=False)
    room = asyncio.Semaphore(at_once)

    async def handle(message: Msg) -> None:
        try:
            place = str(message.metadata.sequence.stream)
            delivery = Delivery(message.subject, message.data, dict(message.headers or {}), place)
            await door.work_completed([Heard(delivery.read(WorkCompleted), delivery)])
            await message.ack()
        finally:
            room.release()

    async with connected(nats_url, "stategate-bench-plain") as client:
        streams = Streams(client)
        lease = Lease(engine.db, DURABLE)
        await lease.until_taken(asyncio.Event())
        place = await subscribe(streams, WorkCompleted.subject, DURABLE, lease, each=True)
        async with (
            Pull(client, place.stream, DURABLE, place.delivered, _AHEAD, as_it_is) as pull,
            asyncio.TaskGroup() as group,
        ):
            while True:
                for message in await pull.take(at_once, _IDLE):
                    await room.acquire()
                    group.create_task(handle(message))
