"""Rules spoilt by hand: what is half made refuses cleanly, and what does not need it goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from graph.database import Database
from graph.deciding import BrokenCommandError
from graph.decision import Command, Outcome
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import GOOD, WORDS, Review
from tests.graph.world import World, codes, path


@pytest_asyncio.fixture(loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    """Rules of its own for each test, so that each may spoil them."""
    return await Review.open(World(db, gate, rules))


@pytest.mark.parametrize(
    "edit",
    [
        "MATCH (:Transition {workflow: $workflow, name: 'TAKE'})-[to:TO]->() DELETE to",
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (s:State {workflow: $workflow, name: 'draft'}) "
        "CREATE (t)-[:TO]->(s)",
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'})-[to:TO]->() DELETE to CREATE (t)-[:TO]->(:Elsewhere)",
    ],
)
async def test_a_rule_that_leads_nowhere(review: Review, edit: str) -> None:
    paper = await review.waiting()
    await review.by_hand(edit)
    assert await review.world.refused(paper, "TAKE", review.reader) == ["RULE_BROKEN"]
    assert await review.world.state(paper) == "waiting"
    await review.world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)


@pytest.mark.parametrize(
    "edit",
    [
        "MATCH (:Item {id: $id})-[here:IN_STATE]->() DELETE here",
        "MATCH (i:Item {id: $id}), (s:State {workflow: $workflow, name: 'draft'}) CREATE (i)-[:IN_STATE]->(s)",
    ],
)
async def test_an_item_in_no_state_or_in_two(review: Review, edit: str) -> None:
    paper = await review.waiting()
    await review.by_hand(edit, id=paper)
    assert await review.world.refused(paper, "TAKE", review.reader) == ["RULE_BROKEN"]
    assert len(await review.world.history(paper)) == 2


async def test_an_automatic_rule_that_leads_nowhere_lets_the_item_rest(review: Review) -> None:
    paper = await review.paper()
    await review.by_hand("MATCH (:Transition {workflow: $workflow, name: 'SORT'})-[to:TO]->() DELETE to")
    decision = await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert path(decision) == [("HAND_IN", "draft", "handed_in", False)]


async def test_automatic_transitions_without_an_end(review: Review) -> None:
    paper = await review.paper()
    await review.by_hand(
        "MATCH (waiting:State {workflow: $workflow, name: 'waiting'}), "
        "(in:State {workflow: $workflow, name: 'handed_in'}) "
        "MERGE (a:Action {name: 'ROUND'}) CREATE (t:Transition {name: 'ROUND', workflow: $workflow, automatic: true}) "
        "CREATE (t)-[:FROM]->(waiting) CREATE (t)-[:TO]->(in) CREATE (t)-[:ON]->(a)",
    )
    assert await review.world.refused(paper, "HAND_IN", review.writer, **GOOD) == ["RULE_BROKEN"]
    assert (await review.world.state(paper), (await review.world.item(paper))["version"]) == ("draft", 0)


@pytest.mark.parametrize(
    "edit",
    [
        "MATCH (:Transition {workflow: $workflow})-[:REQUIRES]->(n:Input {name: 'code'}) SET n.pattern = '('",
        "MATCH (:Transition {workflow: $workflow})-[:REQUIRES]->(n:Input {name: 'kind'}) SET n.enum = 'report'",
        "MATCH (:Transition {workflow: $workflow})-[:REQUIRES]->(n:Input {name: 'summary'}) SET n.type = 7",
    ],
)
async def test_a_rule_that_cannot_be_read_refuses_and_leaves_the_rest_of_the_list(review: Review, edit: str) -> None:
    paper, other = await review.paper(), await review.waiting()
    await review.by_hand(edit)
    broken, fine = await review.world.gate.decide(
        [
            Command(paper, "HAND_IN", review.writer, inputs=GOOD),
            Command(other, "TAKE", review.reader),
        ]
    )
    assert broken.outcome is Outcome.REFUSED
    assert set(codes(broken)) <= {"RULE_BROKEN", "INPUT_INVALID", "INDETERMINATE"}
    assert fine.outcome is Outcome.APPLIED
    assert await review.world.state(paper) == "draft"


@pytest.mark.parametrize(
    "edit",
    [
        "SET g.op = 'about'",
        "SET g.value = 'two'",
        "SET g.kind = 'mood'",
        "REMOVE g.kind",
        "REMOVE g.field",
        "REMOVE g.value",
    ],
)
async def test_a_guard_spoilt_by_hand_is_never_passed(review: Review, edit: str) -> None:
    paper = await review.approved(priority=1)
    await review.by_hand(f"MATCH (:Transition {{workflow: $workflow, name: 'PRINT'}})-[:GUARDED_BY]->(g:Guard) {edit}")
    [code] = await review.world.refused(paper, "PRINT", review.printer)
    assert code in {"INDETERMINATE", "RULE_BROKEN"}


@pytest.mark.parametrize(
    "edit",
    [
        "MATCH (t:Transition {workflow: $workflow, name: 'WITHDRAW'}) SET t.automatic = 'yes'",
        "MATCH (t:Transition {workflow: $workflow, name: 'SIGN'}) "
        "CREATE (t)-[:GUARDED_BY]->(:Guard {kind: 'field', field: 7, op: '='})",
        "MATCH (s:State {workflow: $workflow, name: 'waiting'}) SET s.awaits = 'reader'",
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) SET t.any_role = 3",
        "MATCH (t:Transition {workflow: $workflow, name: 'FINISH'}) SET t.relations = 3",
    ],
)
async def test_a_rule_of_a_wrong_type_beside_the_asked_one(review: Review, edit: str) -> None:
    """Whatever a hand wrote, each asker has an answer, and so has the list of actions."""
    paper, stranger = await review.waiting(), await review.world.actor()
    await review.by_hand(edit)
    async with asyncio.timeout(30):
        assert (await review.world.act(paper, "TAKE", stranger)).outcome is Outcome.REFUSED
        taken = await review.world.act(paper, "TAKE", review.reader)
        assert taken.outcome is Outcome.APPLIED or codes(taken) == ["RULE_BROKEN"]
        views = await review.world.offers.actions([(paper, review.reader)])
    assert (paper, review.reader) in views


@pytest.mark.parametrize(
    ("action", "edit"),
    [
        ("TAKE", "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) SET t.relations = [7]"),
        ("TAKE", "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) SET t.actor_kinds = [7]"),
        (
            "SEND_BACK",
            "MATCH (:Transition {workflow: $workflow, name: 'SEND_BACK'})-[:REQUIRES]->(n:Input) "
            "SET n.pattern = 'a', n.max_length = '9'",
        ),
        (
            "SEND_BACK",
            "MATCH (:Transition {workflow: $workflow, name: 'SEND_BACK'})-[:REQUIRES]->(n:Input) "
            "SET n.pattern = 7, n.max_length = 2.5",
        ),
    ],
)
async def test_a_rule_of_a_wrong_type_is_told_in_words(review: Review, action: str, edit: str) -> None:
    paper, other = await review.waiting(), await review.waiting()
    await review.by_hand(edit)
    refused, fine = await review.world.gate.decide(
        [Command(paper, action, review.reader, feedback=WORDS), Command(other, "WITHDRAW", review.writer)]
    )
    assert refused.outcome is Outcome.REFUSED
    assert all(reason.message for reason in refused.reasons)
    assert fine.outcome is Outcome.APPLIED
    assert await review.world.offers.actions([(paper, review.reader)])


async def test_a_guard_of_a_wrong_type_on_an_automatic_transition(review: Review) -> None:
    paper = await review.waiting()
    await review.by_hand(
        "MATCH (:Transition {workflow: $workflow})-[:GUARDED_BY]->(g {kind: 'count'}) SET g.of = 'GIVE_BACK'"
    )
    decision = await review.world.act(paper, "SEND_BACK", review.reader, feedback=WORDS)
    assert decision.outcome is Outcome.APPLIED or codes(decision) == ["RULE_BROKEN"]


async def test_what_was_answered_before_its_rules_were_spoilt_has_the_same_answer(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoilt(_: object, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in rows:
            raise BrokenCommandError(row["seq"], "rule")
        return []

    world, paper = review.world, await review.paper()
    await world.applied(paper, "HAND_IN", review.writer, command_id="once", **GOOD)
    first = await world.act(paper, "FINISH", review.reader, command_id="refused")
    # As if no rule of that state could be read any more.
    monkeypatch.setattr("graph.gate.decide", spoilt)
    assert await world.refused(paper, "SEND_BACK", review.reader, feedback=WORDS) == ["RULE_BROKEN"]
    again = await world.act(paper, "HAND_IN", review.writer, command_id="once", **GOOD)
    assert (again.outcome, path(again)[0][1]) == (Outcome.DUPLICATE, "draft")
    again = await world.act(paper, "FINISH", review.reader, command_id="refused")
    assert (again.outcome, again.reasons) == (Outcome.DUPLICATE, first.reasons)
    assert await world.refused(paper, "TAKE", review.reader, command_id="once") == ["COMMAND_ID_REUSED"]
    assert len(await world.events(paper, "workflow.action.refused")) == 3
