"""Timers fire once, as the engine, when an item has rested long enough, whoever looks and however late."""

from __future__ import annotations

import asyncio

import pytest

from graph.database import Transaction
from graph.decision import Command
from graph.gate import Gate
from graph.timers import Timers
from tests.graph.world import World, opened, unique

_RULES = """
workflow: {name}
states:
  open: {{kind: initial}}
  stale: {{kind: active}}
  asked: {{kind: active}}
  gone: {{kind: final}}
transitions:
  - {{from: open, action: TALK, to: open, roles: ["*"]}}
  - {{from: open, action: GROW_OLD, to: stale, after: 24h}}
  - {{from: stale, action: NUDGE, to: asked, after: 2d, roles: ["*"],
     guards: [{{kind: field, name: priority, op: "=", value: 1}}]}}
  - {{from: asked, action: LEAVE, to: gone, automatic: true, after: 5m}}
"""


async def _rested(world: World, item: str, days: float) -> None:
    """As if so much time had gone by."""
    await world.cypher(
        "MATCH (i:Item {id: $id}) WITH i, duration({seconds: toInteger($days * 86400)}) AS gone "
        "SET i.entered_at = i.entered_at - gone, i.due_at = i.due_at - gone",
        id=item,
        days=days,
    )


async def _item(world: World, workflow: str, **properties: object) -> str:
    """An item as a door makes it."""
    story, item = await world.story(), unique("task")
    await world.cypher("MATCH (s:Story {id: $id}) SET s.released = false", id=story)
    await world.items.create_task(story, "A thing", workflow=workflow, id=item)
    await world.cypher("MATCH (i:Item {id: $id}) SET i += $properties", id=item, properties=properties)
    return item


async def lead(world: World, gate: Gate | None = None) -> Timers:
    """The one who leads, also while another test's leader has not been forgotten."""
    await world.cypher("MATCH (l:Lease) DETACH DELETE l")
    return Timers(world.db, gate or world.gate)


async def test_a_timer_fires_once_when_its_time_has_come(world: World) -> None:
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    item = await _item(world, name)
    timers = await lead(world)
    await timers.tick()
    assert await world.state(item) == "open"
    await _rested(world, item, 1.1)
    await timers.tick()
    await timers.tick()
    [change] = await world.history(item)
    assert (change["action"], change["from"], change["to"], change["automatic"]) == ("GROW_OLD", "open", "stale", True)
    assert (change["actor_id"], change["role"]) == ("stategate", "system")


@pytest.mark.parametrize("after", ["''", "'d'", "'soon'", "'-1s'", "'9999999999999999d'", "24", "['1s']"])
async def test_a_time_spoilt_by_hand_is_none_and_stops_no_other_timer(world: World, after: str) -> None:
    name, sound = unique("timed"), unique("timed")
    for workflow in (name, sound):
        await world.publish(_RULES.format(name=workflow))
    spoilt, item = await _item(world, name), await _item(world, sound)
    await world.cypher(
        f"MATCH (t:Transition {{workflow: $name, name: 'GROW_OLD'}}) SET t.after = {after}",
        name=name,
    )
    for one in (spoilt, item):
        await _rested(world, one, 1.1)
    actor = await world.actor()
    await (await lead(world)).tick()
    assert [await world.state(one) for one in (spoilt, item)] == ["open", "stale"]
    # What else there is to do stays possible.
    await world.applied(spoilt, "TALK", actor)
    assert "due_at" not in await world.item(spoilt)


async def test_two_at_once_fire_it_once(world: World) -> None:
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    item = await _item(world, name)
    await _rested(world, item, 1.1)
    first = await lead(world)
    rows = await world.db.read("timer/due", level="task", limit=10)
    due = next(row for row in rows if row["item_id"] == item)
    fired = await asyncio.gather(*(Timers(world.db, Gate(world.db))._fire([due]) for _ in range(4)))
    assert sorted(map(len, fired)) == [0, 0, 0, 1]
    await first.tick()
    assert len(await world.history(item)) == 1


async def test_moving_begins_the_time_anew_and_a_guard_holds_it_back(world: World) -> None:
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    item, actor = await _item(world, name, priority=2), await world.actor()
    timers = await lead(world)
    await _rested(world, item, 0.9)
    await world.applied(item, "TALK", actor)
    await _rested(world, item, 0.9)
    await timers.tick()
    assert await world.state(item) == "open"
    await _rested(world, item, 1)
    await timers.tick()
    await _rested(world, item, 3)
    await timers.tick()
    assert await world.state(item) == "stale"
    await world.cypher("MATCH (i:Item {id: $id}) SET i.priority = 1, i.due_at = datetime.realtime()", id=item)
    await timers.tick()
    assert await world.state(item) == "asked"
    # Automatic and timed: not at once.
    await _rested(world, item, 1)
    await timers.tick()
    assert await world.state(item) == "gone"


