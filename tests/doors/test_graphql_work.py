"""Work over GraphQL: creating, reading trees, acting, paging, errors."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.conftest import Team
from tests.doors.raw import post

ACT = """
mutation($item: ID!, $action: String!, $actor: ID!, $command: ID, $version: Int, $feedback: String, $inputs: JSON) {
  act(itemId: $item, action: $action, actorId: $actor, commandId: $command, expectedVersion: $version,
      feedback: $feedback, inputs: $inputs) {
    __typename
    ... on Applied { item { id state { name kind } version } hops { action from to automatic } version
                     awaits { role actions } }
    ... on Refused { reasons { code message rule } legalActions remedies { kind text action role actor { id } input } }
    ... on Duplicate { first { __typename ... on Applied { hops { action } } ... on Refused { reasons { code } } } }
  }
}
"""


def fresh(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


async def act(graphql: GraphQLClient, item: str, action: str, actor: str, **more: Any) -> dict[str, Any]:
    decision: dict[str, Any] = (await graphql(ACT, item=item, action=action, actor=actor, **more))["act"]
    return decision


async def test_a_tree_is_read_in_one_query(graphql: GraphQLClient, story: str, engine: Engine) -> None:
    first, second = fresh("T"), fresh("T")
    await engine.items.create_task(story, "First", workflow="task", id=first, priority=1)
    await engine.items.create_task(story, "Second", workflow="task", id=second, depends_on=[first])
    data = await graphql(
        """query($id: ID!) { story(id: $id) {
             id title version state { name kind } epic { id title } sprint { id state } storyPoints acceptanceCriteria
             definitionOfReady { score missing } awaits { role actions } author { id kind roles }
             tasks { totalCount pageInfo { hasNextPage } nodes {
               id title priority state { name } dependsOn { id } story { id } attempt assignee { id } } } } }""",
        id=story,
    )
    found = data["story"]
    assert found["state"] == {"name": "DRAFT", "kind": "initial"}
    assert found["definitionOfReady"] == {"score": 100, "missing": []}
    assert found["awaits"] == [{"role": "po", "actions": ["SUBMIT", "ARCHIVE"]}]
    assert found["tasks"]["totalCount"] == 2
    assert [task["id"] for task in found["tasks"]["nodes"]] == [first, second]
    assert found["tasks"]["nodes"][1]["dependsOn"] == [{"id": first}]
    assert found["tasks"]["nodes"][1]["story"] == {"id": story}


async def test_the_definition_of_ready_names_what_is_missing(graphql: GraphQLClient) -> None:
    made = await graphql.create("createStory", title="Bare", id=fresh("US"))
    data = await graphql("query($id: ID!) { story(id: $id) { definitionOfReady { score missing } } }", id=made["id"])
    assert data["story"]["definitionOfReady"] == {
        "score": 20,
        "missing": ["description", "acceptance_criteria", "story_points", "tasks"],
    }


async def test_an_action_is_applied_refused_and_repeated(graphql: GraphQLClient, story: str, team: Team) -> None:
    command = fresh("cmd")
    refused = await act(graphql, story, "SUBMIT", team.developer)
    assert refused["__typename"] == "Refused"
    assert [reason["code"] for reason in refused["reasons"]] == ["ROLE_NOT_ALLOWED"]
    assert refused["reasons"][0]["rule"]
    applied = await act(graphql, story, "SUBMIT", team.po, command=command, version=0)
    assert applied["__typename"] == "Applied"
    assert applied["item"] == {"id": story, "state": {"name": "PO_REVIEW", "kind": "active"}, "version": 1}
    assert applied["hops"] == [{"action": "SUBMIT", "from": "DRAFT", "to": "PO_REVIEW", "automatic": False}]
    again = await act(graphql, story, "SUBMIT", team.po, command=command, version=0)
    assert again == {
        "__typename": "Duplicate",
        "first": {"__typename": "Applied", "hops": [{"action": "SUBMIT"}]},
    }
    other = await act(graphql, story, "APPROVE_SCOPE", team.po, command=command)
    assert [reason["code"] for reason in other["reasons"]] == ["COMMAND_ID_REUSED"]
    stale = await act(graphql, story, "APPROVE_SCOPE", team.po, version=0)
    assert [reason["code"] for reason in stale["reasons"]] == ["STALE_VERSION"]


async def test_feedback_is_the_input_of_that_name_and_wins(graphql: GraphQLClient, story: str, team: Team) -> None:
    await act(graphql, story, "SUBMIT", team.po)
    missing = await act(graphql, story, "REJECT_SCOPE", team.po)
    assert [reason["code"] for reason in missing["reasons"]] == ["INPUT_MISSING"]
    assert missing["remedies"][0]["input"] == "feedback"
    short = await act(graphql, story, "REJECT_SCOPE", team.po, inputs={"feedback": "  short   "})
    assert [reason["code"] for reason in short["reasons"]] == ["INPUT_INVALID"]
    said = "Please split this story"
    await act(graphql, story, "REJECT_SCOPE", team.po, feedback=said, inputs={"feedback": "something else here"})
    data = await graphql(
        """query($id: ID!) { item(id: $id) { id ... on Story { history { totalCount
             nodes { seq action from to automatic actor { id } role feedback inputs commandId ruleVersion at }
           } } } }""",
        id=story,
    )
    last = data["item"]["history"]["nodes"][-1]
    assert (last["feedback"], last["role"], last["actor"]) == (said, "po", {"id": team.po})
    assert last["at"].endswith("Z")
    assert last["ruleVersion"] >= 1


async def test_a_dry_run_gives_the_same_answer_and_writes_nothing(
    graphql: GraphQLClient, story: str, team: Team
) -> None:
    query = """query($item: ID!, $action: String!, $actor: ID!) {
      decide(itemId: $item, action: $action, actorId: $actor) {
        __typename ... on Applied { hops { action to automatic } item { version state { name } } }
        ... on Refused { reasons { code } } } }"""
    data = await graphql(query, item=story, action="SUBMIT", actor=team.po)
    assert data["decide"]["hops"] == [{"action": "SUBMIT", "to": "PO_REVIEW", "automatic": False}]
    assert data["decide"]["item"] == {"version": 0, "state": {"name": "DRAFT"}}
    data = await graphql(query, item=story, action="SUBMIT", actor=team.qa)
    assert data["decide"] == {"__typename": "Refused", "reasons": [{"code": "ROLE_NOT_ALLOWED"}]}


async def test_legal_actions_say_why_not_and_what_they_take(graphql: GraphQLClient, story: str, team: Team) -> None:
    await act(graphql, story, "SUBMIT", team.po)
    query = """query($id: ID!, $actor: ID) { story(id: $id) {
      actions(actorId: $actor) { name allowed reasons { code message } inputs } } }"""
    actions = {a["name"]: a for a in (await graphql(query, id=story, actor=team.po))["story"]["actions"]}
    assert actions["APPROVE_SCOPE"]["allowed"]
    assert actions["REJECT_SCOPE"]["inputs"]["required"] == ["feedback"]
    assert actions["REJECT_SCOPE"]["inputs"]["properties"]["feedback"]["minLength"] == 10
    actions = {a["name"]: a for a in (await graphql(query, id=story, actor=team.qa))["story"]["actions"]}
    assert not actions["APPROVE_SCOPE"]["allowed"]
    assert [reason["code"] for reason in actions["APPROVE_SCOPE"]["reasons"]] == ["ROLE_NOT_ALLOWED"]


async def test_pages_follow_each_other_without_gap_or_repeat(
    graphql: GraphQLClient, story: str, engine: Engine
) -> None:
    ids = [fresh("T") for _ in range(5)]
    for id in ids:
        await engine.items.create_task(story, id, workflow="task", id=id)
    query = """query($id: ID!, $after: String) { story(id: $id) { tasks(first: 2, after: $after) {
      totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await graphql(query, id=story, after=after))["story"]["tasks"]
        assert page["totalCount"] == 5
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == ids
    assert not page["pageInfo"]["hasNextPage"]


async def test_lists_are_filtered(graphql: GraphQLClient, story: str, team: Team, engine: Engine) -> None:
    task = fresh("T")
    await engine.items.create_task(story, "Mine", workflow="task", id=task, assignee_id=team.developer)
    row = (await engine.trees.items_by_ids([story]))[story]
    data = await graphql(
        """query($epic: ID, $sprint: ID, $who: ID) {
             stories(epicId: $epic, sprintId: $sprint, state: "DRAFT") { nodes { id } totalCount }
             none: stories(epicId: $epic, state: "DONE") { totalCount }
             tasks(assigneeId: $who, state: "todo") { nodes { id assignee { id } } }
             waiting: tasks(assigneeId: $who, role: "developer") { totalCount }
             sprints { id name state } epics { totalCount }
             actors(first: 1) { nodes { id kind } pageInfo { hasNextPage } } }""",
        epic=row["epic_id"],
        sprint=row["sprint_id"],
        who=team.developer,
    )
    assert data["stories"] == {"nodes": [{"id": story}], "totalCount": 1}
    assert data["none"]["totalCount"] == 0
    assert data["tasks"]["nodes"] == [{"id": task, "assignee": {"id": team.developer}}]
    assert data["waiting"]["totalCount"] == 0
    assert row["sprint_id"] in [sprint["id"] for sprint in data["sprints"]]
    assert data["actors"]["pageInfo"]["hasNextPage"]


async def test_an_edit_is_one_change_and_one_version(graphql: GraphQLClient, story: str, team: Team) -> None:
    data = await graphql(
        """mutation($id: ID!, $who: ID) { updateStory(id: $id, title: "Renamed", actorId: $who, expectedVersion: 0) {
             title version storyPoints history { nodes { seq from to actor { id } } } } }""",
        id=story,
        who=team.po,
    )
    changed = {"seq": 1, "from": "DRAFT", "to": "DRAFT", "actor": {"id": team.po}}
    assert data["updateStory"] == {
        "title": "Renamed",
        "version": 1,
        "storyPoints": 3,
        "history": {"nodes": [changed]},
    }


async def test_a_closed_sprint_carries_unfinished_stories_over(
    graphql: GraphQLClient, story: str, team: Team, engine: Engine
) -> None:
    await engine.items.create_task(story, "Open", workflow="task", id=fresh("T"))
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        assert (await act(graphql, story, action, team.po))["__typename"] == "Applied"
    sprint = (await engine.trees.items_by_ids([story]))[story]["sprint_id"]
    await graphql("mutation($id: ID!) { startSprint(id: $id) { state } }", id=sprint)
    closed = await graphql("mutation($id: ID!) { closeSprint(id: $id) { state } }", id=sprint)
    assert closed == {"closeSprint": {"state": "closed"}}
    data = await graphql("query($id: ID!) { story(id: $id) { state { name } } }", id=story)
    assert data["story"]["state"]["name"] == "CARRY_OVER"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ('mutation { createTask(storyId: "nope", title: "x") { id } }', "NOT_FOUND"),
        ('mutation { createStory(epicId: "nope", title: "x") { id } }', "NOT_FOUND"),
        ('mutation { createStory(title: "x", workflow: "nope") { id } }', "NOT_FOUND"),
        ('mutation { createStory(title: "  ") { id } }', "BAD_INPUT"),
        ('mutation { createStory(title: "x", id: " ") { id } }', "BAD_INPUT"),
        ('mutation { createStory(title: "x", storyPoints: -1) { id } }', "BAD_INPUT"),
        ('mutation { createStory(title: "x", storyPoints: "three") { id } }', "BAD_INPUT"),
        ("mutation { createStory { id } }", "BAD_INPUT"),
        ('mutation { createActor(id: "role:x", kind: AGENT, roles: []) { id } }', "BAD_INPUT"),
        ('mutation { createActor(id: "stategate", kind: AGENT, roles: []) { id } }', "CONFLICT"),
        ('mutation { createActor(kind: AGENT, roles: ["nope"]) { id } }', "NOT_FOUND"),
        ("mutation { createActor(kind: ROBOT, roles: []) { id } }", "BAD_INPUT"),
        ('mutation { grantRole(actorId: "nope", role: "po") { id } }', "NOT_FOUND"),
        ('mutation { revokeRole(actorId: "stategate", role: "system") { id } }', "CONFLICT"),
        ('mutation { startSprint(id: "nope") { id } }', "NOT_FOUND"),
        ('mutation { act(itemId: "x", action: "y", actorId: "z", inputs: [1]) { __typename } }', "BAD_INPUT"),
        ('mutation { publishRules(workflow: "nope", confirm: "x") { version } }', "NOT_FOUND"),
        ("{ stories(first: -1) { totalCount } }", "BAD_INPUT"),
        ('{ stories(after: "rubbish") { totalCount } }', "BAD_INPUT"),
        ("{ nothing }", "BAD_INPUT"),
        ("{ story(", "BAD_INPUT"),
    ],
)
async def test_bad_requests_are_told_with_their_code(served: Served, document: str, code: str) -> None:
    answer = await post(served, document)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    assert answer["errors"][0]["message"]


async def test_unknown_ids_are_null_where_one_is_asked_for(graphql: GraphQLClient) -> None:
    asked = [f'{name}(id: "x") {{ id }}' for name in ("epic", "story", "task", "item", "actor")]
    data = await graphql(f"{{ {' '.join(asked)} }}")
    assert data == {"epic": None, "story": None, "task": None, "item": None, "actor": None}


async def test_a_taken_id_is_a_conflict(served: Served, story: str) -> None:
    answer = await post(served, f'mutation {{ createStory(title: "x", id: "{story}") {{ id }} }}')
    assert answer["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_an_epic_that_goes_away_while_the_list_is_read_is_told(
    served: Served, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: list[str]) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(served.engine.trees, "epics_by_ids", gone)
    [error] = (await post(served, "{ epics { nodes { id } } }"))["errors"]
    assert error["extensions"] == {"code": "NOT_FOUND"}
    assert "read it again" in error["message"]
