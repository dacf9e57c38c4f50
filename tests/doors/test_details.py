"""Long texts and artefacts at the doors, with Valkey there, away, silent and back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
import pytest_asyncio
import redis.asyncio as redis

from api.proto import planning_pb2, planning_pb2_grpc
from graph.database import Row
from graph.engine import Engine
from stategate import cache as keeper
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses
from stategate.servers.launch import Launcher
from stategate.servers.valkey import Valkey
from stategate.service import Served, serving
from stategate.settings import Settings
from tests.doors.bus import PATIENCE
from tests.doors.conftest import Team
from tests.doors.test_graphql_work import act, fresh
from tests.doors.test_health import launched
from tests.doors.test_metrics import figures

LONG = "A text that is long. " * 1000
STORY = (
    """query($id: ID!) { story(id: $id) { id description acceptanceCriteria tasks { nodes { id description } } } }"""
)
ARTEFACTS = """query($id: ID!) { item(id: $id) { id artefacts { name value action actor { id kind } at seq } } }"""


@pytest_asyncio.fixture
async def told(engine: Engine) -> str:
    """A story with long texts and two tasks, one of which has as well."""
    story = await engine.items.create_story(
        "A story", workflow="story", id=fresh("US"), description=LONG, acceptance_criteria=["It works", LONG]
    )
    for number, text in enumerate((LONG, "In a word")):
        await engine.items.create_task(story, "A task", workflow="task", id=f"{story}-{number}", description=text)
    return story


def expected(story: str) -> dict[str, Any]:
    tasks = [{"id": f"{story}-{number}", "description": text} for number, text in enumerate((LONG, "In a word"))]
    return {
        "story": {
            "id": story,
            "description": LONG,
            "acceptanceCriteria": ["It works", LONG],
            "tasks": {"nodes": tasks},
        }
    }


def watch(served: Served, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts what a service reads from Neo4j."""
    counted: Counter[str] = Counter()
    read = served.engine.db.read

    async def counting(name: str, /, **parameters: Any) -> list[Row]:
        counted[name] += 1
        return await read(name, **parameters)

    monkeypatch.setattr(served.engine.db, "read", counting)
    return counted


