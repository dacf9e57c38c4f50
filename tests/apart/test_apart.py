"""Planning, workflow, API and outbox as processes of their own, on one Neo4j and one NATS."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from rich.console import Console

from consumers.bus import connected
from stategate.demo.client import GraphQLClient
from stategate.demo.play import play
from stategate.demo.scenario import load
from stategate.servers.environment import Addresses, open_environment
from stategate.settings import settings_alone
from tests.command import PATIENCE, STATEGATE, environment
from tests.doors.bus import Bus

pytestmark = pytest.mark.long

PARTS = ("outbox", "planning", "workflow", "api")
_SHOWN = 0.6  # seconds for which nothing may happen; a timer that is due fires within one, an event at once

TIMED_TASKS = """
workflow: chore
item: task
roles: [developer]
states:
  open: {kind: initial}
  shut: {kind: final}
transitions:
  - {from: open, action: EXPIRE, to: shut, roles: [developer], after: 1s}
"""
TIMED_STORIES = TIMED_TASKS.replace("workflow: chore", "workflow: theme").replace("item: task", "item: story")

ITEM = "query($id: ID!) { item(id: $id) { state { name } history { nodes { action } } } }"


class Apart:
    """The processes, one to a part, and what is asked of them."""

    def __init__(self, servers: Addresses, folder: Path) -> None:
        self.servers = servers
        self._settings = {
            "neo4j_uri": servers.neo4j_uri,
            "neo4j_user": servers.neo4j_user,
            "neo4j_password": servers.neo4j_password,
            "nats_url": servers.nats_url,
            "valkey_url": servers.valkey_url,
            "http_port": "0",
            "planning_grpc_port": "0",
            "workflow_grpc_port": "0",
            "data_dir": str(folder / "data"),
        }
        self._folder = folder
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self.graphql_url = ""

    async def start(self, part: str) -> None:
        process = await asyncio.create_subprocess_exec(
            STATEGATE,
            "serve",
            "--only",
            part,
            cwd=self._folder,
            env=environment(**self._settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._processes[part] = process
        assert process.stdout
        async with asyncio.timeout(PATIENCE):
            said = (await process.stdout.readline()).decode()
        assert said.startswith(f"stategate serves {part}")
        if part == "api":
            self.graphql_url = said.split(" at ")[1].strip()

    async def stop(self, part: str) -> None:
        process = self._processes.pop(part)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0

    async def end(self) -> None:
        for process in self._processes.values():
            process.kill()
            await process.wait()


@pytest_asyncio.fixture(scope="module")
async def apart(tmp_path_factory: Any) -> AsyncIterator[Apart]:
    folder = tmp_path_factory.mktemp("apart")
    async with open_environment(settings_alone(folder)) as servers:
        processes = Apart(servers, folder)
        try:
            # One after the other: each finds the schema and the rules of the one before.
            for part in PARTS:
                await processes.start(part)
            yield processes
        finally:
            await processes.end()


@pytest_asyncio.fixture
async def graphql(apart: Apart) -> AsyncIterator[GraphQLClient]:
    async with GraphQLClient(apart.graphql_url) as client:
        yield client


@pytest_asyncio.fixture
async def bus(apart: Apart) -> AsyncIterator[Bus]:
    async with connected(apart.servers.nats_url, "tests") as client, Bus(client) as listening:
        yield listening


async def item(graphql: GraphQLClient, id: str) -> tuple[str, list[str]]:
    found = (await graphql(ITEM, id=id))["item"]
    return found["state"]["name"], [change["action"] for change in found["history"]["nodes"]]


async def until(graphql: GraphQLClient, id: str, state: str) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        while True:
            found, actions = await item(graphql, id)
            if found == state:
                return actions
            await asyncio.sleep(0.1)


async def planned(graphql: GraphQLClient, mark: str) -> tuple[str, str]:
    """A story with one task that is about to be released."""
    story, task = f"US-{mark}", f"T-{mark}"
    for role in ("po", "developer", "architect", "qa"):
        await graphql.create(
            "createActor", id=f"{role}-{mark}", kind="HUMAN" if role == "po" else "AGENT", roles=[role]
        )
    await graphql.create("createEpic", id=f"E-{mark}", title="Epic")
    await graphql.create(
        "createStory",
        epicId=f"E-{mark}",
        id=story,
        title="A story",
        description="All that is needed to be ready",
        acceptanceCriteria=["It works"],
        storyPoints=3,
    )
    await graphql.create("createTask", storyId=story, id=task, title="A task", priority=1)
    await graphql.create("createSprint", id=f"SP-{mark}", name="Sprint")
    await graphql(
        "mutation($a: ID!, $b: ID!) { assignToSprint(storyId: $a, sprintId: $b) { id } }", a=story, b=f"SP-{mark}"
    )
    for action in ("SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"):
        assert (await graphql.act(story, action, f"po-{mark}"))["__typename"] == "Applied"
    return story, task


async def send(bus: Bus, task: str, action: str, actor: str, inputs: dict[str, Any] | None = None) -> None:
    body = {"task_id": task, "action": action, "actor_id": actor, "inputs": inputs or {}}
    await bus.send("agent.work.completed", body)


async def publish(graphql: GraphQLClient, definition: str) -> None:
    found = await graphql("mutation($d: String!) { importRules(definition: $d) { workflow confirm } }", d=definition)
    await graphql(
        "mutation($w: String!, $c: String!) { publishRules(workflow: $w, confirm: $c) { version } }",
        w=found["importRules"]["workflow"],
        c=found["importRules"]["confirm"],
    )


async def test_four_processes_play_the_demo_as_one_does(apart: Apart) -> None:
    said = io.StringIO()
    played = await play(Console(file=said, width=140), load(), apart.graphql_url, apart.servers.nats_url)
    assert played, said.getvalue()


async def test_planning_may_be_away_and_workflow_moves_no_story(apart: Apart, graphql: GraphQLClient, bus: Bus) -> None:
    await publish(graphql, TIMED_STORIES)
    await apart.stop("planning")
    story, task = await planned(graphql, "a")
    await graphql('mutation { createStory(id: "US-theme", title: "A theme", workflow: "theme") { id } }')
    await until(graphql, task, "implementing")
    await send(bus, task, "COMMIT_CODE", "developer-a", {"commit_sha": "5f1d3ac"})
    await send(bus, task, "APPROVE_DESIGN", "architect-a")
    await send(bus, task, "APPROVE_TESTS", "qa-a")
    await send(bus, task, "APPROVE_STORY", "po-a")
    await until(graphql, task, "done")
    await asyncio.sleep(_SHOWN)
    assert await item(graphql, story) == (
        "READY_FOR_EXECUTION",
        ["SUBMIT", "APPROVE_SCOPE", "PLAN", "COMMIT_TO_SPRINT"],
    )
    assert await item(graphql, "US-theme") == ("open", [])
    await apart.start("planning")
    assert (await until(graphql, story, "READY_TO_REVIEW"))[4:] == [
        "START",
        "TASKS_COMPLETED",
        "PASS_REVIEW",
        "PASS_TESTS",
    ]
    assert await until(graphql, "US-theme", "shut") == ["EXPIRE"]


async def test_workflow_may_be_away_and_planning_moves_no_task(apart: Apart, graphql: GraphQLClient, bus: Bus) -> None:
    await publish(graphql, TIMED_TASKS)
    await apart.stop("workflow")
    story, task = await planned(graphql, "b")
    await graphql(
        'mutation($s: ID!) { createTask(storyId: $s, id: "T-chore", title: "A chore", workflow: "chore") { id } }',
        s=story,
    )
    await bus.hear("planning.story.transitioned", story_id=story, to_state="READY_FOR_EXECUTION")
    # Answered when workflow is back; whether that is before the assignment, and refused, or after it, is open.
    await send(bus, task, "COMMIT_CODE", "developer-b", {"commit_sha": "5f1d3ac"})
    await asyncio.sleep(1 + _SHOWN)
    assert await item(graphql, task) == ("todo", [])
    assert await item(graphql, "T-chore") == ("open", [])
    assert (await item(graphql, story))[0] == "READY_FOR_EXECUTION"
    await apart.start("workflow")
    assert (await until(graphql, story, "IN_PROGRESS"))[4:] == ["START"]
    assert (await item(graphql, task))[1][:1] == ["START_WORK"]
    assert await until(graphql, "T-chore", "shut") == ["EXPIRE"]
