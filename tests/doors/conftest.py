"""The services, run for the tests of this folder alone: elsewhere nobody may empty the outbox."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from nats.aio.client import Client

from consumers.bus import connected
from consumers.streams import Streams
from graph.engine import Engine
from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses
from stategate.service import Served, serving
from stategate.settings import Settings
from tests.doors.bus import Bus


@pytest_asyncio.fixture(scope="package")
async def served(settings: Settings, servers: Addresses, engine: Engine) -> AsyncIterator[Served]:
    trusting = settings.model_copy(update={"trust_declared_role": True})
    async with serving(trusting, servers) as running:
        yield running


@pytest_asyncio.fixture(scope="package")
async def graphql(served: Served) -> AsyncIterator[GraphQLClient]:
    async with GraphQLClient(served.graphql or "") as client:
        yield client


@pytest_asyncio.fixture(scope="package")
async def connection(served: Served, servers: Addresses) -> AsyncIterator[Client]:
    async with connected(servers.nats_url, "tests") as client:
        yield client


@pytest.fixture(scope="package")
def streams(connection: Client) -> Streams:
    return Streams(connection)


@pytest_asyncio.fixture
async def bus(connection: Client) -> AsyncIterator[Bus]:
    async with Bus(connection) as listening:
        yield listening


@dataclass(frozen=True)
class Team:
    """One actor per role, with names of their own for each test."""

    po: str
    developer: str
    architect: str
    qa: str


@pytest_asyncio.fixture
async def team(engine: Engine) -> Team:
    mark = uuid.uuid4().hex[:8]
    names = {role: f"{role}-{mark}" for role in ("po", "developer", "architect", "qa")}
    for role, name in names.items():
        await engine.people.create(name, "human" if role == "po" else "agent", [role])
    return Team(**names)


@pytest_asyncio.fixture
async def story(engine: Engine, team: Team) -> str:
    """A story that is ready in every respect, in a sprint, without tasks."""
    mark = uuid.uuid4().hex[:8]
    await engine.items.create_epic(f"Epic {mark}", f"E-{mark}")
    await engine.items.create_story(
        "As user, I want to sign in",
        workflow="story",
        id=f"US-{mark}",
        epic_id=f"E-{mark}",
        description="Sign-in by short-lived tokens",
        acceptance_criteria=["A token expires"],
        story_points=3,
        author_id=team.po,
    )
    await engine.sprints.create("Sprint", f"SP-{mark}")
    await engine.sprints.assign(f"US-{mark}", f"SP-{mark}")
    return f"US-{mark}"
