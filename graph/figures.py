"""What only the graph knows, in Prometheus' terms, told when asked."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from graph.database import Database


async def read(db: Database) -> list[Metric]:
    """The backlogs kept in the graph, from Neo4j's own counts."""
    [row] = await db.read("metrics/waiting")
    return [
        GaugeMetricFamily("stategate_outbox_events", "Events that wait to be published.", row["events"]),
        GaugeMetricFamily("stategate_effects_kept", "Effects that wait, run or were given up.", row["effects"]),
    ]
