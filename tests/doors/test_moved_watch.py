"""A story is watched while tasks come and go: the same is told whether the bus tells of it or it is looked for."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

import graph.follow
from graph.engine import Engine
from stategate.service import Served
from tests.doors.bus import PATIENCE
from tests.doors.conftest import Team
from tests.doors.test_graphql_work import fresh


@pytest.mark.parametrize("by", ["the bus", "looking"])
async def test_a_task_is_told_while_it_is_of_the_story(
    served: Served, engine: Engine, team: Team, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "looking":
        monkeypatch.setattr(graph.follow, "_LOOK", 0.1)
    watched, other = fresh("US"), fresh("US")
    for story in (watched, other):
        await engine.items.create_story("Story", workflow="story", id=story, author_id=team.po)
    await engine.items.edit_story(watched, {"title": "First"})
    task = await engine.items.create_task(other, "Task", workflow="task", id=fresh("T"))
    for n in range(3):
        await engine.items.edit_task(task, {"title": f"Long before {n}"})

    follow = (served.engine if by == "the bus" else engine).follow
    async with aclosing(follow.changes(story_id=watched, after_version=0)) as changes:  # type: ignore[type-var]

        async def told() -> tuple[str, int, str]:
            async with asyncio.timeout(PATIENCE):
                item, row = await anext(changes)
            return item, row["seq"], row["action"]

        assert await told() == (watched, 1, "EDIT")
        await engine.places.move_task(task, watched)
        assert await told() == (task, 4, "MOVE")
        await engine.items.edit_task(task, {"title": "Here"})
        assert await told() == (task, 5, "EDIT")
        await engine.places.move_task(task, other)
        assert await told() == (task, 6, "MOVE")
        await engine.items.edit_task(task, {"title": "There"})
        await engine.items.edit_story(watched, {"title": "Second"})
        assert await told() == (watched, 2, "EDIT")
        # Back, and away again, before anybody has looked.
        await engine.places.move_task(task, watched)
        await engine.places.move_task(task, other)
        await engine.places.move_task(task, watched)
        while (last := await told())[1] < 10:
            assert last in {(task, 8, "MOVE"), (task, 9, "MOVE")}
        assert last == (task, 10, "MOVE")
