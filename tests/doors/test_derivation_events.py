"""Tasks derived by programs outside, over the bus, and by plug-ins, over GraphQL."""

from __future__ import annotations

from typing import Any

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.test_graphql_derivation import a_story
from tests.doors.test_graphql_work import act, fresh
from tests.doors.test_story_events import ASSIGNED, TRANSITIONED

REQUESTED, COMPLETED, DERIVED = (
    "planning.derivation.requested",
    "planning.derivation.completed",
    "planning.task.derived",
)
REQUEST = """mutation($story: ID!, $id: ID) { requestDerivation(storyId: $story, id: $id) {
  id story { id } at answeredAt replacedBy } }"""


async def request(graphql: GraphQLClient, story: str) -> str:
    asked = (await graphql(REQUEST, story=story))["requestDerivation"]
    assert (asked["story"], asked["answeredAt"], asked["replacedBy"]) == ({"id": story}, None, None)
    return str(asked["id"])


async def test_a_program_outside_derives_once(graphql: GraphQLClient, engine: Engine, bus: Bus) -> None:
    story, waits = await a_story(engine, "One can log in."), fresh("T")
    await engine.items.create_task(story, "There", workflow="task", id=waits)
    asked = await request(graphql, story)
    told = await bus.hear(REQUESTED, story_id=story)
    assert told == {
        "request_id": asked,
        "story_id": story,
        "title": "Something new",
        "acceptance_criteria": ["One can log in."],
        "tasks": [waits],
    }
    answer: dict[str, Any] = {
        "request_id": asked,
        "story_id": story,
        "tasks": [
            "Page",
            {"title": "Form", "type": "bug", "estimate": 1.5, "priority": 1, "labels": ["ui", "ui"]}
            | {"depends_on": [waits], "colour": "red"},
        ],
        "by": "somebody",
    }
    await bus.send(COMPLETED, answer)
    tasks = (await bus.hear(DERIVED, story_id=story))["tasks"]
    rows = await engine.trees.items_by_ids(tasks)
    shown = [[rows[task][name] for name in ("title", "type", "estimate", "priority", "labels")] for task in tasks]
    assert shown == [["Page", None, None, 3, []], ["Form", "bug", 1.5, 1, ["ui"]]]
    assert rows[tasks[1]]["depends_on"] == [waits]
    await bus.send(COMPLETED, answer)
    # Another answer comes behind it, and is none.
    await bus.send(COMPLETED, answer | {"tasks": ["More"]})
    [dead] = await bus.messages(f"dead.{COMPLETED}", 1, request_id=asked)
    assert "answered already, with other tasks" in (dead.headers or {})["Stategate-Reason"]
    assert bus.count(DERIVED, story_id=story) == 1
    found = await graphql("query($id: ID!) { derivationRequest(id: $id) { answeredAt } }", id=asked)
    assert found["derivationRequest"]["answeredAt"] is not None
    assert await graphql('{ derivationRequest(id: "never") { id } }') == {"derivationRequest": None}


async def test_what_was_begun_stays_as_it_is(graphql: GraphQLClient, engine: Engine, bus: Bus, team: Team) -> None:
    story, begun = await a_story(engine), fresh("T")
    await bus.send(COMPLETED, {"request_id": await request(graphql, story), "story_id": story, "tasks": ["One"]})
    [one] = (await bus.hear(DERIVED, story_id=story))["tasks"]
    await bus.send(TRANSITIONED, {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": []})
    await bus.hear(ASSIGNED, task_id=one)
    await act(graphql, one, "COMMIT_CODE", team.developer, inputs={"commit_sha": "abc"})
    before = (await engine.trees.items_by_ids([one]))[one]
    asked = await request(graphql, story)
    tasks = [{"title": "One", "priority": 1, "depends_on": [begun]}, {"title": "Two", "id": begun}]
    await bus.send(COMPLETED, {"request_id": asked, "story_id": story, "tasks": tasks})
    # The story is released, so the new one is begun when it is derived.
    await bus.hear(ASSIGNED, task_id=begun)
    assert (await engine.trees.items_by_ids([one]))[one] == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"request_id": "never"}, "There is no request 'never'"),
        ({"request_id": None}, "request_id: "),
        ({"tasks": []}, "at least 1 item"),
        ({"tasks": "One"}, "tasks: "),
        ({"tasks": [{"name": "One"}]}, "tasks.0.title: Field required"),
        ({"tasks": [" "]}, "tasks.0.title: Value error, is empty"),
        ({"tasks": [{"title": "x", "priority": 0}]}, "tasks.0.priority: Input should be greater than or equal to 1"),
        ({"tasks": [{"title": "x", "depends_on": ["nowhere"]}]}, "no task 'nowhere'"),
        (
            {"tasks": [{"title": "x", "id": "X", "depends_on": ["Y"]}, {"title": "y", "id": "Y", "depends_on": ["X"]}]},
            "wait for each other: ",
        ),
    ],
)
async def test_an_answer_that_cannot_be_taken_is_a_dead_letter(
    graphql: GraphQLClient, engine: Engine, bus: Bus, change: dict[str, Any], reason: str
) -> None:
    story = await a_story(engine)
    answer = {"request_id": await request(graphql, story), "story_id": story, "tasks": ["One"]}
    await bus.send(COMPLETED, answer | change)
    [dead] = await bus.messages(f"dead.{COMPLETED}", 1, story_id=story)
    assert reason in (dead.headers or {})["Stategate-Reason"]
    # The right answer is still taken.
    await bus.send(COMPLETED, answer)
    assert len((await bus.hear(DERIVED, story_id=story))["tasks"]) == 1


async def test_answers_for_another_story_and_to_what_was_replaced(
    graphql: GraphQLClient, engine: Engine, bus: Bus
) -> None:
    story, other = await a_story(engine), await a_story(engine)
    first = await request(graphql, story)
    second = await request(graphql, story)
    await bus.send(COMPLETED, {"request_id": second, "story_id": other, "tasks": ["x"]})
    [dead] = await bus.messages(f"dead.{COMPLETED}", 1, story_id=other)
    assert f"is for '{story}', not for '{other}'" in (dead.headers or {})["Stategate-Reason"]
    await bus.send(COMPLETED, {"request_id": first, "story_id": story, "tasks": ["x"]})
    [dead] = await bus.messages(f"dead.{COMPLETED}", 1, story_id=story)
    assert f"was replaced by '{second}'" in (dead.headers or {})["Stategate-Reason"]
    assert bus.count(DERIVED, story_id=story) == bus.count(DERIVED, story_id=other) == 0


async def test_what_cannot_be_asked_is_told(served: Served, engine: Engine) -> None:
    story = await a_story(engine)
    asked = fresh("R")
    for _ in range(2):
        answer = await post(served, REQUEST, story=story, id=asked)
        assert answer["data"]["requestDerivation"]["id"] == asked
    for document, given, code, said in (
        (REQUEST, {"story": "nowhere"}, "NOT_FOUND", "no story 'nowhere'"),
        (REQUEST, {"story": await a_story(engine), "id": asked}, "CONFLICT", "another story"),
        (
            'mutation($story: ID!) { deriveTasks(storyId: $story, deriver: "none") { id } }',
            {"story": story},
            "NOT_FOUND",
            "no deriver 'none'",
        ),
        (
            'mutation($story: ID!) { deriveTasks(storyId: $story, deriver: "x", tasks: [{title: "y"}]) { id } }',
            {"story": story},
            "BAD_INPUT",
            "not both",
        ),
    ):
        [error] = (await post(served, document, **given))["errors"]
        assert (error["extensions"]["code"], said in error["message"]) == (code, True), error
