"""A backlog that waits when the service starts: worked on a little at a time, and nobody who asks now waits for it."""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import NotFoundError

from consumers.bus import connected
from consumers.pull import Pull, as_it_is
from consumers.runner import MOST
from consumers.service import Part
from consumers.streams import Streams
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses
from stategate.servers.launch import Launcher
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports
from stategate.service import serving
from stategate.settings import Settings
from tests.graph.world import World, unique

_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}}}
transitions: [{{from: a, action: AGAIN, to: a, roles: ["*"]}}]
"""
_ACT = 'mutation($task: ID!, $actor: ID!) { act(itemId: $task, action: "AGAIN", actorId: $actor) { __typename } }'
_TASKS, _BACKLOG = 500, 5_000  # benchmarks/backlog.py does it with a million
_PARTS = (Part.WORKFLOW, Part.OUTBOX)
_CONSUMERS = 2  # of the workflow part
_LOOK = 10  # fresh actions from one look at the memory to the next; each look takes a while
_AHEAD = 2 * MOST
WORK = "agent.work.completed"


async def publish(connection: Client, actor: str, tasks: list[str]) -> None:
    js = connection.jetstream()
    for number in range(_BACKLOG):
        body = {"task_id": tasks[number % len(tasks)], "action": "AGAIN", "actor_id": actor}
        await js.publish_async(WORK, json.dumps(body).encode())
    await js.publish_async_completed()


async def waiting(connection: Client) -> int:
    """How many messages are not handled yet."""
    try:
        info = await connection.jetstream().consumer_info("AGENT_WORK", "workflow-work-completed")
    except NotFoundError:
        return _BACKLOG
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


def in_memory() -> int:
    """How many messages of NATS this process holds, whoever holds them."""
    return sum(isinstance(one, Msg) for one in gc.get_objects())


async def test_fresh_actions_are_answered_while_a_backlog_is_worked_on(
    world: World, servers: Addresses, settings: Settings, tmp_path: Path
) -> None:
    name = unique("backlog")
    await world.publish(_RULES.format(name=name))
    actor, fresh, tasks = await world.actor(), await world.task(name), [await world.task(name) for _ in range(_TASKS)]
    launcher, nats = Launcher(tmp_path, Ports(tmp_path, prefer_known=False)), Nats(tmp_path)
    try:
        addresses = replace(servers, nats_url=nats.url(await launcher.launch(nats)))
        async with connected(addresses.nats_url, "tests") as connection:
            await Streams(connection).ensure()
            await publish(connection, actor, tasks)
            gc.collect()
            before = in_memory()
            answered, most, left = 0, 0, _BACKLOG
            async with (
                serving(settings, addresses, parts=_PARTS) as running,
                GraphQLClient(running.graphql or "") as graphql,
            ):
                while left:
                    answer = await graphql(_ACT, task=fresh, actor=actor)
                    assert answer["act"]["__typename"] == "Applied"
                    answered += 1
                    if answered % _LOOK == 1:
                        most = max(most, in_memory() - before)
                    left = await waiting(connection)
            # The last of them was answered when nothing was left; all others while something was.
            assert answered > 5
            # Of each consumer what is asked for ahead, what is being handled, and what is on its way between.
            assert 0 < most <= _CONSUMERS * (_AHEAD + 2 * MOST)
    finally:
        await launcher.stop()
    [row] = await world.cypher("MATCH (i:Item) WHERE i.id IN $tasks RETURN sum(i.version) AS sum", tasks=tasks)
    assert row["sum"] == _BACKLOG
    assert (await world.item(fresh))["version"] == answered


async def test_no_more_is_asked_for_than_fits(servers: Addresses) -> None:
    subject, durable = f"agent.work.{unique('ahead')}", unique("ahead")
    async with connected(servers.nats_url, "tests") as connection:
        js = connection.jetstream()
        await Streams(connection).ensure()
        for number in range(100):
            await js.publish(subject, str(number).encode())
        config = ConsumerConfig(durable_name=durable, filter_subject=subject, ack_policy=AckPolicy.EXPLICIT)
        await js.add_consumer("AGENT_WORK", config)
        taken: list[int] = []
        async with Pull(connection, "AGENT_WORK", durable, 0, 10, as_it_is) as pull:
            while len(taken) < 100:
                messages = await pull.take(4, 5)
                # What is here and not taken, and what was asked for, is never more than that.
                info = await js.consumer_info("AGENT_WORK", durable)
                assert (info.num_ack_pending or 0) - len(taken) <= 10 + len(messages)
                taken += [int(message.data) for message in messages]
            assert taken == list(range(100))
        await js.delete_consumer("AGENT_WORK", durable)
