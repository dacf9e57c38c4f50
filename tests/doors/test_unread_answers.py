"""Neo4j goes away between a write and the reading of its answer: nobody is told that nothing was done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from api.proto import planning_pb2, planning_pb2_grpc
from graph.engine import Engine
from graph.errors import UnavailableError
from stategate.service import Served
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.test_graphql_work import fresh
from tests.graph.world import cypher

Read = Callable[..., Awaitable[Any]]


@pytest.fixture
def away_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the statements that begin so find no server."""
    read = served.engine.db.read

    def lose(names: str) -> None:
        async def losing(name: str, /, **parameters: Any) -> Any:
            if name.startswith(names):
                raise UnavailableError("Neo4j does not answer; the request can be sent again.")
            return await read(name, **parameters)

        monkeypatch.setattr(served.engine.db, "read", losing)

    return lose


async def how_many(engine: Engine, id: str) -> int:
    [row] = await cypher(engine.db, "MATCH (n {id: $id}) RETURN count(n) AS found", id=id)
    found: int = row["found"]
    return found


MUTATIONS = [
    ("createEpic(title: $text) { id }", "tree/"),
    ("createStory(title: $text) { id }", "tree/"),
    ("createTask(title: $text, storyId: $story) { id }", "tree/"),
    ("createTask(title: $text, storyId: $story) { id history { totalCount } }", "tree/history"),
    ("createSprint(name: $text) { id }", "sprint/"),
    ("createActor { id }", "people/"),
    ("requestDerivation(storyId: $story) { id }", "derivation/"),
    ('act(itemId: $story, action: "SUBMIT", actorId: $actor) { ... on Applied { item { id } } }', "tree/"),
]


@pytest.mark.parametrize(("field", "lost"), MUTATIONS, ids=lambda value: value.split("(")[0])
async def test_what_was_written_is_told_with_its_id(
    served: Served, engine: Engine, story: str, team: Team, away_for: Callable[[str], None], field: str, lost: str
) -> None:
    used = "".join(f", ${name}: ID!" for name in ("story", "actor") if f"${name}" in field)
    text = ", $text: String!" if "$text" in field else ""
    declared = f"({(used + text).lstrip(', ')})" if used or text else ""
    away_for(lost)
    answer = await post(served, f"mutation{declared} {{ {field} }}", text="x", story=story, actor=team.po)
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert error["message"].startswith("It was done, under the id '")
    id = error["message"].split("'")[1]
    changes = await cypher(engine.db, "MATCH (c:Change {command_id: $id}) RETURN c.seq AS seq", id=id)
    assert changes if field.startswith("act") else await how_many(engine, id) == 1


async def test_what_was_not_written_is_told_as_before(
    served: Served, story: str, team: Team, away_for: Callable[[str], None]
) -> None:
    away_for("tree/")
    refused = """mutation($story: ID!, $actor: ID!) {
      act(itemId: $story, action: "ACCEPT", actorId: $actor) { ... on Refused { item { id } } } }"""
    for document in (refused, "query($story: ID!) { story(id: $story) { id } }"):
        [error] = (await post(served, document, story=story, actor=team.po))["errors"]
        assert "can be sent again" in error["message"]


@pytest.mark.parametrize("kind", ["Epic", "Story", "Task"])
async def test_grpc_tells_it_too(
    served: Served, engine: Engine, story: str, away_for: Callable[[str], None], kind: str
) -> None:
    id = fresh("X")
    more = {"story_id": story} if kind == "Task" else {}
    request = getattr(planning_pb2, f"Create{kind}Request")(title="x", id=id, **more)
    away_for("tree/")
    async with grpc.aio.insecure_channel(served.grpc_planning or "") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await getattr(planning_pb2_grpc.PlanningStub(channel), f"Create{kind}")(request)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    assert f"It was done, under the id '{id}'" in (failed.value.details() or "")
    assert await how_many(engine, id) == 1
