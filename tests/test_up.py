"""`stategate up`: it stays, keeps its data, is alone in its folder, stops cleanly and recovers from kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from neo4j import AsyncGraphDatabase

from api.rpc.server import Service
from stategate.demo.client import GraphQLClient
from tests.command import PATIENCE, Up, finished
from tests.house.statements import ROOT

pytestmark = pytest.mark.long

README = (ROOT / "README.md").read_text("utf-8")
GRAPHQL, CYPHER = (re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) for language in ("graphql", "cypher"))
STORY = "query($id: ID!) { story(id: $id) { id state { name } } }"


async def test_the_life_of_up(tmp_path: Path) -> None:
    up = Up(tmp_path)
    addresses = await up.start()
    try:
        await _serves_neo4j_browser(addresses)
        await _serves_grpc(addresses)
        await _plays_the_tour(addresses)
        await _is_alone_in_its_folder(tmp_path)
        await _answers_the_command_line(tmp_path)
    finally:
        code = await up.end(signal.SIGTERM)
    assert code == 0
    assert await up.gone()
    assert not (tmp_path / "data" / "addresses.json").exists()

    addresses = await up.start()
    async with GraphQLClient(addresses["graphql"]) as graphql:
        assert (await graphql(STORY, id="US-1"))["story"]["state"] == {"name": "PO_REVIEW"}
    for pid in [addresses["pid"], *up.processes()]:
        os.kill(pid, signal.SIGKILL)
    await up.end(signal.SIGKILL)

    addresses = await up.start()
    async with GraphQLClient(addresses["graphql"]) as graphql:
        assert (await graphql(STORY, id="US-1"))["story"] == {"id": "US-1", "state": {"name": "PO_REVIEW"}}
        await _has_a_task_assigned(graphql)
    assert await up.end(signal.SIGINT) == 0
    assert await up.gone()


async def _serves_neo4j_browser(addresses: dict[str, Any]) -> None:
    async with httpx2.AsyncClient(follow_redirects=True, timeout=30) as http:
        page = await http.get(addresses["browser"])
    assert page.status_code == 200
    assert "Neo4j Browser" in page.text


async def _serves_grpc(addresses: dict[str, Any]) -> None:
    for service in Service:
        async with grpc.aio.insecure_channel(addresses[f"grpc_{service.name.lower()}"]) as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            # What was just started may be too busy to say at once that it is ready.
            seen = aiter(stub.Watch(health_pb2.HealthCheckRequest(service=service.value)))
            async with asyncio.timeout(PATIENCE):
                while (await anext(seen)).status != health_pb2.HealthCheckResponse.SERVING:
                    pass


async def _plays_the_tour(addresses: dict[str, Any]) -> None:
    """The five minutes of the README, word for word."""
    write_down, read, ask, _ = GRAPHQL
    [change_the_rule] = CYPHER
    login = (addresses["neo4j_user"], addresses["neo4j_password"])
    async with GraphQLClient(addresses["graphql"]) as graphql:
        await graphql(write_down)
        [story] = (await graphql(read))["epic"]["stories"]["nodes"]
        assert (story["state"], [task["id"] for task in story["tasks"]["nodes"]]) == ({"name": "DRAFT"}, ["T-1"])
        assert [reason["code"] for reason in (await graphql(ask))["act"]["reasons"]] == ["ROLE_NOT_ALLOWED"]
        async with AsyncGraphDatabase.driver(addresses["neo4j"], auth=login) as driver:
            await driver.execute_query(change_the_rule)
        assert [hop["to"] for hop in (await graphql(ask))["act"]["hops"]] == ["PO_REVIEW"]


async def _has_a_task_assigned(graphql: GraphQLClient) -> None:
    begun = await graphql(GRAPHQL[-1])
    assert begun["updateStory"]["definitionOfReady"] == {"score": 100, "missing": []}
    assert {begun[name]["__typename"] for name in ("scope", "plan", "begin")} == {"Applied"}
    async with asyncio.timeout(60):
        while (await graphql('{ task(id: "T-1") { state { name } } }'))["task"]["state"]["name"] == "todo":
            await asyncio.sleep(0.1)


async def _is_alone_in_its_folder(folder: Path) -> None:
    code, output = await finished("up", cwd=folder, data_dir=str(folder / "data"), http_port="0")
    assert code == 2
    assert "STATEGATE_DATA_DIR" in output


async def _answers_the_command_line(folder: Path) -> None:
    data = str(folder / "data")
    code, output = await finished("explain", "US-1", "--actor", "ana", cwd=folder, data_dir=data)
    assert code == 0
    assert "APPROVE_SCOPE" in output
    code, output = await finished("act", "US-1", "ACCEPT", "--actor", "ana", cwd=folder, data_dir=data)
    assert code == 1
    assert "NOT_FROM_THIS_STATE" in output
    act = ("act", "US-1", "APPROVE_SCOPE", "--actor", "ana", "--dry-run", "--json")
    code, output = await finished(*act, cwd=folder, data_dir=data)
    decision = json.loads(output[output.index("{") :])
    assert (code, decision["outcome"]) == (0, "APPLIED")
    assert decision["hops"][0].keys() == {"action", "from_state", "to_state", "automatic"}
    assert decision["awaits"][0].keys() == {"role", "actions"}
    code, output = await finished("rules", "export", "story", cwd=folder, data_dir=data)
    assert code == 0
    assert output.startswith("workflow: story")
    code, imported = await finished("rules", "import", "-", cwd=folder, data_dir=data, stdin=output)
    assert code == 0
    assert "rules publish story" in imported


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"http_port": "none"}, "STATEGATE_HTTP_PORT"),
        ({"neo4j_version": "3.5"}, "STATEGATE_NEO4J_VERSION"),
        ({"neo4j_uri": "bolt://127.0.0.1:1"}, "STATEGATE_NEO4J_URI"),
        ({"nats_url": "nats://127.0.0.1:1"}, "STATEGATE_NATS_URL"),
        ({"valkey_url": "redis://127.0.0.1:1"}, "STATEGATE_VALKEY_URL"),
    ],
)
async def test_a_wrong_setting_is_named(settings: dict[str, str], words: str, tmp_path: Path) -> None:
    code, output = await finished("up", cwd=tmp_path, data_dir=str(tmp_path / "data"), **settings)
    assert code == 2
    assert words in output
    assert "Traceback" not in output
    assert not Up(tmp_path).processes()
