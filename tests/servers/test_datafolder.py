"""One environment per data folder, and what it remembers there."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from stategate.errors import SetupError
from stategate.servers import ports as ports_module
from stategate.servers.datafolder import hold_data_folder
from stategate.servers.neo4j import Neo4j
from stategate.servers.password import kept_password
from stategate.servers.ports import Ports


def test_the_folder_is_private_and_free_again_afterwards(tmp_path: Path) -> None:
    data = tmp_path / "a" / "data"
    for _ in range(2):
        with hold_data_folder(data):
            assert data.stat().st_mode & 0o777 == 0o700


def test_a_second_holder_hears_who_has_it(tmp_path: Path) -> None:
    message = rf"another stategate \(pid {os.getpid()}\) already uses {tmp_path}; stop it or set STATEGATE_DATA_DIR"
    with hold_data_folder(tmp_path), pytest.raises(SetupError, match=message), hold_data_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="STATEGATE_DATA_DIR"), hold_data_folder(tmp_path / "file" / "data"):
        pass


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1))
    with pytest.raises(SetupError, match="STATEGATE_DATA_DIR"), hold_data_folder(tmp_path):
        pass


def test_the_password_is_made_once_and_private(tmp_path: Path) -> None:
    password = kept_password(tmp_path)
    assert len(password) == 24
    assert kept_password(tmp_path) == password
    assert (tmp_path / "neo4j-password").stat().st_mode & 0o777 == 0o600


def test_a_password_that_never_reached_the_disk_is_made_anew(tmp_path: Path) -> None:
    """As when the machine went off right after its file was made."""
    (tmp_path / "neo4j-password").touch(0o600)
    assert len(kept_password(tmp_path)) == 24


def test_a_port_is_remembered_until_somebody_else_has_it(tmp_path: Path) -> None:
    port = Ports(tmp_path, prefer_known=False).choose("nats")
    again = Ports(tmp_path, prefer_known=False)
    assert again.choose("nats") == port
    assert again.choose("valkey") != port
    with socket.create_server(("127.0.0.1", port)):
        assert Ports(tmp_path, prefer_known=False).choose("nats") != port


def test_the_known_port_is_taken_when_wished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Ports(tmp_path, prefer_known=False).choose_other("nats")
    (tmp_path / "ports.json").write_text("not json")
    monkeypatch.setitem(ports_module.KNOWN, "nats", known)
    assert Ports(tmp_path, prefer_known=True).choose("nats") == known


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"nats": null}', '{"nats": [1]}', '{"nats": 1e400}', '{"nats": -1}']
)
def test_ports_that_were_spoilt_are_chosen_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    port = Ports(tmp_path, prefer_known=False).choose("nats")
    assert Ports(tmp_path, prefer_known=False).choose("nats") == port


@pytest.mark.parametrize("text", [b"", b"new", b"\xff"])
def test_a_version_that_was_half_written_keeps_nothing_from_starting(tmp_path: Path, text: bytes) -> None:
    ports, older = {"neo4j-bolt": 1, "neo4j-http": 2}, Neo4j("5.26.30", [], tmp_path)
    older.command(ports)
    (tmp_path / "neo4j" / "version").write_bytes(text)
    Neo4j("2026.08.1", [], tmp_path).command(ports)
    with pytest.raises(SetupError, match=r"STATEGATE_NEO4J_VERSION=2026\.08\.1"):
        older.command(ports)


def test_data_of_a_newer_neo4j_is_left_alone(tmp_path: Path) -> None:
    ports = {"neo4j-bolt": 1, "neo4j-http": 2}
    Neo4j("5.26.30", [], tmp_path).command(ports)
    Neo4j("2026.08.1", [], tmp_path).command(ports)
    with pytest.raises(SetupError, match=r"STATEGATE_NEO4J_VERSION=2026\.08\.1"):
        Neo4j("5.26.30", [], tmp_path).command(ports)
