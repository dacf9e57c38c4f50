"""Items changed by hand: edited, moved, ranked, archived; each one change of a whole history, and only by who may."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from graph.derivation import Wanted
from graph.doctor import Doctor, Options
from graph.engine import Engine
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.trees import readiness
from graph.work import TaskSeed
from tests.graph.world import NO_TIMES, World, unique

RULES = """
workflow: {name}
item: {item}
roles: [{name}-lead, {{name: {name}-boss, inherits: [{name}-lead]}}]
states: {{open: {{kind: initial}}, shut: {{kind: final}}, dropped: {{kind: final, outcome: cancelled}}}}
transitions:
  - {{from: open, action: SHUT, to: shut, roles: ["*"]}}
  - {{from: open, action: DROP, to: dropped, roles: ["*"]}}
"""


async def workflow(world: World, item: str = "task") -> str:
    name = unique("plain")
    await world.publish(RULES.format(name=name, item=item))
    return name


async def story(engine: Engine, **more: Any) -> str:
    return await engine.items.create_story("A story", workflow="story", id=unique("US"), **more)


async def task(engine: Engine, story_id: str, **more: Any) -> str:
    return await engine.items.create_task(story_id, "A task", **{"workflow": "task", "id": unique("T"), **more})


async def tasks(engine: Engine, story_id: str) -> list[str]:
    [page] = await engine.trees.tasks_of([(story_id, 100, None)])
    return [row["id"] for row in page.rows]


async def put(world: World, item: str, state: str) -> None:
    """Into a state of its workflow, as if that was where it began."""
    await world.cypher(
        "MATCH (i:Item {id: $id})-[here:IN_STATE]->() MATCH (s:State {name: $state, workflow: i.workflow}) DELETE here "
        "CREATE (i)-[:IN_STATE]->(s) SET i.began_in = s.name, i.done_at = CASE s.kind WHEN 'final' THEN datetime() END",
        id=item,
        state=state,
    )


async def row(engine: Engine, item: str) -> dict[str, Any]:
    return (await engine.trees.items_by_ids([item]))[item]


async def changed(world: World, item: str) -> list[tuple[str, str | None, dict[str, Any]]]:
    """The history, after making sure that it is whole."""
    history = await world.history(item)
    assert [change["seq"] for change in history] == list(range(1, (await world.item(item))["version"] + 1))
    return [(c["action"], c.get("actor_id"), json.loads(c.get("inputs") or "{}")) for c in history]


async def test_the_doctor_finds_nothing_wrong(world: World, engine: Engine) -> None:
    first, second, ann = await story(engine), await story(engine), await world.actor("po")
    made, other = await task(engine, first), await task(engine, first)
    await engine.items.edit_task(made, {"title": "x"}, actor_id=ann)
    await engine.places.rank_task(made, after=other, actor_id=ann)
    await engine.places.move_task(made, second, actor_id=ann)
    await engine.places.rank_story(first, after=second, actor_id=ann)
    await world.applied(first, "ARCHIVE", ann, feedback="It is not wanted any more.")
    await engine.places.archive(first, actor_id=ann)
    checks = await Doctor(world.db, Options(limit=1_000_000, stuck=1_000_000)).examine()
    blamed = {one.name for check in checks for one in check.offenders}
    assert not blamed & {first, second, made, other, "story_rank", "item_text"}


async def test_a_task_is_edited(world: World, engine: Engine) -> None:
    made, ann = await task(engine, await story(engine), labels=["a", "b", "a"]), await world.actor()
    assert (await row(engine, made))["labels"] == ["a", "b"]
    fields = {"title": "Other", "type": "bug", "estimate": 2.5, "priority": 1, "labels": ["c"], "assignee_id": ann}
    await engine.items.edit_task(made, fields, actor_id=ann, expected_version=0)
    assert fields.items() <= (await row(engine, made)).items()
    await engine.items.edit_task(made, {"type": None, "estimate": None, "priority": None, "assignee_id": None})
    found = await row(engine, made)
    assert [found[name] for name in ("type", "estimate", "priority", "assignee_id")] == [None, None, 3, None]
    assert await changed(world, made) == [
        ("EDIT", ann, {"fields": sorted(fields)}),
        ("EDIT", None, {"fields": ["assignee_id", "estimate", "priority", "type"]}),
    ]
    told = await world.events(made, "planning.item.changed")
    assert [(e["action"], e["version"], e["task_id"], e.get("actor_id")) for e in told] == [
        ("EDIT", 1, made, ann),
        ("EDIT", 2, made, None),
    ]


async def test_an_epic_is_edited(world: World, engine: Engine) -> None:
    ann = await world.actor()
    made = await engine.items.create_epic("Epic", unique("E"), labels=["x"], author_id=ann)
    await engine.items.edit_epic(made, {"title": "Other", "description": "New", "labels": ["y", "y"]}, actor_id=ann)
    found = (await engine.trees.epics_by_ids([made]))[made]
    assert [found[name] for name in ("title", "description", "labels", "author_id")] == ["Other", "New", ["y"], ann]
    assert found["updated_at"] > found["created_at"]
    with pytest.raises(NotFoundError):
        await engine.items.edit_epic(unique("E"), {"title": "Other"})
    with pytest.raises(NotFoundError):
        await engine.items.create_epic("Epic", author_id=unique("ghost"))


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"title": None},
        {"labels": [""]},
        {"labels": ["x" * 101]},
        {"labels": ["a\x00b"]},
        {"labels": [str(n) for n in range(51)]},
        {"type": " "},
        {"estimate": -1},
        {"estimate": float("inf")},
        {"priority": 0},
        {"description": "x" * 100_001},
        {"story_points": 3},
        {"version": 7},
    ],
)
async def test_a_field_that_cannot_be(world: World, engine: Engine, fields: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        await engine.items.edit_task(unique("T"), fields)


async def test_an_edit_of_what_is_not_there_or_is_another_by_now(world: World, engine: Engine) -> None:
    parent = await story(engine)
    made = await task(engine, parent)
    with pytest.raises(NotFoundError, match="no task"):
        await engine.items.edit_task(parent, {"title": "x"})
    with pytest.raises(NotFoundError, match="no story"):
        await engine.items.edit_story(made, {"title": "x"})
    with pytest.raises(NotFoundError, match="no story"):
        await engine.items.edit_story(await world.story(), {"title": "x"})
    with pytest.raises(ConflictError, match="version 0"):
        await engine.items.edit_task(made, {"title": "x"}, expected_version=1)
    with pytest.raises(NotFoundError, match="no actor"):
        await engine.items.edit_task(made, {"assignee_id": unique("ghost")})
    assert (await row(engine, made))["version"] == 0


async def test_many_who_edit_at_once_make_one_history(world: World, engine: Engine) -> None:
    made = await story(engine)
    await asyncio.gather(*(engine.items.edit_story(made, {"title": str(n)}) for n in range(12)))
    assert len(await changed(world, made)) == 12


async def test_only_who_may_changes_the_items_of_a_workflow(world: World, engine: Engine) -> None:
    name, parent = await workflow(world), await story(engine)
    made, other = [await task(engine, parent, workflow=name) for _ in range(2)]
    lead, boss, admin = [await world.actor(role) for role in (f"{name}-lead", f"{name}-boss", "admin")]
    someone = await world.actor()
    await engine.items.edit_task(made, {"title": "As nobody is named"}, actor_id=someone)
    assert await engine.people.permit_edits(f"{name}-lead", name, edit=True) == [f"{name}-lead"]
    for able in (lead, boss, admin, None):
        await engine.items.edit_task(made, {"title": "x"}, actor_id=able)
    for refused in (
        engine.items.edit_task(made, {"title": "x"}, actor_id=someone),
        engine.places.move_task(made, await story(engine), actor_id=someone),
        engine.places.rank_task(made, after=other, actor_id=someone),
        engine.places.archive(made, actor_id=someone),
    ):
        with pytest.raises(ConflictError, match=f"may not change.*'{name}-lead'"):
            await refused
    with pytest.raises(BadInputError, match="the system itself"):
        await engine.items.edit_task(made, {"title": "x"}, actor_id="stategate")
    assert len(await changed(world, made)) == 5
    for role, flow in ((unique("role"), name), ("po", unique("flow"))):
        with pytest.raises(NotFoundError):
            await engine.people.permit_edits(role, flow, edit=True)


async def test_a_workflow_whose_last_editor_went_is_nobodys(world: World, engine: Engine) -> None:
    name = await workflow(world)
    made = await task(engine, await story(engine), workflow=name)
    lead, admin, someone = await world.actor(f"{name}-lead"), await world.actor("admin"), await world.actor()
    # To take away what nobody was given restricts nothing.
    assert await engine.people.permit_edits(f"{name}-lead", name, edit=False) == []
    await engine.items.edit_task(made, {"title": "x"}, actor_id=someone)
    await engine.people.permit_edits(f"{name}-lead", name, edit=True)
    assert await engine.people.permit_edits(f"{name}-lead", name, edit=False) == []
    await world.publish(RULES.format(name=name, item="task").replace("SHUT", "CLOSE"))
    for refused in (lead, someone):
        with pytest.raises(ConflictError, match="no role is named that may"):
            await engine.items.edit_task(made, {"title": "x"}, actor_id=refused)
    for able in (None, admin):
        await engine.items.edit_task(made, {"title": "x"}, actor_id=able)
    await engine.people.permit_edits("*", name, edit=True)
    await engine.items.edit_task(made, {"title": "x"}, actor_id=someone)


async def test_a_permission_given_by_hand_in_the_graph_restricts_too(world: World, engine: Engine) -> None:
    name = await workflow(world)
    made, someone = await task(engine, await story(engine), workflow=name), await world.actor()
    await world.cypher(
        "MATCH (r:Role {name: $role}) MATCH (w:Workflow {name: $name}) CREATE (r)-[:MAY_EDIT]->(w)",
        role=f"{name}-lead",
        name=name,
    )
    await engine.people.permit_edits(f"{name}-lead", name, edit=False)
    with pytest.raises(ConflictError, match="no role is named that may"):
        await engine.items.edit_task(made, {"title": "x"}, actor_id=someone)


async def test_who_may_change_stories_may_change_epics(world: World, engine: Engine) -> None:
    name = await workflow(world, "story")
    epic, someone = await engine.items.create_epic("Epic", unique("E")), await world.actor()
    await engine.people.permit_edits(f"{name}-lead", name, edit=True)
    try:
        await engine.items.edit_epic(epic, {"title": "x"}, actor_id=await world.actor(f"{name}-boss"))
        for refused in (
            engine.items.edit_epic(epic, {"title": "x"}, actor_id=someone),
            engine.places.archive(epic, actor_id=someone),
            engine.items.create_epic("Epic", author_id=someone),
        ):
            with pytest.raises(ConflictError, match="may not change"):
                await refused
        await engine.people.permit_edits(f"{name}-lead", name, edit=False)
        with pytest.raises(ConflictError, match="may not change"):
            await engine.items.edit_epic(epic, {"title": "x"}, actor_id=someone)
    finally:
        await world.let_all_edit(name)


async def test_a_story_moves_to_another_epic_and_out(world: World, engine: Engine) -> None:
    first, second = [await engine.items.create_epic("Epic", unique("E")) for _ in range(2)]
    made, ann = await story(engine, epic_id=first), await world.actor()
    await engine.places.move_story(made, second, actor_id=ann)
    assert (await row(engine, made))["epic_id"] == second
    await engine.places.move_story(made, second)
    await engine.places.move_story(made, None)
    assert (await row(engine, made))["epic_id"] is None
    assert await changed(world, made) == [
        ("MOVE", ann, {"from": first, "to": second}),
        ("MOVE", None, {"from": second, "to": None}),
    ]
    with pytest.raises(NotFoundError, match="no epic"):
        await engine.places.move_story(made, unique("E"))
    with pytest.raises(NotFoundError, match="no story"):
        await engine.places.move_story(unique("US"), first)


async def test_stories_that_change_places_at_once(world: World, engine: Engine) -> None:
    first, second = [await engine.items.create_epic("Epic", unique("E")) for _ in range(2)]
    made = [await story(engine, epic_id=epic) for epic in (first, second) * 4]
    await asyncio.gather(
        *(engine.places.move_story(one, epic) for one, epic in zip(made, (second, first) * 4, strict=True))
    )
    assert [(await row(engine, one))["epic_id"] for one in made] == [second, first] * 4


async def test_an_archived_epic_takes_no_stories(world: World, engine: Engine) -> None:
    epic, made = await engine.items.create_epic("Epic", unique("E")), await story(engine)
    inside = await story(engine, epic_id=epic)
    await engine.places.archive(epic)
    await engine.places.archive(epic)
    assert (await engine.trees.epics_by_ids([epic]))[epic]["archived"]
    with pytest.raises(ConflictError, match="archived"):
        await story(engine, epic_id=epic)
    with pytest.raises(ConflictError, match="archived"):
        await engine.places.move_story(made, epic)
    await engine.places.move_story(inside, epic)
    await engine.places.move_story(inside, None)
    await engine.places.unarchive(epic)
    await engine.places.move_story(made, epic)
    assert not (await engine.trees.epics_by_ids([epic]))[epic]["archived"]
    with pytest.raises(NotFoundError):
        await engine.places.archive(unique("E"))


async def test_what_is_closed_is_archived(world: World, engine: Engine) -> None:
    name, parent = await workflow(world), await story(engine)
    made, ann = await task(engine, parent, workflow=name), await world.actor()
    with pytest.raises(ConflictError, match="'open', which is no final state"):
        await engine.places.archive(made)
    await world.applied(made, "SHUT", ann)
    for _ in range(2):
        await engine.places.archive(made, actor_id=ann)
    assert (await row(engine, made))["archived"]
    await engine.places.unarchive(made, actor_id=ann)
    assert not (await row(engine, made))["archived"]
    assert [change[:2] for change in await changed(world, made)] == [
        ("SHUT", ann),
        ("TO_ARCHIVE", ann),
        ("FROM_ARCHIVE", ann),
    ]


async def test_a_story_that_is_done_takes_tasks_until_it_is_archived(world: World, engine: Engine) -> None:
    closed, outside = await closed_story(world, engine, "SHUT"), await task(engine, await story(engine))
    added = await task(engine, closed)
    await engine.places.move_task(outside, closed)
    await engine.derivation.derive(closed, None, workflow="task")
    assert len(await tasks(engine, closed)) == 4
    await engine.places.archive(closed)
    await takes_none(engine, closed)
    await engine.places.unarchive(closed)
    other = await story(engine)
    await engine.places.move_task(added, other)
    await engine.places.move_task(added, closed)


async def test_a_story_that_was_given_up_takes_no_tasks(world: World, engine: Engine) -> None:
    closed = await closed_story(world, engine, "DROP")
    [inside] = await tasks(engine, closed)
    await takes_none(engine, closed)
    await engine.places.move_task(inside, await story(engine))
    assert await tasks(engine, closed) == []


async def closed_story(world: World, engine: Engine, action: str) -> str:
    """One with a task and a criterion, after an action that leads to a final state."""
    name = await workflow(world, "story")
    closed = await engine.items.create_story("Closed", workflow=name, acceptance_criteria=["It is."])
    await task(engine, closed)
    await world.applied(closed, action, await world.actor())
    return closed


async def takes_none(engine: Engine, closed: str) -> None:
    before, outside = await tasks(engine, closed), await task(engine, await story(engine))
    for refused in (
        task(engine, closed),
        engine.places.move_task(outside, closed),
        engine.derivation.derive(closed, [Wanted("Another one")], workflow="task"),
    ):
        with pytest.raises(ConflictError, match="put away"):
            await refused
    assert await tasks(engine, closed) == before


async def test_a_task_moves_behind_those_of_another_story(world: World, engine: Engine) -> None:
    first, second = await story(engine), await story(engine)
    made, ann = await task(engine, first), await world.actor()
    there = [await task(engine, second) for _ in range(2)]
    await engine.places.move_task(made, second, actor_id=ann)
    await engine.places.move_task(made, second, actor_id=ann)
    assert await tasks(engine, second) == [*there, made]
    assert await tasks(engine, first) == []
    assert await changed(world, made) == [("MOVE", ann, {"from": first, "to": second})]
    [told] = await world.events(made, "planning.item.changed")
    assert (told["action"], told["story_id"]) == ("MOVE", second)
    await put(world, made, "implementing")
    with pytest.raises(ConflictError, match="was begun"):
        await engine.places.move_task(made, first)
    with pytest.raises(NotFoundError, match="no story"):
        await engine.places.move_task(there[0], unique("US"))


async def test_a_task_that_moves_to_a_released_story_is_assigned(world: World, engine: Engine) -> None:
    made = await task(engine, await story(engine))
    released = await world.story(released=True)
    await engine.places.move_task(made, released)
    assert await world.state(made) == "implementing"
    [told] = await world.events(made, "workflow.task.assigned")
    assert told["story_id"] == released
    assert [change[0] for change in await changed(world, made)] == ["MOVE", "START_WORK"]


async def left_alone(world: World, engine: Engine) -> tuple[str, str]:
    """A story in work whose last open task nobody has begun, and that task."""
    parent = await story(engine)
    closed, opened = await task(engine, parent), await task(engine, parent)
    await put(world, parent, "IN_PROGRESS")
    await put(world, closed, "done")
    return parent, opened


async def test_a_story_that_its_last_open_task_leaves_is_completed(world: World, engine: Engine) -> None:
    parent, opened = await left_alone(world, engine)
    await engine.places.move_task(opened, await story(engine))
    assert await world.state(parent) == "CODE_REVIEW"
    assert [change[0] for change in await changed(world, parent)] == ["TASKS_COMPLETED"]
    [told] = await world.events(parent, "workflow.story.tasks_completed")
    assert (told["done"], told["cancelled"]) == (1, 0)


async def test_a_rule_that_cannot_be_run_does_not_keep_a_task_from_moving(world: World, engine: Engine) -> None:
    parent, opened = await left_alone(world, engine)
    other = await story(engine)
    spoil = "MATCH (t:Transition {workflow: 'story', name: 'TASKS_COMPLETED'}) "
    await world.cypher(
        spoil + "CREATE (t)-[:GUARDED_BY {order: 1}]->(:Guard {name: 'spoilt', kind: 'field', field: 7})"
    )
    try:
        await engine.places.move_task(opened, other)
    finally:
        await world.cypher(spoil + "MATCH (t)-[:GUARDED_BY]->(g:Guard {name: 'spoilt'}) DETACH DELETE g")
    assert await world.state(parent) == "IN_PROGRESS"
    assert await tasks(engine, other) == [opened]


async def test_tasks_that_change_stories_at_once(world: World, engine: Engine) -> None:
    first, second = await story(engine), await story(engine)
    made = [await task(engine, parent) for parent in (first, second) * 4]
    await asyncio.gather(
        *(engine.places.move_task(one, parent) for one, parent in zip(made, (second, first) * 4, strict=True))
    )
    assert sorted(await tasks(engine, first)) == sorted(made[1::2])
    assert sorted(await tasks(engine, second)) == sorted(made[::2])
    for one in made:
        assert len(await changed(world, one)) == 1


async def test_the_rank_of_tasks_is_the_order_of_their_assignment(world: World, engine: Engine) -> None:
    parent = await story(engine)
    one, two, three = [await task(engine, parent) for _ in range(3)]
    await engine.places.rank_task(three, before=one)
    assert await tasks(engine, parent) == [three, one, two]
    await engine.places.rank_task(three, before=two)
    assert await tasks(engine, parent) == [one, three, two]
    await engine.places.rank_task(one, after=two)
    assert await tasks(engine, parent) == [three, two, one]
    four = await task(engine, parent)
    assert await tasks(engine, parent) == [three, two, one, four]
    await engine.work.story_transitioned(parent, "READY_FOR_EXECUTION")
    assert [await world.state(item) for item in (one, two, three)] == ["todo", "todo", "implementing"]
    assert await changed(world, one) == [("RANK", None, {"after": two})]


async def test_tasks_find_a_place_however_often_they_are_ranked(world: World, engine: Engine) -> None:
    parent = await story(engine)
    one, two, three, four = [await task(engine, parent) for _ in range(4)]
    for _ in range(35):
        await engine.places.rank_task(three, after=one)
        await engine.places.rank_task(two, after=one)
    assert await tasks(engine, parent) == [one, two, three, four]
    assert len(await changed(world, three)) == 35
    assert (await row(engine, four))["version"] == 0


@pytest.mark.parametrize("odd", ["'last'", "duration('PT3H')", "[1]", "true", "0.0/0.0", "1.0/0.0"])
async def test_a_rank_that_was_spoilt_is_no_rank(world: World, engine: Engine, odd: str) -> None:
    parent, other = await story(engine), await story(engine)
    spoilt, one = await task(engine, parent), await task(engine, parent)
    await world.cypher(f"MATCH (t:Task {{id: $id}}) SET t.rank = {odd}", id=spoilt)
    two, three = await task(engine, parent), await task(engine, other)
    await engine.places.move_task(three, parent)
    named = unique("T")
    await engine.work.story_transitioned(parent, "READY_FOR_EXECUTION", [TaskSeed(named)])
    assert await tasks(engine, parent) == [spoilt, one, two, three, named]
    await engine.places.rank_task(three, before=spoilt)
    await engine.places.rank_task(two, after=spoilt)
    assert await tasks(engine, parent) == [three, spoilt, two, one, named]


async def test_pages_of_ranked_tasks_follow_each_other(world: World, engine: Engine) -> None:
    parent = await story(engine)
    one, two, three = [await task(engine, parent) for _ in range(3)]
    await engine.places.rank_task(three, after=one)
    [page] = await engine.trees.tasks_of([(parent, 2, None)])
    last = page.rows[-1]
    [rest] = await engine.trees.tasks_of([(parent, 2, (last["place"], last["id"]))])
    assert [row["id"] for row in (*page.rows, *rest.rows)] == [one, three, two]


async def test_a_place_that_cannot_be(world: World, engine: Engine) -> None:
    parent, other = await story(engine), await story(engine)
    made, foreign = await task(engine, parent), await task(engine, other)
    places = engine.places
    for refused in (
        places.rank_task(made),
        places.rank_task(made, before=foreign, after=foreign),
        places.rank_task(made, before=made),
        places.rank_story(parent),
        places.rank_story(parent, after=parent),
    ):
        with pytest.raises(BadInputError):
            await refused
    with pytest.raises(ConflictError, match="no task of the story"):
        await places.rank_task(made, after=foreign)
    for unknown in (
        places.rank_task(made, after=unique("T")),
        places.rank_task(unique("T"), after=made),
        places.rank_story(parent, after=unique("US")),
        places.rank_story(unique("US"), after=parent),
        places.rank_story(parent, after=await world.story()),
    ):
        with pytest.raises(NotFoundError):
            await unknown


async def test_an_epic_and_an_item_have_no_id_in_common(world: World, engine: Engine) -> None:
    epic, parent = unique("E"), await story(engine)
    inside, foreign = await task(engine, parent), await world.story()
    await engine.items.create_epic("An epic", epic)
    with pytest.raises(ConflictError, match=f"'{epic}' exists already"):
        await engine.items.create_story("A story", workflow="story", id=epic)
    with pytest.raises(ConflictError, match=f"'{epic}' exists already"):
        await task(engine, parent, id=epic)
    with pytest.raises(ConflictError, match=f"'{epic}' exists already"):
        await engine.derivation.derive(parent, [Wanted("x", epic)], workflow="task")
    for taken in (parent, inside, foreign):
        with pytest.raises(ConflictError, match=f"'{taken}' is the id of a story or a task"):
            await engine.items.create_epic("An epic", taken)
    await engine.places.archive(epic)
    assert (await engine.trees.epics_by_ids([epic, parent, inside]))[epic]["archived"]


async def test_the_system_is_no_author(world: World, engine: Engine) -> None:
    parent, id = await story(engine), unique("new")
    with pytest.raises(BadInputError, match="the system itself"):
        await engine.items.create_story("A story", workflow="story", id=id, author_id="stategate")
    with pytest.raises(BadInputError, match="the system itself"):
        await task(engine, parent, id=id, author_id="stategate")
    assert await engine.trees.items_by_ids([id]) == {}


async def test_an_epic_that_was_spoilt_keeps_nobody_from_reading_the_others(world: World, engine: Engine) -> None:
    sound, odd = unique("epic"), unique("epic")
    for id in (sound, odd):
        await engine.items.create_epic("An epic", id)
    await world.cypher(
        "MATCH (e:Epic {id: $id}) SET e.title = 42, e.description = ['a'], e.labels = 7, e.created_at = 1, "
        "e.updated_at = 'x'",
        id=odd,
    )
    rows = await engine.trees.epics_by_ids([sound, odd])
    assert rows[sound]["title"] == "An epic"
    read = {"title": "42", "description": None, "labels": ["7"], "created_at": None, "updated_at": None}
    assert read.items() <= rows[odd].items()


@pytest.mark.parametrize(
    ("spoilt", "read", "is_missing"),
    [
        ("title = 42", {"title": "42"}, False),
        ("title = ['a']", {"title": None}, True),
        ("description = ['a']", {"description": None}, True),
        ("description = 7", {"description": "7"}, True),
        ("acceptance_criteria = 'Tokens end'", {"acceptance_criteria": ["Tokens end"]}, False),
        ("acceptance_criteria = [7]", {"acceptance_criteria": ["7"]}, False),
        ("story_points = 'five'", {"story_points": None}, True),
        ("story_points = 2.5", {"story_points": None}, True),
        ("labels = 7", {"labels": ["7"]}, False),
        ("feedback = 7", {"feedback": "7"}, False),
        ("type = ['bug']", {"type": None}, False),
        ("priority = 'high'", {"priority": None}, False),
        ("estimate = 'long'", {"estimate": None}, False),
        ("estimate = 2", {"estimate": 2}, False),
        *((f"created_at = {time}", {"created_at": None}, False) for time in NO_TIMES),
    ],
)
async def test_a_story_that_was_spoilt_keeps_nobody_from_reading_the_others(
    world: World, engine: Engine, spoilt: str, read: dict[str, Any], is_missing: bool
) -> None:
    texts = {"description": "Whoever signs in gets a token", "acceptance_criteria": ["Tokens end"], "story_points": 3}
    sound, odd, ann = await story(engine, **texts), await story(engine, **texts), await world.actor("po")
    await world.cypher(f"MATCH (s:Story {{id: $id}}) SET s.{spoilt}", id=odd)
    name = next(iter(read))
    for rows in (await engine.trees.items_by_ids([sound, odd]), await engine.details.whole([sound, odd])):
        assert readiness(rows[sound]) == (85, ["tasks"])
        assert read.items() <= rows[odd].items()
        assert (name in readiness(rows[odd])[1]) == is_missing
    [texts_of] = await engine.db.read("tree/texts", ids=[odd], settled_after=0)
    assert (texts_of | read)["description"] == texts_of["description"]
    assert await world.refused(odd, "PLAN", ann) == ["NOT_FROM_THIS_STATE"]
    await put(world, odd, "READY_FOR_PLANNING")
    assert "GUARD_FAILED" in await world.refused(odd, "PLAN", ann)


async def test_a_task_that_hangs_twice_on_its_story_is_one_task(world: World, engine: Engine) -> None:
    of = await story(engine)
    one, two, three = [await task(engine, of) for _ in range(3)]
    await world.cypher(
        "UNWIND $ids AS id MATCH (s:Story {id: $story})-[:HAS_TASK]->(t:Task {id: id}) CREATE (s)-[:HAS_TASK]->(t)",
        ids=[one, three],
        story=of,
    )
    ann = await world.actor("po")
    assert await world.refused(one, "APPROVE_STORY", ann) == ["NOT_FROM_THIS_STATE"]
    assert len(await world.events(one, "workflow.action.refused")) == 1
    await engine.places.rank_task(one, after=three)
    [page] = await engine.trees.tasks_of([(of, 10, None)])
    assert [row["id"] for row in page.rows] == [two, three, one]
    assert page.total == 3


async def test_a_story_that_hangs_twice_on_its_epic_is_one_story(world: World, engine: Engine) -> None:
    epic = await engine.items.create_epic("An epic")
    of = await story(engine, epic_id=epic)
    await world.cypher("MATCH (e:Epic {id: $e}), (s:Story {id: $s}) CREATE (e)-[:HAS_STORY]->(s)", e=epic, s=of)
    [page] = await engine.trees.stories_of([(epic, 10, None)])
    assert ([row["id"] for row in page.rows], page.total) == ([of], 1)


async def test_an_edit_after_a_newest_change_that_was_drawn_twice_is_one_change(world: World, engine: Engine) -> None:
    of = await story(engine)
    for title in ("First", "Second"):
        await engine.items.edit_story(of, {"title": title})
    await world.cypher(
        "MATCH (s:Story {id: $id})-[:LATEST]->(l:Change)-[:PREVIOUS]->(before:Change) "
        "CREATE (s)-[:LATEST]->(l) CREATE (s)-[:LATEST]->(before)",
        id=of,
    )
    await engine.items.edit_story(of, {"title": "Third"})
    assert [change["seq"] for change in await world.history(of)] == [1, 2, 3]
    assert (await world.item(of))["version"] == 3
    assert len(await world.events(of, "planning.item.changed")) == 3


@pytest.mark.parametrize("odd", ["'x'", "1.5", "[1]"])
async def test_an_item_whose_version_was_spoilt_is_left_as_it_is(world: World, engine: Engine, odd: str) -> None:
    of = await story(engine)
    await world.cypher(f"MATCH (s:Story {{id: $id}}) SET s.version = {odd}", id=of)
    with pytest.raises(ConflictError, match="stategate doctor"):
        await engine.items.edit_story(of, {"title": "Other"}, expected_version=0)
    assert (await world.item(of))["title"] != "Other"
    await world.cypher("MATCH (s:Story {id: $id}) SET s.version = 0", id=of)
