"""When stories were in which sprint, and what became of sprints of many stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from graph.burndown import Sum, total
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.sprints import Sprints
from tests.graph.world import NO_TIMES, World, unique

RULES = """
workflow: {name}
item: story
roles: [{name}-boss]
states:
  open: {{kind: initial}}
  ready: {{kind: final}}
  filed: {{kind: final, outcome: cancelled}}
transitions:
  - {{from: open, action: DO_IT, to: ready, roles: [{name}-boss]}}
  - {{from: [open, ready], action: FILE_IT, to: filed, roles: [{name}-boss]}}
  - {{from: [ready, filed], action: TAKE_UP, to: open, roles: [{name}-boss]}}
"""


class Board:
    """Stories of a small workflow of their own."""

    def __init__(self, world: World, flow: str, boss: str) -> None:
        self.world = world
        self.flow = flow
        self.boss = boss
        self.sprints = Sprints(world.db, world.gate)

    async def sprint(self, *points: int | None) -> tuple[str, list[str]]:
        """A sprint, and stories of these points in it."""
        sprint = await self.sprints.create(unique("sprint"))
        stories = [await self.story(of) for of in points]
        for story in stories:
            await self.sprints.assign(story, sprint)
        return sprint, stories

    async def story(self, points: int | None) -> str:
        return await self.world.items.create_story("A story", workflow=self.flow, story_points=points)

    async def does(self, story: str, *actions: str) -> None:
        for action in actions:
            await self.world.applied(story, action, self.boss)

    async def sums(self, sprint: str) -> Sum:
        stays = (await self.sprints.stays([sprint]))[sprint]
        closed = (await self.sprints.by_ids([sprint]))[sprint]["closed_at"]
        return total(stays, closed.to_native()) if closed else total(stays)


@pytest_asyncio.fixture(loop_scope="session")
async def board(world: World) -> Board:
    flow = unique("flow")
    await world.publish(RULES.format(name=flow))
    return Board(world, flow, await world.actor(f"{flow}-boss"))


async def test_finished_is_what_the_rules_say(board: Board) -> None:
    sprint, (first, second, third, _) = await board.sprint(1, 2, 4, 8)
    await board.does(first, "DO_IT")
    await board.does(second, "DO_IT", "FILE_IT")
    await board.does(third, "FILE_IT")
    assert await board.sums(sprint) == Sum(8, 3)
    await board.does(first, "TAKE_UP")
    assert await board.sums(sprint) == Sum(9, 2)


async def test_a_story_counts_where_it_was_finished(board: Board) -> None:
    early, (story,) = await board.sprint(5)
    await board.sprints.start(early)
    await board.sprints.close(early)
    late, _ = await board.sprint()
    await board.sprints.assign(story, late)
    await board.does(story, "DO_IT")
    later, _ = await board.sprint()
    await board.sprints.close(late)
    await board.sprints.assign(story, later)
    assert [await board.sums(sprint) for sprint in (early, late, later)] == [Sum(5), Sum(0, 5), Sum()]
    stays = (await board.sprints.stays_of([story]))[story]
    assert [stay["sprint_id"] for stay in stays] == [early, late, later]
    assert [stay["left_at"] is None for stay in stays] == [False, False, True]


async def test_what_was_finished_in_a_sprint_counts_there_when_it_has_left(board: Board) -> None:
    sprint, (done, moved, left_open) = await board.sprint(5, 3, 2)
    await board.sprints.start(sprint)
    await board.does(done, "DO_IT")
    await board.does(moved, "DO_IT")
    await board.sprints.remove(done)
    other, _ = await board.sprint()
    await board.sprints.assign(moved, other)
    await board.sprints.remove(left_open)
    assert [await board.sums(one) for one in (sprint, other)] == [Sum(0, 8), Sum()]
    # Put in again, it came done.
    await board.sprints.assign(done, sprint)
    await board.sprints.close(sprint)
    assert await board.sums(sprint) == Sum(0, 8)


async def test_a_later_estimate_changes_no_past(board: Board) -> None:
    sprint, (story, gone) = await board.sprint(5, 2)
    await board.does(story, "DO_IT")
    await board.world.items.edit_story(story, {"story_points": 8})
    assert await board.sums(sprint) == Sum(2, 8)
    await board.sprints.remove(gone)
    await board.sprints.close(sprint)
    for one in (story, gone):
        await board.world.items.edit_story(one, {"story_points": 100})
    assert await board.sums(sprint) == Sum(0, 8)
    # Nor does it when the story moves on.
    await board.sprints.assign(story, (await board.sprint())[0])
    assert await board.sums(sprint) == Sum(0, 8)


@pytest.mark.parametrize("odd", ["'five'", "2.5", "true", "[5]"])
async def test_points_that_are_no_whole_number_are_none(board: Board, odd: str) -> None:
    sprint, (first, second, _) = await board.sprint(1, 2, 4)
    for story in (first, second):
        await board.world.cypher(f"MATCH (s:Story {{id: $id}}) SET s.story_points = {odd}", id=story)
    assert await board.sums(sprint) == Sum(4, 0, 2)
    await board.sprints.remove(first)
    await board.does(second, "DO_IT")
    await board.sprints.close(sprint)
    assert await board.sums(sprint) == Sum(4, 0, 1)


@pytest.mark.parametrize("time", NO_TIMES)
async def test_times_of_a_sprint_that_are_none(board: Board, time: str) -> None:
    sprint, (first, _) = await board.sprint(1, 2)
    await board.sprints.remove(first)
    await board.sprints.start(sprint)
    await board.sprints.close(sprint)
    await board.world.cypher(
        f"MATCH (s:Sprint {{id: $id}})<-[stay]-(:Story) SET s.starts_at = {time}, s.ends_at = {time}, "
        f"s.started_at = {time}, s.closed_at = {time}, stay.entered_at = {time}, stay.left_at = {time}",
        id=sprint,
    )
    [found] = (await board.sprints.by_ids([sprint])).values()
    assert {found[name] for name in ("starts_at", "ends_at", "started_at", "closed_at")} == {None}
    assert found in await board.sprints.all()
    assert sprint not in [row["id"] for row in await board.sprints.last_closed(100)]
    assert await board.sums(sprint) == Sum(3)


async def test_a_final_state_under_another_name_takes_the_time_along(board: Board) -> None:
    sprint, (story,) = await board.sprint(5)
    await board.does(story, "DO_IT")
    await board.sprints.close(sprint)
    rules = board.world.rules
    draft = await rules.import_draft(RULES.format(name=board.flow).replace("ready", "finished"))
    assert draft.workflow is not None
    assert draft.confirm is not None, draft.findings
    await rules.publish(draft.workflow, draft.confirm, mapping={"ready": "finished"})
    assert await board.world.state(story) == "finished"
    assert await board.sums(sprint) == Sum(0, 5)


async def test_being_in_a_sprint_is_no_change_of_the_story(board: Board) -> None:
    _, (story,) = await board.sprint(5)
    await board.sprints.remove(story)
    item = await board.world.item(story)
    assert item["version"] == 0
    assert await board.world.history(story) == []


async def test_putting_in_again_keeps_the_time_and_taking_out_again_is_no_error(board: Board) -> None:
    sprint, (story,) = await board.sprint(5)
    before = (await board.sprints.stays_of([story]))[story]
    await board.sprints.assign(story, sprint)
    assert (await board.sprints.stays_of([story]))[story] == before
    await board.sprints.remove(story, board.boss)
    await board.sprints.remove(story)
    [stay] = (await board.sprints.stays_of([story]))[story]
    assert (stay["left_by"], stay["left_at"] > stay["entered_at"]) == (board.boss, True)
    assert await board.sums(sprint) == Sum()
    await board.sprints.assign(story, sprint)
    assert await board.sums(sprint) == Sum(5)


async def test_the_sprints_that_were_closed_last(board: Board) -> None:
    made = [(await board.sprint())[0] for _ in range(3)]
    for sprint in made:
        await board.sprints.close(sprint)
    assert [row["id"] for row in await board.sprints.last_closed(2)] == made[1:]
    for last in (0, 101):
        with pytest.raises(BadInputError):
            await board.sprints.last_closed(last)


async def test_a_sprint_has_times(board: Board) -> None:
    begins = datetime(2026, 11, 2, 9, tzinfo=UTC)
    sprint = await board.sprints.create("Sprint", unique("sprint"), 10, begins, begins + timedelta(days=14))
    row = (await board.sprints.by_ids([sprint]))[sprint]
    assert (row["starts_at"].to_native(), row["started_at"], row["closed_at"]) == (begins, None, None)
    await board.sprints.start(sprint)
    await board.sprints.close(sprint)
    row = (await board.sprints.by_ids([sprint]))[sprint]
    assert row["started_at"] < row["closed_at"]
    with pytest.raises(ConflictError):
        await board.sprints.close(sprint)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2026, 1, 2), None),
        (None, datetime.max.replace(tzinfo=datetime.fromisoformat("2026-01-01T00:00:00-12:00").tzinfo)),
    ],
)
async def test_times_that_cannot_be(board: Board, start: datetime | None, end: datetime | None) -> None:
    with pytest.raises(BadInputError):
        await board.sprints.create("Sprint", starts_at=start, ends_at=end)


async def test_what_is_named_has_to_be_there(board: Board) -> None:
    sprint, (story,) = await board.sprint(1)
    for wrong in (
        board.sprints.assign(unique("story"), sprint),
        board.sprints.assign(story, unique("sprint")),
        board.sprints.assign(story, sprint, unique("ghost")),
        board.sprints.remove(unique("story")),
        board.sprints.remove(story, unique("ghost")),
    ):
        with pytest.raises(NotFoundError):
            await wrong
    with pytest.raises(BadInputError):
        await board.sprints.assign(story, sprint, "stategate")


async def _many(world: World, sprint: str, count: int) -> list[str]:
    """Stories of the shipped workflow at work, in one sprint."""
    prefix = unique("many")
    rows: list[dict[str, Any]] = await world.cypher(
        "MATCH (sprint:Sprint {id: $sprint}) "
        "MATCH (:Workflow {name: 'story'})-[:HAS_STATE]->(state:State {name: 'IN_PROGRESS'}) "
        "UNWIND range(1, $count) AS n "
        "CREATE (s:Story:Item {id: $prefix + '-' + n, name: $prefix, title: $prefix, workflow: 'story', version: 0, "
        "rework: 0, released: true, story_points: 1, began_in: 'IN_PROGRESS'})-[:IN_STATE]->(state) "
        "CREATE (s)-[:IN_SPRINT {entered_at: datetime.realtime()}]->(sprint) RETURN s.id AS id",
        sprint=sprint,
        count=count,
        prefix=prefix,
    )
    return [row["id"] for row in rows]


async def _carried(world: World, stories: list[str]) -> list[str]:
    """Those of them that the system carried over, in one change that was told once."""
    rows = await world.cypher(
        "UNWIND $ids AS id MATCH (s:Item {id: id, version: 1})-[:IN_STATE]->(:State {name: 'CARRY_OVER'}) "
        "MATCH (s)-[:LATEST]->(c:Change {seq: 1, action: 'CARRY_OVER', actor_id: 'stategate'}) "
        "WHERE 1 = COUNT { MATCH (e:OutboxEvent {subject: 'planning.story.transitioned'}) WHERE e.item_id = id } "
        "RETURN id",
        ids=stories,
    )
    return [row["id"] for row in rows]


async def test_closing_carries_hundreds_over(world: World) -> None:
    sprints = Sprints(world.db, world.gate)
    sprint = await sprints.create(unique("sprint"))
    stories = await _many(world, sprint, 400)
    await sprints.close(sprint)
    assert sorted(await _carried(world, stories)) == sorted(stories)


@pytest.mark.parametrize(
    "broken",
    [
        "MATCH (other:State {workflow: 'story', name: 'TESTING'}) CREATE (s)-[:IN_STATE]->(other)",
        # No number can be added to it, so that whatever moves this story cannot be run.
        "SET s.rework = true",
    ],
)
async def test_one_that_cannot_be_carried_over_keeps_back_no_other(world: World, broken: str) -> None:
    sprints = Sprints(world.db, world.gate)
    sprint = await sprints.create(unique("sprint"))
    stories = await _many(world, sprint, 60)
    await world.cypher("MATCH (s:Item {id: $id}) WITH s " + broken, id=stories[17])
    await sprints.close(sprint)
    row = (await sprints.by_ids([sprint]))[sprint]
    assert (row["state"], row["closed_at"] is None) == ("closed", False)
    assert sorted(await _carried(world, stories)) == sorted({*stories} - {stories[17]})
