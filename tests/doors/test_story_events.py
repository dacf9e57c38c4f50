"""How the levels learn of each other over the bus, with our own planning and with a foreign one."""

from __future__ import annotations

import uuid

from graph.decision import Command, Outcome
from graph.engine import Engine
from tests.doors.bus import Bus
from tests.doors.conftest import Team

TRANSITIONED = "planning.story.transitioned"
ASSIGNED = "workflow.task.assigned"


async def act(engine: Engine, item: str, action: str, actor: str, **inputs: str) -> None:
    [decision] = await engine.gate.decide([Command(item, action, actor, inputs=inputs)])
    assert decision.outcome is Outcome.APPLIED, decision.reasons


async def finish(engine: Engine, task: str, team: Team) -> None:
    await act(engine, task, "COMMIT_CODE", team.developer, commit_sha="abc")
    await act(engine, task, "APPROVE_DESIGN", team.architect)
    await act(engine, task, "APPROVE_TESTS", team.qa)
    await act(engine, task, "APPROVE_STORY", team.po)


async def test_a_foreign_planning_service_brings_its_own_story_and_tasks(bus: Bus, engine: Engine, team: Team) -> None:
    mark = uuid.uuid4().hex[:8]
    story, first, second = f"EXT-{mark}", f"EXT-{mark}-1", f"EXT-{mark}-2"
    tasks = [{"id": first, "title": "First", "colour": "red"}, {"id": second, "priority": 1, "depends_on": [first]}]
    event = {"story_id": story, "from_state": "PLANNED", "to_state": "READY_FOR_EXECUTION", "tasks": tasks, "extra": 1}
    await bus.send(TRANSITIONED, event)
    assert (await bus.hear(ASSIGNED, story_id=story))["task_id"] == first
    await finish(engine, first, team)
    assert (await bus.hear(ASSIGNED, task_id=second))["state"] == "implementing"

    # The same event again resets nothing.
    await bus.send(TRANSITIONED, event)
    await finish(engine, second, team)
    done = await bus.hear("workflow.story.tasks_completed", story_id=story)
    assert done == {"story_id": story, "all_tasks_status": "done", "done": 2, "cancelled": 0}
    rows = await engine.trees.items_by_ids([story, first, second])
    assert rows[story]["state"] is None
    assert {rows[first]["state"]["name"], rows[second]["state"]["name"]} == {"done"}
    assert rows[first]["title"] == "First"


async def test_another_state_of_a_story_changes_no_task(bus: Bus, engine: Engine, story: str) -> None:
    task = f"T-{uuid.uuid4().hex[:8]}"
    await engine.items.create_task(story, "Waits", workflow="task", id=task)
    await bus.send(TRANSITIONED, {"story_id": story, "to_state": "PLANNED", "tasks": [task, "unknown-task"]})
    await bus.send(TRANSITIONED, {"story_id": story, "to_state": "NO_SUCH_STATE"})
    await bus.send(
        TRANSITIONED, {"story_id": f"fence-{story}", "to_state": "READY_FOR_EXECUTION", "tasks": [f"F-{task}"]}
    )
    await bus.hear(ASSIGNED, task_id=f"F-{task}")
    rows = await engine.trees.items_by_ids([task, "unknown-task"])
    assert rows[task]["state"]["name"] == "todo"
    assert "unknown-task" not in rows


async def test_a_story_runs_from_draft_to_done_over_both_levels(
    bus: Bus, engine: Engine, team: Team, story: str
) -> None:
    mark = uuid.uuid4().hex[:8]
    first, second = f"T-{mark}-1", f"T-{mark}-2"
    await engine.items.create_task(story, "First", workflow="task", id=first)
    await engine.items.create_task(story, "Second", workflow="task", id=second, depends_on=[first])
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        await act(engine, story, action, team.po)
    await bus.hear(ASSIGNED, task_id=first)
    assert (await bus.hear(TRANSITIONED, story_id=story, to_state="IN_PROGRESS"))["transitioned_by"] == "stategate"
    await finish(engine, first, team)
    await bus.hear(ASSIGNED, task_id=second)
    await act(engine, second, "DISCARD_TASK", team.po, feedback="Not needed any more")
    done = await bus.hear("workflow.story.tasks_completed", story_id=story)
    assert (done["done"], done["cancelled"]) == (1, 1)
    await bus.hear(TRANSITIONED, story_id=story, to_state="READY_TO_REVIEW")
    await act(engine, story, "ACCEPT", team.po)
    await bus.hear(TRANSITIONED, story_id=story, to_state="DONE")
    assert bus.count("workflow.story.tasks_completed", story_id=story) == 1
    history = (await engine.history.pages([(story, 50, 0)]))[0].rows
    assert [change["to"] for change in history][-6:] == [
        "IN_PROGRESS",
        "CODE_REVIEW",
        "TESTING",
        "READY_TO_REVIEW",
        "ACCEPTED",
        "DONE",
    ]


async def test_a_decision_of_the_po_is_told_with_its_comment(bus: Bus, engine: Engine, team: Team, story: str) -> None:
    await act(engine, story, "SUBMIT", team.po)
    await act(engine, story, "REJECT_SCOPE", team.po, feedback="The scope is far too wide")
    told = await bus.hear("planning.decision.rejected", story_id=story)
    assert (told["decided_by"], told["comment"]) == (team.po, "The scope is far too wide")
    assert told["decision_id"]
