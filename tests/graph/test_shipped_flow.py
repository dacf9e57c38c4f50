"""A task under the shipped rules: developer, architect, QA, product owner, and back again."""

from __future__ import annotations

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Awaits
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.team import WORDS, Team
from tests.graph.world import World, path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def team(db: Database, gate: Gate, rules: Rules) -> Team:
    return await Team.open(World(db, gate, rules))


async def test_the_whole_way_hop_by_hop(team: Team) -> None:
    world, task = team.world, await team.task()
    assert path(await team.commit(task)) == [
        ("COMMIT_CODE", "implementing", "dev_completed", False),
        ("ROUTE_TO_ARCHITECT", "dev_completed", "pending_arch_review", True),
    ]
    assert path(await world.applied(task, "CLAIM_REVIEW", team.architect)) == [
        ("CLAIM_REVIEW", "pending_arch_review", "arch_reviewing", False)
    ]
    assert path(await world.applied(task, "APPROVE_DESIGN", team.architect)) == [
        ("APPROVE_DESIGN", "arch_reviewing", "arch_approved", False),
        ("ROUTE_TO_QA", "arch_approved", "pending_qa", True),
    ]
    assert path(await world.applied(task, "CLAIM_TESTING", team.qa))[0][2] == "qa_testing"
    assert path(await world.applied(task, "APPROVE_TESTS", team.qa)) == [
        ("APPROVE_TESTS", "qa_testing", "qa_passed", False),
        ("ROUTE_TO_PO", "qa_passed", "pending_po_approval", True),
    ]
    last = await world.applied(task, "APPROVE_STORY", team.po)
    assert path(last) == [
        ("APPROVE_STORY", "pending_po_approval", "po_approved", False),
        ("COMPLETE", "po_approved", "done", True),
    ]
    assert (last.version, last.awaits) == (11, [])
    changes = await world.history(task)
    assert [change["seq"] for change in changes] == list(range(1, 12))
    assert [change["from"] for change in changes[1:]] == [change["to"] for change in changes[:-1]]
    assert (changes[0]["action"], changes[0]["actor_id"], changes[0]["role"]) == ("START_WORK", "stategate", "system")
    assert len(await world.events(task, "workflow.state.changed")) == 11


async def test_each_state_asks_whom_it_awaits(team: Team) -> None:
    world, task = team.world, await team.task()
    await team.reviewed(task)
    told = [
        (e["role"], e["action"], e["state"], e["attempt"], e["version"])
        for e in await world.events(task, "workflow.task.assigned")
    ]
    assert told == [
        ("developer", "COMMIT_CODE", "implementing", 1, 1),
        ("architect", "CLAIM_REVIEW", "pending_arch_review", 1, 3),
        ("qa", "CLAIM_TESTING", "pending_qa", 1, 5),
        ("po", "APPROVE_STORY", "pending_po_approval", 1, 7),
    ]
    actions = [e["actions"] for e in await world.events(task, "workflow.task.assigned")]
    assert actions[0] == ["COMMIT_CODE", "REQUEST_REVIEW"]
    assert actions[3] == ["APPROVE_STORY", "REJECT_STORY", "DISCARD_TASK"]


async def test_a_claim_may_be_decided_by_another_of_the_role(team: Team) -> None:
    world, task = team.world, await team.task()
    await team.commit(task)
    await world.applied(task, "CLAIM_REVIEW", team.architect)
    await world.applied(task, "APPROVE_DESIGN", await world.actor("architect"))


async def test_three_rejections_return_by_themselves_and_the_fourth_rests(team: Team) -> None:
    world, task = team.world, await team.task()
    for attempt in (2, 3, 4):
        hops = path(await team.rejected(task))
        assert hops == [
            ("REJECT_DESIGN", "pending_arch_review", "arch_rejected", False),
            ("REWORK", "arch_rejected", "implementing", True),
        ]
        assigned = (await world.events(task, "workflow.task.assigned"))[-1]
        assert (assigned["role"], assigned["attempt"], assigned["feedback"]) == ("developer", attempt, WORDS)
    fourth = await team.rejected(task)
    assert path(fourth) == [("REJECT_DESIGN", "pending_arch_review", "arch_rejected", False)]
    assert fourth.awaits == [Awaits("po", ["RESUME_WORK", "DISCARD_TASK"])]
    assert (await world.item(task))["rework"] == 3


