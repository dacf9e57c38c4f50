"""What was written: the histories in the graph, and the events in the streams, read straight from their servers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from neo4j import AsyncDriver

Row = dict[str, Any]

_PAGE = 500
_HISTORIES = """
UNWIND $ids AS id
OPTIONAL MATCH (item {id: id}) WHERE item:Story OR item:Task
RETURN id, item.version AS version, item.released AS released, labels(item) AS labels,
  COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s.name } AS states,
  COLLECT { MATCH (item)-[:HAS_TASK]->(t:Task) RETURN t.id ORDER BY t.id } AS tasks,
  COLLECT { MATCH (item)-[:LATEST]->(:Change)-[:PREVIOUS*0..]->(c:Change)
            RETURN c {.seq, .action, .from, .to, .automatic, .actor_id, .command_id, .command_key} ORDER BY c.seq
          } AS changes,
  COLLECT { MATCH (r:Refusal {item_id: id}) RETURN r {.command_id, .action, .actor_id, .version, .codes} } AS refusals
"""
_WAITING = "MATCH (e:OutboxEvent) RETURN count(e) AS events"


@dataclass(frozen=True, slots=True)
class Event:
    """One message of a stream: its place there, and what it says."""

    place: int
    id: str
    subject: str
    body: dict[str, Any]


@dataclass(slots=True)
class Stream:
    """Everything one stream has kept so far, read on from where it was read last; repetitions are left out."""

    name: str
    last: int = 0
    events: list[Event] = field(default_factory=list)
    repeated: int = 0
    _seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)

    async def read_on(self, connection: Client) -> None:
        js = connection.jetstream()
        config = ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.last + 1,
            inactive_threshold=60,
        )
        info = await js.add_consumer(self.name, config)
        subscription = await js.pull_subscribe_bind(info.name, self.name)
        left = info.num_pending or 0
        while left:
            for message in await subscription.fetch(min(left, _PAGE), timeout=10):
                about = message.metadata
                left = about.num_pending
                self._keep(
                    about.sequence.stream,
                    (message.headers or {}).get("Nats-Msg-Id", ""),
                    message.subject,
                    json.loads(message.data),
                )
        await subscription.unsubscribe()
        await js.delete_consumer(self.name, info.name)

    def _keep(self, place: int, name: str, subject: str, body: dict[str, Any]) -> None:
        self.last = place
        if name and name in self._seen:
            self.repeated += 1
            if self._seen[name] != body:
                self.contradictions.append(f"the event {name} was told with two contents")
            return
        if name:
            self._seen[name] = body
        self.events.append(Event(place, name, subject, body))


async def histories(driver: AsyncDriver, ids: Sequence[str]) -> dict[str, Row]:
    """By item: `{version, labels, released, states, tasks, changes, refusals}`."""
    found: dict[str, Row] = {}
    async with driver.session() as session:
        for start in range(0, len(ids), 200):
            result = await session.run(_HISTORIES, ids=list(ids[start : start + 200]))
            found |= {row["id"]: row.data() async for row in result}
    return found


async def waiting_events(driver: AsyncDriver) -> int:
    """How many events are in the outbox."""
    async with driver.session() as session:
        [row] = await (await session.run(_WAITING)).data()
    return int(row["events"])
