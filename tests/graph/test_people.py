"""People and their roles, also those that somebody has drawn by hand."""

from __future__ import annotations

import pytest

from graph.engine import Engine
from graph.errors import ConflictError
from tests.graph.review import Review
from tests.graph.world import World


async def test_a_role_that_was_drawn_twice_is_one_and_goes_at_once(world: World, engine: Engine) -> None:
    ann, role = await world.actor("po"), "po"
    await world.cypher(
        "MATCH (a:Actor {id: $id}), (r:Role {name: $role}) CREATE (a)-[:HAS_ROLE]->(r)", id=ann, role=role
    )
    assert (await engine.people.by_ids([ann]))[ann]["roles"] == [role]
    await engine.people.revoke(ann, role)
    assert (await engine.people.by_ids([ann]))[ann]["roles"] == []


async def test_the_system_is_given_no_role_that_it_could_not_lose(engine: Engine) -> None:
    with pytest.raises(ConflictError, match="is the system itself"):
        await engine.people.grant("stategate", "po")
    assert (await engine.people.by_ids(["stategate"]))["stategate"]["roles"] == ["system"]


async def test_actors_whose_id_is_no_text_are_offered_to_nobody(world: World, engine: Engine) -> None:
    review = await Review.open(world)
    paper = await review.waiting()
    await world.cypher(
        "MATCH (r:Role {name: $role}) UNWIND [7, -3, 1.5, true, null] AS odd "
        "CREATE (a:Actor {name: toString(odd), kind: 'human'})-[:HAS_ROLE]->(r) SET a.id = odd",
        role=review.role("reader"),
    )
    try:
        [ask] = (await world.act(paper, "TAKE", review.writer)).remedies
        assert (ask.kind, ask.actor_id) == ("OTHER_ACTOR", review.reader)
        assert await engine.offers.who_may(paper, "TAKE") == [review.reader]
        page = await engine.people.page(1000, None)
        ids = [row["id"] for row in page.rows]
        assert ids == sorted(ids)
        last = page.rows[-1]
        assert (await engine.people.page(1000, [last["place"], last["id"]])).rows == []
    finally:
        await world.cypher("MATCH (a:Actor) WHERE a.id IS NULL OR NOT a.id IS :: STRING DETACH DELETE a")


async def test_an_actor_of_an_odd_kind_with_an_odd_role_keeps_nobody_from_reading_the_others(
    world: World, engine: Engine
) -> None:
    ann, odd = await world.actor("po"), await world.actor("po")
    await world.cypher(
        "MATCH (a:Actor {id: $id}) SET a.kind = ['human'] "
        "CREATE (a)-[:HAS_ROLE]->(:Role:Odd) CREATE (a)-[:HAS_ROLE]->(:Role:Odd {name: 7})",
        id=odd,
    )
    try:
        rows = await engine.people.by_ids([ann, odd])
        assert (rows[ann]["kind"], rows[ann]["roles"]) == ("human", ["po"])
        assert (rows[odd]["kind"], rows[odd]["roles"]) == (None, ["po"])
    finally:
        await world.cypher("MATCH (r:Role:Odd) DETACH DELETE r")
