"""A foreign workflow over GraphQL: imported, published, walked, changed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.raw import post
from tests.doors.test_graphql_work import act
from tests.graph.world import cypher

IMPORT = """mutation($definition: String!) { importRules(definition: $definition) {
  workflow confirm findings { severity code message states transitions }
  impact { items statesAdded statesRemoved { state items } stranded { state items } roles { role gained lost } } } }"""
PUBLISH = """mutation($workflow: String!, $confirm: String!, $mapping: JSON, $actor: ID) {
  publishRules(workflow: $workflow, confirm: $confirm, mapping: $mapping, actorId: $actor) { version } }"""
DRAFT = """mutation($workflow: String!, $version: Int!, $actor: ID) {
  draftVersion(workflow: $workflow, version: $version, actorId: $actor) { confirm impact { statesAdded } } }"""

RULES = """
workflow: {name}
roles: [author-{name}, editor-{name}]
states:
  draft: {{kind: initial}}
  review: {{kind: active}}
  approved: {{kind: active}}
  published: {{kind: final}}
  dropped: {{kind: final}}
transitions:
  - {{from: draft, action: SEND, to: review, roles: [author-{name}],
     inputs: [{{name: pages, type: integer, minimum: 1}}]}}
  - {{from: review, action: APPROVE, to: approved, roles: [author-{name}, editor-{name}], not_same_actor_as: [SEND]}}
  - {{from: approved, action: PRINT, to: published, automatic: true}}
  - {{from: "*", action: DROP, to: dropped, roles: ["*"], inputs: [why]}}
