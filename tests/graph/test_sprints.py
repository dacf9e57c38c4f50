"""Sprints: one for a story, whoever assigns at once; closing one is kept back by no rule."""

from __future__ import annotations

import asyncio

import pytest

from graph.errors import BadInputError, NotFoundError
from graph.sprints import Sprints
from tests.graph.world import World, unique


async def test_a_story_is_in_one_sprint(world: World) -> None:
    sprints, story = Sprints(world.db, world.gate), await world.story_item()
    ids = [await sprints.create(unique("sprint")) for _ in range(8)]
    await asyncio.gather(*(sprints.assign(story, sprint) for sprint in ids))
    [row] = await world.cypher("MATCH (:Story {id: $id})-[:IN_SPRINT]->(s) RETURN count(*) AS edges", id=story)
    assert row["edges"] == 1


async def test_a_rule_that_cannot_be_run_does_not_keep_a_sprint_open(world: World) -> None:
    sprints, story = Sprints(world.db, world.gate), await world.story_item()
    sprint = await sprints.create(unique("sprint"))
    await sprints.assign(story, sprint)
    await world.cypher(
        "MATCH (s:Story {id: $id})-[here:IN_STATE]->() MATCH (to:State {workflow: 'story', name: 'IN_PROGRESS'}) "
        "DELETE here CREATE (s)-[:IN_STATE]->(to)",
        id=story,
    )
    spoil = "MATCH (t:Transition {workflow: 'story', name: 'CARRY_OVER'}) "
    await world.cypher(
        spoil + "CREATE (t)-[:GUARDED_BY {order: 1}]->(:Guard {name: 'spoilt', kind: 'field', field: 7})"
    )
    try:
        await sprints.close(sprint)
    finally:
        await world.cypher(spoil + "MATCH (t)-[:GUARDED_BY]->(g:Guard {name: 'spoilt'}) DETACH DELETE g")
    assert (await sprints.by_ids([sprint]))[sprint]["state"] == "closed"


async def test_an_edit_names_somebody_there_is(world: World) -> None:
    story = await world.story_item()
    with pytest.raises(NotFoundError):
        await world.items.edit_story(story, {"title": "New"}, actor_id=unique("ghost"))
    with pytest.raises(BadInputError):
        await world.items.edit_story(story, {"title": "New"}, actor_id="stategate")


async def test_an_id_no_index_could_hold(world: World) -> None:
    with pytest.raises(BadInputError):
        await world.act("x" * 9000, "GO", "me")