async def test_two_hundred_who_ask_for_a_cold_text_make_one_query(
    served: Served, graphql: GraphQLClient, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long two hundred take on a busy machine, Valkey is waited for, and keeps what has just changed.
    monkeypatch.setattr(keeper, "_PATIENCE", 6000)
    monkeypatch.setattr("graph.cache._KEEP_UNSETTLED", 600.0)
    counted = watch(served, monkeypatch)
    before = await figures(served)
    question = {"query": "query($id: ID!) { story(id: $id) { description } }", "variables": {"id": told}}
    limits = httpx2.Limits(max_connections=200)
    async with httpx2.AsyncClient(timeout=None, limits=limits) as http:
        answers = await asyncio.gather(*(http.post(served.graphql or "", json=question) for _ in range(200)))
    assert all(answer.json() == {"data": {"story": {"description": LONG}}} for answer in answers)
    assert counted["tree/texts"] == 1
    after = await figures(served)
    loaded = ("stategate_details_total", ("neo4j",))
    assert after[loaded] - before.get(loaded, 0.0) == 1
    # The tasks had not been asked for.
    for _ in range(2):
        assert await graphql(STORY, id=told) == expected(told)
        assert counted["tree/texts"] == 2
    assert (await figures(served))["stategate_details_total", ("valkey",)] >= 3


async def test_an_edit_over_graphql_is_read_at_once(graphql: GraphQLClient, told: str) -> None:
    assert await graphql(STORY, id=told) == expected(told)
    other = "Another one, as long. " * 1000
    edited = await graphql(
        "mutation($id: ID!, $text: String) { updateStory(id: $id, description: $text) { description } }",
        id=told,
        text=other,
    )
    assert edited["updateStory"]["description"] == other
    assert (await graphql(STORY, id=told))["story"]["description"] == other


async def test_artefacts_are_those_handed_in_last(graphql: GraphQLClient, story: str, team: Team) -> None:
    assert (await graphql(ARTEFACTS, id=story))["item"] == {"id": story, "artefacts": []}
    await act(graphql, story, "SUBMIT", team.po, inputs={"report": LONG, "link": "first", "fields": "of wheat"})
    await act(graphql, story, "REJECT_SCOPE", team.po, feedback="Please split this story")
    # What was changed by hand is no artefact, and hides none.
    await graphql('mutation($id: ID!) { updateStory(id: $id, title: "Half of it") { id } }', id=story)
    await act(graphql, story, "SUBMIT", team.po, inputs={"link": "second"})
    found = (await graphql(ARTEFACTS, id=story))["item"]["artefacts"]
    assert [(one["name"], one["value"], one["action"], one["seq"]) for one in found] == [
        ("link", "second", "SUBMIT", 4),
        ("feedback", "Please split this story", "REJECT_SCOPE", 2),
        ("fields", "of wheat", "SUBMIT", 1),
        ("report", LONG, "SUBMIT", 1),
    ]
    assert {one["actor"]["id"] for one in found} == {team.po}
    assert all(one["at"].endswith("Z") for one in found)
    assert (await graphql(ARTEFACTS, id=story))["item"]["artefacts"] == found


async def test_grpc_has_the_long_texts_too(served: Served, told: str) -> None:
    async with grpc.aio.insecure_channel(served.grpc_planning or "") as channel:
        planning = planning_pb2_grpc.PlanningStub(channel)
        for _ in range(2):
            story = await planning.GetStory(planning_pb2.GetRequest(id=told))
            assert (story.description, list(story.acceptance_criteria)) == (LONG, ["It works", LONG])
            tasks = (await planning.ListTasks(planning_pb2.ListTasksRequest(story_id=told))).tasks
            assert [task.description for task in tasks] == [LONG, "In a word"]


@dataclass
class Apart:
    """A service with a Valkey of its own."""

    served: Served
    graphql: GraphQLClient
    valkey: Valkey
    launcher: Launcher
    url: str

    async def until_kept(self, story: str, counted: Counter[str]) -> None:
        """Asks until a whole question was answered without a text from Neo4j."""
        async with asyncio.timeout(PATIENCE):
            while True:
                before = counted["tree/texts"]
                assert await self.graphql(STORY, id=story) == expected(story)
                if counted["tree/texts"] == before:
                    return
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def apart(
    settings: Settings, servers: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Apart]:
    monkeypatch.setattr(keeper, "_PAUSE", 0.2)
    valkey = Valkey(tmp_path)
    async with (
        launched(valkey, tmp_path) as (launcher, url),
        serving(settings, replace(servers, valkey_url=url), parts=()) as served,
        GraphQLClient(served.graphql or "") as graphql,
    ):
        yield Apart(served, graphql, valkey, launcher, url)


async def test_while_valkey_is_away_everything_is_read_from_the_graph(
    apart: Apart, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = watch(apart.served, monkeypatch)
    await apart.until_kept(told, counted)
    await apart.launcher.stop()
    before = counted["tree/texts"]
    for _ in range(5):
        assert await apart.graphql(STORY, id=told) == expected(told)
    assert counted["tree/texts"] - before == 10
    assert (await figures(apart.served))["stategate_cache_failures_total", ()] >= 1
    assert apart.valkey.url(await apart.launcher.launch(apart.valkey)) == apart.url
    await apart.until_kept(told, counted)


async def test_a_valkey_that_says_nothing_holds_nobody_up(
    apart: Apart, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = watch(apart.served, monkeypatch)
    await apart.until_kept(told, counted)
    before = counted["tree/texts"]
    process = int((tmp_path / "valkey.pid").read_text().splitlines()[1])
    os.kill(process, signal.SIGSTOP)
    try:
        answers = await asyncio.gather(*(apart.graphql(STORY, id=told) for _ in range(50)))
        assert all(answer == expected(told) for answer in answers)
        assert counted["tree/texts"] > before
        async with httpx2.AsyncClient(timeout=60) as http:
            ready = await http.get((apart.served.graphql or "").replace("/graphql", "/readyz"))
        assert ready.json()["valkey"] == "away"
    finally:
        os.kill(process, signal.SIGCONT)
    await apart.until_kept(told, counted)


async def test_a_valkey_with_other_things_in_it_costs_no_answer(
    apart: Apart, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = watch(apart.served, monkeypatch)
    await apart.until_kept(told, counted)
    async with redis.Redis.from_url(apart.url) as client:
        for key in await client.keys("*"):
            await client.set(key, b'{"something": "else"}')
        before = counted["tree/texts"]
        assert await apart.graphql(STORY, id=told) == expected(told)
        assert counted["tree/texts"] == before + 2
        await apart.until_kept(told, counted)
        # One that is full says so with errors.
        await client.config_set("maxmemory", "1")
        await client.config_set("maxmemory-policy", "noeviction")
        await client.flushall()
        assert await apart.graphql(STORY, id=told) == expected(told)
