"""The bus looked at: the streams, and the durable consumers with their settings."""

from __future__ import annotations

from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from consumers.bus import DURABLES, consumer_config, handled_up_to
from consumers.streams import NEEDED, Streams
from graph.check import Check
from graph.database import Database
from graph.lease import Lease

_SETTINGS = ("filter_subject", "ack_policy", "ack_wait", "max_ack_pending")


async def examine(streams: Streams, limit: int = 20) -> list[Check]:
    """Whether every subject has a stream, and every consumer is there and set as it should be."""
    kept = Check(
        "STREAMS",
        "Every subject of ours is kept by a stream, in a cluster as often as STATEGATE_NATS_REPLICAS says.",
        "--repair makes the stream that is missing; `nats stream edit NAME --replicas=N` has one kept more often.",
        limit,
    )
    for subjects in NEEDED.values():
        for subject in subjects:
            if await streams.of(subject) is None:
                kept.blame(subject, "no stream keeps it", repairable=True)
    for name, replicas in (await streams.lean()).items():
        kept.blame(name, f"is kept {replicas} times, fewer than it is to be")
    consumers = Check(
        "CONSUMERS",
        "Every durable consumer is there, with the settings the services count on.",
        "--repair makes one that is missing, from where its messages were handled; delete one whose settings differ, "
        "and it is made again: those of the last seconds come once more.",
        limit,
    )
    for kind, durable in DURABLES.items():
        stream = await streams.of(kind.subject)
        retention = (await streams.js.stream_info(stream)).config.retention if stream else None
        try:
            config = (await streams.js.consumer_info(stream, durable)).config if stream else None
        except NotFoundError:
            config = None
        if config is None:
            consumers.blame(durable, f"there is no such consumer of '{kind.subject}'", repairable=True)
        elif differing := _differing(config, consumer_config(kind.subject, durable, 0, retention)):
            consumers.blame(durable, f"differs in {', '.join(differing)}")
    return [kept, consumers]


async def repair(streams: Streams, db: Database) -> None:
    """Makes the streams and consumers that are missing; what is there stays as it is.

    A consumer begins where its messages were handled, as the database knows it.
    """
    await streams.ensure()
    for kind, durable in DURABLES.items():
        stream = await streams.of(kind.subject)
        if stream is None:
            continue
        try:
            await streams.js.consumer_info(stream, durable)
        except NotFoundError:
            about = await streams.js.stream_info(stream)
            after = await handled_up_to(about, Lease(db, durable))
            config = consumer_config(kind.subject, durable, after, about.config.retention)
            await streams.js.add_consumer(stream, config)


def _differing(config: ConsumerConfig, right: ConsumerConfig) -> list[str]:
    return [name for name in _SETTINGS if getattr(config, name) != getattr(right, name)]
