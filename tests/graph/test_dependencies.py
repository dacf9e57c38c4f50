"""What tasks wait for each other: edited, never into a circle, whoever else edits at the same time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import pairwise

import pytest
import pytest_asyncio

from graph.critical_path import critical_path
from graph.database import Database
from graph.dependencies import Dependencies
from graph.doctor import Doctor, Options
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.gate import Gate
from graph.rules.service import Rules
from graph.work import TaskSeed
from tests.graph.team import RELEASING, WORDS, Team
from tests.graph.world import World, unique


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def team(db: Database, gate: Gate, rules: Rules) -> Team:
    return await Team.open(World(db, gate, rules))


@pytest.fixture
def edges(db: Database, gate: Gate) -> Dependencies:
    return Dependencies(db, gate)


async def tasks(world: World, count: int) -> list[str]:
    """Tasks, each of a story of its own."""
    return [await world.task("task", await world.story()) for _ in range(count)]


async def chain(edges: Dependencies, *ids: str) -> None:
    """Each depends on the next."""
    for task, on in pairwise(ids):
        await edges.add(task, on)


async def waits_for(world: World, task: str) -> list[str]:
    rows = await world.cypher(
        "MATCH (:Task {id: $id})-[:DEPENDS_ON]->(on:Task) RETURN on.id AS id ORDER BY id", id=task
    )
    return [row["id"] for row in rows]


async def close_at_once(team: Team, *ids: str) -> None:
    """Each by somebody else: two actions of one actor wait for each other."""
    actors = [await team.world.actor("po") for _ in ids]
    pairs = zip(ids, actors, strict=True)
    await asyncio.gather(*(team.world.applied(id, "DISCARD_TASK", actor, feedback=WORDS) for id, actor in pairs))


async def has_circle(world: World, ids: Sequence[str]) -> bool:
    rows = await world.cypher("MATCH (t:Task) WHERE t.id IN $ids AND (t)-[:DEPENDS_ON*1..9]->(t) RETURN t", ids=ids)
    return bool(rows)


async def ladder(world: World, diamonds: int) -> tuple[str, str]:
    """Diamonds on top of each other: the last task depends on the first by 2 to the power of so many ways."""
    mark, story = unique("ladder"), await world.story()
    await world.cypher(
        "MATCH (:Workflow {name: 'task'})-[:STARTS_AT]->(todo:State) WITH todo LIMIT 1 "
        "MATCH (story:Story {id: $story}) UNWIND range(0, $count) AS n UNWIND ['', '-left', '-right'] AS side "
        "CREATE (story)-[:HAS_TASK]->(t:Task:Item {id: $mark + '-' + n + side, workflow: 'task', version: 0}) "
        "SET t.rework = 0, t.name = t.id, t.title = t.id CREATE (t)-[:IN_STATE]->(todo)",
        story=story,
        count=diamonds,
        mark=mark,
    )
    await world.cypher(
        "UNWIND range(1, $count) AS n MATCH (top:Task {id: $mark + '-' + n}) "
        "MATCH (below:Task {id: $mark + '-' + (n - 1)}) UNWIND ['-left', '-right'] AS side "
        "MATCH (middle:Task {id: $mark + '-' + n + side}) "
        "CREATE (top)-[:DEPENDS_ON]->(middle)-[:DEPENDS_ON]->(below)",
        count=diamonds,
        mark=mark,
    )
    return f"{mark}-{diamonds}", f"{mark}-0"


async def test_an_edit_is_a_change_of_the_task_that_depends(world: World, edges: Dependencies, db: Database) -> None:
    actor, (one, two) = await world.actor("po"), await tasks(world, 2)
    await edges.add(one, two, actor)
    await edges.add(one, two, actor)
    await edges.remove(one, two)
    await edges.remove(one, two)
    assert await waits_for(world, one) == []
    history = await world.history(one)
    assert [(change["action"], change["seq"], change["from"], change["to"]) for change in history] == [
        ("EDIT", 1, "todo", "todo"),
        ("EDIT", 2, "todo", "todo"),
    ]
    assert [json.loads(change["inputs"]) for change in history] == [{"waits_for": two}, {"waits_no_more_for": two}]
    assert [change.get("actor_id") for change in history] == [actor, None]
    assert (await world.item(one))["version"] == 2
    assert await world.history(two) == []
    found = await Doctor(db, Options(limit=1_000_000, stuck=1_000_000)).examine()
    assert {one, two} & {offender.name for check in found for offender in check.offenders} == set()


async def test_what_cannot_be_is_told(world: World, edges: Dependencies) -> None:
    (one, two), story = await tasks(world, 2), await world.story_item()
    with pytest.raises(BadInputError, match=f"{one} → {one}"):
        await edges.add(one, one)
    for edit in (edges.add, edges.remove):
        for pair in ((one, "nowhere"), ("nowhere", one), (story, one), (one, story)):
            with pytest.raises(NotFoundError, match="no task"):
                await edit(*pair)
        with pytest.raises(NotFoundError, match="no actor"):
            await edit(one, two, "nobody")
        with pytest.raises(BadInputError, match="the system itself"):
            await edit(one, two, "stategate")
    assert (await world.item(one))["version"] == 0


async def test_a_task_in_no_state_is_left_alone(world: World, edges: Dependencies) -> None:
    one, two = await tasks(world, 2)
    await world.cypher("MATCH (:Task {id: $id})-[here:IN_STATE]->() DELETE here", id=one)
    with pytest.raises(ConflictError, match="in 0 states"):
        await edges.add(one, two)
    assert await waits_for(world, one) == []
    await world.cypher("MATCH (t:Task {id: $id}) DETACH DELETE t", id=one)


async def test_a_circle_is_refused_and_named(world: World, edges: Dependencies) -> None:
    one, two, three, four = await tasks(world, 4)
    await chain(edges, one, two, three, four)
    await edges.add(one, four)
    with pytest.raises(ConflictError, match=f"{three} → {one} → {two} → {three}"):
        await edges.add(three, one)
    with pytest.raises(ConflictError, match=f"{four} → {one} → {four}"):
        await edges.add(four, one)
    await edges.remove(one, two)
    await edges.remove(one, four)
    await edges.add(four, one)
    assert not await has_circle(world, [one, two, three, four])


async def test_two_at_once_in_opposite_directions(world: World, edges: Dependencies) -> None:
    for _ in range(5):
        one, two = await tasks(world, 2)
        answers = await asyncio.gather(edges.add(one, two), edges.add(two, one), return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [ConflictError]
        assert not await has_circle(world, [one, two])


async def test_two_at_once_that_share_no_task(world: World, edges: Dependencies) -> None:
    """Each alone closes nothing, so the locks of their own tasks would let both through."""
    for _ in range(5):
        a, b, c, d = await tasks(world, 4)
        await chain(edges, b, c)
        await chain(edges, d, a)
        answers = await asyncio.gather(edges.add(a, b), edges.add(c, d), return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [ConflictError]
        assert not await has_circle(world, [a, b, c, d])


async def test_a_ring_that_many_build_at_once_stays_open(world: World, edges: Dependencies) -> None:
    for _ in range(3):
        ring = await tasks(world, 6)
        pairs = list(zip(ring, [*ring[1:], ring[0]], strict=True))
        answers = await asyncio.gather(*(edges.add(*pair) for pair in pairs), return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [ConflictError]
        assert not await has_circle(world, ring)


async def test_many_ways_are_no_many_steps(world: World, edges: Dependencies, db: Database) -> None:
    top, bottom = await ladder(world, 40)
    [other] = await tasks(world, 1)
    await edges.add(other, top)
    with pytest.raises(ConflictError, match="waits for it"):
        await edges.add(bottom, other)
    story = await world.story()
    task = await world.items.create_task(story, "Above all", workflow="task", depends_on=[top])
    found = critical_path((await edges.chains([story]))[story])
    assert (found.length, found.unestimated, found.tasks[-2:]) == (82, 82, [top, task])
    checks = await Doctor(db, Options(limit=1_000_000, stuck=1_000_000)).examine()
    [check] = [check for check in checks if check.name == "DEPENDENCIES"]
    assert not {bottom, top} & {offender.name for offender in check.offenders}


async def test_who_waits_for_whom(team: Team, edges: Dependencies) -> None:
    base, top, other = unique("base"), unique("top"), unique("other")
    await team.released(TaskSeed(base), TaskSeed(top, depends_on=[base]))
    await team.released(TaskSeed(other, depends_on=[base]))
    found = await edges.blocking([base, top, other, "nowhere"])
    assert found == {
        base: {"id": base, "blocked_by": [], "blocks": sorted([other, top])},
        top: {"id": top, "blocked_by": [base], "blocks": []},
        other: {"id": other, "blocked_by": [base], "blocks": []},
    }
    await team.discard(top)
    found = await edges.blocking([base, top])
    assert (found[base]["blocks"], found[top]["blocked_by"]) == ([other], [])
    await team.discard(base)
    assert (await edges.blocking([base]))[base]["blocks"] == []


async def test_one_that_waits_is_not_begun_until_it_need_not_wait(team: Team, edges: Dependencies) -> None:
    here, one, two = unique("here"), unique("one"), unique("two")
    await team.released(TaskSeed(here))
    await team.released(TaskSeed(one), TaskSeed(two))
    await edges.add(two, here)
    await team.finish(one)
    assert await team.world.state(two) == "todo"
    await edges.remove(two, here, team.po)
    assert await team.world.state(two) == "implementing"
    # One that was begun goes on.
    await edges.add(two, here)
    await team.finish(two)


async def test_the_last_two_dependencies_close_at_once_in_other_stories(team: Team) -> None:
    for _ in range(12):
        one, two, waits = unique("one"), unique("two"), unique("waits")
        await team.released(TaskSeed(one))
        await team.released(TaskSeed(two))
        await team.released(TaskSeed(waits, depends_on=[one, two]))
        await close_at_once(team, one, two)
        assert await team.world.state(waits) == "implementing"


async def test_two_stories_at_once_begin_one_task_of_a_third(team: Team) -> None:
    for _ in range(12):
        one, two, first, second = unique("one"), unique("two"), unique("first"), unique("second")
        await team.released(TaskSeed(one))
        await team.released(TaskSeed(two))
        await team.released(TaskSeed(first, depends_on=[one]), TaskSeed(second, depends_on=[two]))
        await close_at_once(team, one, two)
        assert sorted([await team.world.state(task) for task in (first, second)]) == ["implementing", "todo"]


async def test_what_closes_while_it_is_made_a_dependency_keeps_nobody(team: Team, edges: Dependencies) -> None:
    for _ in range(5):
        one, two, waits = unique("one"), unique("two"), unique("waits")
        await team.released(TaskSeed(one))
        await team.released(TaskSeed(two))
        story = await team.released(TaskSeed(waits, depends_on=[one]))
        await asyncio.gather(close_at_once(team, one, two), edges.add(waits, two))
        assert await team.world.state(waits) == "implementing"
        await team.discard(waits)
        three, late = unique("three"), unique("late")
        await team.released(TaskSeed(three))
        create = team.world.items.create_task(story, "Late", workflow="task", id=late, depends_on=[three])
        await asyncio.gather(team.discard(three), create)
        assert await team.world.state(late) == "implementing"


async def test_new_tasks_that_wait_for_each_other_are_refused_with_the_rest_of_their_event(team: Team) -> None:
    world, story, known, one, two = team.world, unique("story"), unique("known"), unique("one"), unique("two")
    await team.work.story_transitioned(story, RELEASING, [TaskSeed(known)])
    before = await world.written(story), await world.written(known)
    seeds = [TaskSeed(one, depends_on=[two]), TaskSeed(two, depends_on=[known, one]), TaskSeed(unique("third"))]
    with pytest.raises(BadInputError, match="wait for each other: ") as refused:
        await team.work.story_transitioned(story, RELEASING, seeds)
    assert any(way in str(refused.value) for way in (f"{one} → {two} → {one}", f"{two} → {one} → {two}"))
    with pytest.raises(BadInputError, match=f"{one} → {one}"):
        await team.work.story_transitioned(story, RELEASING, [TaskSeed(one, depends_on=[one])])
    assert (await world.written(story), await world.written(known)) == before
    assert await world.cypher("MATCH (t:Task) WHERE t.id IN $ids RETURN t", ids=[one, two]) == []
    # Of a task that is there the event changes nothing, so this is none.
    await team.work.story_transitioned(
        story, RELEASING, [TaskSeed(known, depends_on=[one]), TaskSeed(one, None, 1, [known])]
    )
    assert (await waits_for(world, known), await waits_for(world, one)) == ([], [known])


async def test_the_critical_path(world: World, edges: Dependencies) -> None:
    story, other = await world.story(), await world.story()

    async def task(of: str, estimate: float | None = None) -> str:
        return await world.task("task", of, **({} if estimate is None else {"estimate": estimate}))

    async def found(of: str) -> tuple[list[str], float, int]:
        path = critical_path((await edges.chains([of]))[of])
        return path.tasks, path.length, path.unestimated

    assert await found(story) == ([], 0, 0)
    short, long, last, alone = await task(story, 1), await task(other, 5.5), await task(story), await task(story, 2)
    below, unrelated = await task(other, 0.5), await task(other, 100)
    await edges.add(last, short)
    await edges.add(last, long)
    await edges.add(long, below)
    await edges.add(unrelated, last)
    assert await found(story) == ([below, long, last], 7, 1)
    assert await found(other) == ([below, long, last, unrelated], 107, 1)
    for odd in ("'long'", "duration('PT3H')", "[1]", "0.0/0.0", "1.0/0.0"):
        await world.cypher(f"MATCH (t:Task {{id: $id}}) SET t.estimate = {odd}", id=below)
        assert await found(story) == ([below, long, last], 7.5, 2)
    await world.cypher("MATCH (t:Task {id: $id}) SET t.estimate = 0.5", id=below)
    # A closed task does not count, nor what only it waited for.
    await world.cypher(
        "MATCH (t:Task {id: $id})-[here:IN_STATE]->() MATCH (done:State {workflow: 'task', name: 'done'}) "
        "DELETE here CREATE (t)-[:IN_STATE]->(done)",
        id=long,
    )
    assert await found(story) in [([short, last], 2, 1), ([alone], 2, 0)]
    await edges.add(alone, last)
    assert await found(story) == ([short, last, alone], 4, 1)


async def test_a_circle_made_by_hand_is_named_and_mended(world: World, edges: Dependencies, db: Database) -> None:
    doctor = Doctor(db, Options(limit=1_000_000, stuck=1_000_000))
    one, two, three = await tasks(world, 3)
    await chain(edges, one, two, three)
    await world.cypher(
        "MATCH (three:Task {id: $three}) MATCH (one:Task {id: $one}) CREATE (three)-[:DEPENDS_ON]->(one)",
        one=one,
        three=three,
    )
    [row] = await world.cypher("MATCH (s:Story)-[:HAS_TASK]->(:Task {id: $id}) RETURN s.id AS id", id=one)
    with pytest.raises(ConflictError, match="wait for each other"):
        critical_path((await edges.chains([row["id"]]))[row["id"]])

    async def circles() -> list[str]:
        checks = await doctor.examine()
        [check] = [check for check in checks if check.name == "DEPENDENCIES"]
        return [offender.problem for offender in check.offenders if offender.name in {one, two, three}]

    [problem] = await circles()
    assert any(
        way in problem
        for way in (f"{one} → {two} → {three} → {one}", f"{two} → {three} → {one} → {two}", f"{three} → {one} → {two}")
    )
    await edges.remove(three, one)
    assert await circles() == []
