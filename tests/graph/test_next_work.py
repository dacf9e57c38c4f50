"""The next work of a story is begun whatever stands before it: plug-ins, rules that are broken, many that may not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.deciding import decide
from graph.decision import Command
from graph.gate import Gate
from graph.items import Items
from graph.plugins import Asked, Plugins
from graph.rules.moves import move
from graph.sprints import Sprints
from graph.work import Work
from tests.graph.test_timers import lead
from tests.graph.world import World, unique

_FLOW = """
workflow: {name}
roles: [developer, system]
states:
  todo: {{kind: initial, awaits: []}}
  checked: {{kind: active}}
  ready: {{kind: active}}
  done: {{kind: final}}
transitions:
  - {{from: todo, action: BEGIN, to: checked, roles: [developer, system]{begin}}}
  - {{from: checked, action: CHECK, to: ready, roles: [developer]{check}}}
  - {{from: ready, action: FINISH, to: done, roles: [developer]}}
"""
_ASKS = ", guards: [{kind: plugin, name: judge}]"
_ESTIMATED = ", guards: [{kind: field, name: estimate, op: exists}]"


async def _flow(world: World, begin: str = "", check: str = "") -> str:
    name = unique("flow")
    text = _FLOW.format(name=name, begin=begin, check=check)
    await world.publish(text.replace("roles: [developer], guards", "automatic: true, guards"))
    return name


async def _released(world: World) -> str:
    story = await world.story()
    await world.cypher("MATCH (s:Story {id: $id}) SET s.released = true", id=story)
    return story


async def _spoil(world: World, flow: str, action: str = "BEGIN") -> None:
    """As somebody who is in the middle of an edit."""
    await world.cypher(
        "MATCH (t:Transition {workflow: $flow, name: $action}) "
        "CREATE (t)-[:GUARDED_BY {order: 9}]->(:Guard {name: 'spoilt-' + $flow, kind: 'field', field: 7})",
        flow=flow,
        action=action,
    )


async def _mend(world: World, flow: str) -> None:
    await world.cypher("MATCH (g:Guard {name: 'spoilt-' + $flow}) DETACH DELETE g", flow=flow)


async def _leave_behind(world: World, flow: str, task: str, to: str) -> None:
    """As if new rules had done away with the state of a task, and nobody had moved it yet."""
    await world.cypher(
        "MATCH (w:Workflow {name: $flow})-[:HAS_STATE]->(to:State {name: $to}) "
        "MATCH (t:Task {id: $id})-[here:IN_STATE]->() DELETE here "
        "CREATE (old:State {name: 'old', workflow: $flow, kind: 'active'}), (t)-[:IN_STATE]->(old), "
        "(w)-[:HAS_STATE]->(old), (old)<-[:OUT_OF]-(move:RuleMove {workflow: $flow, version: 1}), (move)-[:INTO]->(to) "
        "SET move.from = old.name, move.to = to.name",
        flow=flow,
        id=task,
        to=to,
    )


async def _a_minute_later(world: World, item: str, gate: Gate | None = None) -> None:
    await world.cypher("MATCH (i:Item {id: $id}) SET i.look_at = i.look_at - duration('PT1M')", id=item)
    await (await lead(world, gate)).tick()


async def test_a_plug_in_decides_which_of_them_is_begun(world: World) -> None:
    flow, story = await _flow(world, begin=_ASKS), await _released(world)
    asked: list[str] = []

    def judge(about: Asked) -> bool:
        asked.append(about.item["id"])
        return bool(about.item["title"] == "good")

    items = Items(world.db, Gate(world.db, Plugins({"judge": judge})))
    bad = [await items.create_task(story, "bad", workflow=flow) for _ in range(3)]
    good = await items.create_task(story, "good", workflow=flow)
    assert [await world.state(task) for task in (*bad, good)] == ["todo"] * 3 + ["checked"]
    assert set(asked) == {*bad, good}


async def test_a_plug_in_is_asked_about_what_follows_an_assignment(world: World) -> None:
    flow, story = await _flow(world, check=_ASKS), await _released(world)
    items = Items(world.db, Gate(world.db, Plugins({"judge": lambda asked: True})))
    assert await world.state(await items.create_task(story, "A", workflow=flow)) == "ready"


async def test_one_that_hung_is_asked_again_later(world: World) -> None:
    flow, story = await _flow(world, begin=_ASKS), await _released(world)
    task = await Items(world.db, Gate(world.db, Plugins({}))).create_task(story, "A", workflow=flow)
    for _ in range(2):
        await _a_minute_later(world, task)
        assert await world.state(task) == "todo"
    await _a_minute_later(world, task, Gate(world.db, Plugins({"judge": lambda asked: True})))
    assert await world.state(task) == "checked"


async def test_a_step_that_nobody_lived_to_take_is_taken_later(world: World) -> None:
    """The process ends between the commit and the question; a plug-in that says no is asked no more."""
    flow, actor = await _flow(world, check=_ASKS), await world.actor("developer")
    answers = {"judge": False}
    gate = Gate(world.db, Plugins({"judge": lambda asked: answers["judge"]}))
    first, second = await world.task(flow), await world.task(flow)
    commands = [Command(task, "BEGIN", actor) for task in (first, second)]
    await world.db.in_transaction(lambda tx: gate.decide_in(tx, commands))
    await _a_minute_later(world, first, gate)
    assert "look_at" not in await world.item(first)
    answers["judge"] = True
    await _a_minute_later(world, second, gate)
    assert [await world.state(task) for task in (first, second)] == ["checked", "ready"]


async def test_a_plug_in_is_asked_about_a_story_whose_sprint_ended(world: World) -> None:
    flow = unique("flow")
    await world.publish(f"""