async def test_a_timer_that_rules_gain_holds_for_items_that_are_there(world: World) -> None:
    name = unique("timed")
    rules = _RULES.format(name=name)
    await world.publish(rules.replace(", after: 24h", ', roles: ["*"]'))
    item = await _item(world, name)
    await _rested(world, item, 2)
    await world.publish(rules)
    await (await lead(world)).tick()
    assert await world.state(item) == "stale"


async def test_only_the_leader_looks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine it may be silent for as long as a leader may.
    monkeypatch.setattr("graph.lease.SECONDS", 600.0)
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    leader = await lead(world)
    try:
        await leader.tick()
        item = await _item(world, name)
        await _rested(world, item, 1.1)
        assert await Timers(world.db, world.gate).tick() == 0
        assert await world.state(item) == "open"
        assert await leader.tick() >= 1
    finally:
        await leader.leave()


async def test_an_item_that_came_in_under_the_rules_of_before_gets_its_timer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.timers._AGAIN", 1)
    name = unique("timed")
    rules = _RULES.format(name=name).replace(", after: 24h", ', roles: ["*"]')
    await world.publish(rules.replace("after: 2d, ", ""))
    item, actor = await _item(world, name, priority=1), await world.actor()

    async def grow_old(tx: Transaction) -> None:
        await world.gate.decide_in(tx, [Command(item, "GROW_OLD", actor)])

    writing, leave = await opened(world.db, grow_old)
    await world.publish(rules.replace("after: 2d", "after: 1s"))
    timers = await lead(world)
    await timers.tick()
    leave.set()
    await writing
    assert "due_at" not in await world.item(item)
    await asyncio.sleep(1.1)
    await timers.tick()
    assert await world.state(item) == "asked"


async def test_an_item_made_by_hand_gets_its_timer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.timers._AGAIN", 0)
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    timers = await lead(world)
    await timers.tick()
    item, young = await world.task(name), await world.task(name)
    await world.cypher(
        "MATCH (i:Item {id: $id}) SET i.entered_at = datetime() - duration('P3D') REMOVE i.version", id=item
    )
    await timers.tick()
    assert [await world.state(one) for one in (item, young)] == ["stale", "open"]
    assert "due_at" in await world.item(young)


@pytest.mark.parametrize(
    "spoilt",
    [
        "i.id = 7007",
        "i.id = null",
        "i.version = null, i.priority = 2",
        "i.entered_at = 1790000000000",
        "i.entered_at = null",
    ],
)
async def test_an_item_spoilt_by_hand_stops_no_other_timer(world: World, spoilt: str) -> None:
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    bad, item = await _item(world, name), await _item(world, name)
    for one in (bad, item):
        await _rested(world, one, 1.1)
    await world.cypher(
        f"MATCH (i:Item {{id: $id}}) SET i.name = $id, i.due_at = i.due_at - duration('PT1M'), {spoilt}", id=bad
    )
    async with asyncio.timeout(30):
        await (await lead(world)).tick()
    assert await world.state(item) == "stale"
    await world.cypher("MATCH (i:Item {name: $id}) DETACH DELETE i", id=bad)


async def test_items_that_are_nowhere_stand_before_no_others(world: World) -> None:
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    item = await _item(world, name)
    await _rested(world, item, 1.1)
    await world.cypher(
        "UNWIND range(1, 250) AS n CREATE (:Task:Item {id: $name + n, name: $name, workflow: $name, version: 0, "
        "entered_at: datetime() - duration('P9D'), due_at: datetime() - duration('P8D')})",
        name=name,
    )
    await (await lead(world)).tick()
    assert await world.state(item) == "stale"
    await world.cypher("MATCH (i:Item {name: $name}) DETACH DELETE i", name=name)


async def test_an_action_on_an_item_without_a_version(world: World) -> None:
    name = unique("timed")
    await world.publish(_RULES.format(name=name))
    item, actor = await world.task(name), await world.actor()
    await world.cypher("MATCH (i:Item {id: $id}) REMOVE i.version", id=item)
    assert (await world.applied(item, "TALK", actor, expected_version=0)).version == 1
