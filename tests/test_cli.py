"""The command line on files, and without a running system."""

from __future__ import annotations

import json
import socket
from importlib import resources
from pathlib import Path

import pytest

from stategate.servers.environment import Addresses
from tests.command import finished


async def test_the_shipped_rules_have_no_errors(tmp_path: Path) -> None:
    for file in resources.files("seed").joinpath("rules").iterdir():
        code, output = await finished("rules", "lint", str(file), "--json", cwd=tmp_path)
        assert code == 0
        # A story that is done may still be archived.
        assert {finding["code"] for finding in json.loads(output)} <= {"FINAL_WITH_EXITS"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workflow: x\nstates:\n  a: {kind: initial, colour: red}\n", "colour"),
        ("workflow: x\nstates: {a: {kind: initial}}\ntransitions: [{from: a, action: G, to: b, roles: [r]}]\n", "'b'"),
        ("workflow: [", "line 1"),
        ("", "empty"),
    ],
)
async def test_a_broken_rules_file_says_what_is_wrong(text: str, words: str, tmp_path: Path) -> None:
    code, output = await finished("rules", "lint", "-", cwd=tmp_path, stdin=text)
    assert code == 1
    assert words in output
    code, output = await finished("rules", "lint", "-", "--json", cwd=tmp_path, stdin=text)
    assert code == 1
    assert json.loads(output)[0]["severity"] == "error"


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, output = await finished("rules", "lint", "nowhere.yaml", cwd=tmp_path)
    assert code == 2
    assert "nowhere.yaml cannot be read" in output


async def test_without_a_running_system_the_way_out_is_told(tmp_path: Path) -> None:
    code, output = await finished("explain", "T-1", cwd=tmp_path, data_dir=str(tmp_path))
    assert code == 2
    assert "stategate up" in output
    code, output = await finished("serve", cwd=tmp_path)
    assert code == 2
    assert "STATEGATE_NEO4J_URI" in output


async def test_a_port_in_use_is_told(servers: Addresses, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, output = await finished(
            "serve",
            cwd=tmp_path,
            http_port=str(other.getsockname()[1]),
            neo4j_uri=servers.neo4j_uri,
            neo4j_password=servers.neo4j_password,
            nats_url=servers.nats_url,
            valkey_url=servers.valkey_url,
        )
    assert code == 2
    assert "STATEGATE_HTTP_PORT" in output


async def test_a_bus_that_is_away_is_told_and_not_waited_for(servers: Addresses, tmp_path: Path) -> None:
    away = {"neo4j_uri": servers.neo4j_uri, "neo4j_password": servers.neo4j_password, "nats_url": "nats://127.0.0.1:1"}
    for command in (["doctor"], ["dead", "list"]):
        code, output = await finished(*command, cwd=tmp_path, **away)
        assert (code, "NATS does not answer" in output, "STATEGATE_NATS_URL" in output) == (2, True, True)


async def test_a_wrong_password_is_told(servers: Addresses, tmp_path: Path) -> None:
    code, output = await finished(
        "serve",
        cwd=tmp_path,
        neo4j_uri=servers.neo4j_uri,
        neo4j_password="not the password",
        nats_url=servers.nats_url,
        valkey_url=servers.valkey_url,
    )
    assert code == 2
    assert "STATEGATE_NEO4J_PASSWORD" in output
    assert "not the password" not in output