workflow: {flow}
item: story
roles: [po, system]
couples: [{{sprint: ended, fires: STOP}}]
states: {{open: {{kind: initial}}, shut: {{kind: final}}}}
transitions:
  - {{from: open, action: STOP, to: shut, roles: [po, system]{_ASKS}}}
""")
    gate = Gate(world.db, Plugins({"judge": lambda asked: True}))
    sprints, story = Sprints(world.db, gate), await world.story_item(flow)
    sprint = await sprints.create(unique("sprint"))
    await sprints.assign(story, sprint)
    await sprints.close(sprint)
    await _a_minute_later(world, story, gate)
    assert await world.state(story) == "shut"


async def test_what_a_broken_rule_kept_back_is_begun_when_it_is_mended(world: World) -> None:
    flow, story = await _flow(world), await world.story()
    task = await world.task(flow, story)
    await _spoil(world, flow)
    await Work(world.db, world.gate).story_transitioned(story, "READY_FOR_EXECUTION")
    for mended in (False, True):
        if mended:
            await _mend(world, flow)
        await _a_minute_later(world, task)
        assert await world.state(task) == ("checked" if mended else "todo")


async def test_a_broken_workflow_keeps_back_its_own_tasks(world: World) -> None:
    broken, sound = await _flow(world), await _flow(world)
    stories = [await world.story() for _ in range(2)]
    tasks = [await world.task(flow, story) for story in stories for flow in (broken, sound)]
    await _spoil(world, broken)
    for story in stories:
        await Work(world.db, world.gate).story_transitioned(story, "READY_FOR_EXECUTION")
    assert [await world.state(task) for task in tasks] == ["todo", "checked"] * 2
    await _mend(world, broken)


async def test_a_broken_workflow_of_many_stories_is_given_up_soon(
    world: World,
) -> None:
    broken, sound = await _flow(world), await _flow(world)
    stories = [await _released(world) for _ in range(12)]
    tasks = [await world.task(broken, story) for story in stories]
    good = await world.task(sound, stories[-1])
    await _spoil(world, broken)
    tries = 0
    in_transaction = world.db.in_transaction

    async def counting(work: Any) -> Any:
        nonlocal tries
        tries += 1
        return await in_transaction(work)

    gate = Gate(world.db)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.db, "in_transaction", counting)
        await gate.assign(stories)
    assert tries == 5  # all, three alone, and what is left
    assert await world.state(good) == "checked"
    await _mend(world, broken)
    for task in tasks:
        assert "look_at" in await world.item(task)
        await _a_minute_later(world, task)
    assert {await world.state(task) for task in tasks[:-1]} == {"checked"}


async def test_an_action_on_an_item_that_is_moved_first_where_the_next_work_is_broken(world: World) -> None:
    """Of new rules: what they say of the next task keeps nobody from acting on this one."""
    flow, other, story = await _flow(world), await _flow(world), await _released(world)
    waiting, task = await world.task(other, story), await world.task(flow, story)
    await _spoil(world, other)
    await _leave_behind(world, flow, task, "ready")
    actor = await world.actor("developer")
    async with asyncio.timeout(60):
        await world.applied(task, "FINISH", actor)
    assert await world.state(waiting) == "todo"
    await _mend(world, other)
    await _a_minute_later(world, waiting)
    assert await world.state(waiting) == "checked"


async def test_an_edit_may_be_what_the_rules_waited_for(world: World) -> None:
    flow, story = await _flow(world, begin=_ESTIMATED), await _released(world)
    task = await world.items.create_task(story, "A", workflow=flow)
    assert await world.state(task) == "todo"
    await world.items.edit_task(task, {"estimate": 2.0})
    assert await world.state(task) == "checked"


async def test_many_that_may_not_be_begun_are_judged_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    flow, story = await _flow(world, begin=_ESTIMATED), await _released(world)
    tasks = [await world.task(flow, story, rank=rank) for rank in range(40)]
    await world.cypher("MATCH (t:Task {id: $id}) SET t.estimate = 1.0", id=tasks[-1])
    sizes = []

    async def counting(tx: object, rows: list[object]) -> object:
        sizes.append(len(rows))
        return await decide(tx, rows)  # type: ignore[arg-type]

    monkeypatch.setattr("graph.next_work.decide", counting)
    await world.gate.assign([story])
    assert [await world.state(task) for task in tasks] == ["todo"] * 39 + ["checked"]
    assert sizes == [1, 39, 1]


async def test_an_item_whose_rules_were_exchanged_is_looked_at(world: World) -> None:
    """Whoever moves it asks no plug-in."""
    flow, story = await _flow(world, check=_ASKS), await _released(world)
    task = await world.task(flow, story)
    await _leave_behind(world, flow, task, "checked")
    await world.db.in_transaction(lambda tx: move(tx, [task]))
    assert await world.state(task) == "checked"
    await _a_minute_later(world, task, Gate(world.db, Plugins({"judge": lambda asked: True})))
    assert await world.state(task) == "ready"
