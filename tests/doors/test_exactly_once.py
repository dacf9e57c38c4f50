"""A command is applied once, whatever is sent again, raced or broken off; what it caused is told in order."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Sequence

from nats.aio.client import Client

from consumers.delivery import Heard
from consumers.runner import Runner
from consumers.streams import Streams
from consumers.workflow import WorkflowDoor
from graph.decision import Command, Outcome
from graph.engine import Engine
from graph.events import WorkCompleted
from graph.lease import Lease
from stategate.demo.client import GraphQLClient
from tests.doors.bus import PATIENCE, Bus
from tests.doors.conftest import Team

CHANGED = "workflow.state.changed"
COMPLETED = "workflow.story.tasks_completed"
WORK = [("COMMIT_CODE", "developer"), ("APPROVE_DESIGN", "architect"), ("APPROVE_TESTS", "qa")]


async def in_work(engine: Engine, story: str, count: int) -> list[str]:
    """Tasks in work: each is created, and the first is begun by the system."""
    mark = uuid.uuid4().hex[:8]
    tasks = [f"T-{mark}-{number}" for number in range(count)]
    for task in tasks:
        await engine.items.create_task(story, "Work", workflow="task", id=task)
    await engine.work.story_transitioned(story, "READY_FOR_EXECUTION")
    return tasks


async def begin(engine: Engine, tasks: Sequence[str], team: Team) -> None:
    await engine.gate.decide([Command(task, "START_WORK", team.developer) for task in tasks[1:]])


def work(task: str, action: str, actor: str, command: str | None = None) -> dict[str, object]:
    body: dict[str, object] = {"task_id": task, "action": action, "actor_id": actor, "inputs": {"commit_sha": "abc"}}
    return body | ({"command_id": command} if command else {})


async def changes(engine: Engine, task: str) -> list[str]:
    [page] = await engine.history.pages([(task, 100, 0)])
    return [row["action"] for row in page.rows]


async def test_sent_again_in_one_batch_and_later_it_is_done_once(
    bus: Bus, engine: Engine, story: str, team: Team
) -> None:
    tasks = await in_work(engine, story, 6)
    await begin(engine, tasks, team)
    choice = random.Random(7)
    for action, role in WORK:
        sent = [work(task, action, getattr(team, role), f"{task}/{action}") for task in tasks] * 3
        choice.shuffle(sent)
        await asyncio.gather(*(bus.send(WorkCompleted.subject, body) for body in sent))
        for task in tasks:
            await bus.hear(CHANGED, task_id=task, action=action)
        for body in choice.sample(sent, 5):
            await bus.send(WorkCompleted.subject, body)
    fence = f"nobody-{uuid.uuid4()}"
    await bus.send(WorkCompleted.subject, work(fence, "COMMIT_CODE", team.developer))
    await bus.hear("workflow.action.refused", task_id=fence)
    for task in tasks:
        done = await changes(engine, task)
        assert [done.count(action) for action, _ in WORK] == [1, 1, 1]
        assert [bus.count(CHANGED, task_id=task, action=action) for action, _ in WORK] == [1, 1, 1]
        assert bus.count("workflow.action.refused", task_id=task) == 0


async def test_events_of_an_item_are_told_in_the_order_of_its_versions(
    bus: Bus, engine: Engine, story: str, team: Team
) -> None:
    tasks = await in_work(engine, story, 8)
    await begin(engine, tasks, team)
    for action, role in WORK:
        for task in tasks:
            await bus.send(WorkCompleted.subject, work(task, action, getattr(team, role)))
    for task in tasks:
        await bus.hear(CHANGED, task_id=task, action="ROUTE_TO_PO")
        told = [json.loads(message.data) for message in await bus.messages(CHANGED, 7, task_id=task)]
        assert [event["version"] for event in told] == list(range(1, 8))


async def test_a_handler_that_dies_after_the_commit_does_nothing_twice(
    bus: Bus, connection: Client, engine: Engine, story: str, team: Team
) -> None:
    tasks = await in_work(engine, story, 5)
    await begin(engine, tasks, team)
    door = WorkflowDoor(engine, trust_declared_role=False)
    mark, commits, seen = uuid.uuid4().hex, 0, set[str]()
    finished = asyncio.Event()

    async def handle(heard: Sequence[Heard[WorkCompleted]]) -> None:
        nonlocal commits
        await door.work_completed(heard)
        commits += 1
        if commits <= 3:
            raise RuntimeError("between the commit and the acknowledgement")
        seen.update(one.event.task_id for one in heard)
        if seen == set(tasks):
            finished.set()

    subject = f"agent.work.{mark}"
    runner = Runner(
        Streams(connection), Lease(engine.db, mark), subject, mark, WorkCompleted, lambda event: event.task_id, handle
    )
    for task in tasks:
        # No command id of its own: the place in the stream is one, also when it comes again.
        await bus.send(subject, work(task, "REQUEST_REVIEW", team.developer))
    stopping = asyncio.Event()
    running = asyncio.create_task(runner.run(stopping))
    async with asyncio.timeout(PATIENCE):
        await finished.wait()
        stopping.set()
        await running
    for task in tasks:
        assert (await changes(engine, task)).count("REQUEST_REVIEW") == 1
        await bus.hear(CHANGED, task_id=task, action="ROUTE_TO_ARCHITECT")
        assert bus.count(CHANGED, task_id=task, action="REQUEST_REVIEW") == 1
        assert bus.count("workflow.action.refused", task_id=task) == 0


async def test_the_last_two_tasks_at_once_complete_their_story_once(
    bus: Bus, engine: Engine, team: Team, story: str, graphql: GraphQLClient
) -> None:
    stories = [f"{story}-{number}" for number in range(6)]
    pairs: dict[str, list[str]] = {}
    for one in stories:
        await engine.items.create_story("Race", workflow="story", id=one)
        pairs[one] = await in_work(engine, one, 2)
        await begin(engine, pairs[one], team)
        for action, role in WORK:
            inputs = {"commit_sha": "abc"} if action == "COMMIT_CODE" else {}
            await engine.gate.decide([Command(task, action, getattr(team, role), inputs=inputs) for task in pairs[one]])

    async def by_graphql(task: str) -> None:
        answer = await graphql(
            'mutation($task: ID!, $actor: ID!) { act(itemId: $task, action: "APPROVE_STORY", actorId: $actor) '
            "{ __typename } }",
            task=task,
            actor=team.po,
        )
        assert answer["act"]["__typename"] == "Applied"

    async def by_gate(task: str) -> None:
        [answer] = await engine.gate.decide([Command(task, "APPROVE_STORY", team.po)])
        assert answer.outcome is Outcome.APPLIED

    await asyncio.gather(
        *(by_graphql(first) for first, _ in pairs.values()),
        *(
            bus.send(WorkCompleted.subject, work(second, "APPROVE_STORY", team.po)) if place % 2 else by_gate(second)
            for place, (_, second) in enumerate(pairs.values())
        ),
    )
    for one in stories:
        told = await bus.hear(COMPLETED, story_id=one)
        assert (told["done"], told["cancelled"]) == (2, 0)
    fence = f"nobody-{uuid.uuid4()}"
    await bus.send(WorkCompleted.subject, work(fence, "COMMIT_CODE", team.developer))
    await bus.hear("workflow.action.refused", task_id=fence)
    for one in stories:
        ids = {(message.headers or {})["Nats-Msg-Id"] for message in await bus.messages(COMPLETED, 1, story_id=one)}
        assert (len(ids), bus.count(COMPLETED, story_id=one)) == (1, 1)
