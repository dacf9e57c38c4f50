"""A long backlog at the start of a service: its memory, and how long a fresh GraphQL action takes meanwhile.

Starts servers of its own. `--messages N` (1,000,000 unless told otherwise), `--items N`; `--json` for programs.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from consumers.bus import connected
from consumers.streams import Streams
from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import open_environment
from stategate.service import open_engine, serving
from stategate.settings import settings_alone

RULES = """
workflow: backlog
states: {a: {kind: initial}}
transitions: [{from: a, action: AGAIN, to: a, roles: ["*"]}]
"""
ACT = 'mutation($item: ID!) { act(itemId: $item, action: "AGAIN", actorId: "worker") { __typename } }'
ITEMS = """
CYPHER 5 UNWIND range(0, $items) AS n
MATCH (a:State {name: 'a', workflow: 'backlog'})
CREATE (item:Task:Item {id: 'B-' + toString(n), name: 'B', title: 'B', workflow: 'backlog', version: 0, rework: 0})
CREATE (item)-[:IN_STATE]->(a)
"""
FRESH = "B-0"


def option(name: str, default: int) -> int:
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


async def main() -> None:
    messages, items = option("--messages", 1_000_000), option("--items", 10_000)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_alone(Path(folder))
        async with open_environment(settings) as servers, connected(servers.nats_url, "backlog") as client:
            async with open_engine(servers, settings) as engine:
                await _prepare(engine, items)
            await _publish(client, messages, items)
            began = memory()
            async with serving(settings, servers) as served, GraphQLClient(served.graphql or "") as graphql:
                figures = await _watch(client, graphql, messages)
    figures |= {"messages": messages, "memory_before_mb": began}
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:22} {value}")


async def _prepare(engine: Engine, items: int) -> None:
    draft = await engine.rules.import_draft(RULES)
    assert draft.confirm is not None
    await engine.rules.publish("backlog", draft.confirm)
    await engine.people.create("worker", "agent", [])
    async with engine.db.driver.session() as session:
        await (await session.run(ITEMS, items=items)).consume()


async def _publish(client: Client, messages: int, items: int) -> None:
    js = client.jetstream()
    await Streams(client).ensure()
    for number in range(messages):
        body = {"task_id": f"B-{number % items + 1}", "action": "AGAIN", "actor_id": "worker"}
        await js.publish_async("agent.work.completed", json.dumps(body).encode())
    await js.publish_async_completed()


async def _watch(client: Client, graphql: GraphQLClient, messages: int) -> dict[str, float]:
    """One fresh action after the other until nothing waits."""
    samples: list[float] = []
    most, began = 0, time.perf_counter()
    while await _waiting(client, messages):
        asked = time.perf_counter()
        answer = await graphql(ACT, item=FRESH)
        samples.append(time.perf_counter() - asked)
        assert answer["act"]["__typename"] == "Applied"
        most = max(most, memory())
        await asyncio.sleep(0.2)
    cuts = statistics.quantiles(samples, n=100)
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "fresh_actions": len(samples),
        "fresh_p50_ms": round(cuts[49] * 1000, 1),
        "fresh_p99_ms": round(cuts[98] * 1000, 1),
        "memory_most_mb": most,
    }


async def _waiting(client: Client, messages: int) -> int:
    try:
        info = await client.jetstream().consumer_info("AGENT_WORK", "workflow-work-completed")
    except NotFoundError:
        return messages
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


def memory() -> int:
    """MB that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


if __name__ == "__main__":
    asyncio.run(main())
