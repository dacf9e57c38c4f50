"""What only NATS knows, in Prometheus' terms, told when asked."""

from __future__ import annotations

import asyncio

from nats.js.errors import NotFoundError
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from consumers.bus import DURABLES
from consumers.dead import PREFIX
from consumers.streams import Streams

_SUBJECTS = 100  # of dead letters that are told one by one


async def read(streams: Streams) -> list[Metric]:
    """Dead letters by subject, and the backlog of each consumer. Errors of NATS are passed on."""
    dead = GaugeMetricFamily("stategate_dead_letters", "Dead letters, by the subject they were on.", labels=["subject"])
    for subject, count in sorted((await _dead(streams)).items(), key=lambda one: -one[1])[:_SUBJECTS]:
        dead.add_metric([subject.removeprefix(PREFIX)], count)
    pending = GaugeMetricFamily("stategate_consumer_pending", "Messages not delivered yet.", labels=["consumer"])
    in_hand = GaugeMetricFamily(
        "stategate_consumer_in_hand", "Messages delivered and not acknowledged.", labels=["consumer"]
    )
    found = await asyncio.gather(*(_backlog(streams, kind.subject, durable) for kind, durable in DURABLES.items()))
    for durable, backlog in zip(DURABLES.values(), found, strict=True):
        if backlog is not None:
            pending.add_metric([durable], backlog[0])
            in_hand.add_metric([durable], backlog[1])
    return [dead, pending, in_hand]


async def _dead(streams: Streams) -> dict[str, int]:
    stream = await streams.of(f"{PREFIX}>")
    if stream is None:
        return {}
    return (await streams.js.stream_info(stream, subjects_filter=f"{PREFIX}>")).state.subjects or {}


async def _backlog(streams: Streams, subject: str, durable: str) -> tuple[int, int] | None:
    stream = await streams.of(subject)
    if stream is None:
        return None
    try:
        info = await streams.js.consumer_info(stream, durable)
    except NotFoundError:
        return None
    return info.num_pending or 0, info.num_ack_pending or 0
