"""Sprints: one for a story, whoever assigns at once; closing one is kept back by no rule."""

from __future__ import annotations

import asyncio

import pytest

from graph.engine import Engine
from graph.errors import BadInputError, ConflictError, NotFoundError
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


async def test_who_may_not_change_a_story_puts_it_into_no_sprint(world: World, engine: Engine) -> None:
    name, sprints = unique("flow"), Sprints(world.db, world.gate)
    await world.publish(
        f"workflow: {name}\nitem: story\nroles: [{name}-lead]\n"
        "states: {open: {kind: initial}, shut: {kind: final}}\n"
        f"transitions: [{{from: open, action: SHUT, to: shut, roles: [{name}-lead]}}]"
    )
    story, sprint = await world.items.create_story("A story", workflow=name), await sprints.create(unique("sprint"))
    lead, someone = await world.actor(f"{name}-lead"), await world.actor()
    await sprints.assign(story, sprint, someone)
    await engine.people.permit_edits(f"{name}-lead", name, edit=True)
    try:
        for refused in (sprints.assign(story, sprint, someone), sprints.remove(story, someone)):
            with pytest.raises(ConflictError, match=f"may not change.*'{name}-lead'"):
                await refused
        await sprints.remove(story, lead)
        await sprints.assign(story, sprint, lead)
        assert (await world.item(story))["version"] == 0
    finally:
        await world.let_all_edit(name)


async def test_who_puts_stories_in_while_a_sprint_is_closed_waits_for_it(world: World) -> None:
    sprints = Sprints(world.db, world.gate)
    for _ in range(3):
        first, second = await sprints.create(unique("sprint")), await sprints.create(unique("sprint"))
        stories = [await world.story_item() for _ in range(6)]
        for story in stories:
            await sprints.assign(story, first)
        moved = (sprints.assign(story, second) for story in stories)
        await asyncio.gather(sprints.close(first), *moved)
        stays = await sprints.stays_of(stories)
        assert [[stay["sprint_id"] for stay in stays[story]] for story in stories] == [[first, second]] * 6
