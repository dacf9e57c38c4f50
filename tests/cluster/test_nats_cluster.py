"""A NATS cluster whose leaders are killed under load: nothing is lost, nothing done twice, order is kept."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError

from consumers.bus import DURABLES, connected
from consumers.doctor import examine, repair
from consumers.streams import STREAMS, Streams
from graph.database import Database
from stategate.servers.environment import Addresses
from stategate.service import serving
from stategate.settings import Settings
from tests.cluster.nats import NAMES, nats_cluster
from tests.graph.world import World, unique

_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}}}
transitions: [{{from: a, action: AGAIN, to: a, roles: ["*"]}}]
"""
_TASKS = 20
_STEP = 200  # actions that are done before the next thing happens
_BREATH = 0.05  # seconds between two rounds of work, so that there is load and no flood
_PATIENCE = 120.0


class Sender:
    """An agent that sends work until told to stop, each piece until the cluster has said that it has it."""

    def __init__(self, connection: Client, actor: str, tasks: list[str]) -> None:
        self._js = connection.jetstream(timeout=2)
        self._actor = actor
        self._tasks = tasks
        self.stopping = asyncio.Event()

    async def send(self) -> int:
        """How many pieces of work each task was sent."""
        rounds = 0
        while not self.stopping.is_set():
            await asyncio.gather(*(self._send(task, f"{task}/{rounds}") for task in self._tasks))
            rounds += 1
            await asyncio.sleep(_BREATH)
        return rounds

    async def _send(self, task: str, command: str) -> None:
        body = json.dumps({"task_id": task, "action": "AGAIN", "actor_id": self._actor}).encode()
        while True:
            try:
                await self._js.publish("agent.work.completed", body, headers={"Nats-Msg-Id": command})
                return
            except (NatsError, APIError, TimeoutError, OSError):
                await asyncio.sleep(0.1)


