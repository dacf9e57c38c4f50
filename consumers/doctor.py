"""The bus looked at: the streams, and the durable consumers with their settings."""

from __future__ import annotations

from contextlib import suppress

from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from consumers.bus import DURABLES, consumer_config, handled_up_to
from consumers.streams import NEEDED, SILENT, Streams
from graph.check import Check
from graph.database import Database
from graph.lease import Lease

_SETTINGS = ("filter_subject", "ack_policy", "ack_wait", "max_ack_pending")
_NOBODY = "nobody answers for it now"


async def examine(streams: Streams, limit: int = 20) -> list[Check]:
    """Whether every subject has a stream, and every consumer is there and set as it should be."""
    kept = Check(
        "STREAMS",
        "Every subject of ours is kept by a stream, in a cluster as often as STATEGATE_NATS_REPLICAS says.",
        "--repair makes the stream that is missing; `nats stream edit NAME --replicas=N` has one kept more often. "
        "Take our subjects from one that confirms nothing, and another is made for them. "
        "Where nobody answers, look which servers of the cluster are away, or ask again.",
        limit,
    )
    consumers = Check(
        "CONSUMERS",
        "Every durable consumer is there, with the settings the services count on.",
        "--repair makes one that is missing, from where its messages were handled; delete one whose settings differ, "
        "and it is made again: those of the last seconds come once more.",
        limit,
    )
    subjects = [subject for needed in NEEDED.values() for subject in needed]
    try:
        homes = {subject: await streams.of(subject) for subject in subjects}
    except SILENT:
        kept.blame("JetStream", _NOBODY)
        for durable in DURABLES.values():
            consumers.blame(durable, _NOBODY)
        return [kept, consumers]
    for subject in subjects:
        if homes[subject] is None:
            kept.blame(subject, "no stream keeps it", repairable=True)
    for name in sorted({name for name in homes.values() if name}):
        with suppress(NotFoundError, *SILENT):
            if (await streams.js.stream_info(name)).config.no_ack:
                kept.blame(name, "confirms nothing (no_ack), so what it keeps is published again and again")
    for name, replicas in (await streams.lean()).items():
        kept.blame(name, f"is kept {replicas} times, fewer than it is to be" if replicas else _NOBODY)
    for kind, durable in DURABLES.items():
        stream = homes[kind.subject]
        try:
            retention = (await streams.js.stream_info(stream)).config.retention if stream else None
            config = (await streams.js.consumer_info(stream, durable)).config if stream else None
        except NotFoundError:
            config = None
        except SILENT:
            consumers.blame(durable, _NOBODY)
            continue
        if config is None:
            consumers.blame(durable, f"there is no such consumer of '{kind.subject}'", repairable=True)
        elif differing := _differing(config, consumer_config(kind.subject, durable, 0, retention)):
            consumers.blame(durable, f"differs in {', '.join(differing)}")
    return [kept, consumers]


async def repair(streams: Streams, db: Database) -> None:
    """Makes the streams and consumers that are missing; what is there, or nobody answers for, stays as it is.

    A consumer begins where its messages were handled, as the database knows it.
    """
    with suppress(*SILENT):
        await streams.ensure()
    for kind, durable in DURABLES.items():
        with suppress(*SILENT):
            await _repair(streams, db, kind.subject, durable)


async def _repair(streams: Streams, db: Database, subject: str, durable: str) -> None:
    stream = await streams.of(subject)
    if stream is None:
        return
    try:
        await streams.js.consumer_info(stream, durable)
    except NotFoundError:
        about = await streams.js.stream_info(stream)
        after = await handled_up_to(about, Lease(db, durable))
        await streams.js.add_consumer(stream, consumer_config(subject, durable, after, about.config.retention))


def _differing(config: ConsumerConfig, right: ConsumerConfig) -> list[str]:
    return [name for name in _SETTINGS if getattr(config, name) != getattr(right, name)]
