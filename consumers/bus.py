"""NATS: one connection, and the streams and durable consumers made when they are missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError

log = structlog.get_logger(__name__)

STREAMS = {
    "PLANNING": "planning.>",
    "WORKFLOW": "workflow.>",
    "AGENT_WORK": "agent.work.>",
    "DEAD_LETTERS": "dead.>",
}
# What must be kept even where a foreign stream leaves no room for the whole of ours.
NEEDED = {
    "PLANNING": [
        "planning.story.created", "planning.story.transitioned", "planning.action.refused",
        "planning.decision.approved", "planning.decision.rejected", "planning.task.derived",
    ],
    "WORKFLOW": [
        "workflow.task.assigned", "workflow.state.changed", "workflow.action.refused",
        "workflow.story.tasks_completed", "workflow.rules.changed",
    ],
    "AGENT_WORK": ["agent.work.completed"],
    "DEAD_LETTERS": ["dead.>"],
}  # fmt: skip
_ACK_WAIT = 30.0  # seconds a message may be in work before it is delivered again


@asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[Client]:
    """A connection that comes back by itself; raises `OSError` or a NATS error when there is none at first."""

    async def report(error: Exception) -> None:
        log.warning("nats", error=str(error) or type(error).__name__)

    connection = await nats.connect(
        url, name=name, max_reconnect_attempts=-1, reconnect_time_wait=0.5, error_cb=report, allow_reconnect=True
    )
    try:
        yield connection
    finally:
        await connection.close()


async def ensure_streams(js: JetStreamContext) -> None:
    """Makes the streams that are missing; one that covers a subject already is used as it is."""
    for name, subject in STREAMS.items():
        try:
            await js.stream_info(name)
        except NotFoundError:
            await _add(js, name, subject)


async def _add(js: JetStreamContext, name: str, subject: str) -> None:
    try:
        await js.add_stream(StreamConfig(name=name, subjects=[subject]))
    except BadRequestError:
        # Somebody else's stream holds a part of it, so ours takes what is left.
        free = [needed for needed in NEEDED[name] if await stream_of(js, needed) is None]
        if free:
            await js.add_stream(StreamConfig(name=name, subjects=free))


async def stream_of(js: JetStreamContext, subject: str) -> str | None:
    """The name of the stream that keeps a subject."""
    try:
        return str(await js.find_stream_name_by_subject(subject))
    except NotFoundError:
        return None


def consumer_config(subject: str, durable: str) -> ConsumerConfig:
    """The settings of a durable consumer."""
    return ConsumerConfig(
        durable_name=durable,
        filter_subject=subject,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=_ACK_WAIT,
        max_ack_pending=1000,
    )


async def subscribe(js: JetStreamContext, subject: str, durable: str) -> JetStreamContext.PullSubscription:
    """A durable pull consumer of a subject, on whatever stream keeps it."""
    while (stream := await stream_of(js, subject)) is None:
        await ensure_streams(js)
    try:
        await js.consumer_info(stream, durable)
    except NotFoundError:
        try:
            await js.add_consumer(stream, consumer_config(subject, durable))
        except BadRequestError:
            await js.consumer_info(stream, durable)  # another replica was faster
    return await js.pull_subscribe_bind(durable, stream)


async def until_reachable(js: JetStreamContext, stopping: asyncio.Event) -> None:
    """Returns when JetStream answers, or when the service stops."""
    while not stopping.is_set():
        try:
            await js.account_info()
        except (TimeoutError, NatsError, APIError, OSError):
            await asyncio.sleep(0.5)
        else:
            return
