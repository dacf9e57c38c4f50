"""Which task of a story is begun, when, and what its end tells."""

from __future__ import annotations

import pytest
import pytest_asyncio

from graph.database import Database
from graph.decision import Command, Outcome
from graph.errors import BadInputError, StategateError
from graph.gate import Gate
from graph.rules.service import Rules
from graph.work import TaskSeed
from tests.graph.team import RELEASING, WORDS, Team
from tests.graph.world import World, unique

COMPLETED = "workflow.story.tasks_completed"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def team(db: Database, gate: Gate, rules: Rules) -> Team:
    return await Team.open(World(db, gate, rules))


async def begun(team: Team, *tasks: str) -> list[str]:
    """Those of the tasks that are in the developer's hands."""
    return [task for task in tasks if await team.world.state(task) == "implementing"]


async def test_dependencies_before_priority_before_rank(team: Team) -> None:
    base, urgent, plain, late, last = (unique(word) for word in ("base", "urgent", "plain", "late", "last"))
    await team.released(
        TaskSeed(late, priority=4),
        TaskSeed(urgent, priority=1, depends_on=[base, last]),
        TaskSeed(plain),
        TaskSeed(base, priority=3),
        TaskSeed(last, priority=5),
    )
    order = []
    for _ in range(5):
        [task] = await begun(team, base, urgent, plain, late, last)
        order.append(task)
        await team.finish(task)
    assert order == [plain, base, late, last, urgent]


async def test_the_next_begins_when_the_developer_is_free(team: Team) -> None:
    first, second = unique("first"), unique("second")
    await team.released(TaskSeed(first), TaskSeed(second))
    assert await begun(team, first, second) == [first]
    await team.commit(first)
    assert await begun(team, first, second) == [second]
    await team.commit(second)
    assert await team.world.state(first) == "pending_arch_review"


async def test_a_discarded_dependency_is_closed_too(team: Team) -> None:
    first, second = unique("first"), unique("second")
    await team.released(TaskSeed(first), TaskSeed(second, depends_on=[first]))
    await team.commit(first)
    assert await begun(team, second) == []
    await team.discard(first)
    assert await begun(team, second) == [second]


async def test_work_is_not_started_by_hand_before_its_time(team: Team) -> None:
    world, first, second = team.world, unique("first"), unique("second")
    await team.released(TaskSeed(first), TaskSeed(second, depends_on=[first]))
    assert await world.refused(second, "START_WORK", team.developer) == ["GUARD_FAILED"]
    alone = await world.task("task", await world.story())
    assert await world.refused(alone, "START_WORK", team.developer) == ["GUARD_FAILED"]


async def test_the_same_event_again_changes_nothing(team: Team) -> None:
    task = unique("task")
    story = await team.released(TaskSeed(task))
    await team.commit(task)
    before = await team.world.written(task)
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(task, title="New", priority=1)])
    assert await team.world.written(task) == before


async def test_tasks_that_cannot_begin_yet_are_not_dropped(team: Team) -> None:
    """The rules are being edited by hand; the message comes again, and then goes where a person finds it."""
    world, story, task = team.world, unique("story"), unique("task")
    cut = "MATCH (:Workflow {name: 'task'})-[starts:STARTS_AT]->(state) WITH starts, state, properties(starts) AS kept "
    [start] = await world.cypher(cut + "DELETE starts RETURN kept, state.name AS name")
    try:
        with pytest.raises(StategateError, match="'task' has no state in which an item begins") as caught:
            await team.work.story_transitioned(story, RELEASING, [TaskSeed(task)])
        assert not isinstance(caught.value, BadInputError)
    finally:
        await world.cypher(
            "MATCH (w:Workflow {name: 'task'})-[:HAS_STATE]->(s:State {name: $name}) "
            "CREATE (w)-[starts:STARTS_AT]->(s) SET starts = $kept",
            **start,
        )
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(task)])
    assert await world.state(task) == "implementing"


async def test_other_states_of_a_story_change_no_task(team: Team) -> None:
    world, story, task = team.world, unique("story"), unique("task")
    await team.work.story_transitioned(story, "PLANNED", [TaskSeed(task)])
    assert await world.cypher("MATCH (t:Task {id: $id}) RETURN t", id=task) == []
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(task)])
    await team.work.story_transitioned(story, "IN_PROGRESS", [TaskSeed(task)])
    assert await world.state(task) == "implementing"


