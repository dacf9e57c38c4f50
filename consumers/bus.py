"""NATS: one connection, and the streams and durable consumers made when they are missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC

import nats
import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import APIError, BadRequestError, NotFoundError, ServerError

from graph import fault_points
from graph.lease import Lease
from graph.published import PUBLISHED

log = structlog.get_logger(__name__)

STREAMS = {
    "PLANNING": "planning.>",
    "WORKFLOW": "workflow.>",
    "AGENT_WORK": "agent.work.>",
    "DEAD_LETTERS": "dead.>",
}
_FROM_OUTSIDE = ("agent.work.completed", "planning.derivation.completed")
_SUBJECTS = (*(kind.subject for kind in PUBLISHED), *_FROM_OUTSIDE)
# What must be kept even where a foreign stream leaves no room for the whole of ours.
NEEDED = {
    stream: [subject for subject in _SUBJECTS if subject.startswith(covered.removesuffix(">"))] or [covered]
    for stream, covered in STREAMS.items()
}
REPLICAS = 3  # copies of a stream that is made in a cluster
_ALONE = 10074  # the code of a server that is in no cluster, and so keeps one copy
_OVERLAP = 10065  # of subjects that another stream keeps already
_ACK_WAIT = 120.0  # seconds a message may be in work before it is delivered again; a new reader need not wait for it
_UNACKNOWLEDGED = 4000  # messages that may be in work at once


@asynccontextmanager
async def connected(url: str, name: str, attempts: int = -1) -> AsyncIterator[Client]:
    """A connection that comes back by itself; `attempts` -1 tries without end.

    `url` may name several servers of a cluster, with commas between them: another is taken when one goes away.

    Raises:
        OSError: there is none at first; or a NATS error.
    """

    async def report(error: Exception) -> None:
        log.warning("nats", error=str(error) or type(error).__name__)

    connection = await nats.connect(
        url.split(","),
        name=name,
        max_reconnect_attempts=attempts,
        reconnect_time_wait=0.5,
        error_cb=report,
        allow_reconnect=True,
    )
    try:
        yield connection
    finally:
        await connection.close()


async def ensure_streams(js: JetStreamContext, replicas: int = REPLICAS) -> None:
    """Makes the streams that are missing; one that covers a subject already is used as it is.

    In a cluster each new one has so many replicas; a server alone keeps it once.
    """
    for name, subject in STREAMS.items():
        try:
            await js.stream_info(name)
        except NotFoundError:
            await _add(js, name, subject, replicas)


async def _add(js: JetStreamContext, name: str, subject: str, replicas: int) -> None:
    try:
        await _make(js, name, [subject], replicas)
    except BadRequestError as error:
        if error.err_code != _OVERLAP:
            raise
        # Somebody else's stream holds a part of it, so ours takes what is left.
        free = [needed for needed in NEEDED[name] if await stream_of(js, needed) is None]
        if free:
            await _make(js, name, free, replicas)


async def _make(js: JetStreamContext, name: str, subjects: list[str], replicas: int) -> None:
    config = StreamConfig(name=name, subjects=subjects, num_replicas=replicas)
    try:
        await js.add_stream(config)
    except ServerError as error:
        if error.err_code != _ALONE:
            raise
        await js.add_stream(config, num_replicas=1)


async def stream_of(js: JetStreamContext, subject: str) -> str | None:
    """The name of the stream that keeps a subject."""
    try:
        return str(await js.find_stream_name_by_subject(subject))
    except NotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A durable consumer, ready: its stream, when that was made, and how many messages were delivered so far."""

    stream: str
    created: str
    delivered: int


async def subscribe(js: JetStreamContext, subject: str, durable: str, lease: Lease) -> Subscribed:
    """A durable pull consumer of a subject, on whatever stream keeps it, for the holder of the lease.

    What a former reader was given and has not acknowledged would come only after its time is over, behind newer
    ones. So a consumer with such messages is made anew, from the last place before which nothing is missing.

    Raises:
        LeaseLostError: another process reads it now.
    """
    while (stream := await stream_of(js, subject)) is None:
        await ensure_streams(js)
    about = await js.stream_info(stream)
    created = about.created.astimezone(UTC).isoformat().replace("+00:00", "Z") if about.created else ""
    after = await lease.position(f"{stream}/{created}")
    try:
        info = await js.consumer_info(stream, durable)
        if info.num_ack_pending:
            after = max(after, info.ack_floor.stream_seq if info.ack_floor else 0)
            # Kept first: between here and the new consumer this process may be killed.
            await lease.set_position(f"{stream}/{created}", after)
            await js.delete_consumer(stream, durable)
            fault_points.passing("before-consumer")
            raise NotFoundError
    except NotFoundError:
        info = await js.add_consumer(stream, consumer_config(subject, durable, after, about.config.retention))
    return Subscribed(stream, created, info.delivered.consumer_seq if info.delivered else 0)


def consumer_config(
    subject: str, durable: str, after: int = 0, retention: RetentionPolicy | None = None
) -> ConsumerConfig:
    """The settings of a durable consumer whose messages are handled up to the place `after`."""
    # A stream that is a queue keeps only what is not handled, and lets nobody say where to start.
    from_start = not after or retention == RetentionPolicy.WORK_QUEUE
    return ConsumerConfig(
        durable_name=durable,
        filter_subject=subject,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=_ACK_WAIT,
        max_ack_pending=_UNACKNOWLEDGED,
        deliver_policy=DeliverPolicy.ALL if from_start else DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=None if from_start else after + 1,
    )


async def until_reachable(js: JetStreamContext, stopping: asyncio.Event) -> None:
    """Returns when JetStream answers, or when the service stops."""
    while not stopping.is_set():
        try:
            await js.account_info()
        except (TimeoutError, NatsError, APIError, OSError):
            await asyncio.sleep(0.5)
        else:
            return
