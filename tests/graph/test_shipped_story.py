"""A story under the shipped rules: planned, committed to a sprint, and moved by its tasks through the couplings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Outcome
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.team import RELEASING, WORDS, Team
from tests.graph.world import World, path, unique

READY: dict[str, Any] = {
    "description": "As a person I want it so that it is there.",
    "acceptance_criteria": ["It is there."],
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A story ready to be planned, with a team for its tasks."""

    team: Team
    story: str

    @property
    def world(self) -> World:
        return self.team.world

    async def task(self, **properties: object) -> str:
        return await self.world.task("task", self.story, **{"priority": 2, **properties})

    async def sprint(self, state: str = "active") -> None:
        await self.world.cypher(
            "MATCH (s:Story {id: $id}) CREATE (s)-[:IN_SPRINT]->(:Sprint {id: $sprint, name: $sprint, state: $state})",
            id=self.story,
            sprint=unique("sprint"),
            state=state,
        )

    async def submitted(self) -> None:
        await self.world.applied(self.story, "SUBMIT", self.team.po)
        await self.world.applied(self.story, "APPROVE_SCOPE", self.team.po)

    async def committed(self, tasks: int = 1) -> list[str]:
        """In execution, its first task begun; the tasks."""
        made = [await self.task(rank=rank) for rank in range(tasks)]
        await self.sprint()
        await self.submitted()
        await self.world.applied(self.story, "PLAN", self.team.po)
        await self.world.applied(self.story, "COMMIT_TO_SPRINT", self.team.po)
        await self.team.work.story_transitioned(self.story, RELEASING)
        return made

    async def settled(self) -> list[str | None]:
        """The actions the system fired now."""
        return [hop.action for hop in (await self.team.work.settle(self.story)).hops]


@pytest_asyncio.fixture(loop_scope="session")
async def plan(db: Database, gate: Gate, rules: Rules) -> Plan:
    world = World(db, gate, rules)
    return Plan(await Team.open(world), await world.story_item(story_points=3, **READY))


async def test_the_whole_way(plan: Plan) -> None:
    [task] = await plan.committed()
    assert await plan.settled() == ["START"]
    await plan.team.finish(task)
    assert await plan.settled() == ["TASKS_COMPLETED", "PASS_REVIEW", "PASS_TESTS"]
    last = await plan.world.applied(plan.story, "ACCEPT", plan.team.po)
    assert path(last) == [("ACCEPT", "READY_TO_REVIEW", "ACCEPTED", False), ("CLOSE", "ACCEPTED", "DONE", True)]
    changes = await plan.world.history(plan.story)
    assert [change["seq"] for change in changes] == list(range(1, len(changes) + 1))
    events = await plan.world.events(plan.story, "planning.story.transitioned")
    assert [event["to_state"] for event in events] == [change["to"] for change in changes]
    assert events[3]["tasks"] == [task]


async def test_a_condition_that_is_not_yet_true_is_no_refusal(plan: Plan) -> None:
    await plan.committed()
    assert await plan.settled() == ["START"]
    before = await plan.world.written(plan.story)
    for _ in range(3):
        decision = await plan.team.work.settle(plan.story)
        assert (decision.outcome, decision.hops) == (Outcome.APPLIED, [])
    assert await plan.world.written(plan.story) == before


async def test_the_order_of_events_does_not_matter(plan: Plan) -> None:
    """The task is done before planning hears of anything; one look catches up."""
    [task] = await plan.committed()
    await plan.team.finish(task)
    assert await plan.settled() == ["START", "TASKS_COMPLETED", "PASS_REVIEW", "PASS_TESTS"]


async def test_a_person_cannot_fire_what_the_system_fires(plan: Plan) -> None:
    await plan.committed()
    assert "ROLE_NOT_ALLOWED" in await plan.world.refused(plan.story, "START", plan.team.po)
    await plan.settled()
    granted = await plan.world.actor("system")
    # The role may be granted to others, but the condition is the same for them.
    assert await plan.world.refused(plan.story, "TASKS_COMPLETED", granted) == ["GUARD_FAILED"]


async def test_a_discarded_task_is_closed_but_not_done(plan: Plan) -> None:
    first, second = await plan.committed(2)
    await plan.settled()
    await plan.team.discard(second)
    assert await plan.settled() == []
    await plan.team.finish(first)
    assert await plan.settled() == ["TASKS_COMPLETED", "PASS_REVIEW", "PASS_TESTS"]


