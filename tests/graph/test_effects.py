"""Effects of other packages: kept with the hop, run after it, tried again, given up with a reason; never lost."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from consumers.bus import connected
from consumers.effects import run_effects
from consumers.streams import Streams
from graph.effects import TRIES, Effects
from graph.plugins import AT_ONCE, Plugins
from stategate.servers.environment import Addresses
from tests.graph.world import NO_TIMES, World, unique

_RULES = """
workflow: {name}
states:
  a: {{kind: initial}}
  b: {{kind: active}}
  c: {{kind: final}}
transitions:
  - {{from: a, action: GO, to: b, roles: ["*"], inputs: [words], effects: [{effects}]}}
  - {{from: b, action: ON, to: c, automatic: true, effects: [{effect}]}}
"""
Event = Mapping[str, Any]


async def _moved(world: World, effect: str, other: str) -> tuple[str, str]:
    """An item that has made both hops, and its actor."""
    name = unique("effects")
    await world.publish(_RULES.format(name=name, effect=effect, effects=", ".join(dict.fromkeys((effect, other)))))
    item, actor = await world.task(name), await world.actor()
    assert (await world.act(item, "GO", actor)).hops == []
    await world.act(item, "GO", actor, words="now", dry=True)
    assert await _waiting(world, item) == []
    await world.applied(item, "GO", actor, words="now")
    return item, actor


async def _waiting(world: World, item: str) -> list[dict[str, Any]]:
    rows = await world.cypher(
        "MATCH (e:Effect {item_id: $id}) RETURN properties(e) AS effect ORDER BY e.version, e.name", id=item
    )
    return [row["effect"] for row in rows]


async def _run(world: World, item: str, effects: Mapping[str, Any], limit: float = 60.0) -> list[str | None]:
    """As if the time of every effect of the item had come, and of no other; what came of each."""
    await world.cypher(
        "MATCH (e:Effect) SET e.due_at = CASE WHEN e.item_id = $id THEN datetime() - duration('PT1S') END", id=item
    )
    queue = Effects(world.db, Plugins(effects=effects, limit=limit))
    return [await queue.run(due) for due in await queue.claim()]


async def test_an_effect_runs_once_for_each_hop_that_names_it(world: World) -> None:
    seen: list[Event] = []
    one, two = unique("one"), unique("two")
    item, actor = await _moved(world, one, two)
    assert [(e["name"], e["tries"]) for e in await _waiting(world, item)] == [(one, 0), (two, 0), (one, 0)]

    async def remembers(event: Event) -> None:
        seen.append(event)

    assert await _run(world, item, {one: seen.append, two: remembers}) == [None, None, None]
    assert await _waiting(world, item) == []
    first = next(event for event in seen if event["name"] == two)
    assert {key: first[key] for key in ("item_id", "task_id", "action", "from_state", "to_state", "inputs")} == {
        "item_id": item, "task_id": item, "action": "GO", "from_state": "a", "to_state": "b",
        "inputs": {"words": "now"},
    }  # fmt: skip
    assert (first["actor_id"], first["version"], first["automatic"]) == (actor, 1, False)
    assert first["at"].endswith("Z")
    assert len({event["effect_id"] for event in seen}) == 3


async def test_what_is_claimed_is_not_run_by_another(world: World) -> None:
    name = unique("one")
    item, _ = await _moved(world, name, name)
    await world.cypher("MATCH (e:Effect) SET e.due_at = CASE WHEN e.item_id = $id THEN datetime() END", id=item)
    queues = [Effects(world.db, Plugins()) for _ in range(2)]
    claimed = [due.id for queue in queues for due in await queue.claim()]
    assert sorted(claimed) == sorted({effect["effect_id"] for effect in await _waiting(world, item)})


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (None, "it is not installed here"),
        (lambda event: 1 / 0, "it raised ZeroDivisionError"),
        (lambda event: threading.Event().wait(3), "no answer within 0.3 s"),
    ],
)
async def test_an_effect_that_fails_is_tried_again_and_then_given_up(world: World, effect: Any, words: str) -> None:
    name = unique("fails")
    item, _ = await _moved(world, name, name)
    ids = {e["effect_id"] for e in await _waiting(world, item)}
    effects = {name: effect} if effect else {}
    hangs = words.startswith("no answer")
    for tries in range(1, TRIES + 1):
        if hangs and tries > 1:
            await world.cypher("MATCH (e:Effect {item_id: $id}) SET e.tries = $tries", id=item, tries=TRIES)
            break
        for reason in await _run(world, item, effects, 0.3 if hangs else 60.0):
            assert words in str(reason)
        waiting = await _waiting(world, item)
        assert {e["effect_id"] for e in waiting} == ids
        assert {e["tries"] for e in waiting} == {tries}
        assert all(words in e["reason"] for e in waiting)
    await world.cypher("MATCH (e:Effect {item_id: $id}) SET e.due_at = datetime()", id=item)
    queue = Effects(world.db, Plugins(effects=effects))
    over = await queue.claim()
    assert [due.is_over for due in over] == [True] * len(ids)
    assert all(words in due.reason for due in over)
    for due in over:
        await queue.give_up(due)
    assert await queue.claim() == []
    assert all(words in e["reason"] and e["gave_up_at"] for e in await _waiting(world, item))
    assert await world.state(item) == "c"
    # A person may have it tried anew.
    assert await _run(world, item, {name: lambda event: None}) == [None] * len(ids)
    assert await _waiting(world, item) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        "e.inputs = 'no json'",
        "e.inputs = '[1]'",
        "e.inputs = 7",
        "e.tries = true",
        "e.tries = 9223372036854775807",
        "e.effect_id = null",
        "e.name = ['x']",
        *(f"e.outbox_at = {time}" for time in NO_TIMES),
    ],
)
async def test_one_that_was_spoilt_by_hand_stops_no_other(world: World, spoilt: str) -> None:
    name = unique("one")
    item, _ = await _moved(world, name, name)
    await world.cypher(
        "MATCH (e:Effect) SET e.due_at = CASE WHEN e.item_id = $id THEN datetime() - duration('PT1S') END", id=item
    )
    await world.cypher("MATCH (e:Effect {item_id: $id, version: 1}) SET " + spoilt, id=item)
    seen: list[Event] = []
    queue = Effects(world.db, Plugins(effects={name: seen.append}))
    due = await queue.claim()
    for one in due:
        json.dumps(one.event)
        if one.is_over:
            assert "no JSON" in one.reason
            await queue.give_up(one)
        else:
            await queue.run(one)
    assert len(due) == 2
    assert 2 in {event["version"] for event in seen}
    for kept in await _waiting(world, item):
        assert kept["version"] == 1
        assert "no JSON" in kept["reason"] or "not installed" in kept["reason"]


async def test_who_tells_late_that_it_failed_changes_nothing_for_who_has_it_now(world: World) -> None:
    name = unique("one")
    item, _ = await _moved(world, name, name)
    again = "MATCH (e:Effect) SET e.due_at = CASE WHEN e.item_id = $id AND e.version = 1 THEN datetime() END"
    await world.cypher(again, id=item)
    [late] = await Effects(world.db, Plugins()).claim()
    await world.cypher(again, id=item)
    [now] = await Effects(world.db, Plugins()).claim()
    before = await _waiting(world, item)
    assert await Effects(world.db, Plugins()).run(late) is not None
    assert (late.id, late.tries) == (now.id, now.tries - 1)
    assert await _waiting(world, item) == before


async def test_a_slow_plugin_holds_up_none_of_another(world: World, servers: Addresses) -> None:
    """The slow ones, more than are run at once, wait for the one that is due after them."""
    slow, fast, stopping = unique("slow"), unique("fast"), asyncio.Event()
    freed, in_time = threading.Event(), list[bool]()
    plugins = Plugins(
        effects={slow: lambda event: in_time.append(freed.wait(10)), fast: lambda event: freed.set()}, limit=60.0
    )
    await world.cypher("MATCH (e:Effect) SET e.due_at = null")
    await world.cypher(
        "UNWIND range(1, $count) AS n CREATE (:Effect {effect_id: randomUUID(), item_id: $slow, tries: 0, "
        "name: CASE n WHEN $count THEN $fast ELSE $slow END, due_at: datetime() - duration({seconds: 60 - n})})",
        count=AT_ONCE + 1,
        slow=slow,
        fast=fast,
    )
    async with connected(servers.nats_url, "effects") as bus:
        running = asyncio.create_task(run_effects(Streams(bus), Effects(world.db, plugins), stopping))
        async with asyncio.timeout(60):
            while await _waiting(world, slow):
                await asyncio.sleep(0.1)
        stopping.set()
        await running
    assert in_time == [True] * AT_ONCE