async def test_the_limit_counts_every_way_back(team: Team) -> None:
    """REJECT_STORY counts as rework, and resuming resets nothing."""
    world, task = team.world, await team.task()
    await team.rejected(task)
    await team.commit(task)
    await world.applied(task, "APPROVE_DESIGN", team.architect)
    await world.applied(task, "REJECT_TESTS", team.qa, feedback=WORDS)
    await team.reviewed(task)
    back = await world.applied(task, "REJECT_STORY", team.po, feedback=WORDS)
    assert path(back) == [("REJECT_STORY", "pending_po_approval", "implementing", False)]
    assert path(await team.rejected(task))[-1][2] == "arch_rejected"
    assert await world.refused(task, "RESUME_WORK", team.developer) == ["ROLE_NOT_ALLOWED"]
    await world.applied(task, "RESUME_WORK", team.po)
    assert (await world.item(task))["rework"] == 4
    assigned = (await world.events(task, "workflow.task.assigned"))[-1]
    assert (assigned["state"], assigned["attempt"], assigned["feedback"]) == ("implementing", 5, WORDS)
    assert path(await team.rejected(task))[-1][2] == "arch_rejected"
    await team.discard(task)
    assert await world.state(task) == "cancelled"


async def test_work_is_not_resumed_before_the_limit(team: Team) -> None:
    world, task = team.world, await team.task()
    assert await world.refused(task, "RESUME_WORK", team.po) == ["NOT_FROM_THIS_STATE"]


@pytest.mark.parametrize("handed_in", ["COMMIT_CODE", "REQUEST_REVIEW"])
async def test_nobody_judges_what_they_handed_in(team: Team, handed_in: str) -> None:
    world, task = team.world, await team.task()
    everything = await world.actor("developer", "architect", "qa", "po")
    await world.applied(task, handed_in, everything, commit_sha="abc")
    verdicts = [
        ("APPROVE_DESIGN", "REJECT_DESIGN"),
        ("APPROVE_TESTS", "REJECT_TESTS"),
        ("APPROVE_STORY", "REJECT_STORY"),
    ]
    for (approve, reject), judge in zip(verdicts, (team.architect, team.qa, team.po), strict=True):
        assert await world.refused(task, approve, everything) == ["SAME_ACTOR"]
        assert await world.refused(task, reject, everything, feedback=WORDS) == ["SAME_ACTOR"]
        await world.applied(task, approve, judge)
    assert await world.state(task) == "done"


async def test_separation_holds_over_attempts(team: Team) -> None:
    world, task = team.world, await team.task()
    first = await world.actor("developer", "architect")
    await world.applied(task, "REQUEST_REVIEW", first)
    await world.applied(task, "REJECT_DESIGN", team.architect, feedback=WORDS)
    await team.commit(task)
    assert await world.refused(task, "APPROVE_DESIGN", first) == ["SAME_ACTOR"]


@pytest.mark.parametrize("feedback", ["too short", "    123456789    "])
async def test_feedback_is_ten_characters_after_trimming(team: Team, feedback: str) -> None:
    world, task = team.world, await team.task()
    await team.commit(task)
    assert await world.refused(task, "REJECT_DESIGN", team.architect, feedback=feedback) == ["INPUT_INVALID"]
    await world.applied(task, "REJECT_DESIGN", team.architect, feedback="  1234567890  ")


async def test_a_task_is_discarded_from_anywhere_but_the_end(team: Team) -> None:
    world, task = team.world, await team.task()
    assert await world.refused(task, "DISCARD_TASK", team.po) == ["INPUT_MISSING"]
    assert await world.refused(task, "DISCARD_TASK", team.qa, feedback=WORDS) == ["ROLE_NOT_ALLOWED"]
    await team.commit(task)
    await team.discard(task)
    assert await world.refused(task, "DISCARD_TASK", team.po, feedback=WORDS) == ["FINAL_STATE"]
