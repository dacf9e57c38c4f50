"""The example of docs/plugins, installed as a person would, and asked by a process that finds it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stategate.servers.environment import Addresses
from tests.house.statements import ROOT

EXAMPLE = ROOT / "docs" / "plugins"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package and its entry points; the environment of the tests stays as it is."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(EXAMPLE)]
    subprocess.run(command, check=True)
    return folder


async def test_the_example_is_found_and_obeyed(installed: Path, servers: Addresses, tmp_path: Path) -> None:
    reports, channel = tmp_path / "reports", tmp_path / "channel"
    reports.mkdir()
    channel.mkdir()
    (reports / "green.json").write_text('{"failed": 0}')
    (reports / "red.json").write_text('{"failed": 2}')
    os.mkfifo(reports / "slow.json")  # whoever opens it waits for ever
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(installed)]),
        "TEAM_REPORTS": str(reports),
        "TEAM_CHANNEL": str(channel),
    }
    given = json.dumps([servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password, servers.nats_url])
    walk = Path(__file__).with_name("walk_example.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(walk), given, env=environment, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(200):
        out, _ = await process.communicate()
    assert process.returncode == 0
    said: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert said["red"] == ["REFUSED", "GUARD_FAILED"]
    assert said["missing"] == ["REFUSED", "INDETERMINATE"]
    assert said["slow"] == ["REFUSED", "INDETERMINATE"]
    assert said["early"] == []
    assert said["green"] == ["APPLIED"]
    [post] = [file for file in channel.iterdir() if not file.name.startswith(".")]
    assert post.read_text().startswith(f"{said['item']}: open → handed_in, HAND_IN by ")
    assert said["left"] == 0
    first, second = said["derived"]
    assert [(task["title"], task["priority"]) for task in first] == [("Page", 3), ("Key", 1)]
    # What is asked for again is there already.
    assert [task["title"] for task in second] == ["Key", "Words"]
    assert second[0]["id"] == first[1]["id"]
