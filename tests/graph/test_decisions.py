"""What a product owner decides is kept in the graph, and what waits for one is found."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from graph.database import Database
from graph.gate import Gate
from graph.history import History
from graph.rules.service import Rules
from tests.graph.team import WORDS, Team
from tests.graph.world import Row, World, unique


@pytest_asyncio.fixture(loop_scope="session")
async def team(db: Database, gate: Gate, rules: Rules) -> Team:
    return await Team.open(World(db, gate, rules))


async def decisions(team: Team, item: str) -> list[Row]:
    return (await History(team.world.db).decisions([item]))[item]


async def test_a_decision_is_kept_under_the_id_that_is_told(team: Team) -> None:
    world, story = team.world, await team.world.story_item()
    await world.applied(story, "SUBMIT", team.po)
    assert await decisions(team, story) == []
    await world.applied(story, "REJECT_SCOPE", team.po, feedback=WORDS)
    await world.applied(story, "SUBMIT", team.po)
    await world.applied(story, "APPROVE_SCOPE", team.po)
    made = await decisions(team, story)
    told = [
        event for kind in ("rejected", "approved") for event in await world.events(story, f"planning.decision.{kind}")
    ]
    assert [one["id"] for one in made] == [event["decision_id"] for event in told]
    assert [(one["kind"], one["action"], one["comment"], one["decided_by"], one["seq"]) for one in made] == [
        ("rejected", "REJECT_SCOPE", WORDS, team.po, 2),
        ("approved", "APPROVE_SCOPE", "", team.po, 4),
    ]
    changes = await world.history(story)
    assert [one["at"] for one in made] == [changes[1]["at"], changes[3]["at"]]
    [seen] = await world.cypher(
        "MATCH (a:Actor {id: $po})-[:DECIDED]->(d:Decision {kind: 'rejected'})-[:ABOUT]->(:Story {id: $id}) "
        "RETURN d.name AS name",
        po=team.po,
        id=story,
    )
    assert seen == {"name": "REJECT_SCOPE"}


async def test_what_is_refused_tried_or_asked_again_decides_nothing_more(team: Team) -> None:
    world, story = team.world, await team.world.story_item()
    await world.applied(story, "SUBMIT", team.po)
    await world.refused(story, "APPROVE_SCOPE", team.qa)
    await world.act(story, "APPROVE_SCOPE", team.po, dry=True)
    assert await decisions(team, story) == []
    command = unique("command")
    for _ in range(2):
        await world.act(story, "APPROVE_SCOPE", team.po, command_id=command)
    assert len(await decisions(team, story)) == 1


async def test_of_many_who_decide_at_once_one_has_decided(team: Team) -> None:
    world, story = team.world, await team.world.story_item()
    await world.applied(story, "SUBMIT", team.po)
    await asyncio.gather(*(world.act(story, "APPROVE_SCOPE", team.po) for _ in range(8)))
    assert len(await decisions(team, story)) == 1


@pytest.mark.parametrize(("subject", "kind"), [("planning.decision.approved", "approved"), ("print.wanted", "wanted")])
async def test_a_rule_of_a_task_that_emits_decides_too(world: World, subject: str, kind: str) -> None:
    flow = unique("flow")
    await world.publish(
        f"workflow: {flow}\nroles: [system]\n"
        "states: {a: {kind: initial}, b: {kind: active}, c: {kind: final}}\n"
        f'transitions: [{{from: a, action: GO_ON, to: b, roles: ["*"], emits: {subject}}},\n'
        f"  {{from: b, action: PASS_ON, to: c, automatic: true, emits: {subject}}}]\n"
    )
    task, actor = await world.task(flow), await world.actor()
    await world.applied(task, "GO_ON", actor)
    made = (await History(world.db).decisions([task]))[task]
    assert [(one["kind"], one["action"], one["decided_by"]) for one in made] == [
        (kind, "GO_ON", actor),
        (kind, "PASS_ON", "stategate"),
    ]
    assert [one["id"] for one in made] == [event["decision_id"] for event in await world.events(task, subject)]


async def test_the_work_list_of_a_product_owner_has_stories_and_tasks_the_most_urgent_first(team: Team) -> None:
    world = team.world
    scope, ready = await world.story_item(), await world.story_item()
    await world.applied(scope, "SUBMIT", team.po)
    await world.cypher(
        "MATCH (s:Item {id: $id})-[here:IN_STATE]->() MATCH (to:State {workflow: 'story', name: 'READY_TO_REVIEW'}) "
        "DELETE here CREATE (s)-[:IN_STATE]->(to)",
        id=ready,
    )
    tasks = [await team.task() for _ in range(3)]
    for task, priority in zip(tasks, (5, 1, 2), strict=True):
        await world.cypher("MATCH (t:Task {id: $id}) SET t.priority = $priority", id=task, priority=priority)
    for task in tasks[:2]:
        await team.reviewed(task)
    # Stories have no priority of their own, and stand where a task without one does; the older is first.
    for days, item in enumerate((ready, scope)):
        await world.cypher(
            "MATCH (i:Item {id: $id}) SET i.created_at = datetime.realtime() - duration({days: $days})",
            id=item,
            days=9 - days,
        )
    found = await world.offers.work_list(team.po, awaited=True, only=[scope, ready, *tasks])
    assert found == [
        (tasks[1], ["APPROVE_STORY", "REJECT_STORY", "DISCARD_TASK"]),
        (ready, ["REOPEN", "ACCEPT", "REJECT", "CARRY_OVER"]),
        (scope, ["APPROVE_SCOPE", "REJECT_SCOPE", "ARCHIVE"]),
        (tasks[0], ["APPROVE_STORY", "REJECT_STORY", "DISCARD_TASK"]),
    ]
    # The one that waits for its developer is there when asked for.
    everything = await world.offers.work_list(team.po, only=[tasks[2]])
    assert everything == [(tasks[2], ["DISCARD_TASK"])]
