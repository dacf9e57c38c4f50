"""Neo4j ends a transaction, or was away: nothing of that is said of the rules, and what was asked is done later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Command, Outcome
from graph.errors import UnavailableError
from graph.gate import Gate
from stategate.servers.environment import Addresses
from tests.graph.world import World, cypher, unique
from tests.proxy import Proxy, proxied

_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}}}
transitions: [{{from: a, action: AGAIN, to: a, roles: ["*"]}}]
"""
_WAITING = "SHOW TRANSACTIONS YIELD transactionId, status WHERE status STARTS WITH 'Blocked' RETURN transactionId AS id"


async def test_a_command_whose_transaction_was_ended_is_not_refused(world: World, gate: Gate) -> None:
    name = unique("again")
    await world.publish(_RULES.format(name=name))
    task, actor = await world.task(name), await world.actor()
    command = Command(task, "AGAIN", actor, command_id=unique("c"))
    async with world.db.driver.session() as other:
        held = await other.begin_transaction()
        await (await held.run("MATCH (i:Item {id: $task}) SET i.lock = true", task=task)).consume()
        deciding = asyncio.create_task(gate.decide([command]))
        while not (rows := await cypher(world.db, _WAITING)):
            assert not deciding.done()
            await asyncio.sleep(0.05)
        for row in rows:
            await cypher(world.db, "TERMINATE TRANSACTIONS $id", id=row["id"])
        with pytest.raises(UnavailableError):
            await deciding
        await held.rollback()
    [answer] = await gate.decide([command])
    assert answer.outcome is Outcome.APPLIED
    assert (await world.item(task))["version"] == 1


@pytest_asyncio.fixture
async def proxy(servers: Addresses) -> AsyncIterator[Proxy]:
    address = urlsplit(servers.neo4j_uri)
    async with proxied(address.hostname or "", address.port or 0) as proxy:
        yield proxy


async def test_when_it_is_back_plans_are_made_once_and_all_wait_for_them(servers: Addresses, proxy: Proxy) -> None:
    db = Database.connect(f"bolt://127.0.0.1:{proxy.port}", servers.neo4j_user, servers.neo4j_password)
    try:
        made, there = 0, asyncio.Event()

        async def make() -> None:
            nonlocal made
            made += 1
            await there.wait()

        db.plans.make = make
        # Opening the first connection may take so long as to look like a server that was away.
        await db.check()
        await db.write("lease/release", name="nobody", fence=0)
        assert made == 0
        await proxy.cut()
        callers = [asyncio.create_task(db.write("lease/release", name="nobody", fence=0)) for _ in range(20)]
        # The driver tries again by itself until it is back, so nobody is told that it was away.
        await asyncio.sleep(1.5)
        proxy.mend()
        while not made:
            await asyncio.sleep(0.05)
        assert not any(caller.done() for caller in callers)
        there.set()
        await asyncio.gather(*callers)
        assert made == 1
    finally:
        await db.close()