async def test_a_story_carried_over_begins_nothing_new(team: Team) -> None:
    first, second = unique("first"), unique("second")
    story = await team.released(TaskSeed(first), TaskSeed(second))
    await team.work.story_transitioned(story, "CARRY_OVER")
    await team.finish(first)
    assert await team.world.state(second) == "todo"
    await team.work.story_transitioned(story, RELEASING)
    assert await team.world.state(second) == "implementing"


async def put(world: World, story: str, state: str) -> None:
    await world.cypher(
        "MATCH (i:Item {id: $id})-[here:IN_STATE]->() MATCH (s:State {name: $state, workflow: 'story'}) DELETE here "
        "CREATE (i)-[:IN_STATE]->(s)",
        id=story,
        state=state,
    )


@pytest.mark.parametrize(
    ("state", "taken", "assigned"),
    [
        ("READY_FOR_EXECUTION", True, True),
        ("IN_PROGRESS", True, True),
        ("READY_TO_REVIEW", True, True),
        ("CARRY_OVER", True, False),
        # Nobody has moved it here, so somebody else does.
        ("DRAFT", True, True),
        ("ARCHIVED", False, False),
    ],
)
async def test_a_late_message_releases_as_the_story_is_now(team: Team, state: str, taken: bool, assigned: bool) -> None:
    world, story, task = team.world, await team.world.story_item(), unique("task")
    waiting = await world.task("task", story)
    await put(world, story, state)
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(task, priority=5)])
    assert (await world.item(story))["released"] is assigned
    assert bool(await world.cypher("MATCH (t:Task {id: $id}) RETURN t", id=task)) is taken
    assert bool(await begun(team, waiting)) is assigned


async def test_a_story_that_was_rethought_is_not_released_by_a_late_message(team: Team) -> None:
    world, story = team.world, await team.world.story_item()
    waiting = await world.task("task", story)
    await put(world, story, "CARRY_OVER")
    await world.applied(story, "RETHINK", team.po)
    await team.work.story_transitioned(story, RELEASING)
    assert (await world.item(story))["released"] is False
    assert await begun(team, waiting) == []


async def test_an_id_that_is_of_something_else_is_no_story_and_no_task(team: Team) -> None:
    world, epic, fresh = team.world, unique("epic"), unique("fresh")
    await world.items.create_epic("E", epic)
    foreign, own = await world.story(), await world.story_item()
    task = await world.task("task", own)
    for id in (task, epic):
        with pytest.raises(BadInputError, match=f"'{id}' is the id of a task or an epic"):
            await team.work.story_transitioned(id, RELEASING, [TaskSeed(fresh)])
        assert await world.cypher("MATCH (s:Story {id: $id}) RETURN s", id=id) == []
    for id in (foreign, own, epic):
        with pytest.raises(BadInputError, match=f"'{id}' is no task"):
            await team.work.story_transitioned(unique("story"), RELEASING, [TaskSeed(fresh), TaskSeed(id)])
        assert await world.cypher("MATCH (t:Task) WHERE t.id IN $ids RETURN t", ids=[id, fresh]) == []
    assert await world.state(task) == "todo"


async def test_completion_is_told_once(team: Team) -> None:
    first, second, third = unique("first"), unique("second"), unique("third")
    story = await team.released(TaskSeed(first), TaskSeed(second), TaskSeed(third))
    await team.finish(first)
    await team.finish(second)
    assert await team.world.events(story, COMPLETED) == []
    await team.discard(third)
    [told] = await team.world.events(story, COMPLETED)
    assert (told["story_id"], told["all_tasks_status"], told["done"], told["cancelled"]) == (story, "done", 2, 1)
    await team.world.refused(first, "DISCARD_TASK", team.po, feedback=WORDS)
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(first), TaskSeed(second)])
    assert len(await team.world.events(story, COMPLETED)) == 1


async def test_work_added_later_completes_anew(team: Team) -> None:
    first, later = unique("first"), unique("later")
    story = await team.released(TaskSeed(first))
    await team.finish(first)
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(later)])
    await team.finish(later)
    assert [event["done"] for event in await team.world.events(story, COMPLETED)] == [1, 2]


