"""Writing work down and putting it in order over GraphQL: what is changed by hand, the backlog, and search."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.bus import PATIENCE, Bus
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.test_graphql_changes import told, watching
from tests.doors.test_graphql_work import act, fresh


async def test_the_hierarchy_is_written_down_and_edited(graphql: GraphQLClient, team: Team) -> None:
    epic, story, task, label = fresh("E"), fresh("US"), fresh("T"), fresh("label")
    names = {"epic": epic, "story": story, "task": task, "label": label, "who": team.po, "dev": team.developer}
    await graphql(
        """mutation($epic: ID!, $story: ID!, $task: ID!, $label: String!, $who: ID!) {
          createEpic(id: $epic, title: "Epic", labels: [$label], authorId: $who) { id }
          createStory(id: $story, epicId: $epic, title: "Story", labels: [$label], authorId: $who) { id }
          createTask(id: $task, storyId: $story, title: "Task", type: "bug", estimate: 1.5, labels: [$label]) { id }
        }""",
        **{name: names[name] for name in ("epic", "story", "task", "label", "who")},
    )
    data = await graphql(
        """mutation($epic: ID!, $story: ID!, $task: ID!, $who: ID!, $dev: ID!) {
          updateEpic(id: $epic, description: "Why", actorId: $who) { title description labels author { id } archived }
          updateStory(id: $story, labels: ["other"], storyPoints: 5, actorId: $who) { labels storyPoints version }
          updateTask(id: $task, title: "Other", estimate: null, priority: 1, assigneeId: $dev, actorId: $who) {
            title type estimate priority labels assignee { id } version
            history { nodes { action from to actor { id } role inputs } } } }""",
        **{name: names[name] for name in ("epic", "story", "task", "who", "dev")},
    )
    author = {"id": team.po}
    assert data["updateEpic"] == {
        "title": "Epic", "description": "Why", "labels": [label], "author": author, "archived": False
    }  # fmt: skip
    assert data["updateStory"] == {"labels": ["other"], "storyPoints": 5, "version": 1}
    edit: dict[str, Any] = {"action": "EDIT", "from": "todo", "to": "todo", "actor": author, "role": None}
    edit |= {"inputs": {"fields": ["assignee_id", "estimate", "priority", "title"]}}
    assert data["updateTask"] == {
        "title": "Other", "type": "bug", "estimate": None, "priority": 1, "labels": [label], "version": 1,
        "assignee": {"id": team.developer}, "history": {"nodes": [edit]},
    }  # fmt: skip


async def test_items_are_moved_ranked_and_archived(graphql: GraphQLClient, story: str, team: Team) -> None:
    epic, other = fresh("E"), fresh("US")
    await graphql.create("createEpic", title="Epic", id=epic)
    await graphql.create("createStory", title="Other", id=other)
    one, two = [
        (await graphql.create("createTask", storyId=story, title="Task", id=fresh("T")))["id"] for _ in range(2)
    ]
    data = await graphql(
        """mutation($story: ID!, $other: ID!, $epic: ID!, $one: ID!, $two: ID!) {
          moveStory(id: $other, epicId: $epic) { epic { id } }
          rankStory(id: $other, before: $story) { version }
          rankTask(id: $two, before: $one) { story { tasks { nodes { id } } } }
          moveTask(id: $one, storyId: $other) { story { id } }
          out: moveStory(id: $other, epicId: null) { epic { id } history { nodes { action inputs } } }
          archive(id: $epic) { __typename ... on Epic { archived } }
          unarchive(id: $epic) { ... on Epic { archived } } }""",
        story=story,
        other=other,
        epic=epic,
        one=one,
        two=two,
    )
    assert data["moveStory"] == {"epic": {"id": epic}}
    assert data["rankTask"]["story"]["tasks"]["nodes"] == [{"id": two}, {"id": one}]
    assert data["moveTask"] == {"story": {"id": other}}
    assert data["out"]["epic"] is None
    assert [node["action"] for node in data["out"]["history"]["nodes"]] == ["MOVE", "RANK", "MOVE"]
    assert data["archive"] == {"__typename": "Epic", "archived": True}
    assert data["unarchive"] == {"archived": False}
    await act(graphql, other, "ARCHIVE", team.po, feedback="It is not wanted any more.")
    data = await graphql(
        """mutation($id: ID!) { archive(id: $id) { ... on Story { archived state { name } } } }""", id=other
    )
    assert data["archive"] == {"archived": True, "state": {"name": "ARCHIVED"}}


async def test_the_backlog_is_read_in_pages(graphql: GraphQLClient) -> None:
    label = fresh("label")
    ids = [fresh("US") for _ in range(5)]
    for id in ids:
        await graphql(
            'mutation($id: ID!, $label: String!) { createStory(id: $id, title: "A story", labels: [$label]) { id } }',
            id=id,
            label=label,
        )
    await graphql("mutation($a: ID!, $b: ID!) { rankStory(id: $a, before: $b) { id } }", a=ids[4], b=ids[0])
    query = """query($label: String, $after: String, $text: String) {
      backlog(label: $label, inSprint: false, text: $text, first: 2, after: $after) {
        totalCount nodes { id } pageInfo { hasNextPage endCursor } } }"""
    for text in (None, "story"):
        seen: list[str] = []
        after = None
        for _ in range(3):
            page = (await graphql(query, label=label, after=after, text=text))["backlog"]
            assert page["totalCount"] == 5
            seen += [node["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        assert seen == [ids[4], *ids[:4]]
        assert not page["pageInfo"]["hasNextPage"]
    data = await graphql("{ backlog { totalCount } }")
    assert data["backlog"]["totalCount"] >= 5


async def test_epics_stories_and_tasks_are_found(graphql: GraphQLClient, story: str) -> None:
    word = fresh("w").replace("-", "")
    epic, task = fresh("E"), fresh("T")
    await graphql.create("createEpic", title=f"{word} and {word}", id=epic)
    await graphql.create("createTask", storyId=story, title=f"Of {word}", id=task)
    data = await graphql(
        """query($text: String!) { search(text: $text) {
             __typename ... on Epic { id title } ... on Task { id story { id } } ... on Story { id } } }""",
        text=word,
    )
    assert sorted(data["search"], key=lambda one: str(one["id"])) == [
        {"__typename": "Epic", "id": epic, "title": f"{word} and {word}"},
        {"__typename": "Task", "id": task, "story": {"id": story}},
    ]


async def test_an_edit_is_told_and_seen_at_once(
    served: Served, bus: Bus, engine: Engine, team: Team, story: str
) -> None:
    async with watching(served) as watch:
        async with asyncio.timeout(PATIENCE):
            while not served.engine.news.listened:
                await asyncio.sleep(0.01)
        await engine.items.edit_story(story, {"title": "Another title"}, actor_id=team.po)
        while told(found := await watch.change())[0] != story:
            pass
        assert told(found)[1:3] == (1, "EDIT")
    event = await bus.hear("planning.item.changed", story_id=story)
    assert event == {"story_id": story, "action": "EDIT", "actor_id": team.po, "version": 1}


async def test_a_permission_is_given_and_taken(
    graphql: GraphQLClient, served: Served, engine: Engine, story: str
) -> None:
    name = fresh("flow")
    draft = await engine.rules.import_draft(
        f"workflow: {name}\nroles: [{name}-lead]\nstates: {{a: {{kind: initial}}, b: {{kind: final}}}}\n"
        f"transitions: [{{from: a, action: GO, to: b, roles: [{name}-lead]}}]\n"
    )
    await engine.rules.publish(name, draft.confirm or "")
    permit = """mutation($role: String!, $flow: String!, $edit: Boolean!) {
      permitEdits(role: $role, workflow: $flow, edit: $edit) { workflow roles } }"""
    given = await graphql(permit, role=f"{name}-lead", flow=name, edit=True)
    assert given["permitEdits"] == {"workflow": name, "roles": [f"{name}-lead"]}
    someone = await engine.people.create(fresh("ann"), "human")
    task = await engine.items.create_task(story, "Guarded", workflow=name, id=fresh("T"))
    edit = f'mutation {{ updateTask(id: "{task}", title: "x", actorId: "{someone}") {{ id }} }}'
    refused = await post(served, edit)
    assert refused["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert f"{name}-lead" in refused["errors"][0]["message"]
    taken = await graphql(permit, role=f"{name}-lead", flow=name, edit=False)
    assert taken["permitEdits"]["roles"] == []
    refused = await post(served, edit)
    assert "no role is named that may" in refused["errors"][0]["message"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('mutation { updateEpic(id: "nope", title: "x") { id } }', "NOT_FOUND"),
        ('mutation { updateTask(id: "nope", title: "x") { id } }', "NOT_FOUND"),
        ('mutation { updateTask(id: "nope") { id } }', "BAD_INPUT"),
        ('mutation { updateTask(id: "nope", estimate: -1) { id } }', "BAD_INPUT"),
        ('mutation { updateTask(id: "nope", estimate: 1e999) { id } }', "BAD_INPUT"),
        ('mutation { createTask(storyId: "nope", title: "x", labels: [""]) { id } }', "BAD_INPUT"),
        ('mutation { createEpic(title: "x", authorId: "nope") { id } }', "NOT_FOUND"),
        ('mutation { moveStory(id: "nope") { id } }', "BAD_INPUT"),
        ('mutation { moveStory(id: "nope", epicId: null) { id } }', "NOT_FOUND"),
        ('mutation { moveTask(id: "nope", storyId: "x") { id } }', "NOT_FOUND"),
        ('mutation { rankStory(id: "nope") { id } }', "BAD_INPUT"),
        ('mutation { rankStory(id: "nope", after: "x") { id } }', "NOT_FOUND"),
        ('mutation { rankTask(id: "a", after: "b", before: "c") { id } }', "BAD_INPUT"),
        ('mutation { archive(id: "nope") { __typename } }', "NOT_FOUND"),
        ('mutation { unarchive(id: "nope", actorId: "stategate") { __typename } }', "BAD_INPUT"),
        ('mutation { permitEdits(role: "nope", workflow: "task", edit: true) { roles } }', "NOT_FOUND"),
        ("{ backlog(first: -1) { totalCount } }", "BAD_INPUT"),
        ("{ backlog(minPoints: -1) { nodes { id } } }", "BAD_INPUT"),
        ('{ backlog(after: "rubbish") { nodes { id } } }', "BAD_INPUT"),
        ('{ backlog(text: "...") { nodes { id } } }', "BAD_INPUT"),
        ('{ search(text: "") { __typename } }', "BAD_INPUT"),
        ('{ search(text: "x", first: 1001) { __typename } }', "BAD_INPUT"),
    ],
)
async def test_bad_requests_are_told_with_their_code(served: Served, document: str, code: str) -> None:
    answer = await post(served, document)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code], json.dumps(answer)[:500]
