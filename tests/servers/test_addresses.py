"""Commands find the `stategate up` that runs, and say it where none does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stategate import addresses
from stategate.errors import SetupError
from stategate.settings import settings_alone

THERE: dict[str, Any] = {
    "neo4j": "bolt://127.0.0.1:1",
    "neo4j_user": "neo4j",
    "neo4j_password": "secret",
    "browser": None,
    "nats": "nats://127.0.0.1:2",
    "valkey": "redis://127.0.0.1:3",
    "pid": os.getpid(),
}
"""What is read of the file."""


def test_the_servers_of_what_runs_here_are_found(tmp_path: Path) -> None:
    (tmp_path / "addresses.json").write_text(json.dumps(THERE))
    assert addresses.find(settings_alone(tmp_path)).neo4j_uri == THERE["neo4j"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(THERE | {"pid": "1"}),
        json.dumps(THERE | {"pid": 2**70}),
        json.dumps({name: value for name, value in THERE.items() if name != "valkey"}),
    ],
)
def test_a_file_that_was_spoilt_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "addresses.json").write_text(text)
    with pytest.raises(SetupError, match="No stategate runs"):
        addresses.find(settings_alone(tmp_path))


def test_a_file_that_may_not_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "addresses.json"
    path.write_text(json.dumps(THERE))
    path.chmod(0)
    settings, user = settings_alone(tmp_path), os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody, as root may read everything
    try:
        with pytest.raises(SetupError, match="No stategate runs"):
            addresses.find(settings)
    finally:
        os.seteuid(user)
