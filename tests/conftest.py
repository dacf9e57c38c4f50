"""The real servers, started once for all tests, and the engine over them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from graph.database import Database
from graph.engine import Engine
from graph.gate import Gate
from graph.rules.service import Rules
from stategate.servers.environment import Addresses, open_environment
from stategate.settings import Settings, settings_alone


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that nothing is left to run alone when all else is done."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Servers of their own in a folder of their own, whatever else runs on this machine."""
    folder = tmp_path_factory.mktemp("stategate")
    return settings_alone(folder)


@pytest_asyncio.fixture(scope="session")
async def servers(settings: Settings) -> AsyncIterator[Addresses]:
    async with open_environment(settings) as addresses:
        yield addresses


@pytest_asyncio.fixture(scope="session")
async def engine(servers: Addresses) -> AsyncIterator[Engine]:
    database = Database.connect(servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password)
    yield await Engine.open(database)
    await database.close()


@pytest.fixture(scope="session")
def db(engine: Engine) -> Database:
    return engine.db


@pytest.fixture(scope="session")
def gate(engine: Engine) -> Gate:
    return engine.gate


@pytest.fixture(scope="session")
def rules(engine: Engine) -> Rules:
    return engine.rules
