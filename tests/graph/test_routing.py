"""Neo4j met as a cluster is, by `neo4j://`: what was written is read, reads are routed as such, a leader may change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from neo4j.exceptions import BrokenRecordError, DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from graph.database import Database, Row, Transaction, is_away
from graph.decision import Outcome
from graph.engine import Engine
from graph.errors import UnavailableError
from graph.lease import Lease
from graph.metrics import RETRIES
from stategate.servers.environment import Addresses
from tests.graph.world import World, unique
from tests.proxy import Proxy, proxied

_RULES = """
workflow: {name}
states: {{a: {{kind: initial}}}}
transitions: [{{from: a, action: AGAIN, to: a, roles: ["*"]}}]
"""
_READS, _BOOKMARK = b"\x84mode\x81r", b"FB:"


@pytest_asyncio.fixture
async def proxy(servers: Addresses) -> AsyncIterator[Proxy]:
    address = urlsplit(servers.neo4j_uri)
    async with proxied(address.hostname or "", address.port or 0) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def routed(proxy: Proxy, servers: Addresses) -> AsyncIterator[Database]:
    db = Database.connect(f"neo4j://127.0.0.1:{proxy.port}", servers.neo4j_user, servers.neo4j_password)
    yield db
    await db.close()


def failure(code: str) -> Neo4jError:
    """An error as the server tells it."""
    return Neo4jError._hydrate_neo4j(code=code, message="told by the server")


async def test_the_engine_works_over_a_routing_driver(routed: Database) -> None:
    engine = await Engine.open(routed)
    world, name = World(routed, engine.gate, engine.rules), unique("routed")
    await world.publish(_RULES.format(name=name))
    task, actor = await world.task(name), await world.actor()
    decision = await world.act(task, "AGAIN", actor, command_id="once")
    assert decision.outcome is Outcome.APPLIED
    again = await world.act(task, "AGAIN", actor, command_id="once")
    assert again.outcome is Outcome.DUPLICATE
    [page] = await engine.history.pages([(task, 10, 0)])
    assert [row["action"] for row in page.rows] == ["AGAIN"]
    lease = Lease(routed, unique("job"))
    assert await lease.take()
    await engine.under(lease).db.write("timer/look_later", ids=["none"], seconds=60)


async def test_a_read_names_what_was_written_before_and_goes_to_a_reader(routed: Database, proxy: Proxy) -> None:
    proxy.sent = []
    await routed.check()
    first = b"".join(proxy.sent)
    assert _READS in first
    assert _BOOKMARK not in first
    lease = Lease(routed, unique("job"))
    assert await lease.take()
    # A lease writes by another object over the same connection; both know what either has written.
    await routed.under(lease).write("timer/look_later", ids=["none"], seconds=60)
    [bookmark] = await routed._bookmarks.get_bookmarks()
    proxy.sent.clear()
    await routed.check()
    read = b"".join(proxy.sent)
    assert _READS in read
    assert bookmark.encode() in read
    proxy.sent.clear()
    await routed.write("timer/look_later", ids=["none"], seconds=60)
    assert _READS not in b"".join(proxy.sent)


@pytest.mark.parametrize(
    "error",
    [
        failure("Neo.ClientError.Cluster.NotALeader"),
        failure("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"),
        failure("Neo.TransientError.General.DatabaseUnavailable"),
        failure("Neo.TransientError.Transaction.DeadlockDetected"),
        failure("Neo.TransientError.Transaction.LeaseExpired"),
        SessionExpired("the server went away"),
        ServiceUnavailable("the server went away"),
    ],
    ids=lambda error: getattr(error, "code", None) or type(error).__name__,
)
async def test_work_that_meets_a_change_of_leader_is_done_again(routed: Database, error: Exception) -> None:
    tries = 0
    retried = RETRIES._value.get()

    async def work(tx: Transaction) -> list[Row]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise error
        return await tx.run("health/ping")

    assert await routed.in_transaction(work)
    assert tries == 2
    assert RETRIES._value.get() == retried + 1


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (failure("Neo.ClientError.Cluster.NotALeader"), True),
        (failure("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"), True),
        (failure("Neo.ClientError.Security.AuthorizationExpired"), True),
        (failure("Neo.ClientError.Database.DatabaseNotFound"), True),
        (failure("Neo.ClientError.Transaction.InvalidBookmark"), True),
        (failure("Neo.ClientError.Transaction.TransactionTimedOut"), True),
        (failure("Neo.ClientError.Transaction.LockClientStopped"), True),
        (failure("Neo.DatabaseError.Transaction.TransactionStartFailed"), True),
        (failure("Neo.DatabaseError.Statement.ExecutionFailed"), False),
        (failure("Neo.TransientError.Transaction.BookmarkTimeout"), True),
        (failure("Neo.TransientError.General.MemoryPoolOutOfMemoryError"), True),
        (SessionExpired("the server went away"), True),
        (ServiceUnavailable("no server writes"), True),
        (BrokenRecordError("a year above 9999"), False),
        (failure("Neo.ClientError.Statement.SyntaxError"), False),
        (failure("Neo.ClientError.Statement.TypeError"), False),
        (failure("Neo.ClientError.Schema.ConstraintValidationFailed"), False),
        (failure("Neo.DatabaseError.General.UnknownError"), False),
    ],
    ids=lambda value: getattr(value, "code", None) or str(value),
)
def test_what_says_that_a_server_is_away_and_what_blames_the_statement(
    error: DriverError | Neo4jError, away: bool
) -> None:
    assert is_away(error) is away


async def test_what_cannot_be_retried_any_more_is_unavailable_and_no_broken_rule(routed: Database) -> None:
    async def work(_: Transaction) -> None:
        raise failure("Neo.ClientError.Database.DatabaseNotFound")

    with pytest.raises(UnavailableError):
        await routed.in_transaction(work)


async def test_a_write_waits_until_there_is_a_server_again(routed: Database, proxy: Proxy) -> None:
    await routed.check()
    await proxy.cut()
    waiting = asyncio.create_task(routed.write("timer/look_later", ids=["none"], seconds=60))
    async with asyncio.timeout(60):
        await proxy.refused.wait()
        proxy.mend()
        await waiting


async def test_two_who_need_what_the_other_holds_are_both_done(db: Database, world: World) -> None:
    """A deadlock: one of the two is undone by Neo4j, and done again."""
    one, two = await world.story(), await world.story()
    both, held = asyncio.Event(), set[str]()

    async def lock(first: str, second: str) -> None:
        async def work(tx: Transaction) -> None:
            await tx.run("timer/look_later", ids=[first], seconds=60)
            held.add(first)
            if len(held) == 2:
                both.set()
            await both.wait()
            await tx.run("timer/look_later", ids=[second], seconds=60)

        await db.in_transaction(work)

    retried = RETRIES._value.get()
    async with asyncio.timeout(60):
        await asyncio.gather(lock(one, two), lock(two, one))
    assert RETRIES._value.get() > retried
