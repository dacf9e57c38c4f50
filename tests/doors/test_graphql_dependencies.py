"""Dependencies over GraphQL, and how work waits for them over the bus."""

from __future__ import annotations

from typing import Any

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.test_graphql_work import act, fresh
from tests.doors.test_story_events import ASSIGNED, TRANSITIONED, finish

EDIT = """mutation($task: ID!, $on: ID!, $actor: ID) { NAME(taskId: $task, onId: $on, actorId: $actor) {
  id version dependsOn { id } blockedBy { id } blocks { id }
  history { nodes { action from to inputs actor { id } } } } }"""
ADD, REMOVE = EDIT.replace("NAME", "addDependency"), EDIT.replace("NAME", "removeDependency")


async def release(bus: Bus, story: str, *tasks: dict[str, Any]) -> None:
    await bus.send(TRANSITIONED, {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": list(tasks)})


async def test_an_edge_is_added_seen_from_both_ends_and_removed(
    graphql: GraphQLClient, engine: Engine, story: str, team: Team
) -> None:
    one, two = fresh("T"), fresh("T")
    for task in (one, two):
        await engine.items.create_task(story, task, workflow="task", id=task)
    for _ in range(2):
        found = (await graphql(ADD, task=two, on=one, actor=team.po))["addDependency"]
        assert (found["version"], found["dependsOn"], found["blockedBy"]) == (1, [{"id": one}], [{"id": one}])
    [change] = found["history"]["nodes"]
    assert change == {
        "action": "EDIT",
        "from": "todo",
        "to": "todo",
        "inputs": {"waits_for": one},
        "actor": {"id": team.po},
    }
    seen = await graphql("query($id: ID!) { task(id: $id) { blocks { id } blockedBy { id } } }", id=one)
    assert seen["task"] == {"blocks": [{"id": two}], "blockedBy": []}
    found = (await graphql(REMOVE, task=two, on=one))["removeDependency"]
    assert (found["version"], found["dependsOn"], found["blockedBy"]) == (2, [], [])


async def test_what_cannot_be_is_told(served: Served, engine: Engine, story: str) -> None:
    one, two = fresh("T"), fresh("T")
    await engine.items.create_task(story, "One", workflow="task", id=one)
    await engine.items.create_task(story, "Two", workflow="task", id=two, depends_on=[one])
    for given, code, said in (
        ({"task": one, "on": two}, "CONFLICT", f"{one} → {two} → {one}"),
        ({"task": one, "on": one}, "BAD_INPUT", f"{one} → {one}"),
        ({"task": one, "on": "nowhere"}, "NOT_FOUND", "no task 'nowhere'"),
        ({"task": one, "on": story}, "NOT_FOUND", "no task"),
        ({"task": two, "on": one, "actor": "nobody"}, "NOT_FOUND", "no actor 'nobody'"),
        ({"task": two, "on": one, "actor": "stategate"}, "BAD_INPUT", "the system itself"),
    ):
        [error] = (await post(served, ADD, **given))["errors"]
        assert (error["extensions"]["code"], said in error["message"]) == (code, True), error


async def test_the_critical_path_of_stories(graphql: GraphQLClient, engine: Engine, story: str) -> None:
    other = await engine.items.create_story("Other", workflow="story", id=fresh("US"))
    empty = await engine.items.create_story("Empty", workflow="story", id=fresh("US"))
    below, top = fresh("T"), fresh("T")
    await engine.items.create_task(other, "Below", workflow="task", id=below)
    await engine.items.create_task(story, "Top", workflow="task", id=top, depends_on=[below])
    await engine.items.create_task(story, "Alone", workflow="task")
    path = "criticalPath { length unestimated tasks { id story { id } } }"
    found = await graphql(
        f"query($a: ID!, $b: ID!, $c: ID!) {{ a: story(id: $a) {{ {path} }} b: story(id: $b) {{ {path} }} "
        f"c: story(id: $c) {{ {path} }} }}",
        a=story,
        b=other,
        c=empty,
    )
    tasks = [{"id": below, "story": {"id": other}}, {"id": top, "story": {"id": story}}]
    assert found["a"]["criticalPath"] == {"length": 2, "unestimated": 2, "tasks": tasks}
    assert found["b"]["criticalPath"] == {"length": 1, "unestimated": 1, "tasks": tasks[:1]}
    assert found["c"]["criticalPath"] == {"length": 0, "unestimated": 0, "tasks": []}


async def test_work_that_waits_for_another_story_is_assigned_when_that_is_done(
    graphql: GraphQLClient, engine: Engine, bus: Bus, team: Team
) -> None:
    first, second, there, here, after = fresh("EXT"), fresh("EXT"), fresh("T"), fresh("T"), fresh("T")
    await release(bus, first, {"id": there})
    await bus.hear(ASSIGNED, task_id=there)
    await release(bus, second, {"id": here, "depends_on": [there]}, {"id": after, "depends_on": [here]})
    await release(bus, fresh("EXT"), {"id": f"fence-{here}"})
    await bus.hear(ASSIGNED, task_id=f"fence-{here}")
    assert bus.count(ASSIGNED, story_id=second) == 0
    await finish(engine, there, team)
    assert (await bus.hear(ASSIGNED, task_id=here))["state"] == "implementing"
    await graphql(REMOVE, task=after, on=here)
    await act(graphql, here, "COMMIT_CODE", team.developer, inputs={"commit_sha": "abc"})
    await bus.hear(ASSIGNED, task_id=after, state="implementing")


@pytest.mark.parametrize("circle", [["A"], ["A", "B"], ["A", "B", "C"]])
async def test_new_tasks_that_wait_for_each_other_are_a_dead_letter(
    bus: Bus, engine: Engine, circle: list[str]
) -> None:
    story, known, mark = fresh("EXT"), fresh("T"), fresh("T")
    await release(bus, story, {"id": known})
    await bus.hear(ASSIGNED, task_id=known)
    names = [f"{mark}-{name}" for name in circle]
    listed = [{"id": task, "depends_on": [on, known]} for task, on in zip(names, names[1:] + names[:1], strict=True)]
    await release(bus, story, *listed, {"id": f"{mark}-fine"})
    [dead] = await bus.messages(f"dead.{TRANSITIONED}", 1, story_id=story)
    reason = (dead.headers or {})["Stategate-Reason"]
    doubled = [*names, *names]
    assert any(" → ".join([*doubled[at : at + len(names)], names[at]]) in reason for at in range(len(names))), reason
    rows = await engine.trees.items_by_ids([known, *names, f"{mark}-fine"])
    assert {id: row["state"]["name"] for id, row in rows.items()} == {known: "implementing"}
    # What comes behind it of the same story is done.
    await release(bus, story, {"id": f"{mark}-late", "depends_on": [known]})
    await release(bus, fresh("EXT"), {"id": f"fence-{mark}"})
    await bus.hear(ASSIGNED, task_id=f"fence-{mark}")
    assert f"{mark}-late" in await engine.trees.items_by_ids([f"{mark}-late"])
