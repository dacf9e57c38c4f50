"""The demo as a person runs it, on both versions of Neo4j."""

from __future__ import annotations

from pathlib import Path

import pytest

from stategate.servers.jars import locked_versions
from tests.command import finished

pytestmark = pytest.mark.long


@pytest.mark.parametrize("version", locked_versions())
async def test_the_demo_plays_to_the_end_and_leaves_nothing_behind(version: str, tmp_path: Path) -> None:
    code, output = await finished("demo", cwd=tmp_path, neo4j_version=version)
    assert code == 0, output
    assert "max was refused APPROVE_DESIGN. SAME_ACTOR" in output
    assert "qa-bot was refused APPROVE_DESIGN. ROLE_NOT_ALLOWED" in output
    assert "US-101 As user, I want secure authentication  DONE" in output
    assert "History of T-003" in output
    assert "workflow.story.tasks_completed" in output
    assert list(tmp_path.iterdir()) == []
