"""Many at once on one item: one wins each time, nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest
import pytest_asyncio

from graph import encoding
from graph.backlog import Backlog
from graph.database import Database, Transaction
from graph.deciding import decide
from graph.decision import Command, Outcome
from graph.gate import Gate
from graph.next_work import NextWork
from graph.places import Places
from graph.rules.service import Rules
from tests.graph.review import GOOD, WORDS, Review
from tests.graph.world import World, codes, opened, unique


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    return await Review.open(World(db, gate, rules))


async def test_two_actions_from_one_state(review: Review) -> None:
    world = review.world
    for _ in range(5):
        paper = await review.waiting()
        answers = await asyncio.gather(
            world.act(paper, "TAKE", review.reader),
            world.act(paper, "WITHDRAW", review.writer, expected_version=2),
        )
        winners = [answer for answer in answers if answer.outcome is Outcome.APPLIED]
        changes = await world.history(paper)
        assert len(changes) == 2 + len(winners) == (await world.item(paper))["version"]
        # TAKE then WITHDRAW meets an old version; WITHDRAW then TAKE meets a final state.
        assert len(winners) == 1


async def test_the_same_action_from_eight_at_once(review: Review) -> None:
    world, paper = review.world, await review.waiting()
    answers = await asyncio.gather(*(world.act(paper, "TAKE", review.reader) for _ in range(8)))
    assert Counter(answer.outcome for answer in answers) == {Outcome.APPLIED: 1, Outcome.REFUSED: 7}
    assert {code for answer in answers for code in codes(answer)} == {"NOT_FROM_THIS_STATE"}
    assert (await world.item(paper))["version"] == len(await world.history(paper)) == 3


async def test_the_same_command_delivered_eight_times_at_once(review: Review) -> None:
    world, paper = review.world, await review.paper()
    answers = await asyncio.gather(
        *(world.act(paper, "HAND_IN", review.writer, command_id="again", **GOOD) for _ in range(8))
    )
    assert Counter(answer.outcome for answer in answers) == {Outcome.APPLIED: 1, Outcome.DUPLICATE: 7}
    assert len(await world.events(paper, "workflow.state.changed")) == 2


async def test_the_same_refused_command_delivered_eight_times_at_once(review: Review) -> None:
    world, paper = review.world, await review.paper()
    answers = await asyncio.gather(*(world.act(paper, "TAKE", review.reader, command_id="again") for _ in range(8)))
    assert Counter(answer.outcome for answer in answers) == {Outcome.REFUSED: 1, Outcome.DUPLICATE: 7}
    assert len(await world.events(paper, "workflow.action.refused")) == 1


async def test_the_same_command_for_an_unknown_item_at_once(review: Review) -> None:
    """There is no item to lock, and still each asker has an answer."""
    nowhere = unique("nowhere")
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(review.world.act(nowhere, "TAKE", review.reader, command_id="again") for _ in range(8))
        )
    assert {code for answer in answers for code in codes(answer)} == {"UNKNOWN_ITEM"}
    assert Counter(answer.outcome for answer in answers) == {Outcome.REFUSED: 1, Outcome.DUPLICATE: 7}


async def test_lists_over_the_same_items_in_opposite_orders(review: Review) -> None:
    world = review.world
    papers = [await review.waiting() for _ in range(10)]

    async def send(order: list[str]) -> list[Outcome]:
        commands = [Command(paper, "SEND_BACK", review.reader, feedback=WORDS) for paper in order]
        return [answer.outcome for answer in await world.gate.decide(commands)]

    there, back, again = await asyncio.gather(send(papers), send(papers[::-1]), send(papers))
    assert Counter([*there, *back, *again]) == {Outcome.APPLIED: 10, Outcome.REFUSED: 20}
    for paper in papers:
        actions = [change["action"] for change in await world.history(paper)]
        assert actions == ["HAND_IN", "SORT", "SEND_BACK", "GIVE_BACK"]


@pytest.mark.parametrize("begins", [False, True])
async def test_a_task_that_is_moved_while_its_lock_is_waited_for(review: Review, begins: bool) -> None:
    """What follows is told of the story it then belongs to, under the lock of that one."""
    world, errand = review.world, await _errand(review)
    former, other = await world.story(), await world.story(released=begins)
    task = await world.task(errand, former)

    async def move(tx: Transaction) -> None:
        await tx.run("item/hold", id=task, stories=[other], tasks=[], actor_id=None)
        await tx.run("item/move_task", id=task, story_id=other)
        await NextWork().begin(tx, [other])

    moving, leave = await opened(world.db, move)
    acting = asyncio.create_task(world.applied(task, "DROP", review.writer))
    await _blocked(world, "IN_STATE")
    leave.set()
    await asyncio.gather(moving, acting)
    told = await world.events(task, "workflow.state.changed")
    assert [event["action"] for event in told] == ["START", "DROP"] if begins else ["DROP"]
    assert {event["story_id"] for event in told} == {other}
    assert len(await world.events(other, "workflow.story.tasks_completed")) == 1
    assert not await world.events(former, "workflow.story.tasks_completed")


async def test_of_two_moves_at_once_the_second_one_counts(review: Review) -> None:
    world = review.world
    former, one, other = await world.story(), await world.story(), await world.story()
    task = await world.task(review.workflow, former)

    async def move(tx: Transaction) -> None:
        await tx.run("item/hold", id=task, stories=[one], tasks=[], actor_id=None)
        await tx.run("item/move_task", id=task, story_id=one)

    moving, leave = await opened(world.db, move)
    again = asyncio.create_task(_places(world).move_task(task, other))
    await _blocked(world, "HAS_TASK")
    leave.set()
    await asyncio.gather(moving, again)
    [change] = await world.history(task)
    assert json.loads(change["inputs"]) == {"from": one, "to": other}


async def test_a_task_that_is_moved_while_what_it_waits_for_closes_is_begun(review: Review) -> None:
    world, errand = review.world, await _errand(review)
    parents = [await world.story(), await world.story(), await world.story(released=True)]
    first, second = await world.task(errand, parents[0]), await world.task(errand, parents[1])
    await world.cypher("MATCH (a:Task {id: $a}), (b:Task {id: $b}) CREATE (b)-[:DEPENDS_ON]->(a)", a=first, b=second)

    async def close(tx: Transaction) -> None:
        await decide(tx, [encoding.row(Command(first, "DROP", review.writer), 0)])

    async def follow(tx: Transaction) -> None:
        await NextWork().begin(tx, [parents[1]])

    closing, leave = await opened(world.db, close, follow)
    moving = asyncio.create_task(_places(world).move_task(second, parents[2]))
    # It waits, or is done before the other one sees where to.
    await asyncio.wait({moving}, timeout=2)
    leave.set()
    await asyncio.gather(closing, moving)
    assert await world.state(second) == "doing"


def _places(world: World) -> Places:
    return Places(world.db, world.gate, Backlog(world.db))


async def _errand(review: Review) -> str:
    """A workflow of its own: the system begins such a task, and anybody drops it."""
    name = unique("errand")
    await review.world.publish(
        f"workflow: {name}\nitem: task\nroles: [system]\n"
        "states: {todo: {kind: initial}, doing: {kind: active}, gone: {kind: final}}\n"
        "transitions:\n"
        "  - {from: todo, action: START, to: doing, roles: [system]}\n"
        "  - {from: [todo, doing], action: DROP, to: gone, roles: ['*']}\n"
    )
    return name


async def _blocked(world: World, word: str) -> None:
    """Until a transaction whose statement has that word in it waits for a lock."""
    text = "SHOW TRANSACTIONS YIELD status, currentQuery WHERE status STARTS WITH 'Blocked' RETURN currentQuery"
    async with asyncio.timeout(60):
        while not any(word in row["currentQuery"] for row in await world.cypher(text)):
            await asyncio.sleep(0.02)
