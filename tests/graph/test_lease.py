"""A lease: one holder at a time, told from a former one by its fence, in the very transaction that writes."""

from __future__ import annotations

import asyncio

import pytest

from graph.database import Database, Transaction
from graph.decision import Command, Outcome
from graph.errors import UnavailableError
from graph.gate import Gate
from graph.lease import Lease, LeaseLostError
from tests.graph.world import World, opened, ping, unique

_LEFT = (
    "MATCH (s:Story {id: $id}) RETURN s.version AS version, COUNT { (s)-[:LATEST]->() } AS latest, "
    "COUNT { MATCH (r:Refusal {item_id: $id}) } AS refusals, COUNT { MATCH (e:OutboxEvent {item_id: $id}) } AS events"
)


async def _let_expire(world: World, name: str) -> None:
    """As if its holder had been silent for so long."""
    await world.cypher("MATCH (l:Lease {name: $name}) SET l.until = l.until - duration({minutes: 1})", name=name)


async def _waiting(lease: Lease) -> asyncio.Task[bool]:
    """Takes a lease that has run out, and waits for its lock."""
    taking = asyncio.create_task(lease.take())
    done, _ = await asyncio.wait({taking}, timeout=0.5)
    assert not done
    return taking


async def test_one_holds_it_until_it_is_given_back(db: Database) -> None:
    name = unique("job")
    first, second = Lease(db, name), Lease(db, name)
    assert await first.take()
    assert not await second.take()
    assert not await second.lead()
    assert await first.lead()
    await first.release()
    assert not first.held
    assert await second.take()


@pytest.mark.parametrize("until", ["null", "'soon'", "date('2000-01-01')"])
async def test_one_whose_time_was_spoilt_by_hand_has_run_out(db: Database, world: World, until: str) -> None:
    """Else nobody would ever do the job again."""
    name = unique("job")
    assert await Lease(db, name).take()
    await world.cypher(f"MATCH (l:Lease {{name: $name}}) SET l.until = {until}", name=name)
    assert await Lease(db, name).take()
    assert not await Lease(db, name).take()


async def test_who_could_not_ask_for_long_is_not_sure(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease(db, unique("job"))
    assert not lease.is_sure
    assert await lease.take()
    assert lease.is_sure
    monkeypatch.setattr("graph.lease._SURE", 0.0)
    assert lease.held
    assert not lease.is_sure


async def test_many_at_once_and_one_gets_it(db: Database) -> None:
    name = unique("job")
    assert sum(await asyncio.gather(*(Lease(db, name).take() for _ in range(8)))) == 1


async def test_who_was_overtaken_can_write_nothing(db: Database, world: World) -> None:
    name, story = unique("job"), await world.story()
    first, second = Lease(db, name), Lease(db, name)
    assert await first.take()
    await db.under(first).write("timer/look_later", ids=[story], seconds=60)
    await _let_expire(world, name)
    assert await second.take()
    with pytest.raises(LeaseLostError):
        await db.under(first).write("work/release", story_id=story, to_state="anything")
    assert not first.held
    await db.under(second).write("timer/look_later", ids=[story], seconds=60)
    # A lease that was lost is not given back for the one who has it now.
    await first.release()
    assert not await Lease(db, name).take()


async def test_who_was_overtaken_decides_nothing(db: Database, world: World) -> None:
    name, story = unique("job"), await world.story_item()
    first, second = Lease(db, name), Lease(db, name)
    assert await first.take()
    await _let_expire(world, name)
    assert await second.take()
    command = Command(story, "SUBMIT", await world.actor("po"), unique("command"))
    before = await world.cypher(_LEFT, id=story)
    for _ in range(2):  # the second time it is known without a look
        with pytest.raises(LeaseLostError):
            await Gate(db.under(first)).decide([command])
        assert await world.cypher(_LEFT, id=story) == before
    assert not first.held
    [decision] = await Gate(db.under(second)).decide([command])
    assert decision.outcome is not Outcome.DUPLICATE
    assert await world.cypher(_LEFT, id=story) != before


@pytest.mark.parametrize("decides", [False, True])
async def test_nobody_takes_over_while_a_transaction_of_the_holder_is_open(
    db: Database, world: World, decides: bool
) -> None:
    name, story, actor = unique("job"), await world.story_item(), await world.actor("po")
    first, second = Lease(db, name), Lease(db, name)
    assert await first.take()
    await _let_expire(world, name)

    async def decide(tx: Transaction) -> None:
        await Gate(db).decide_in(tx, [Command(story, "SUBMIT", actor)])

    writing, leave = await opened(db.under(first), decide if decides else ping)
    taking = await _waiting(second)
    leave.set()
    await writing
    # Writing has kept it.
    assert not await taking


async def test_a_transaction_that_a_frozen_holder_left_open_does_not_keep_others_for_long(
    db: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.database._LONGEST_UNDER", 2)
    name = unique("job")
    first, second = Lease(db, name), Lease(db, name)
    assert await first.take()
    await _let_expire(world, name)
    frozen, leave = await opened(db.under(first))
    async with asyncio.timeout(30):
        assert await second.until_taken(asyncio.Event())
    leave.set()
    with pytest.raises(UnavailableError):
        await frozen


async def test_a_holder_keeps_it_whose_long_transaction_came_to_nothing(
    db: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it did in vain it does again; were it to lose the lease each time, two would take it in turns for ever."""
    monkeypatch.setattr("graph.lease._PATIENCE", 0.2)
    name = unique("job")
    first, second = Lease(db, name), Lease(db, name)
    assert await first.take()
    await _let_expire(world, name)

    async def fail(_: Transaction) -> None:
        raise ValueError("in vain")

    writing, leave = await opened(db.under(first), last=fail)
    taking = await _waiting(second)
    leave.set()
    with pytest.raises(ValueError, match="in vain"):
        await writing
    assert not await taking
    await first.keep()
    assert not await second.take()


async def test_taking_it_again_ends_what_was_begun_under_it_before(db: Database) -> None:
    lease = Lease(db, unique("job"))
    assert await lease.take()
    writing, leave = await opened(db, last=lease.check)
    before = lease._fence
    assert await lease.take()
    assert before is not None
    assert lease._fence == before + 1
    leave.set()
    await writing


async def test_a_position_is_kept_for_its_stream(db: Database) -> None:
    lease = Lease(db, unique("job"))
    await lease.take()
    assert await lease.position("S/2026") == 0
    await lease.set_position("S/2026", 41)
    assert await lease.position("S/2026") == 41
    assert await lease.position("S/2027") == 0


async def test_a_lease_is_kept_while_plans_are_being_made(db: Database) -> None:
    slow = Database(db.driver)
    making, made = asyncio.Event(), asyncio.Event()

    async def make() -> None:
        making.set()
        await made.wait()

    slow.plans.make = make
    lease = Lease(slow, unique("job"))
    assert await lease.take()
    slow.plans.lose()
    waiting = asyncio.create_task(slow.write("lease/release", name="nobody", fence=0))
    await making.wait()
    await lease.keep()
    await lease.release()
    assert not waiting.done()
    made.set()
    await waiting
