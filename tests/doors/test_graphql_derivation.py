"""Tasks derived of a story, over GraphQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.test_graphql_work import act, fresh

DERIVE = """mutation($story: ID!, $tasks: [DerivedTask!], $author: ID) {
  deriveTasks(storyId: $story, tasks: $tasks, authorId: $author) {
    id title description priority version state { name } dependsOn { id } story { id } } }"""


async def derive(graphql: GraphQLClient, story: str, tasks: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graphql(DERIVE, story=story, tasks=tasks))["deriveTasks"]
    return found


async def a_story(engine: Engine, *criteria: str) -> str:
    return await engine.items.create_story(
        "Something new", workflow="story", id=fresh("US"), acceptance_criteria=criteria
    )


async def test_each_criterion_becomes_one_task_once(graphql: GraphQLClient, engine: Engine, bus: Bus) -> None:
    story = await a_story(engine, "One can log in.", "One can log out.")
    first = await derive(graphql, story)
    assert [task["title"] for task in first] == ["One can log in.", "One can log out."]
    assert all(task["story"] == {"id": story} and task["state"] == {"name": "todo"} for task in first)
    ids = [task["id"] for task in first]
    assert await bus.hear("planning.task.derived", story_id=story) == {"story_id": story, "tasks": ids}

    assert await derive(graphql, story) == first
    await engine.items.edit_story(story, {"acceptance_criteria": ["One can look around.", "One can  log in."]})
    second = await derive(graphql, story)
    assert [task["id"] for task in second][1] == ids[0]
    [fresh_one] = {task["id"] for task in second} - set(ids)
    await bus.messages("planning.task.derived", 1, story_id=story, tasks=[fresh_one])
    assert bus.count("planning.task.derived", story_id=story) == 2
    found = await graphql("query($id: ID!) { story(id: $id) { tasks { nodes { id } } } }", id=story)
    # What nobody wants any more is for a person to discard.
    assert [task["id"] for task in found["story"]["tasks"]["nodes"]] == [*ids, fresh_one]


async def test_a_list_says_all_that_a_task_may_have(graphql: GraphQLClient, engine: Engine) -> None:
    wish = {
        "title": "Log in",
        "description": "By name",
        "type": "bug",
        "estimate": 1.5,
        "priority": 1,
        "labels": ["ui"],
    }
    [task] = await derive(graphql, await a_story(engine), [wish])
    row = (await engine.trees.items_by_ids([task["id"]]))[task["id"]]
    assert {name: row[name] for name in wish} == wish


async def test_criteria_with_the_same_words_are_one(graphql: GraphQLClient, engine: Engine) -> None:
    story = await a_story(engine, "Log in", "Log  in ", " " * 300 + "Log out")
    found = await derive(graphql, story)
    assert [task["title"] for task in found] == ["Log in", "Log out"]
    # The same words in a list are the same task.
    assert await derive(graphql, story, [{"title": "Log in"}, {"title": "Log in"}]) == found[:1]


async def test_a_story_with_a_long_id_and_two_who_derive_at_once(graphql: GraphQLClient, engine: Engine) -> None:
    story = await engine.items.create_story(
        "Long", workflow="story", id=fresh("US").ljust(200, "x"), acceptance_criteria=["One", "Two"]
    )
    first, second = await asyncio.gather(derive(graphql, story), derive(graphql, story))
    assert first == second
    assert all(len(task["id"]) <= 200 for task in first)


async def test_what_is_there_may_be_waited_for(graphql: GraphQLClient, engine: Engine) -> None:
    story, one, other = await a_story(engine), fresh("T"), fresh("T")
    await derive(graphql, story, [{"id": one, "title": "One"}])
    found = await derive(
        graphql,
        story,
        [{"id": one, "title": "One", "dependsOn": [other]}, {"id": other, "title": "Other", "dependsOn": [one]}],
    )
    assert [task["dependsOn"] for task in found] == [[], [{"id": one}]]


async def test_a_long_criterion_is_whole_in_the_description(graphql: GraphQLClient, engine: Engine) -> None:
    [task] = await derive(graphql, await a_story(engine, "long " * 100 + "end"))
    assert len(task["title"]) == 200
    assert task["description"].endswith("end")


async def test_given_tasks_wait_for_each_other_and_begun_work_stays(
    graphql: GraphQLClient, engine: Engine, team: Team, bus: Bus
) -> None:
    story, api, page = await a_story(engine), fresh("T"), fresh("T")
    tasks: list[dict[str, Any]] = [
        {"id": page, "title": "Page", "dependsOn": [api]},
        {"id": api, "title": "API", "priority": 1},
    ]
    found = await derive(graphql, story, tasks)
    assert [(task["id"], task["priority"]) for task in found] == [(page, 3), (api, 1)]
    assert found[0]["dependsOn"] == [{"id": api}]
    await bus.send("planning.story.transitioned", {"story_id": story, "to_state": "READY_FOR_EXECUTION", "tasks": []})
    await bus.hear("workflow.task.assigned", task_id=api)
    await act(graphql, api, "COMMIT_CODE", team.developer, inputs={"commit_sha": "abc"})
    before = await graphql("query($id: ID!) { task(id: $id) { version state { name } } }", id=api)
    again = await derive(graphql, story, [*tasks, {"title": "Words"}])
    assert [task["id"] for task in again][:2] == [page, api]
    assert await graphql("query($id: ID!) { task(id: $id) { version state { name } } }", id=api) == before


@pytest.mark.parametrize(
    ("tasks", "code", "said"),
    [
        (None, "BAD_INPUT", "has no acceptance criteria"),
        ([], "BAD_INPUT", "0 tasks"),
        ([{"title": "x"}] * 201, "BAD_INPUT", "201 tasks"),
        ([{"title": " "}], "BAD_INPUT", "title is empty"),
        ([{"title": "x", "priority": 0}], "BAD_INPUT", "priority is 0"),
        ([{"title": "x", "id": "A"}, {"title": "y", "id": "A"}], "BAD_INPUT", "Two of the tasks have the id 'A'"),
        (
            [{"title": "x", "id": "A", "dependsOn": ["B"]}, {"title": "y", "id": "B", "dependsOn": ["A"]}],
            "BAD_INPUT",
            "wait for each other: ",
        ),
        ([{"title": "x", "dependsOn": ["nowhere"]}], "NOT_FOUND", "no task 'nowhere'"),
    ],
)
async def test_what_cannot_be_derived_is_told(
    served: Served, engine: Engine, tasks: list[dict[str, Any]] | None, code: str, said: str
) -> None:
    story = await a_story(engine)
    answer = await post(served, DERIVE, story=story, tasks=tasks)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == code
    assert said in error["message"]


async def test_a_story_nobody_knows_and_an_id_that_is_taken(served: Served, engine: Engine, story: str) -> None:
    answer = await post(served, DERIVE, story=fresh("no"))
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    for taken in (story, await engine.items.create_task(story, "Elsewhere", workflow="task", id=fresh("T"))):
        answer = await post(served, DERIVE, story=await a_story(engine), tasks=[{"title": "x", "id": taken}])
        assert answer["errors"][0]["extensions"]["code"] == "CONFLICT"
