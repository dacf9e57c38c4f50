"""Rules edited by hand in the live graph: the very next action obeys."""

from __future__ import annotations

import pytest_asyncio

from graph.database import Database
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import GOOD, Review
from tests.graph.world import World, path


@pytest_asyncio.fixture(loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    """Rules of its own for each test, so that each may spoil them."""
    return await Review.open(World(db, gate, rules))


async def test_a_role_is_granted_a_transition(review: Review) -> None:
    paper = await review.waiting()
    assert await review.world.refused(paper, "TAKE", review.lawyer) == ["ROLE_NOT_ALLOWED"]
    await review.by_hand(
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (r:Role {name: $role}) MERGE (r)-[:MAY_FIRE]->(t)",
        role=review.role("lawyer"),
    )
    await review.world.applied(paper, "TAKE", review.lawyer)


async def test_a_permission_is_removed(review: Review) -> None:
    paper = await review.waiting()
    await review.by_hand("MATCH (:Role)-[may:MAY_FIRE]->(:Transition {workflow: $workflow, name: 'TAKE'}) DELETE may")
    assert await review.world.refused(paper, "TAKE", review.reader) == ["ROLE_NOT_ALLOWED"]


async def test_a_role_is_taken_from_an_actor(review: Review) -> None:
    paper = await review.waiting()
    await review.by_hand("MATCH (:Actor {id: $id})-[has:HAS_ROLE]->() DELETE has", id=review.reader)
    assert await review.world.refused(paper, "TAKE", review.reader) == ["ROLE_NOT_ALLOWED"]


async def test_a_state_is_put_between_two(review: Review) -> None:
    paper = await review.paper()
    await review.by_hand(
        "MATCH (w:Workflow {name: $workflow})-[:HAS_STATE]->(waiting:State {name: 'waiting'}), "
        "(sort:Transition {workflow: $workflow, name: 'SORT'})-[to:TO]->(waiting) "
        "DELETE to CREATE (w)-[:HAS_STATE]->(s:State {name: 'stamping', workflow: $workflow, kind: 'active'}) "
        "CREATE (sort)-[:TO]->(s) MERGE (a:Action {name: 'STAMP'}) "
        "CREATE (t:Transition {name: 'STAMP', workflow: $workflow, automatic: true})-[:FROM]->(s) "
        "CREATE (t)-[:TO]->(waiting) CREATE (t)-[:ON]->(a)",
    )
    decision = await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert path(decision)[1:] == [("SORT", "handed_in", "stamping", True), ("STAMP", "stamping", "waiting", True)]


async def test_a_state_with_three_properties_is_covered_from_anywhere(review: Review) -> None:
    paper = await review.paper()
    await review.by_hand(
        "MATCH (w:Workflow {name: $workflow}), (sort:Transition {workflow: $workflow, name: 'SORT'})-[to:TO]->() "
        "DELETE to CREATE (w)-[:HAS_STATE]->(s:State {name: 'shelf'}) CREATE (sort)-[:TO]->(s)",
    )
    await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert await review.world.state(paper) == "shelf"
    await review.world.applied(paper, "WITHDRAW", review.writer)


async def test_an_input_is_demanded_by_hand(review: Review) -> None:
    paper = await review.waiting()
    await review.by_hand(
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) "
        "CREATE (t)-[:REQUIRES {order: 0}]->(:Input {name: 'desk', min_length: 3})",
    )
    assert await review.world.refused(paper, "TAKE", review.reader) == ["INPUT_MISSING"]
    await review.world.applied(paper, "TAKE", review.reader, desk="by the window")
