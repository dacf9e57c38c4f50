"""Watching changes over GraphQL's WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from graph.engine import Engine
from graph.news import Moved
from stategate.demo.client import GraphQLClient
from stategate.service import Served
from tests.doors.bus import PATIENCE
from tests.doors.conftest import Team
from tests.doors.test_graphql_work import act, fresh
from tests.graph.world import cypher

WATCH = """subscription($item: ID, $story: ID, $after: Int) {
  changes(itemId: $item, storyId: $story, afterVersion: $after) {
    seq action from to automatic actor { id } item { id version state { name } } } }"""


class Watch:
    """One subscription."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while True:
                told: dict[str, Any] = json.loads(await self._socket.recv())
                if told["type"] != "ping":
                    return told

    async def change(self) -> dict[str, Any]:
        told = await self.next()
        assert told["type"] == "next", told
        assert "errors" not in told["payload"], told
        found: dict[str, Any] = told["payload"]["data"]["changes"]
        return found


@asynccontextmanager
async def watching(served: Served, **variables: Any) -> AsyncIterator[Watch]:
    url = (served.graphql or "").replace("http", "ws", 1)
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(
            json.dumps({"id": "1", "type": "subscribe", "payload": {"query": WATCH, "variables": variables}})
        )
        yield Watch(socket)


def told(change: dict[str, Any]) -> tuple[str, int, str, str]:
    return change["item"]["id"], change["seq"], change["action"], change["to"]


async def test_a_task_is_watched_from_a_version_on(
    served: Served, graphql: GraphQLClient, engine: Engine, team: Team, story: str
) -> None:
    task = await engine.items.create_task(story, "Watched", workflow="task", id=fresh("T"))
    await engine.work.story_transitioned(story, "READY_FOR_EXECUTION")
    async with watching(served, item=task, after=0) as watch:
        first = await watch.change()
        assert told(first)[:2] == (task, 1)
        await act(graphql, task, "COMMIT_CODE", team.developer, inputs={"commit_sha": "abc"})
        second, third = await watch.change(), await watch.change()
        assert [change["action"] for change in (second, third)] == ["COMMIT_CODE", "ROUTE_TO_ARCHITECT"]
        assert [change["seq"] for change in (second, third)] == [2, 3]
        assert third["automatic"]
        assert third["item"]["state"] == {"name": third["to"]}


async def test_one_who_was_away_misses_none_and_sees_none_twice(
    served: Served, graphql: GraphQLClient, engine: Engine, team: Team, story: str
) -> None:
    task = await engine.items.create_task(story, "Watched", workflow="task", id=fresh("T"))
    await engine.work.story_transitioned(story, "READY_FOR_EXECUTION")
    await act(graphql, task, "COMMIT_CODE", team.developer, inputs={"commit_sha": "abc"})
    async with watching(served, item=task, after=2) as watch:
        assert told(await watch.change())[1] == 3
        await act(graphql, task, "APPROVE_DESIGN", team.architect)
        assert told(await watch.change())[1] == 4


async def test_a_story_is_watched_with_its_tasks_and_those_it_gets(
    served: Served, graphql: GraphQLClient, engine: Engine, team: Team, story: str
) -> None:
    async with watching(served, story=story, after=0) as watch:
        await engine.items.edit_story(story, {"title": "Another title"}, actor_id=team.po)
        edited = await watch.change()
        assert told(edited)[:3] == (story, 1, "EDIT")
        assert edited["actor"] == {"id": team.po}
        task = await engine.items.create_task(story, "New", workflow="task", id=fresh("T"))
        await act(graphql, story, "SUBMIT", team.po)
        assert told(await watch.change())[:3] == (story, 2, "SUBMIT")
        await engine.work.story_transitioned(story, "READY_FOR_EXECUTION")
        found = await watch.change()
        assert told(found)[:2] == (task, 1)


async def test_what_is_told_to_nobody_is_seen_also_while_much_is_told_of_others(
    served: Served, engine: Engine, story: str
) -> None:
    async def others() -> None:
        while True:
            served.engine.news.tell("another", Moved(None, 1))
            await asyncio.sleep(0.05)

    telling = asyncio.create_task(others())
    try:
        async with watching(served, story=story, after=0) as watch:
            await cypher(
                engine.db,
                "MATCH (s:Story {id: $id}) SET s.version = 1 CREATE (s)-[:LATEST]->(:Change {name: 'EDIT', "
                "item_id: $id, seq: 1, action: 'EDIT', from: 'DRAFT', to: 'DRAFT', automatic: false, at: datetime()})",
                id=story,
            )
            assert told(await watch.change())[:3] == (story, 1, "EDIT")
    finally:
        telling.cancel()


async def test_everything_is_watched(served: Served, graphql: GraphQLClient, team: Team, story: str) -> None:
    async with watching(served) as watch:
        # Until it listens, nothing is told to it.
        async with asyncio.timeout(PATIENCE):
            while not served.engine.news.listened:
                await asyncio.sleep(0.01)
        await act(graphql, story, "SUBMIT", team.po)
        while told(found := await watch.change())[0] != story:
            pass
        assert told(found)[1:3] == (1, "SUBMIT")


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"item": "nowhere"}, "NOT_FOUND", "no item 'nowhere'"),
        ({"story": "nowhere"}, "NOT_FOUND", "no story 'nowhere'"),
        ({"item": "a", "story": "b"}, "BAD_INPUT", "not both"),
        ({"after": 1}, "BAD_INPUT", "say which"),
        ({"item": "a", "after": -1}, "BAD_INPUT", "the least is 0"),
    ],
)
async def test_what_cannot_be_watched_is_told(served: Served, variables: dict[str, Any], code: str, said: str) -> None:
    async with watching(served, **variables) as watch:
        answer = await watch.next()
    errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
    assert errors[0]["extensions"]["code"] == code
    assert said in errors[0]["message"]
