"""The bus looked at: the streams, and the durable consumers with their settings."""

from __future__ import annotations

from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from consumers.bus import NEEDED, consumer_config, ensure_streams, stream_of
from consumers.planning import STATE_CHANGED, TASKS_COMPLETED
from consumers.workflow import DERIVATION_COMPLETED, STORY_TRANSITIONED, WORK_COMPLETED
from graph.check import Check

CONSUMERS = {
    "workflow-story-transitioned": STORY_TRANSITIONED,
    "workflow-work-completed": WORK_COMPLETED,
    "workflow-derivation-completed": DERIVATION_COMPLETED,
    "planning-state-changed": STATE_CHANGED,
    "planning-tasks-completed": TASKS_COMPLETED,
}
_SETTINGS = ("filter_subject", "ack_policy", "ack_wait", "max_ack_pending")


async def examine(js: JetStreamContext, limit: int = 20) -> list[Check]:
    """Whether every subject has a stream, and every consumer is there and set as it should be."""
    streams = Check(
        "STREAMS", "Every subject of ours is kept by a stream.", "--repair makes the stream that is missing.", limit
    )
    for subjects in NEEDED.values():
        for subject in subjects:
            if await stream_of(js, subject) is None:
                streams.blame(subject, "no stream keeps it", repairable=True)
    consumers = Check(
        "CONSUMERS",
        "Every durable consumer is there, with the settings the services count on.",
        "--repair makes one that is missing; delete one whose settings differ, and it is made again: its messages "
        "come once more, which does no harm.",
        limit,
    )
    for durable, subject in CONSUMERS.items():
        stream = await stream_of(js, subject)
        try:
            config = (await js.consumer_info(stream, durable)).config if stream else None
        except NotFoundError:
            config = None
        if config is None:
            consumers.blame(durable, f"there is no such consumer of '{subject}'", repairable=True)
        elif differing := _differing(config, consumer_config(subject, durable)):
            consumers.blame(durable, f"differs in {', '.join(differing)}")
    return [streams, consumers]


async def repair(js: JetStreamContext) -> None:
    """Makes the streams and consumers that are missing; what is there stays as it is."""
    await ensure_streams(js)
    for durable, subject in CONSUMERS.items():
        stream = await stream_of(js, subject)
        if stream is None:
            continue
        try:
            await js.consumer_info(stream, durable)
        except NotFoundError:
            await js.add_consumer(stream, consumer_config(subject, durable))


def _differing(config: ConsumerConfig, right: ConsumerConfig) -> list[str]:
    return [name for name in _SETTINGS if getattr(config, name) != getattr(right, name)]
