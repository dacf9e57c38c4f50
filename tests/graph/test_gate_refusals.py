"""Each code of a refusal, met alone wherever one can be, and several at once."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Outcome
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import GOOD, WORDS, Review
from tests.graph.world import World, codes, unique


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    return await Review.open(World(db, gate, rules))


async def test_unknown_item(review: Review) -> None:
    assert await review.world.refused(unique("nowhere"), "HAND_IN", review.writer) == ["UNKNOWN_ITEM"]
    assert await review.world.refused(unique("nowhere"), "X", unique("nobody")) == ["UNKNOWN_ITEM", "UNKNOWN_ACTOR"]


async def test_unknown_actor(review: Review) -> None:
    paper = await review.paper()
    assert await review.world.refused(paper, "HAND_IN", unique("nobody"), **GOOD) == ["UNKNOWN_ACTOR"]


async def test_unknown_action(review: Review) -> None:
    paper = await review.paper()
    assert await review.world.refused(paper, "FLY", review.writer) == ["UNKNOWN_ACTION"]
    # An action of another workflow is none of this one.
    assert await review.world.refused(paper, "COMMIT_CODE", review.writer) == ["UNKNOWN_ACTION"]


async def test_not_from_this_state_says_what_is_possible(review: Review) -> None:
    paper = await review.paper(priority=1)
    decision = await review.world.act(paper, "PRINT", review.printer)
    assert (codes(decision), decision.legal_actions) == (["NOT_FROM_THIS_STATE"], ["HAND_IN"])
    steps = [(step.kind, step.action, step.actor_id) for step in decision.remedies]
    assert steps == [
        ("STEP_FIRST", "HAND_IN", review.printer),
        ("STEP_FIRST", "TAKE", review.reader),
        ("STEP_FIRST", "FINISH", review.reader),
    ]
    assert "draft" in decision.reasons[0].message


async def test_a_state_excepted_from_anywhere(review: Review) -> None:
    assert await review.world.refused(await review.paper(), "WITHDRAW", review.writer) == ["NOT_FROM_THIS_STATE"]


async def test_final_state(review: Review) -> None:
    paper = await review.waiting()
    await review.world.applied(paper, "WITHDRAW", review.writer)
    assert await review.world.refused(paper, "WITHDRAW", review.writer) == ["FINAL_STATE"]
    assert await review.world.refused(paper, "TAKE", review.reader) == ["FINAL_STATE"]


async def test_role_not_allowed(review: Review) -> None:
    paper = await review.waiting()
    decision = await review.world.act(paper, "TAKE", review.writer)
    assert codes(decision) == ["ROLE_NOT_ALLOWED"]
    assert decision.legal_actions == ["WITHDRAW"]
    assert decision.reasons[0].rule is not None
    assert "[TAKE]" in decision.reasons[0].rule


async def test_half_of_all_roles_is_not_enough(review: Review) -> None:
    paper = await review.waiting()
    assert await review.world.refused(paper, "SIGN", review.lawyer) == ["ROLE_NOT_ALLOWED"]


@pytest.mark.parametrize("action", ["HAND_IN", "SORT", "NO_SUCH"])
async def test_nobody_acts_in_the_name_of_the_system(review: Review, action: str) -> None:
    paper = await review.paper()
    assert "ROLE_NOT_ALLOWED" in await review.world.refused(paper, action, "stategate", **GOOD)


async def test_an_automatic_transition_cannot_be_asked_for(review: Review) -> None:
    paper = await review.waiting()
    await review.world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    await review.world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    assert "ROLE_NOT_ALLOWED" in await review.world.refused(paper, "GIVE_BACK", review.writer)


async def test_an_agent_may_not_do_what_a_human_must(review: Review) -> None:
    paper = await review.approved(priority=1)
    agent = await review.world.actor(review.role("printer"), kind="agent")
    decision = await review.world.act(paper, "PRINT", agent)
    assert codes(decision) == ["ROLE_NOT_ALLOWED"]
    assert "human" in decision.reasons[0].message


async def test_relation_not_met(review: Review) -> None:
    paper = await review.waiting()
    await review.world.applied(paper, "TAKE", review.reader)
    other = await review.world.actor(review.role("reader"))
    assert await review.world.refused(paper, "FINISH", other) == ["RELATION_NOT_MET"]


async def test_same_actor_by_actor_not_by_role(review: Review) -> None:
    author = await review.world.actor(review.role("reader"))
    paper = await review.paper()
    await review.world.applied(paper, "HAND_IN", author, **GOOD)
    assert await review.world.refused(paper, "SEND_BACK", author, feedback=WORDS) == ["SAME_ACTOR"]
    await review.world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert await review.world.refused(paper, "SEND_BACK", author, feedback=WORDS) == ["SAME_ACTOR"]


@pytest.mark.parametrize("change", [{"action": "WITHDRAW"}, {"actor": "reader"}, {"inputs": {"pages": 13}}])
async def test_command_id_reused(review: Review, change: dict[str, Any]) -> None:
    paper = await review.paper()
    await review.world.applied(paper, "HAND_IN", review.writer, command_id="mine", **GOOD)
    actor = review.reader if "actor" in change else review.writer
    inputs = GOOD | change.get("inputs", {})
    answer = await review.world.act(paper, change.get("action", "HAND_IN"), actor, command_id="mine", **inputs)
    assert (answer.outcome, codes(answer)) == (Outcome.REFUSED, ["COMMAND_ID_REUSED"])
    again = await review.world.act(paper, "HAND_IN", review.writer, command_id="mine", **GOOD)
    assert again.outcome is Outcome.DUPLICATE


async def test_guard_failed(review: Review) -> None:
    paper = await review.approved(priority=3)
    decision = await review.world.act(paper, "PRINT", review.printer)
    assert codes(decision) == ["GUARD_FAILED"]
    assert decision.reasons[0].rule == "priority <= 2"
    assert "3" in decision.reasons[0].message


async def test_limit_reached(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    await world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    await world.applied(paper, "HAND_IN", review.writer, **GOOD)
    await world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    await world.applied(paper, "PLEAD", review.writer)
    await world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    assert await world.refused(paper, "PLEAD", review.writer) == ["LIMIT_REACHED"]


async def test_stale_version_does_not_hide_the_rest(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    assert await world.refused(paper, "TAKE", review.reader, expected_version=1) == ["STALE_VERSION"]
    found = await world.refused(paper, "TAKE", review.writer, expected_version=1)
    assert found == ["STALE_VERSION", "ROLE_NOT_ALLOWED"]
    found = await world.refused(paper, "PRINT", review.printer, expected_version=3)
    assert found == ["STALE_VERSION", "NOT_FROM_THIS_STATE"]
    await world.applied(paper, "TAKE", review.reader, expected_version=2)


async def test_several_reasons_at_once(review: Review) -> None:
    author = await review.world.actor(review.role("reader"))
    paper = await review.paper()
    await review.world.applied(paper, "HAND_IN", author, **GOOD)
    found = await review.world.refused(paper, "SEND_BACK", author, expected_version=0, feedback="no")
    assert found == ["STALE_VERSION", "SAME_ACTOR", "INPUT_INVALID"]
    stranger = await review.world.actor()
    assert await review.world.refused(paper, "SEND_BACK", stranger) == ["ROLE_NOT_ALLOWED", "INPUT_MISSING"]


@pytest.mark.parametrize("action", ["CHECK", "PRINT"])
async def test_what_cannot_be_evaluated_is_not_applied(review: Review, action: str) -> None:
    paper = await review.approved()  # a plug-in nobody wrote, a priority nobody set
    assert await review.world.refused(paper, action, review.printer) == ["INDETERMINATE"]
    assert await review.world.state(paper) == "approved"
