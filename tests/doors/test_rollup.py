"""How tasks move their story, over the bus: each situation of docs/rollup.md that test_story_events does not have."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest_asyncio

from graph.engine import Engine
from tests.doors.bus import Bus
from tests.doors.conftest import Team
from tests.doors.test_story_events import act, finish

TRANSITIONED = "planning.story.transitioned"
COMPLETED = "workflow.story.tasks_completed"
WORDS = "This is not needed any more"


@dataclass
class Board:
    """A story with one task at work, and what is seen of it from outside."""

    bus: Bus
    engine: Engine
    team: Team
    story: str
    task: str = ""

    async def add(self) -> str:
        task = f"T-{uuid.uuid4().hex[:8]}"
        await self.engine.items.create_task(self.story, task, workflow="task", id=task)
        return task

    async def begun(self, task: str) -> None:
        await self.bus.hear("workflow.task.assigned", task_id=task, state="implementing")

    async def reaches(self, state: str, times: int = 1) -> None:
        await self.bus.messages(TRANSITIONED, times, story_id=self.story, to_state=state)

    async def finish(self, task: str) -> None:
        await finish(self.engine, task, self.team)

    async def discard(self, task: str) -> None:
        await act(self.engine, task, "DISCARD_TASK", self.team.po, feedback=WORDS)

    async def does(self, action: str, **inputs: str) -> None:
        await act(self.engine, self.story, action, self.team.po, **inputs)

    async def state(self) -> str:
        """Where the story is when planning has dealt with all that was told of tasks so far."""
        await self.settled()
        return str((await self.engine.trees.items_by_ids([self.story]))[self.story]["state"]["name"])

    async def settled(self) -> None:
        """Of one story more is told last: when both levels have dealt with it, so have they with all before."""
        mark = uuid.uuid4().hex[:8]
        fence, task, sprint = f"US-{mark}", f"T-{mark}", f"SP-{mark}"
        await self.engine.items.create_story(
            "A fence",
            workflow="story",
            id=fence,
            description="Behind all that was told before",
            acceptance_criteria=["It is the last"],
        )
        await self.engine.items.create_task(fence, "Last", workflow="task", id=task)
        await self.engine.sprints.create("Fence", sprint)
        await self.engine.sprints.assign(fence, sprint)
        for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
            await act(self.engine, fence, action, self.team.po)
        await self.bus.hear(TRANSITIONED, story_id=fence, to_state="IN_PROGRESS")

    async def completes(self, times: int = 1) -> None:
        """Waits until it is told, which where the story is says nothing about: each stream is heard by itself."""
        await self.bus.messages(COMPLETED, times, story_id=self.story)

    def completions(self) -> int:
        return self.bus.count(COMPLETED, story_id=self.story)


@pytest_asyncio.fixture
async def board(bus: Bus, engine: Engine, team: Team, story: str) -> Board:
    board = Board(bus, engine, team, story)
    board.task = await board.add()
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        await board.does(action)
    await board.begun(board.task)
    await board.reaches("IN_PROGRESS")
    return board


async def test_tasks_that_are_all_discarded_complete_nothing_until_one_is_done(board: Board) -> None:
    await board.discard(board.task)
    assert await board.state() == "IN_PROGRESS"
    assert board.completions() == 0
    listed = dict(await board.engine.offers.work_list(board.team.po, awaited=True, only=[board.story]))
    assert "RETHINK" in listed[board.story]
    more = await board.add()
    await board.begun(more)
    await board.finish(more)
    await board.reaches("READY_TO_REVIEW")
    told = await board.bus.hear(COMPLETED, story_id=board.story)
    assert (told["done"], told["cancelled"]) == (1, 1)


async def test_a_story_whose_tasks_are_all_discarded_can_be_given_up(board: Board) -> None:
    await board.discard(board.task)
    await board.does("RETHINK")
    await board.settled()
    waiting = await board.add()
    await board.does("ARCHIVE", feedback=WORDS)
    assert await board.state() == "ARCHIVED"
    rows = await board.engine.trees.items_by_ids([waiting])
    assert rows[waiting]["state"]["kind"] == "initial"
    assert board.completions() == 0


async def test_a_task_added_before_the_last_is_closed_is_waited_for(board: Board) -> None:
    more = await board.add()
    await board.finish(board.task)
    await board.begun(more)
    assert await board.state() == "IN_PROGRESS"
    await board.discard(more)
    await board.reaches("READY_TO_REVIEW")
    await board.completes()
    assert board.completions() == 1


async def test_a_task_added_to_a_story_that_had_completed_leaves_it_where_it_is(board: Board) -> None:
    await board.finish(board.task)
    await board.reaches("READY_TO_REVIEW")
    more = await board.add()
    await board.begun(more)
    assert await board.state() == "READY_TO_REVIEW"
    await board.finish(more)
    await board.completes(2)
    assert await board.state() == "READY_TO_REVIEW"
    await board.does("ACCEPT")
    assert await board.state() == "DONE"
    # A story that is done still has its tasks begun, and is moved by none.
    last = await board.add()
    await board.begun(last)
    assert await board.state() == "DONE"


async def test_a_reopened_story_completes_by_what_is_done_since(board: Board) -> None:
    await board.finish(board.task)
    await board.reaches("READY_TO_REVIEW")
    discarded = await board.add()
    await board.does("REOPEN", feedback="Handle the empty list, too")
    await board.discard(discarded)
    assert await board.state() == "IN_PROGRESS"
    await board.completes()
    assert board.completions() == 1
    more = await board.add()
    await board.begun(more)
    await board.finish(more)
    await board.reaches("READY_TO_REVIEW", 2)
    await board.completes(2)
    assert board.completions() == 2


async def test_a_task_that_was_closed_and_is_open_again_is_waited_for(board: Board) -> None:
    """No shipped rule leads out of a final state of a task, so this one has rules of its own."""
    flow = f"reopened-{uuid.uuid4().hex[:8]}"
    draft = await board.engine.rules.import_draft(
        f"workflow: {flow}\nroles: [developer, system]\n"
        "states: {waits: {kind: initial}, runs: {kind: active}, ends: {kind: final}}\n"
        "transitions: [{from: waits, action: RUN_IT, to: runs, roles: [system]},\n"
        "  {from: runs, action: END_IT, to: ends, roles: [developer]},\n"
        "  {from: ends, action: RUN_AGAIN, to: runs, roles: [developer]}]\n"
    )
    assert draft.workflow is not None
    assert draft.confirm is not None, draft.findings
    await board.engine.rules.publish(draft.workflow, draft.confirm)
    other = f"T-{uuid.uuid4().hex[:8]}"
    await board.discard(board.task)
    await board.engine.items.create_task(board.story, other, workflow=flow, id=other)
    await board.bus.hear("workflow.task.assigned", task_id=other, state="runs")
    first = await board.add()
    await act(board.engine, other, "END_IT", board.team.developer)
    await board.begun(first)
    await act(board.engine, other, "RUN_AGAIN", board.team.developer)
    await board.finish(first)
    assert await board.state() == "IN_PROGRESS"
    assert board.completions() == 0
    await act(board.engine, other, "END_IT", board.team.developer)
    await board.reaches("READY_TO_REVIEW")
    await board.completes()
    assert board.completions() == 1


async def test_a_story_that_was_carried_over_goes_on_from_how_things_are(board: Board) -> None:
    sprint = (await board.engine.trees.items_by_ids([board.story]))[board.story]["sprint_id"]
    await board.engine.sprints.close(sprint)
    await board.reaches("CARRY_OVER")
    await board.settled()
    waiting = await board.add()
    await board.finish(board.task)
    assert await board.state() == "CARRY_OVER"
    rows = await board.engine.trees.items_by_ids([waiting])
    assert rows[waiting]["state"]["kind"] == "initial"
    await board.discard(waiting)
    following = f"SP-{uuid.uuid4().hex[:8]}"
    await board.engine.sprints.create("Next", following)
    await board.engine.sprints.assign(board.story, following)
    await board.does("RESCHEDULE")
    await board.reaches("READY_TO_REVIEW")
