"""The world of the tests of the graph, for services that are run here for one test each."""

from __future__ import annotations

import pytest

from graph.database import Database
from graph.gate import Gate
from graph.rules.service import Rules
from tests.graph.world import World


@pytest.fixture(scope="session")
def world(db: Database, gate: Gate, rules: Rules) -> World:
    return World(db, gate, rules)
