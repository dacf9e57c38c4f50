"""NATS: one connection, and the durable consumers made when they are missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StreamInfo
from nats.js.errors import APIError, NotFoundError

from consumers.headers import HeaderClient
from consumers.streams import Streams
from graph import fault_points
from graph.errors import UnavailableError
from graph.events import DerivationCompleted, HeardEvent, StateChanged, StoryTransitioned, TasksCompleted, WorkCompleted
from graph.lease import Lease

log = structlog.get_logger(__name__)

DURABLES: dict[type[HeardEvent], str] = {
    StoryTransitioned: "workflow-story-transitioned",
    WorkCompleted: "workflow-work-completed",
    DerivationCompleted: "workflow-derivation-completed",
    StateChanged: "planning-state-changed",
    TasksCompleted: "planning-tasks-completed",
}
"""The durable consumer of each event that is listened to."""

_ACK_WAIT = 120.0  # seconds a message may be in work before it is delivered again; a new reader need not wait for it
_UNACKNOWLEDGED = 20_000  # messages that may be in work at once; those behind one that is tried again count too


@asynccontextmanager
async def connected(url: str, name: str, attempts: int = -1) -> AsyncIterator[Client]:
    """A connection that comes back by itself; `attempts` -1 tries without end.

    `url` may name several servers of a cluster, with commas between them: another is taken when one goes away.

    Raises:
        OSError: there is none at first; or a NATS error.
        UnavailableError: the client gave the connection up, and the block was broken off. The client does so for good
            over most of what a server says of a connection, and then nothing comes or goes that it is used for.
    """

    async def report(error: Exception) -> None:
        log.warning("nats", error=str(error) or type(error).__name__)

    async def closed() -> None:
        if used:
            life.reschedule(asyncio.get_running_loop().time())

    used, life = False, asyncio.timeout(None)
    connection = HeaderClient()
    await connection.connect(
        url.split(","),
        name=name,
        max_reconnect_attempts=attempts,
        reconnect_time_wait=0.5,  # type: ignore[arg-type]  # it waits so long, whatever its type says
        error_cb=report,
        closed_cb=closed,
        allow_reconnect=True,
    )
    try:
        async with life:
            used = True
            try:
                yield connection
            finally:
                used = False
    except TimeoutError:
        if life.expired():
            raise UnavailableError("The connection to NATS has ended for good.") from connection.last_error
        raise
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A durable consumer, ready: its stream, when that was made, how many messages were delivered so far.

    `each` says whether every message wants an acknowledgement of its own; else one stands for all before it.
    """

    stream: str
    created: str
    delivered: int
    each: bool


async def subscribe(streams: Streams, subject: str, durable: str, lease: Lease, *, each: bool = False) -> Subscribed:
    """A durable pull consumer of a subject, on whatever stream keeps it, for the holder of the lease.

    It is made anew, from the last place before which nothing is missing. What a former reader was given and has not
    acknowledged would else come only after its time is over, behind newer ones; and one that is frozen, or cut off,
    may have asked for messages that would still be sent to it. Where it cannot be made anew, or `each` asks for it,
    every message is acknowledged by itself.

    Raises:
        LeaseLostError: another process reads it now.
    """
    while (stream := await streams.of(subject)) is None:
        await streams.ensure()
    about = await streams.js.stream_info(stream)
    created = made_at(about)
    after = await handled_up_to(about, lease)
    try:
        info = await streams.js.consumer_info(stream, durable)
        # A stream that keeps what somebody waits for would lose that with the consumer.
        if about.config.retention != RetentionPolicy.INTEREST:
            after = max(after, info.ack_floor.stream_seq if info.ack_floor else 0)
            # Kept first: between here and the new consumer this process may be killed.
            await lease.set_position(f"{stream}/{created}", after)
            await streams.js.delete_consumer(stream, durable)
            fault_points.passing("before-consumer")
            raise NotFoundError
        if info.config.max_ack_pending != _UNACKNOWLEDGED:
            # One of an earlier version, which stays with all it was given.
            info = await streams.js.add_consumer(stream, replace(info.config, max_ack_pending=_UNACKNOWLEDGED))
    except NotFoundError:
        info = await streams.js.add_consumer(
            stream, consumer_config(subject, durable, after, about.config.retention, each=each)
        )
    delivered = info.delivered.consumer_seq if info.delivered else 0
    return Subscribed(stream, created, delivered, info.config.ack_policy == AckPolicy.EXPLICIT)


def made_at(stream: StreamInfo) -> str:
    """When it was made, which tells it from a later one of its name."""
    return stream.created.astimezone(UTC).isoformat().replace("+00:00", "Z") if stream.created else ""


async def handled_up_to(stream: StreamInfo, lease: Lease) -> int:
    """The place in a stream up to which the holders of a lease have handled it; 0 when none is known."""
    # A stream that was brought back as it once was may end before that place.
    return min(await lease.position(f"{stream.config.name}/{made_at(stream)}"), stream.state.last_seq)


def consumer_config(
    subject: str, durable: str, after: int = 0, retention: RetentionPolicy | None = None, *, each: bool = False
) -> ConsumerConfig:
    """The settings of a durable consumer whose messages are handled up to `after`; `each` as in `subscribe`."""
    # A stream that is a queue keeps only what is not handled, and lets nobody say where to start.
    from_start = not after or retention == RetentionPolicy.WORK_QUEUE
    # One acknowledgement may stand for all before it where the consumer is made anew for each reader. Elsewhere it
    # would stand for what a former reader had in hand, too.
    each = each or retention not in (None, RetentionPolicy.LIMITS)
    return ConsumerConfig(
        durable_name=durable,
        filter_subject=subject,
        ack_policy=AckPolicy.EXPLICIT if each else AckPolicy.ALL,
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
