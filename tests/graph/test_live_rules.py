"""Rules edited by hand in the live graph: the next action obeys, and what is half made refuses."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Command, Outcome
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import GOOD, WORDS, Review
from tests.graph.world import World, codes, path


@pytest_asyncio.fixture(loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    """Rules of its own for each test, so that each may spoil them."""
    return await Review.open(World(db, gate, rules))


async def by_hand(review: Review, text: str, **names: str) -> None:
    rows = await review.world.cypher(text + " RETURN count(*) AS met", workflow=review.workflow, **names)
    assert rows[0]["met"] > 0, "the edit met nothing"


async def test_a_role_is_granted_a_transition(review: Review) -> None:
    paper = await review.waiting()
    assert await review.world.refused(paper, "TAKE", review.lawyer) == ["ROLE_NOT_ALLOWED"]
    await by_hand(
        review, "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (r:Role {name: $role}) MERGE (r)-[:MAY_FIRE]->(t)",
        role=review.role("lawyer"),
    )
    await review.world.applied(paper, "TAKE", review.lawyer)


async def test_a_permission_is_removed(review: Review) -> None:
    paper = await review.waiting()
    await by_hand(review, "MATCH (:Role)-[may:MAY_FIRE]->(:Transition {workflow: $workflow, name: 'TAKE'}) DELETE may")
    assert await review.world.refused(paper, "TAKE", review.reader) == ["ROLE_NOT_ALLOWED"]


async def test_a_role_is_taken_from_an_actor(review: Review) -> None:
    paper = await review.waiting()
    await by_hand(review, "MATCH (:Actor {id: $id})-[has:HAS_ROLE]->() DELETE has", id=review.reader)
    assert await review.world.refused(paper, "TAKE", review.reader) == ["ROLE_NOT_ALLOWED"]


async def test_a_state_is_put_between_two(review: Review) -> None:
    paper = await review.paper()
    await by_hand(
        review,
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
    await by_hand(
        review,
        "MATCH (w:Workflow {name: $workflow}), (sort:Transition {workflow: $workflow, name: 'SORT'})-[to:TO]->() "
        "DELETE to CREATE (w)-[:HAS_STATE]->(s:State {name: 'shelf'}) CREATE (sort)-[:TO]->(s)",
    )
    await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert await review.world.state(paper) == "shelf"
    await review.world.applied(paper, "WITHDRAW", review.writer)


async def test_an_input_is_demanded_by_hand(review: Review) -> None:
    paper = await review.waiting()
    await by_hand(
        review, "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) "
        "CREATE (t)-[:REQUIRES {order: 0}]->(:Input {name: 'desk', min_length: 3})",
    )
    assert await review.world.refused(paper, "TAKE", review.reader) == ["INPUT_MISSING"]
    await review.world.applied(paper, "TAKE", review.reader, desk="by the window")


@pytest.mark.parametrize("edit", [
    "MATCH (:Transition {workflow: $workflow, name: 'TAKE'})-[to:TO]->() DELETE to",
    "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (s:State {workflow: $workflow, name: 'draft'}) CREATE (t)-[:TO]->(s)",
    "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'})-[to:TO]->() DELETE to CREATE (t)-[:TO]->(:Elsewhere)",
])
async def test_a_rule_that_leads_nowhere(review: Review, edit: str) -> None:
    paper = await review.waiting()
    await by_hand(review, edit)
    assert await review.world.refused(paper, "TAKE", review.reader) == ["RULE_BROKEN"]
    assert await review.world.state(paper) == "waiting"
    await review.world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)


@pytest.mark.parametrize("edit", [
    "MATCH (:Item {id: $id})-[here:IN_STATE]->() DELETE here",
    "MATCH (i:Item {id: $id}), (s:State {workflow: $workflow, name: 'draft'}) CREATE (i)-[:IN_STATE]->(s)",
])
async def test_an_item_in_no_state_or_in_two(review: Review, edit: str) -> None:
    paper = await review.waiting()
    await by_hand(review, edit, id=paper)
    assert await review.world.refused(paper, "TAKE", review.reader) == ["RULE_BROKEN"]
    assert len(await review.world.history(paper)) == 2


async def test_an_automatic_rule_that_leads_nowhere_lets_the_item_rest(review: Review) -> None:
    paper = await review.paper()
    await by_hand(review, "MATCH (:Transition {workflow: $workflow, name: 'SORT'})-[to:TO]->() DELETE to")
    decision = await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert path(decision) == [("HAND_IN", "draft", "handed_in", False)]


async def test_automatic_transitions_without_an_end(review: Review) -> None:
    paper = await review.paper()
    await by_hand(
        review,
        "MATCH (waiting:State {workflow: $workflow, name: 'waiting'}), (in:State {workflow: $workflow, name: 'handed_in'}) "
        "MERGE (a:Action {name: 'ROUND'}) CREATE (t:Transition {name: 'ROUND', workflow: $workflow, automatic: true}) "
        "CREATE (t)-[:FROM]->(waiting) CREATE (t)-[:TO]->(in) CREATE (t)-[:ON]->(a)",
    )
    assert await review.world.refused(paper, "HAND_IN", review.writer, **GOOD) == ["RULE_BROKEN"]
    assert (await review.world.state(paper), (await review.world.item(paper))["version"]) == ("draft", 0)


@pytest.mark.parametrize("edit", [
    "MATCH (:Transition {workflow: $workflow, name: 'HAND_IN'})-[:REQUIRES]->(n:Input {name: 'code'}) SET n.pattern = '('",
    "MATCH (:Transition {workflow: $workflow, name: 'HAND_IN'})-[:REQUIRES]->(n:Input {name: 'kind'}) SET n.enum = 'report'",
    "MATCH (:Transition {workflow: $workflow, name: 'HAND_IN'})-[:REQUIRES]->(n:Input {name: 'summary'}) SET n.type = 7",
])
async def test_a_rule_that_cannot_be_read_refuses_and_leaves_the_rest_of_the_list(review: Review, edit: str) -> None:
    paper, other = await review.paper(), await review.waiting()
    await by_hand(review, edit)
    broken, fine = await review.world.gate.decide([
        Command(paper, "HAND_IN", review.writer, inputs=GOOD), Command(other, "TAKE", review.reader),
    ])
    assert broken.outcome is Outcome.REFUSED
    assert set(codes(broken)) <= {"RULE_BROKEN", "INPUT_INVALID", "INDETERMINATE"}
    assert fine.outcome is Outcome.APPLIED
    assert await review.world.state(paper) == "draft"


@pytest.mark.parametrize("edit", [
    "SET g.op = 'about'", "SET g.value = 'two'", "SET g.kind = 'mood'", "REMOVE g.kind", "REMOVE g.field", "REMOVE g.value",
])
async def test_a_guard_spoilt_by_hand_is_never_passed(review: Review, edit: str) -> None:
    paper = await review.approved(priority=1)
    await by_hand(review, f"MATCH (:Transition {{workflow: $workflow, name: 'PRINT'}})-[:GUARDED_BY]->(g:Guard) {edit}")
    [code] = await review.world.refused(paper, "PRINT", review.printer)
    assert code in {"INDETERMINATE", "RULE_BROKEN"}


@pytest.mark.parametrize("edit", [
    "MATCH (t:Transition {workflow: $workflow, name: 'WITHDRAW'}) SET t.automatic = 'yes'",
    "MATCH (t:Transition {workflow: $workflow, name: 'SIGN'}) "
    "CREATE (t)-[:GUARDED_BY]->(:Guard {kind: 'field', field: 7, op: '='})",
    "MATCH (s:State {workflow: $workflow, name: 'waiting'}) SET s.awaits = 'reader'",
    "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) SET t.any_role = 3",
    "MATCH (t:Transition {workflow: $workflow, name: 'FINISH'}) SET t.relations = 3",
])
async def test_a_rule_of_a_wrong_type_beside_the_asked_one(review: Review, edit: str) -> None:
    """Whatever a hand wrote, each asker has an answer, and so has the list of actions."""
    paper, stranger = await review.waiting(), await review.world.actor()
    await by_hand(review, edit)
    async with asyncio.timeout(30):
        assert (await review.world.act(paper, "TAKE", stranger)).outcome is Outcome.REFUSED
        taken = await review.world.act(paper, "TAKE", review.reader)
        assert taken.outcome is Outcome.APPLIED or codes(taken) == ["RULE_BROKEN"]
        views = await review.world.gate.actions([(paper, review.reader)])
    assert views[paper, review.reader]


async def test_a_guard_of_a_wrong_type_on_an_automatic_transition(review: Review) -> None:
    paper = await review.waiting()
    await by_hand(review, "MATCH (:Transition {workflow: $workflow, name: 'GIVE_BACK'})-[:GUARDED_BY]->(g) SET g.of = 'GIVE_BACK'")
    decision = await review.world.act(paper, "SEND_BACK", review.reader, feedback=WORDS)
    assert decision.outcome is Outcome.APPLIED or codes(decision) == ["RULE_BROKEN"]
