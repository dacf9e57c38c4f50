"""A connection that is lost while Neo4j commits: the command is done once, and its answer is the first one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from graph.database import _OPTIONS, Database
from graph.decision import Command, Outcome
from graph.errors import UnknownOutcomeError
from graph.gate import Gate
from stategate.servers.environment import Addresses
from tests.graph.world import World, unique
from tests.proxy import Proxy, proxied

_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}}}
transitions: [{{from: a, action: AGAIN, to: a, roles: ["*"]}}]
"""


@pytest_asyncio.fixture
async def proxy(servers: Addresses) -> AsyncIterator[Proxy]:
    address = urlsplit(servers.neo4j_uri)
    async with proxied(address.hostname or "", address.port or 0) as proxy:
        yield proxy


@pytest_asyncio.fixture(params=["bolt", "neo4j"])
async def far(proxy: Proxy, servers: Addresses, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """The database, by the proxy; directly, and as one server of a cluster is met."""
    db = Database.connect(f"{request.param}://127.0.0.1:{proxy.port}", servers.neo4j_user, servers.neo4j_password)
    yield db
    await db.close()


@pytest_asyncio.fixture
async def hasty(proxy: Proxy, servers: Addresses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """The database, by the proxy, of somebody who does not wait half a minute for it."""
    monkeypatch.setitem(_OPTIONS, "max_transaction_retry_time", 1.0)
    db = Database.connect(f"bolt://127.0.0.1:{proxy.port}", servers.neo4j_user, servers.neo4j_password)
    yield db
    await db.close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("named", [True, False])
async def test_a_command_is_done_once(world: World, far: Database, proxy: Proxy, when: str, named: bool) -> None:
    name = unique("again")
    await world.publish(_RULES.format(name=name))
    task, actor = await world.task(name), await world.actor()
    gate = Gate(far)
    commands = [Command(task, "AGAIN", actor, command_id=unique("c") if named else None) for _ in range(3)]
    commands.append(Command(task, "NOTHING", actor, command_id=unique("c") if named else None))
    await far.check()
    proxy.cut_at_commit = when
    answers = await gate.decide(commands)
    assert proxy.cut_at_commit is None
    assert [answer.outcome for answer in answers] == [*[Outcome.APPLIED] * 3, Outcome.REFUSED]
    assert [answer.version for answer in answers[:3]] == [1, 2, 3]
    assert await world.cypher(
        "MATCH (i:Item {id: $task}) RETURN i.version AS version, COUNT { (:Change {item_id: $task}) } AS changes, "
        "COUNT { (:Refusal)-[:OF]->(i) } AS refusals, COUNT { (:OutboxEvent {item_id: $task}) } >= 0 AS told",
        task=task,
    ) == [{"version": 3, "changes": 3, "refusals": 1, "told": True}]
    if named:
        again = await gate.decide(commands)
        assert [answer.outcome for answer in again] == [Outcome.DUPLICATE] * 4
        assert [answer.first and answer.first.version for answer in again[:3]] == [1, 2, 3]


async def test_what_is_not_a_command_says_that_nobody_knows(world: World, far: Database, proxy: Proxy) -> None:
    story = await world.story()
    await far.check()
    proxy.cut_at_commit = "after"
    with pytest.raises(UnknownOutcomeError):
        await far.write("timer/look_later", ids=[story], seconds=60)


async def test_what_may_have_been_done_is_not_told_as_undone(
    world: World, hasty: Database, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit arrives, its answer does not, and Neo4j stays away."""
    name = unique("again")
    await world.publish(_RULES.format(name=name))
    task, actor = await world.task(name), await world.actor()
    await hasty.check()
    proxy.cut_at_commit = "after"
    in_transaction = hasty.in_transaction

    async def once(work: Any) -> Any:
        try:
            return await in_transaction(work)
        except UnknownOutcomeError:
            await proxy.cut()
            raise

    monkeypatch.setattr(hasty, "in_transaction", once)
    with pytest.raises(UnknownOutcomeError, match="same command ids"):
        await Gate(hasty).decide([Command(task, "AGAIN", actor)])


async def test_a_repeated_command_spoils_no_answer_beside_it(
    world: World, hasty: Database, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what follows a repeated one is asked after the commit, when Neo4j may be away."""
    name = unique("again")
    await world.publish(_RULES.format(name=name))
    fresh, repeated, actor = await world.task(name), await world.task(name), await world.actor()
    gate, first = Gate(hasty), Command(repeated, "AGAIN", actor, command_id="first")
    await gate.decide([first])
    read = hasty.read

    async def cutting(name: str, /, **parameters: Any) -> Any:
        if name == "gate/unfollowed":
            await proxy.cut()
        return await read(name, **parameters)

    monkeypatch.setattr(hasty, "read", cutting)
    answers = await gate.decide([Command(fresh, "AGAIN", actor), first])
    assert [answer.outcome for answer in answers] == [Outcome.APPLIED, Outcome.DUPLICATE]
