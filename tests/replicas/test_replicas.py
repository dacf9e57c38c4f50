"""Two processes serve at once, one is killed, one is stopped: nothing is lost, nothing done twice, order is kept."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from consumers.bus import connected
from consumers.streams import Streams
from graph.decision import Command
from graph.engine import Engine
from stategate.servers.environment import Addresses
from tests.command import PATIENCE, STATEGATE, environment
from tests.doors.bus import Bus
from tests.graph.world import World, unique

WORK = [("COMMIT_CODE", {"commit_sha": "abc"}), ("APPROVE_DESIGN", {}), ("APPROVE_TESTS", {})]
CHANGED = "workflow.state.changed"
HOPS = [
    "START_WORK",
    "COMMIT_CODE",
    "ROUTE_TO_ARCHITECT",
    "APPROVE_DESIGN",
    "ROUTE_TO_QA",
    "APPROVE_TESTS",
    "ROUTE_TO_PO",
]


class Replica:
    """A `stategate serve` of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def end(self, name: signal.Signals) -> int:
        if self.process.returncode is None:
            self.process.send_signal(name)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def replica(servers: Addresses, folder: Path) -> AsyncIterator[Replica]:
    process = await asyncio.create_subprocess_exec(
        STATEGATE,
        "serve",
        cwd=folder,
        env=environment(
            neo4j_uri=servers.neo4j_uri,
            neo4j_user=servers.neo4j_user,
            neo4j_password=servers.neo4j_password,
            nats_url=servers.nats_url,
            valkey_url=servers.valkey_url,
            http_port="0",
            data_dir=str(folder / "data"),
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    running = Replica(process)
    try:
        assert process.stdout
        async with asyncio.timeout(PATIENCE):
            assert b"stategate serves" in await process.stdout.readline()
        yield running
    finally:
        await running.end(signal.SIGKILL)


async def leader(world: World, other_than: str | None = None) -> str:
    """Who reads what agents send; waits until it is somebody, other than the one named."""
    async with asyncio.timeout(PATIENCE):
        while True:
            rows = await world.cypher(
                "MATCH (l:Lease {name: 'workflow-work-completed'}) WHERE l.until > datetime() RETURN l.holder AS holder"
            )
            if rows and rows[0]["holder"] not in {None, other_than}:
                return str(rows[0]["holder"])
            await asyncio.sleep(0.2)


async def tasks_in_work(engine: Engine, world: World, count: int, team: dict[str, str]) -> list[str]:
    story = await world.story(released=True)
    tasks = [unique("task") for _ in range(count)]
    for task in tasks:
        await engine.items.create_task(story, "Work", workflow="task", id=task)
    rows = await engine.trees.items_by_ids(tasks)
    waiting = [task for task in tasks if rows[task]["state"]["kind"] == "INITIAL" or rows[task]["version"] == 0]
    await engine.gate.decide([Command(task, "START_WORK", team["COMMIT_CODE"]) for task in waiting])
    return tasks


async def send_all(bus: Bus, tasks: list[str], team: dict[str, str]) -> None:
    for action, inputs in WORK:
        for task in tasks:
            body = {"task_id": task, "action": action, "actor_id": team[action], "inputs": inputs}
            await bus.send("agent.work.completed", body)


async def check(bus: Bus, engine: Engine, tasks: list[str]) -> None:
    """Every action of every task was done once, and told in order, without a gap."""
    for task in tasks:
        await bus.hear(CHANGED, task_id=task, action="ROUTE_TO_PO")
        [page] = await engine.history.pages([(task, 100, 0)])
        assert [row["action"] for row in page.rows] == HOPS
        told: dict[str, int] = {}
        for message in await bus.messages(CHANGED, len(HOPS), task_id=task):
            told.setdefault((message.headers or {})["Nats-Msg-Id"], json.loads(message.data)["version"])
        assert list(told.values()) == list(range(1, len(HOPS) + 1))
        assert bus.count("workflow.action.refused", task_id=task) == 0


async def test_a_killed_and_a_stopped_replica_are_followed_by_another(
    engine: Engine, world: World, servers: Addresses, tmp_path: Path
) -> None:
    roles = {"COMMIT_CODE": "developer", "APPROVE_DESIGN": "architect", "APPROVE_TESTS": "qa"}
    team = {action: await world.actor(role, kind="agent") for action, role in roles.items()}
    async with connected(servers.nats_url, "tests") as connection:
        await Streams(connection).ensure()
        async with Bus(connection) as bus, replica(servers, tmp_path) as first:
            leads = await leader(world)
            async with replica(servers, tmp_path) as second:
                tasks = await tasks_in_work(engine, world, 40, team)
                sending = asyncio.create_task(send_all(bus, tasks, team))
                await bus.messages(CHANGED, 10, action="COMMIT_CODE")
                await first.end(signal.SIGKILL)
                await sending
                leads = await leader(world, other_than=leads)
                await check(bus, engine, tasks)
                async with replica(servers, tmp_path) as third:
                    tasks = await tasks_in_work(engine, world, 40, team)
                    sending = asyncio.create_task(send_all(bus, tasks, team))
                    await bus.hear(CHANGED, task_id=tasks[5], action="COMMIT_CODE")
                    assert await second.end(signal.SIGTERM) == 0
                    await sending
                    await leader(world, other_than=leads)
                    await check(bus, engine, tasks)
                    assert await third.end(signal.SIGTERM) == 0
