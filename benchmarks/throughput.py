"""Actions a second over the whole event path: published `agent.work.completed` → decided → events heard.

Starts servers of its own. `--actions N`, `--items N`; `--alone` handles one message at a time; `--json` for programs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy

from consumers.bus import connected
from graph.engine import Engine
from stategate.servers.environment import open_environment
from stategate.service import serving
from stategate.settings import load_settings

WORK = [
    ("COMMIT_CODE", "dev", {"commit_sha": "abc"}),
    ("APPROVE_DESIGN", "arch", {}),
    ("APPROVE_TESTS", "tester", {}),
]
# Tasks in work, ten to a story in progress, as the statements of the product would have left them.
ITEMS = """
CYPHER 5 UNWIND range(0, $items - 1) AS n
MATCH (todo:State {name: 'implementing', workflow: 'task'}), (running:State {name: 'IN_PROGRESS', workflow: 'story'})
MERGE (story:Story:Item {id: 'S-' + toString(n / 10)})
ON CREATE SET story.name = story.id, story.title = story.id, story.workflow = 'story',
  story.version = 0, story.rework = 0, story.released = true, story.entered_at = datetime()
CREATE (story)-[:HAS_TASK]->(task:Task:Item {id: 'T-' + toString(n), name: 'T-' + toString(n), title: 'T',
  workflow: 'task', version: 0, rework: 0, priority: 3, rank: n % 10, entered_at: datetime()})
CREATE (task)-[:IN_STATE]->(todo)
WITH DISTINCT story, running WHERE NOT EXISTS { (story)-[:IN_STATE]->() }
CREATE (story)-[:IN_STATE]->(running)
"""


def option(name: str, default: int) -> int:
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


async def main() -> None:
    warming, actions = 600, option("--actions", 6000)
    items = (warming + actions) // len(WORK)
    most = {"most": 1} if "--alone" in sys.argv else {}
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), http_port=0, neo4j_uri=None, nats_url=None, valkey_url=None)
        async with open_environment(settings) as servers, serving(settings, servers, **most) as served:
            for actor, role in (("dev", "developer"), ("arch", "architect"), ("tester", "qa")):
                await served.engine.people.create(actor, "agent", [role])
            await _create(served.engine, items)
            async with connected(servers.nats_url, "throughput") as client:
                await _run(client, 0, warming // len(WORK))
                figures = await _run(client, warming // len(WORK), items)
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:22} {value}")


async def _create(engine: Engine, items: int) -> None:
    async with engine.db.driver.session() as session:
        await (await session.run(ITEMS, items=items)).consume()


async def _run(client: Client, first: int, last: int) -> dict[str, Any]:
    """Every action of the tasks from `first` to before `last`, one stage after the other, as fast as they go."""
    js = client.jetstream()
    actions = (last - first) * len(WORK)
    heard = {"events": 0, "answered": 0, "refused": 0}
    all_answered = asyncio.Event()
    asked = {action for action, _, _ in WORK}

    async def hear(message: Msg) -> None:
        heard["events"] += 1
        refused = message.subject.endswith("refused")
        heard["refused"] += refused
        if refused or (message.subject == "workflow.state.changed" and json.loads(message.data)["action"] in asked):
            heard["answered"] += 1
            if heard["answered"] == actions:
                all_answered.set()

    subscription = await js.subscribe("workflow.>", cb=hear, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW)
    began = time.perf_counter()
    for action, actor, inputs in WORK:
        for number in range(first, last):
            body = {"task_id": f"T-{number}", "action": action, "actor_id": actor, "inputs": inputs}
            await js.publish_async("agent.work.completed", json.dumps(body).encode())
    await js.publish_async_completed()
    published = time.perf_counter() - began
    await asyncio.wait_for(all_answered.wait(), 600)
    seconds = time.perf_counter() - began
    await subscription.unsubscribe()
    return {
        "actions": actions,
        "actions_a_second": round(actions / seconds),
        "events_a_second": round(heard["events"] / seconds),
        "refused": heard["refused"],
        "seconds": round(seconds, 2),
        "seconds_to_publish": round(published, 2),
    }


if __name__ == "__main__":
    asyncio.run(main())