async def test_a_discarded_todo_is_no_start(plan: Plan) -> None:
    first = await plan.task()
    await plan.world.cypher("MATCH (s:Story {id: $id}) SET s.released = false", id=plan.story)
    await plan.team.discard(first)
    await plan.sprint()
    await plan.submitted()
    await plan.world.applied(plan.story, "PLAN", plan.team.po)
    await plan.world.applied(plan.story, "COMMIT_TO_SPRINT", plan.team.po)
    assert await plan.settled() == []


async def test_after_a_rejection_something_more_must_be_done(plan: Plan) -> None:
    [task] = await plan.committed()
    await plan.team.finish(task)
    await plan.settled()
    await plan.world.applied(plan.story, "REJECT", plan.team.po, feedback=WORDS)
    assert await plan.settled() == []
    more = await plan.task(rank=9)
    await plan.team.world.gate.assign([plan.story])
    await plan.team.finish(more)
    assert await plan.settled() == ["TASKS_COMPLETED", "PASS_REVIEW", "PASS_TESTS"]


@pytest.mark.parametrize(
    ("missing", "score"),
    [({"description": "too short"}, 80), ({"story_points": None}, 85), ({"acceptance_criteria": []}, 70)],
)
async def test_the_definition_of_ready(plan: Plan, missing: dict[str, object], score: int) -> None:
    await plan.task()
    await plan.submitted()
    await plan.world.cypher("MATCH (s:Story {id: $id}) SET s += $missing", id=plan.story, missing=missing)
    decision = await plan.world.act(plan.story, "PLAN", plan.team.po)
    assert decision.outcome is (Outcome.APPLIED if score >= 80 else Outcome.REFUSED)
    assert [str(score) in reason.message for reason in decision.reasons] == ([] if score >= 80 else [True])


async def test_planning_needs_a_task(plan: Plan) -> None:
    await plan.submitted()
    assert await plan.world.refused(plan.story, "PLAN", plan.team.po) == ["GUARD_FAILED"]


@pytest.mark.parametrize("state", ["none", "closed"])
async def test_committing_needs_a_sprint_that_has_not_ended(plan: Plan, state: str) -> None:
    await plan.task()
    if state != "none":
        await plan.sprint(state)
    await plan.submitted()
    await plan.world.applied(plan.story, "PLAN", plan.team.po)
    assert await plan.world.refused(plan.story, "COMMIT_TO_SPRINT", plan.team.po) == ["GUARD_FAILED"]
    await plan.sprint("planned")
    await plan.world.applied(plan.story, "COMMIT_TO_SPRINT", plan.team.po)


async def test_an_ended_sprint_carries_the_story_over(plan: Plan) -> None:
    [task] = await plan.committed()
    await plan.settled()
    await plan.world.cypher("MATCH (:Story {id: $id})-[:IN_SPRINT]->(s) SET s.state = 'closed'", id=plan.story)
    assert await plan.settled() == ["CARRY_OVER"]
    # Running work may finish, but it moves the story no more.
    await plan.team.finish(task)
    assert await plan.settled() == []
    assert await plan.world.refused(plan.story, "RESCHEDULE", plan.team.po) == ["GUARD_FAILED"]


async def test_a_scope_decision_is_told(plan: Plan) -> None:
    await plan.world.applied(plan.story, "SUBMIT", plan.team.po)
    await plan.world.applied(plan.story, "REJECT_SCOPE", plan.team.po, feedback=WORDS)
    [told] = await plan.world.events(plan.story, "planning.decision.rejected")
    assert (told["story_id"], told["decided_by"], told["comment"]) == (plan.story, plan.team.po, WORDS)
    assert told["decision_id"]


async def test_work_in_hand_keeps_a_story_from_being_put_away(plan: Plan) -> None:
    [task] = await plan.committed()
    assert await plan.world.refused(plan.story, "RETHINK", plan.team.po) == ["GUARD_FAILED"]
    await plan.team.discard(task)
    await plan.world.applied(plan.story, "RETHINK", plan.team.po)
    await plan.world.applied(plan.story, "ARCHIVE", plan.team.po, feedback=WORDS)
    assert await plan.world.refused(plan.story, "SUBMIT", plan.team.po) == ["FINAL_STATE"]