async def test_a_story_of_which_nothing_was_done_is_not_completed(team: Team) -> None:
    first, second = unique("first"), unique("second")
    story = await team.released(TaskSeed(first), TaskSeed(second))
    await team.discard(first)
    await team.discard(second)
    assert await team.world.events(story, COMPLETED) == []


async def test_closing_a_task_begins_what_waits_for_it_in_another_story(team: Team) -> None:
    here, there = unique("here"), unique("there")
    await team.released(TaskSeed(here))
    await team.released(TaskSeed(there, depends_on=[here]))
    assert await begun(team, here, there) == [here]
    await team.finish(here)
    assert await begun(team, there) == [there]


async def test_a_task_that_cannot_be_begun_keeps_back_its_own_story_alone(team: Team) -> None:
    world, first, second = team.world, [unique("first") for _ in range(4)], [unique("second") for _ in range(4)]
    for one, other in zip(first, second, strict=True):
        await team.released(TaskSeed(one), TaskSeed(other))
    await world.cypher("MATCH (t:Task {id: $id}) SET t.rework = true", id=second[2])
    sent = [Command(task, "COMMIT_CODE", team.developer, inputs={"commit_sha": "abc"}) for task in first]
    assert {answer.outcome for answer in await world.gate.decide(sent)} == {Outcome.APPLIED}
    assert await begun(team, *second) == [second[0], second[1], second[3]]


async def test_an_assignment_that_cannot_be_told_keeps_nobody_else_back(team: Team) -> None:
    """Nor does a new task fail for it; when the rule is mended, the next change begins the work."""
    world, first, second, third = team.world, unique("first"), unique("second"), unique("third")
    story = await team.released(TaskSeed(first), TaskSeed(second))
    await world.cypher(
        "MATCH (:Transition {workflow: 'task', name: 'START_WORK'})-[:GUARDED_BY]->(g:Guard) "
        "SET g.kept = g.field, g.field = 7"
    )
    try:
        await team.commit(first)
        assert await begun(team, second) == []
        await world.items.create_task(story, "One more", workflow="task", id=third)
    finally:
        await world.cypher(
            "MATCH (:Transition {workflow: 'task', name: 'START_WORK'})-[:GUARDED_BY]->(g:Guard) "
            "SET g.field = g.kept REMOVE g.kept"
        )
    await world.applied(first, "APPROVE_DESIGN", team.architect)
    assert await begun(team, second, third) == [second]


async def test_a_completion_is_told_also_when_the_clock_was_set_back(team: Team) -> None:
    world, first, second = team.world, unique("first"), unique("second")
    story = await team.released(TaskSeed(first))
    await team.finish(first)
    await world.cypher(
        "MATCH (s:Story {id: $id}) SET s.tasks_completed_at = s.tasks_completed_at + duration({hours: 1})", id=story
    )
    for task in (second, unique("third")):
        await team.work.story_transitioned(story, RELEASING, [TaskSeed(task)])
        await team.finish(task)
    assert [event["done"] for event in await world.events(story, COMPLETED)] == [1, 2, 3]


async def test_what_is_filed_after_it_was_done_completes_nothing_again(team: Team) -> None:
    world, name = team.world, unique("filing")
    await world.publish(
        f"workflow: {name}\nitem: task\nroles: []\n"
        "states: {todo: {kind: initial}, done: {kind: final}, filed: {kind: final}}\n"
        "transitions:\n"
        "  - {from: todo, action: FINISH, to: done, roles: ['*']}\n"
        "  - {from: done, action: FILE_AWAY, to: filed, roles: ['*']}\n"
        "  - {from: filed, action: REOPEN, to: todo, roles: ['*']}\n"
    )
    story = await world.story()
    tasks = [await world.task(name, story) for _ in range(2)]
    for action in ("FINISH", "FILE_AWAY"):
        for task in tasks:
            await world.applied(task, action, team.po)
        assert len(await world.events(story, COMPLETED)) == 1
    for action in ("REOPEN", "FINISH"):
        await world.applied(tasks[0], action, team.po)
    assert len(await world.events(story, COMPLETED)) == 2
