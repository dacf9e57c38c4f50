"""Time from publishing `agent.work.completed` to receiving `workflow.task.assigned`, one action at a time.

Starts servers of its own. Prints p50, p95 and p99 in milliseconds; `--json` for programs.
The ratio compares with what nobody can go below here: one bare write to Neo4j and one bare round trip over NATS.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy

from consumers.bus import connected
from graph.engine import Engine
from stategate.servers.environment import open_environment
from stategate.service import serving
from stategate.settings import load_settings

WARMING, MEASURED = 60, 200  # tasks; each gives three samples
WORK = [
    ("COMMIT_CODE", "dev", {"commit_sha": "abc"}),
    ("APPROVE_DESIGN", "arch", {}),
    ("APPROVE_TESTS", "tester", {}),
]


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), http_port=0, neo4j_uri=None, nats_url=None, valkey_url=None)
        async with open_environment(settings) as servers, serving(settings, servers) as served:
            for actor, role in (("dev", "developer"), ("arch", "architect"), ("tester", "qa")):
                await served.engine.people.create(actor, "agent", [role])
            async with connected(servers.nats_url, "latency") as client:
                js = client.jetstream()
                samples = await _actions(js, WARMING + MEASURED)
                bare = await _bare(js, served.engine, MEASURED)
    _report(samples[WARMING * len(WORK) :], bare)


async def _actions(js: JetStreamContext, tasks: int) -> list[float]:
    """Seconds of each action, in order."""
    assigned: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def hear(message: Msg) -> None:
        body = json.loads(message.data)
        await assigned.put((body["task_id"], body["role"]))

    await js.subscribe("workflow.task.assigned", cb=hear, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW)
    samples: list[float] = []
    for number in range(tasks):
        task = f"T-{number}"
        event = {"story_id": f"S-{number}", "to_state": "READY_FOR_EXECUTION", "tasks": [task]}
        await js.publish("planning.story.transitioned", json.dumps(event).encode())
        await assigned.get()
        for action, actor, inputs in WORK:
            body = {"task_id": task, "action": action, "actor_id": actor, "inputs": inputs}
            began = time.perf_counter()
            await js.publish("agent.work.completed", json.dumps(body).encode())
            await asyncio.wait_for(assigned.get(), 60)
            samples.append(time.perf_counter() - began)
    return samples


async def _bare(js: JetStreamContext, engine: Engine, count: int) -> list[float]:
    """Seconds of one small write and one publish, without anything in between."""
    samples: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await engine.db.write("work/lock_story", story_id="S-0")
        await js.publish("agent.work.bare", b"{}")
        samples.append(time.perf_counter() - began)
    return samples


def _report(samples: list[float], bare: list[float]) -> None:
    figures = {f"{name}_ms": round(value * 1000, 1) for name, value in _percentiles(samples).items()}
    figures["samples"] = len(samples)
    figures["p99_to_bare"] = round(_percentiles(samples)["p99"] / _percentiles(bare)["p99"], 1)
    figures["p50_to_bare"] = round(_percentiles(samples)["p50"] / _percentiles(bare)["p50"], 1)
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:12} {value}")


def _percentiles(samples: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(samples, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


if __name__ == "__main__":
    asyncio.run(main())
