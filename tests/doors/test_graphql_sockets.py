"""Queries and mutations over a WebSocket are answered as they are over HTTP, however long the connection lasts."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from graph.database import _OPTIONS
from graph.engine import Engine
from graph.errors import UnavailableError
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses
from stategate.service import Served, serving
from stategate.settings import Settings
from tests.doors.bus import PATIENCE
from tests.doors.conftest import Team
from tests.doors.raw import post
from tests.doors.sockets import connected_to
from tests.doors.test_graphql_work import act, fresh
from tests.proxy import proxied

READ = "query($id: ID!) { story(id: $id) { title version state { name } } }"


async def test_each_query_of_a_connection_reads_anew(
    served: Served, graphql: GraphQLClient, team: Team, story: str
) -> None:
    async with connected_to(served) as socket:
        before = await socket.ask("1", READ, id=story)
        await act(graphql, story, "SUBMIT", team.po)
        after = await socket.ask("2", READ, id=story)
    assert before["data"]["story"]["version"] == 0
    assert after["data"] == (await post(served, READ, id=story))["data"]


async def test_what_was_not_there_is_found_when_it_is(served: Served, engine: Engine) -> None:
    story = fresh("US")
    async with connected_to(served) as socket:
        assert (await socket.ask("1", READ, id=story))["data"] == {"story": None}
        await engine.items.create_story("Now it is", workflow="story", id=story)
        assert (await socket.ask("2", READ, id=story))["data"]["story"]["title"] == "Now it is"


async def test_a_connection_outlives_an_outage(
    settings: Settings, servers: Addresses, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_OPTIONS, "max_transaction_retry_time", 1.0)
    address = urlsplit(servers.neo4j_uri)
    async with (
        proxied(address.hostname or "", address.port or 0) as proxy,
        serving(settings, replace(servers, neo4j_uri=f"bolt://127.0.0.1:{proxy.port}")) as running,
        connected_to(running) as socket,
    ):
        await proxy.cut()
        away = await socket.ask("1", READ, id=story)
        assert [error["extensions"]["code"] for error in away["errors"]] == ["UNAVAILABLE"]
        proxy.mend()
        async with asyncio.timeout(PATIENCE):
            while "errors" in await post(running, READ, id=story):
                await asyncio.sleep(0.1)
        assert (await socket.ask("2", READ, id=story))["data"]["story"]["version"] == 0


async def test_a_query_that_is_given_up_takes_no_other_with_it(
    served: Served, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked, answer = served.engine.db.read, asyncio.Event(), asyncio.Event()

    async def slow(name: str, /, **parameters: Any) -> Any:
        if name == "tree/light_by_ids":
            asked.set()
            await answer.wait()
        return await read(name, **parameters)

    monkeypatch.setattr(served.engine.db, "read", slow)
    async with connected_to(served) as socket:
        await socket.begin("given up", READ, id=story)
        await socket.begin("waits", READ, id=story)
        await asked.wait()
        await socket.send({"type": "ping"})
        assert "pong" in await asyncio.wait_for(socket.connection.recv(decode=True), PATIENCE)
        await socket.send({"id": "given up", "type": "complete"})
        await socket.send({"type": "ping"})
        assert "pong" in await asyncio.wait_for(socket.connection.recv(decode=True), PATIENCE)
        answer.set()
        assert (await socket.heard("waits"))["payload"]["data"]["story"]["version"] == 0


CODES = {"BAD_INPUT", "NOT_FOUND"}
FAULTS = [
    ("{ nothing }", {}),
    ("{ story(id: ", {}),
    ("{ ...nothing }", {}),
    ("query($id: ID!) { story(id: $id) { title } }", {"id": [{}]}),
    ("{ epics(first: -1) { totalCount } }", {}),
    ('mutation { grantRole(actorId: "nobody", role: "po") { id } }', {}),
    ('mutation { createSprint(name: "x", startsAt: "soon") { id } }', {}),
    ('mutation($x: DateTime) { createSprint(name: "x", startsAt: $x) { id } }', {"x": "soon"}),
    ('query($i: JSON) { decide(itemId: "x", action: "A", actorId: "a", inputs: $i) { __typename } }', {"i": 7}),
]


@pytest.mark.parametrize(("document", "variables"), FAULTS, ids=lambda value: str(value)[:30])
async def test_an_error_is_told_as_over_http(served: Served, document: str, variables: dict[str, Any]) -> None:
    async with connected_to(served) as socket:
        told = (await socket.ask("1", document, **variables))["errors"]
        assert told == (await post(served, document, **variables))["errors"]
        assert {error["extensions"]["code"] for error in told} <= CODES
        # It has cost the connection nothing.
        assert (await socket.ask("2", "{ __typename }"))["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("document", ["", "fragment f on Query { __typename }"])
async def test_a_document_without_an_operation_is_told_as_such(served: Served, document: str) -> None:
    async with connected_to(served) as socket:
        [told] = (await socket.ask("1", document))["errors"]
    assert told["extensions"] == {"code": "BAD_INPUT"}


async def test_an_error_that_nobody_foresaw_says_nothing_of_the_inside(
    served: Served, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(served.engine.db, "read", broken)
    async with connected_to(served) as socket:
        [told] = (await socket.ask("1", READ, id=story))["errors"]
    assert told["extensions"] == {"code": "INTERNAL"}
    assert "secret" not in told["message"]


async def test_an_event_that_could_not_be_shown_is_told_again(
    served: Served, engine: Engine, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = served.engine.db.read, iter([UnavailableError("Neo4j does not answer.")])

    async def failing(name: str, /, **parameters: Any) -> Any:
        if name == "tree/light_by_ids":
            for failure in failures:
                raise failure
        return await read(name, **parameters)

    monkeypatch.setattr(served.engine.db, "read", failing)
    await engine.items.edit_story(story, {"title": "Another"})
    async with connected_to(served) as socket:
        await socket.begin(
            "1", "subscription($id: ID) { changes(itemId: $id, afterVersion: 0) { seq item { title } } }", id=story
        )
        lost, told = [(await socket.heard("1"))["payload"] for _ in range(2)]
    assert lost["data"] == {"changes": {"seq": 1, "item": None}}
    assert [error["extensions"]["code"] for error in lost["errors"]] == ["UNAVAILABLE"]
    assert told == {"data": {"changes": {"seq": 1, "item": {"title": "Another"}}}}


MALFORMED = [
    "[1]",
    "7",
    "null",
    "true",
    "{}",
    "no JSON",
    b"{}",
    "[" * 100_000,
    '{"x": 1' + "0" * 5_000 + "}",
    '{"type": 7}',
    '{"type": "\\ud800"}',
    '{"type": "' + "x" * 1_000 + '"}',
    '{"type": "complete"}',
    '{"type": "complete", "id": [1]}',
    '{"type": "subscribe", "id": [1], "payload": {"query": "{ __typename }"}}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": null}',
    '{"type": "subscribe", "id": "1", "payload": {}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": [1]}}',
    '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 7}}',
]


@pytest.mark.parametrize("message", MALFORMED, ids=lambda text: str(text)[:60])
async def test_a_message_that_is_none_closes_the_connection(
    served: Served, message: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected_to(served) as socket:
        await socket.connection.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.connection.recv(), PATIENCE)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4400
    assert closed.value.rcvd.reason
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_one_operation_too_many_is_refused_with_a_code(served: Served) -> None:
    async with connected_to(served) as socket:
        for n in range(101):
            await socket.begin(f"{n}", "subscription { changes { seq } }")
        told = await socket.heard("100")
        assert told["payload"][0]["extensions"] == {"code": "BAD_INPUT"}


async def test_an_id_in_use_closes_the_connection_however_long_it_is(served: Served) -> None:
    async with connected_to(served) as socket:
        for _ in range(2):
            await socket.begin("x" * 1_000, "subscription { changes { seq } }")
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.connection.recv(), PATIENCE)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4409


async def test_one_protocol_is_offered(served: Served) -> None:
    url = (served.graphql or "").replace("http", "ws", 1)
    async with connect(url, subprotocols=[Subprotocol("graphql-ws")]) as connection:
        assert connection.subprotocol is None
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(connection.recv(), PATIENCE)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4406