"""


async def publish(graphql: GraphQLClient, definition: str, mapping: Any = None) -> int:
    draft = (await graphql(IMPORT, definition=definition))["importRules"]
    data = await graphql(PUBLISH, workflow=draft["workflow"], confirm=draft["confirm"], mapping=mapping)
    return int(data["publishRules"]["version"])


async def test_a_foreign_workflow_is_imported_and_walked(
    graphql: GraphQLClient, served: Served, engine: Engine, story: str
) -> None:
    name = f"paper-{uuid.uuid4().hex[:8]}"
    draft = (await graphql(IMPORT, definition=RULES.format(name=name)))["importRules"]
    assert draft["workflow"] == name
    assert {finding["code"] for finding in draft["findings"]} == {"ROLE_WITHOUT_ACTOR"}
    assert draft["impact"]["statesAdded"] == ["draft", "review", "approved", "published", "dropped"]
    wrong = await post(served, PUBLISH, workflow=name, confirm="forged")
    assert wrong["errors"][0]["extensions"]["code"] == "CONFLICT"
    published = await graphql(PUBLISH, workflow=name, confirm=draft["confirm"])
    assert published == {"publishRules": {"version": 1}}

    ann, bob, item = f"ann-{name}", f"bob-{name}", f"P-{name}"
    await graphql.create("createActor", id=ann, kind="HUMAN", roles=[f"author-{name}"])
    await graphql.create("createActor", id=bob, kind="HUMAN", roles=[f"editor-{name}"])
    created = """mutation($story: ID!, $id: ID!, $workflow: String!) {
      createTask(storyId: $story, title: "Paper", id: $id, workflow: $workflow) { state { name } workflow } }"""
    data = await graphql(created, story=story, id=item, workflow=name)
    assert data["createTask"] == {"state": {"name": "draft"}, "workflow": name}

    refused = await act(graphql, item, "SEND", bob, inputs={"pages": 0})
    assert [reason["code"] for reason in refused["reasons"]] == ["ROLE_NOT_ALLOWED", "INPUT_INVALID"]
    assert (await act(graphql, item, "SEND", ann, inputs={"pages": 3}))["__typename"] == "Applied"
    same = await act(graphql, item, "APPROVE", ann)
    assert [reason["code"] for reason in same["reasons"]] == ["SAME_ACTOR"]
    approved = await act(graphql, item, "APPROVE", bob)
    assert [(hop["action"], hop["automatic"]) for hop in approved["hops"]] == [("APPROVE", False), ("PRINT", True)]
    final = await act(graphql, item, "DROP", ann, inputs={"why": "late"})
    assert [reason["code"] for reason in final["reasons"]] == ["FINAL_STATE"]


async def test_a_draft_with_errors_is_none(graphql: GraphQLClient) -> None:
    definition = "workflow: broken\nstates: {a: {kind: initial}}\ntransitions: [{from: a, action: GO, to: nowhere}]"
    draft = (await graphql(IMPORT, definition=definition))["importRules"]
    assert draft["confirm"] is None
    codes = {finding["code"] for finding in draft["findings"] if finding["severity"] == "error"}
    assert codes == {"DANGLING_TARGET", "NO_PERMISSION"}


async def test_a_file_that_cannot_be_read_says_where(graphql: GraphQLClient) -> None:
    draft = (await graphql(IMPORT, definition="workflow: x\nstates:\n  a: {kind: initial, colour: red}\n"))[
        "importRules"
    ]
    assert draft["confirm"] is None
    assert "colour" in draft["findings"][0]["message"]
    assert "3" in draft["findings"][0]["message"]


async def test_a_state_in_use_goes_only_with_a_mapping(
    graphql: GraphQLClient, served: Served, engine: Engine, story: str
) -> None:
    name = f"paper-{uuid.uuid4().hex[:8]}"
    definition = RULES.format(name=name)
    assert await publish(graphql, definition) == 1
    await engine.items.create_task(story, "Paper", workflow=name, id=f"P-{name}")
    renamed = definition.replace("draft", "sketch")
    draft = (await graphql(IMPORT, definition=renamed))["importRules"]
    assert draft["impact"]["statesRemoved"] == [{"state": "draft", "items": 1}]
    refused = await post(served, PUBLISH, workflow=name, confirm=draft["confirm"])
    assert refused["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert await publish(graphql, renamed, {"draft": "sketch"}) == 2
    data = await graphql("query($id: ID!) { task(id: $id) { state { name } } }", id=f"P-{name}")
    assert data["task"]["state"]["name"] == "sketch"
    query = "query($name: String!) { workflow(name: $name) { version states { name } } lint(workflow: $name) { code } }"
    live = await graphql(query, name=name)
    assert live["workflow"]["version"] == 2
    assert live["workflow"]["states"][0] == {"name": "sketch"}
    earlier = await graphql("query($n: String!) { workflow(name: $n, version: 1) { states { name } } }", n=name)
    assert earlier["workflow"]["states"][0] == {"name": "draft"}


async def test_stranded_items_and_an_earlier_version(graphql: GraphQLClient, engine: Engine, story: str) -> None:
    name = f"paper-{uuid.uuid4().hex[:8]}"
    definition = RULES.format(name=name)
    assert await publish(graphql, definition) == 1
    await engine.items.create_task(story, "Paper", workflow=name, id=f"P-{name}")
    without_drop = definition[: definition.index('  - {from: "*"')]
    draft = (await graphql(IMPORT, definition=without_drop))["importRules"]
    assert draft["impact"]["stranded"] == [{"state": "draft", "items": 1}]
    assert await publish(graphql, definition.replace("draft", "sketch"), {"draft": "sketch"}) == 2
    earlier = (await graphql(DRAFT, workflow=name, version=1))["draftVersion"]
    assert earlier["impact"] == {"statesAdded": ["draft"]}
    undone = await graphql(PUBLISH, workflow=name, confirm=earlier["confirm"], mapping={"sketch": "draft"})
    assert undone == {"publishRules": {"version": 3}}
    history = "query($id: ID!) { task(id: $id) { history { nodes { action from to ruleVersion actor { id } } } } }"
    changes = (await graphql(history, id=f"P-{name}"))["task"]["history"]["nodes"]
    assert changes[0] == {
        "action": "RULES_CHANGED", "from": "draft", "to": "sketch", "ruleVersion": 2, "actor": {"id": "stategate"},
    }  # fmt: skip
    assert [change["ruleVersion"] for change in changes] == [2, 3]


async def test_who_may_change_rules(graphql: GraphQLClient, served: Served) -> None:
    name = f"paper-{uuid.uuid4().hex[:8]}"
    definition = RULES.format(name=name)
    assert await publish(graphql, definition) == 1
    people = {f"ann-{name}": "HUMAN", f"bot-{name}": "AGENT", f"guest-{name}": "HUMAN"}
    for actor, kind in people.items():
        roles = [] if actor.startswith("guest") else [f"editor-{name}"]
        await graphql.create("createActor", id=actor, kind=kind, roles=roles)
    permit = """mutation($role: String!, $workflow: String!) {
      permitRules(role: $role, workflow: $workflow, draft: true, publish: true) { draft publish } }"""
    permitted = await graphql(permit, role=f"editor-{name}", workflow=name)
    assert permitted == {"permitRules": {"draft": True, "publish": True}}
    for actor, code in ((f"guest-{name}", "CONFLICT"), (f"nobody-{name}", "NOT_FOUND"), ("stategate", "CONFLICT")):
        refused = await post(served, DRAFT, workflow=name, version=1, actor=actor)
        assert refused["errors"][0]["extensions"]["code"] == code
    draft = (await graphql(DRAFT, workflow=name, version=1, actor=f"bot-{name}"))["draftVersion"]
    forbidden = await post(served, PUBLISH, workflow=name, confirm=draft["confirm"], actor=f"bot-{name}")
    assert forbidden["errors"][0]["extensions"]["code"] == "CONFLICT"
    assert "never publish" in forbidden["errors"][0]["message"]
    allowed = await graphql(PUBLISH, workflow=name, confirm=draft["confirm"], actor=f"ann-{name}")
    assert allowed == {"publishRules": {"version": 2}}


async def test_the_shipped_workflows_are_listed(graphql: GraphQLClient) -> None:
    data = await graphql("{ workflows { nodes { name item version transitions { from action to roles automatic } } } }")
    named = {workflow["name"]: workflow for workflow in data["workflows"]["nodes"]}
    assert named["task"]["item"] == "task"
    assert named["story"]["item"] == "story"
    assert {"from": ["*"], "action": "DISCARD_TASK", "to": "cancelled", "roles": ["po"], "automatic": False} in named[
        "task"
    ]["transitions"]


async def test_rules_that_are_spoilt_in_every_respect_spoil_no_list(
    graphql: GraphQLClient, engine: Engine, served: Served
) -> None:
    name = f"paper-{uuid.uuid4().hex[:8]}"
    await publish(graphql, RULES.format(name=name))
    [kept] = await cypher(engine.db, "MATCH (v:RuleVersion {key: $name + '/1'}) RETURN v.yaml AS yaml", name=name)
    await cypher(
        engine.db,
        "MATCH (v:RuleVersion {key: $name + '/1'}), (:Transition {workflow: $name, name: 'SEND'})-[to:TO]->() "
        "SET v.yaml = '[' DELETE to",
        name=name,
    )
    try:
        answer = await post(served, "{ workflows(first: 1000) { nodes { name version definition states { name } } } }")
    finally:
        await cypher(
            engine.db,
            "MATCH (v:RuleVersion {key: $name + '/1'}), (t:Transition {workflow: $name, name: 'SEND'}), "
            "(s:State {workflow: $name, name: 'review'}) SET v.yaml = $yaml CREATE (t)-[:TO]->(s)",
            name=name,
            **kept,
        )
    assert "errors" not in answer
    [spoilt] = [one for one in answer["data"]["workflows"]["nodes"] if one["name"] == name]
    assert spoilt == {"name": name, "version": 1, "definition": "[", "states": []}


async def test_rules_without_a_version_are_not_there_yet(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none() -> list[Any]:
        return []

    monkeypatch.setattr(served.engine.rules, "names", none)
    assert await post(served, '{ workflow(name: "task") { version } }') == {"data": {"workflow": None}}
