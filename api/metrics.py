"""The figures of a process, as Prometheus reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
Read = Callable[[], Awaitable[Iterable[Metric]]]
_PATIENCE = 2.0  # seconds a server has to tell its figures, well below what a scrape may take


@dataclass(frozen=True, slots=True)
class _Given(Collector):
    metrics: list[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.metrics


async def exposition(reads: Mapping[str, Read]) -> bytes:
    """What was counted in this process, and what servers tell now; one that is away tells nothing, which is told."""
    told = await asyncio.gather(*(_within(read) for read in reads.values()))
    answers = GaugeMetricFamily(
        "stategate_server_tells", "Whether a server told its figures for this answer.", labels=["server"]
    )
    for server, metrics in zip(reads, told, strict=True):
        answers.add_metric([server], metrics is not None)
    given = [answers, *(metric for metrics in told for metric in metrics or ())]
    return generate_latest(REGISTRY) + generate_latest(_Given(given))


async def _within(read: Read) -> Iterable[Metric] | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await read()
    except Exception:
        return None
