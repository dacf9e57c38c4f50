"""Sprints: one for a story, whoever assigns at once; closing one is kept back by no rule."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from graph.decision import Command, Decision
from graph.engine import Engine
from graph.errors import BadInputError, ConflictError, NotFoundError, UnavailableError
from graph.gate import Gate
from graph.sprints import Sprints
from tests.graph.world import World, unique


async def test_a_story_is_in_one_sprint(world: World) -> None:
    sprints, story = Sprints(world.db, world.gate), await world.story_item()
    ids = [await sprints.create(unique("sprint")) for _ in range(8)]
    await asyncio.gather(*(sprints.assign(story, sprint) for sprint in ids))
    [row] = await world.cypher("MATCH (:Story {id: $id})-[:IN_SPRINT]->(s) RETURN count(*) AS edges", id=story)
    assert row["edges"] == 1


async def test_all_of_them_come_the_oldest_first(world: World) -> None:
    sprints, mark = Sprints(world.db, world.gate), unique("sprint")
    ids = [f"{mark}-{letter}" for letter in "cab"]
    for id in ids:
        await sprints.create(id, id)
    assert [row["id"] for row in await sprints.all() if row["id"].startswith(mark)] == ids


class _DiesLater(Gate):
    """Of a process that ends as soon as the sprint is closed: what it would decide after that is never decided."""

    async def decide(self, commands: Sequence[Command]) -> list[Decision]:
        raise UnavailableError("The process has ended.")


async def test_a_rule_that_cannot_be_run_keeps_neither_a_sprint_open_nor_other_stories_in_it(world: World) -> None:
    sprints, name = Sprints(world.db, _DiesLater(world.db)), unique("flow")
    rules = "workflow: {name}\nitem: story\nroles: [po, system]\ncouples: [{{sprint: ended, fires: STOP_{name}}}]\n" + (
        "states: {{open: {{kind: initial}}, shut: {{kind: final}}}}\n"
        "transitions: [{{from: open, action: STOP_{name}, to: shut, roles: [po, system]}}]"
    )
    await world.publish(rules.format(name=name))
    await world.publish(rules.format(name=f"{name}-spoilt"))
    sound = [await world.story_item(name) for _ in range(2)]
    broken = [await world.story_item(f"{name}-spoilt") for _ in range(2)]
    numbered = await world.story_item(name)
    sprint = await sprints.create(unique("sprint"))
    for story in (*sound, *broken, numbered):
        await sprints.assign(story, sprint)
    await world.cypher("MATCH (s:Story {id: $id}) SET s.id = 4711", id=numbered)
    await world.cypher(
        "MATCH (t:Transition {workflow: $name}) "
        "CREATE (t)-[:GUARDED_BY {order: 1}]->(:Guard {name: 'spoilt', kind: 'field', field: 7})",
        name=f"{name}-spoilt",
    )
    try:
        await sprints.close(sprint)
        assert [await world.state(story) for story in (*sound, *broken)] == ["shut", "shut", "open", "open"]
        found = (await sprints.by_ids([sprint]))[sprint]
        assert found["state"] == "closed"
        assert found["closed_at"] is not None
    finally:
        await world.cypher("MATCH (g:Guard {name: 'spoilt'}) DETACH DELETE g")
        await world.cypher("MATCH (s:Story {id: 4711}) DETACH DELETE s")


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
