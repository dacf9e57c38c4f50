"""The gate over a workflow nobody shipped: what is legal is applied, once, with everything that follows from it."""

from __future__ import annotations

import pytest_asyncio

from graph.database import Database
from graph.decision import Awaits, Command, Hop, Outcome
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.review import GOOD, WORDS, Review
from tests.graph.world import World, codes, path, told, unique


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    return await Review.open(World(db, gate, rules))


async def test_a_hop_and_the_automatic_one_after_it(review: Review) -> None:
    paper = await review.paper()
    decision = await review.world.applied(paper, "HAND_IN", review.writer, **GOOD)
    assert path(decision) == [("HAND_IN", "draft", "handed_in", False), ("SORT", "handed_in", "waiting", True)]
    assert decision.version == 2
    assert decision.awaits == [
        Awaits(review.role("reader"), ["TAKE", "SEND_BACK", "SIGN"]),
    ]


async def test_the_whole_way_to_the_end_and_out_of_it(review: Review) -> None:
    world, paper = review.world, await review.approved(priority=1)
    await world.applied(paper, "PRINT", review.printer)
    assert await world.state(paper) == "printed"
    recalled = await world.applied(paper, "RECALL", review.printer)
    assert path(recalled) == [("RECALL", "printed", "draft", False)]
    changes = await world.history(paper)
    assert [c["action"] for c in changes] == ["HAND_IN", "SORT", "TAKE", "FINISH", "PRINT", "RECALL"]
    assert [c["seq"] for c in changes] == [1, 2, 3, 4, 5, 6]


async def test_what_a_change_remembers(review: Review) -> None:
    world, paper = review.world, await review.paper()
    await world.applied(paper, "HAND_IN", review.writer, command_id="first", **GOOD)
    asked, automatic = await world.history(paper)
    assert (asked["from"], asked["to"], asked["automatic"]) == ("draft", "handed_in", False)
    assert (asked["actor_id"], asked["command_id"], asked["rule_version"]) == (review.writer, "first", 1)
    assert '"pages": 12' in asked["inputs"]
    assert (automatic["actor_id"], automatic["role"], automatic["automatic"]) == ("stategate", "system", True)
    assert (automatic["command_id"], automatic.get("inputs")) == ("first", None)


async def test_one_event_per_hop_and_one_for_whom_it_awaits(review: Review) -> None:
    world, paper = review.world, await review.paper()
    await world.applied(paper, "HAND_IN", review.writer, command_id="told", **GOOD)
    events = await world.events(paper, "workflow.state.changed")
    assert told(events) == [Hop("HAND_IN", "draft", "handed_in", False), Hop("SORT", "handed_in", "waiting", True)]
    assert [event["version"] for event in events] == [1, 2]
    assert {event["command_id"] for event in events} == {"told"}
    [assigned] = await world.events(paper, "workflow.task.assigned")
    assert (assigned["role"], assigned["action"], assigned["state"]) == (review.role("reader"), "TAKE", "waiting")
    assert (assigned["attempt"], assigned["version"]) == (1, 2)