async def leader(js: JetStreamContext, stream: str) -> str:
    """The server that leads a stream now; waits until there is one and all copies are complete."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                about = (await js.stream_info(stream)).cluster
                if about and about.leader and all(peer.current for peer in about.replicas or []):
                    return about.leader
            except (NatsError, APIError, TimeoutError):
                pass
            await asyncio.sleep(0.2)


async def applied(world: World, tasks: list[str]) -> int:
    """How many actions have been applied."""
    [row] = await world.cypher("MATCH (i:Item) WHERE i.id IN $tasks RETURN sum(i.version) AS sum", tasks=tasks)
    return int(row["sum"])


async def until_applied(world: World, tasks: list[str], count: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        while await applied(world, tasks) < count:
            await asyncio.sleep(0.1)


async def listener(js: JetStreamContext) -> str:
    """A consumer of its own for what happened; asked for again while the cluster still looks after those it has."""
    config = ConsumerConfig(filter_subject="workflow.state.changed", ack_policy=AckPolicy.NONE)
    async with asyncio.timeout(_PATIENCE):
        while True:
            with suppress(NatsError, APIError, TimeoutError):
                return str((await js.add_consumer("WORKFLOW", config)).name)
            await asyncio.sleep(0.2)


async def told(js: JetStreamContext, tasks: list[str], rounds: int) -> dict[str, dict[str, int]]:
    """The versions that events have told of each task, by the ids of the events, in their order; waits for so many."""
    subscription = await js.pull_subscribe_bind(await listener(js), "WORKFLOW")
    found: dict[str, dict[str, int]] = {task: {} for task in tasks}

    def note(message: Msg) -> None:
        event = json.loads(message.data)
        if event["task_id"] in found:
            found[event["task_id"]].setdefault((message.headers or {})["Nats-Msg-Id"], event["version"])

    async with asyncio.timeout(_PATIENCE):
        while any(len(versions) < rounds for versions in found.values()):
            try:
                for message in await subscription.fetch(500, timeout=2):
                    note(message)
            except TimeoutError:
                continue
    return found


async def blamed(streams: Streams) -> dict[str, set[str]]:
    """Whom the doctor blames in each of its checks."""
    return {check.name: {one.name for one in check.offenders} for check in await examine(streams)}


async def test_leaders_are_killed_under_load(
    world: World, servers: Addresses, settings: Settings, tmp_path: Path
) -> None:
    name = unique("cluster")
    await world.publish(_RULES.format(name=name))
    actor, tasks = await world.actor(), [await world.task(name) for _ in range(_TASKS)]
    async with nats_cluster(tmp_path) as cluster, connected(cluster.url, "tests") as connection:
        js = connection.jetstream(timeout=2)
        addresses = replace(servers, nats_url=cluster.url)
        async with serving(settings, addresses, http=False):
            for stream in STREAMS:
                await leader(js, stream)
                about = await js.stream_info(stream)
                assert about.config.num_replicas == 3
                assert about.cluster
                assert len(about.cluster.replicas or []) == 2
            assert await Streams(connection).batching("workflow.state.changed") is None
            for replicas, lean in ((3, set()), (5, STREAMS.keys())):
                assert (await blamed(Streams(connection, replicas)))["STREAMS"] == lean
            sender = Sender(connection, actor, tasks)
            sending = asyncio.create_task(sender.send())
            await until_applied(world, tasks, _STEP)
            for stream in ("AGENT_WORK", "WORKFLOW"):
                killed = await leader(js, stream)
                before = await applied(world, tasks)
                await cluster.kill(killed)
                # What is sent now goes on being done, by the two that are left.
                await until_applied(world, tasks, before + _STEP)
                await cluster.start(killed)
                await until_applied(world, tasks, before + 2 * _STEP)
            sender.stopping.set()
            rounds = await sending
            await until_applied(world, tasks, _TASKS * rounds)
            events = await told(js, tasks, rounds)
        for stream in STREAMS:
            await leader(js, stream)
        assert (await js.stream_info("DEAD_LETTERS")).state.messages == 0
    for task in tasks:
        changes = await world.history(task)
        assert [change["command_id"] for change in changes] == [f"{task}/{number}" for number in range(rounds)]
        assert list(events[task].values()) == list(range(1, rounds + 1))


async def test_a_server_alone_keeps_streams_once(servers: Addresses, settings: Settings) -> None:
    async with serving(settings, servers, http=False, parts=()), connected(servers.nats_url, "tests") as connection:
        for stream in STREAMS:
            assert (await connection.jetstream().stream_info(stream)).config.num_replicas == 1


async def until_blamed(streams: Streams, names: dict[str, set[str]]) -> None:
    """Returns when the doctor blames just these; a cluster of which a server went away elects new leaders first."""
    async with asyncio.timeout(_PATIENCE):
        while await blamed(streams) != names:
            await asyncio.sleep(0.2)


async def test_the_doctor_names_what_nobody_answers_for(db: Database, tmp_path: Path) -> None:
    async with nats_cluster(tmp_path) as cluster, connected(cluster.url, "tests") as connection:
        streams = Streams(connection, replicas=1)
        whole: dict[str, set[str]] = {"STREAMS": set(), "CONSUMERS": set()}
        async with asyncio.timeout(_PATIENCE):
            while await blamed(streams) != whole:
                with suppress(NatsError):  # a cluster that has just begun has no place for a stream yet
                    await repair(streams, db)
        homes = {stream: await leader(streams.js, stream) for stream in STREAMS}
        of_durables = {durable: await streams.of(kind.subject) for kind, durable in DURABLES.items()}
        away = homes["WORKFLOW"]
        await cluster.kill(away)
        gone = {stream for stream, home in homes.items() if home == away}
        durables = {durable for durable, stream in of_durables.items() if stream in gone}
        await until_blamed(streams, {"STREAMS": gone, "CONSUMERS": durables})
        await cluster.kill(next(name for name in NAMES if name != away))
        await until_blamed(streams, {"STREAMS": {"JetStream"}, "CONSUMERS": set(DURABLES.values())})
        await repair(streams, db)
