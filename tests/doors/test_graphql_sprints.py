"""Sprints and decisions over GraphQL: what a person plans, is told, and reads back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.test_graphql_work import act, fresh
from tests.doors.test_story_events import finish

ASSIGN = """mutation($story: ID!, $sprint: ID!, $who: ID) {
  assignToSprint(storyId: $story, sprintId: $sprint, actorId: $who) {
    version sprint { id committedPoints capacity overCapacity unestimatedStories } } }"""
SPRINT = """query($id: ID!) { sprint(id: $id) {
  state startsAt endsAt startedAt closedAt committedPoints completedPoints overCapacity
  burndown { day remaining completed ideal } } }"""


async def test_who_puts_too_much_into_a_sprint_is_told(graphql: GraphQLClient, story: str, team: Team) -> None:
    made = await graphql(
        """mutation($id: ID!) { createSprint(name: "Next", id: $id, capacity: 4, startsAt: "2026-11-30T10:00:00+01:00",
             endsAt: "2026-12-11T17:00:00Z") {
             id startsAt endsAt startedAt committedPoints overCapacity burndown { day } } }""",
        id=fresh("SP"),
    )
    sprint = made["createSprint"]
    assert (sprint["startsAt"], sprint["endsAt"]) == ("2026-11-30T09:00:00.000Z", "2026-12-11T17:00:00.000Z")
    assert (sprint["startedAt"], sprint["committedPoints"], sprint["overCapacity"]) == (None, 0, False)
    assert sprint["burndown"] == []
    told = (await graphql(ASSIGN, story=story, sprint=sprint["id"], who=team.po))["assignToSprint"]
    counts = {"id": sprint["id"], "committedPoints": 3, "capacity": 4, "overCapacity": False, "unestimatedStories": 0}
    assert told == {"version": 0, "sprint": counts}
    for points, committed, unestimated in ((2, 5, 0), (None, 5, 1)):
        other = fresh("US")
        await graphql(
            'mutation($id: ID, $points: Int) { createStory(title: "Other", id: $id, storyPoints: $points) { id } }',
            id=other,
            points=points,
        )
        told = (await graphql(ASSIGN, story=other, sprint=sprint["id"]))["assignToSprint"]["sprint"]
        assert (told["committedPoints"], told["overCapacity"]) == (committed, True)
        assert told["unestimatedStories"] == unestimated
    left = await graphql(
        """mutation($id: ID!, $who: ID) { removeFromSprint(storyId: $id, actorId: $who) {
             version sprint { id } history { totalCount }
             sprintStays { sprint { id } enteredAt enteredBy { id } leftAt leftBy { id } } } }""",
        id=story,
        who=team.po,
    )
    left = left["removeFromSprint"]
    assert (left["version"], left["sprint"], left["history"]["totalCount"]) == (0, None, 0)
    [_, stay] = left["sprintStays"]
    assert (stay["sprint"]["id"], stay["enteredBy"], stay["leftBy"]) == (sprint["id"], {"id": team.po}, {"id": team.po})
    assert stay["enteredAt"] < stay["leftAt"]
    assert (await graphql(SPRINT, id=sprint["id"]))["sprint"]["committedPoints"] == 2


async def test_a_sprint_is_planned_anew_as_long_as_it_has_not_ended(graphql: GraphQLClient, served: Served) -> None:
    id, changes = fresh("SP"), "mutation($id: ID!) { updateSprint(id: $id, %s) { name capacity startsAt endsAt } }"
    await graphql(
        'mutation($id: ID!) { createSprint(name: "Next", id: $id, startsAt: "2026-11-30T09:00Z") { id } }', id=id
    )
    told = await graphql(changes % 'capacity: 8, endsAt: "2026-12-11T17:00:00+01:00"', id=id)
    planned = {"name": "Next", "capacity": 8, "startsAt": "2026-11-30T09:00:00.000Z"}
    assert told["updateSprint"] == planned | {"endsAt": "2026-12-11T16:00:00.000Z"}
    told = await graphql(changes % 'name: "Later", capacity: null, endsAt: null', id=id)
    assert told["updateSprint"] == planned | {"name": "Later", "capacity": None, "endsAt": None}
    await graphql(changes % 'endsAt: "2026-12-11T17:00Z"', id=id)
    for wrong in (
        'startsAt: "2026-12-11T17:00Z"',
        "name: null",
        'name: " "',
        "capacity: -1",
        'endsAt: "2026-12-12T17:00"',
    ):
        answer = await post(served, changes % wrong, id=id)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_INPUT"], wrong
    await graphql("mutation($id: ID!) { closeSprint(id: $id) { id } }", id=id)
    for which, code in ((id, "CONFLICT"), ("nope", "NOT_FOUND")):
        answer = await post(served, changes % "capacity: 1", id=which)
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_a_sprint_from_its_start_to_its_velocity(
    graphql: GraphQLClient, bus: Bus, engine: Engine, story: str, team: Team
) -> None:
    sprint = (await engine.trees.items_by_ids([story]))[story]["sprint_id"]
    unfinished, task = fresh("US"), fresh("T")
    await engine.items.create_task(story, "Only", workflow="task", id=task)
    await engine.items.create_story("Unfinished", workflow="story", id=unfinished, story_points=5)
    await engine.sprints.assign(unfinished, sprint)
    await graphql("mutation($id: ID!) { startSprint(id: $id) { id } }", id=sprint)
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        assert (await act(graphql, story, action, team.po))["__typename"] == "Applied"
    await bus.hear("workflow.task.assigned", task_id=task)
    await finish(engine, task, team)
    await bus.hear("planning.story.transitioned", story_id=story, to_state="READY_TO_REVIEW")
    running = (await graphql(SPRINT, id=sprint))["sprint"]
    assert (running["committedPoints"], running["completedPoints"]) == (8, 0)
    assert [(day["remaining"], day["completed"]) for day in running["burndown"]][-1] == (8, 0)
    assert (await act(graphql, story, "ACCEPT", team.po))["item"]["state"]["name"] == "DONE"
    await graphql("mutation($id: ID!) { closeSprint(id: $id) { id } }", id=sprint)
    closed = (await graphql(SPRINT, id=sprint))["sprint"]
    assert (closed["committedPoints"], closed["completedPoints"], closed["state"]) == (8, 3, "closed")
    last = closed["burndown"][-1]
    assert last == {"day": closed["closedAt"][:10], "remaining": 5, "completed": 3, "ideal": None}
    assert closed["burndown"][0]["day"] == closed["startedAt"][:10]
    assert closed["closedAt"] > closed["startedAt"]
    velocity = (await graphql("{ velocity(last: 1) { average sprints { id completedPoints } } }"))["velocity"]
    assert velocity == {"average": 3.0, "sprints": [{"id": sprint, "completedPoints": 3}]}
    # What is put away afterwards has been finished all the same.
    assert (await act(graphql, story, "ARCHIVE", team.po))["__typename"] == "Applied"
    assert (await graphql(SPRINT, id=sprint))["sprint"] == closed


async def test_decisions_are_read_under_the_id_that_was_told(
    graphql: GraphQLClient, bus: Bus, story: str, team: Team
) -> None:
    said = "The scope is far too wide"
    await act(graphql, story, "SUBMIT", team.po)
    await act(graphql, story, "REJECT_SCOPE", team.po, feedback=said)
    told = await bus.hear("planning.decision.rejected", story_id=story)
    data = await graphql(
        "query($id: ID!) { story(id: $id) { decisions { id kind action comment decidedBy { id } seq at } } }", id=story
    )
    [made] = data["story"]["decisions"]
    assert datetime.fromisoformat(made.pop("at")) <= datetime.now(UTC)
    expected = {"kind": "rejected", "action": "REJECT_SCOPE", "comment": said, "decidedBy": {"id": team.po}, "seq": 2}
    assert made == {"id": told["decision_id"], **expected}


async def test_the_work_list_of_a_product_owner(graphql: GraphQLClient, bus: Bus, engine: Engine, team: Team) -> None:
    scope, other, task = fresh("US"), fresh("US"), fresh("T")
    await engine.items.create_story("To decide", workflow="story", id=scope)
    await act(graphql, scope, "SUBMIT", team.po)
    await bus.send(
        "planning.story.transitioned",
        {"story_id": other, "to_state": "READY_FOR_EXECUTION", "tasks": [{"id": task, "priority": 1}]},
    )
    await bus.hear("workflow.task.assigned", task_id=task)
    for action, who in (
        ("COMMIT_CODE", team.developer),
        ("APPROVE_DESIGN", team.architect),
        ("APPROVE_TESTS", team.qa),
    ):
        inputs = {"commit_sha": "abc"} if who == team.developer else None
        assert (await act(graphql, task, action, who, inputs=inputs))["__typename"] == "Applied"
    data = await graphql(
        "query($who: ID!) { workList(actorId: $who, first: 1000) { item { id state { name } } actions } }", who=team.po
    )
    ours = [found for found in data["workList"] if found["item"]["id"] in {scope, task}]
    assert [(found["item"]["id"], found["item"]["state"]["name"], found["actions"][0]) for found in ours] == [
        (task, "pending_po_approval", "APPROVE_STORY"),
        (scope, "PO_REVIEW", "APPROVE_SCOPE"),
    ]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('mutation { createSprint(name: "x", capacity: -1) { id } }', "BAD_INPUT"),
        ('mutation { createSprint(name: "x", startsAt: "2026-11-30T10:00:00") { id } }', "BAD_INPUT"),
        ('mutation { createSprint(name: "x", startsAt: "soon") { id } }', "BAD_INPUT"),
        ('mutation { createSprint(name: "x", endsAt: "0001-01-01T00:00:00+14:00") { id } }', "BAD_INPUT"),
        (
            'mutation { createSprint(name: "x", startsAt: "2026-11-30T10:00Z", endsAt: "2026-11-30T10:00Z") { id } }',
            "BAD_INPUT",
        ),
        ('mutation { removeFromSprint(storyId: "nope") { id } }', "NOT_FOUND"),
        ('mutation { assignToSprint(storyId: "nope", sprintId: "nope") { id } }', "NOT_FOUND"),
        ("{ velocity(last: 0) { average } }", "BAD_INPUT"),
    ],
)
async def test_bad_requests_are_told_with_their_code(served: Served, document: str, code: str) -> None:
    answer = await post(served, document)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