async def test_claiming_makes_the_assignee(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    await world.applied(paper, "TAKE", review.reader)
    rows = await world.cypher("MATCH (:Task {id: $id})-[:ASSIGNED_TO]->(a) RETURN a.id AS id", id=paper)
    assert [row["id"] for row in rows] == [review.reader]
    await world.applied(paper, "FINISH", review.reader)


async def test_an_inherited_role_counts(review: Review) -> None:
    paper = await review.approved(priority=1)
    chief = await review.world.actor(review.role("chief"))
    await review.world.applied(paper, "PRINT", chief)


async def test_who_has_no_kind_is_of_none_that_is_asked_for(review: Review) -> None:
    paper, odd = await review.approved(priority=1), await review.world.actor(review.role("chief"))
    await review.world.cypher("MATCH (a:Actor {id: $id}) REMOVE a.kind", id=odd)
    assert await review.world.refused(paper, "PRINT", odd) == ["ROLE_NOT_ALLOWED"]


async def test_all_roles_in_one_person(review: Review) -> None:
    paper = await review.waiting()
    both = await review.world.actor(review.role("reader"), review.role("lawyer"))
    await review.world.applied(paper, "SIGN", both)


async def test_a_returned_document_counts_as_rework(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    back = await world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    assert path(back)[-1] == ("GIVE_BACK", "returned", "draft", True)
    item = await world.item(paper)
    assert (item["rework"], item["feedback"]) == (1, WORDS)


async def test_the_limit_of_an_automatic_transition_lets_the_item_rest(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    await world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    await world.applied(paper, "HAND_IN", review.writer, **GOOD)
    second = await world.applied(paper, "SEND_BACK", review.reader, feedback=WORDS)
    assert path(second) == [("SEND_BACK", "waiting", "returned", False)]
    assert second.awaits == [Awaits(review.role("writer"), ["PLEAD", "WITHDRAW"])]


async def test_a_dry_run_answers_and_writes_nothing(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    before = await world.written(paper)
    assert (await world.act(paper, "TAKE", review.reader, dry=True)).outcome is Outcome.APPLIED
    assert (await world.act(paper, "TAKE", review.writer, dry=True)).outcome is Outcome.REFUSED
    assert (await world.act(paper, "NO_SUCH", review.writer, dry=True)).outcome is Outcome.REFUSED
    assert await world.written(paper) == before


async def test_a_dry_run_of_an_answered_id_is_no_answer(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    await world.act(paper, "TAKE", review.reader, dry=True, command_id="same")
    await world.applied(paper, "TAKE", review.reader, command_id="same")


async def test_a_dry_run_gives_the_same_answer(review: Review) -> None:
    world, paper = review.world, await review.paper()
    asked = {"command_id": unique("command"), **GOOD}
    dry = await world.act(paper, "HAND_IN", review.writer, dry=True, **asked)
    wet = await world.act(paper, "HAND_IN", review.writer, **asked)
    assert (dry.outcome, path(dry), dry.version, dry.awaits) == (wet.outcome, path(wet), wet.version, wet.awaits)


async def test_the_same_id_again_does_nothing_twice(review: Review) -> None:
    world, paper = review.world, await review.paper()
    first = await world.applied(paper, "HAND_IN", review.writer, command_id="once", **GOOD)
    await world.applied(paper, "TAKE", review.reader)
    before = await world.written(paper)
    again = await world.act(paper, "HAND_IN", review.writer, command_id="once", **GOOD)
    assert again.outcome is Outcome.DUPLICATE
    assert again.first is not None
    assert (again.first.outcome, again.first.version) == (Outcome.APPLIED, first.version)
    assert path(again.first) == path(first)
    assert await world.written(paper) == before


async def test_the_first_answer_of_a_duplicate_is_whole(review: Review) -> None:
    paper = await review.paper()
    first = await review.world.applied(paper, "HAND_IN", review.writer, command_id="whole", **GOOD)
    again = await review.world.act(paper, "HAND_IN", review.writer, command_id="whole", **GOOD)
    assert again.first == first


async def test_the_same_id_of_a_refusal_is_refused_again_though_it_is_legal_now(review: Review) -> None:
    world, paper = review.world, await review.paper()
    first = await world.act(paper, "TAKE", review.reader, command_id="early")
    await world.applied(paper, "HAND_IN", review.writer, **GOOD)
    again = await world.act(paper, "TAKE", review.reader, command_id="early")
    assert again.outcome is Outcome.DUPLICATE
    assert again.first is not None
    assert (again.first.outcome, again.first.reasons) == (Outcome.REFUSED, first.reasons)
    assert again.first.legal_actions == first.legal_actions == ["HAND_IN"]
    await world.applied(paper, "TAKE", review.reader, command_id="later")


async def test_one_id_on_two_items_is_two_commands(review: Review) -> None:
    for paper in [await review.paper(), await review.paper()]:
        await review.world.applied(paper, "HAND_IN", review.writer, command_id="shared", **GOOD)


async def test_a_list_is_decided_in_order(review: Review) -> None:
    paper, other = await review.paper(), await review.paper()
    answers = await review.world.gate.decide(
        [
            Command(paper, "TAKE", review.reader, "too-early"),
            Command(other, "HAND_IN", review.writer, inputs=GOOD),
            Command(paper, "HAND_IN", review.writer, inputs=GOOD),
            Command(paper, "TAKE", review.reader, expected_version=2),
            Command(paper, "TAKE", review.reader, "too-early"),
            Command(paper, "FINISH", review.lawyer),
            Command(paper, "FINISH", review.reader),
        ]
    )
    assert [answer.outcome.value for answer in answers] == [
        "REFUSED",
        "APPLIED",
        "APPLIED",
        "APPLIED",
        "DUPLICATE",
        "REFUSED",
        "APPLIED",
    ]
    assert [answer.version for answer in answers if answer.item_id == paper] == [0, 2, 3, 0, 3, 4]
    assert codes(answers[5]) == ["RELATION_NOT_MET"]
    told_to = await review.world.events(paper, "workflow.task.assigned")
    assert [(event["state"], event["version"]) for event in told_to] == [
        ("waiting", 2),
        ("reading", 3),
        ("approved", 4),
    ]
    assert await review.world.gate.decide([]) == []
