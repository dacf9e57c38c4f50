"""A wrong setting is answered with its name, its value and what would be right."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from stategate.errors import SetupError
from stategate.servers.jars import locked_versions, read_lock
from stategate.settings import load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("STATEGATE_")]:
        monkeypatch.delenv(name)


def test_defaults_name_no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("STATEGATE_NATS_URL", "")
    settings = load_settings()
    assert (settings.neo4j_uri, settings.nats_url, settings.valkey_url) == (None, None, None)
    assert settings.neo4j_version == "2026.08.1"
    assert settings.data_dir == tmp_path / "data" / "stategate"


def test_variable_beats_file_and_argument_beats_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STATEGATE_HTTP_PORT=1\nSTATEGATE_PLANNING_GRPC_PORT=2\nOTHER=x\n")
    monkeypatch.setenv("STATEGATE_PLANNING_GRPC_PORT", "3")
    settings = load_settings(workflow_grpc_port=4)
    assert (settings.http_port, settings.planning_grpc_port, settings.workflow_grpc_port) == (1, 3, 4)


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("HTTP_PORT", "70000", "a port from 0 to 65535"),
        ("WORKFLOW_GRPC_PORT", "http", "a port from 0 to 65535"),
        ("NEO4J_VERSION", "4.4", "2026.08.1, 5.26.30"),
        ("NEO4J_URI", "localhost:7687", "bolt://host:7687"),
        ("NEO4J_URI", "bolt://host:port", "bolt://host:7687"),
        ("NATS_URL", "http://localhost", "nats://host:4222"),
        ("NATS_URL", "nats://a:4222,b:4222", "several with commas between them"),
        ("NATS_REPLICAS", "0", "a number of copies from 1 to 5"),
        ("NEO4J_HEAP", "2 GB", "a size like 512m or 2g"),
        ("VALKEY_URL", "redis://", "redis://host:6379/0"),
        ("MAVEN_URL", "mirror", "the base URL of a Maven repository"),
        ("TRUST_DECLARED_ROLE", "perhaps", "true or false"),
        ("DATA_DIR", "~nobody-of-this-name/data", "a folder"),
    ],
)
def test_a_wrong_value_is_explained(monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str) -> None:
    monkeypatch.setenv(f"STATEGATE_{name}", value)
    with pytest.raises(SetupError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"STATEGATE_{name} is '{value}'")
    assert right in str(caught.value)


def test_every_wrong_value_is_named_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATEGATE_NATS_URL", "me:secret@host")
    monkeypatch.setenv("STATEGATE_HTTP_PORT", "x")
    with pytest.raises(SetupError, match=r"(?s)NATS_URL.*HTTP_PORT") as caught:
        load_settings(neo4j_password="secret")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_cluster_of_nats_is_named_by_its_servers() -> None:
    servers = "nats://a:4222,nats://b:4222,nats://c:4222"
    assert load_settings(nats_url=servers).nats_url == servers


def test_valkeys_own_scheme_is_understood() -> None:
    assert load_settings(valkey_url="valkeys://host:1").valkey_url == "rediss://host:1"


def test_an_unreadable_file_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"STATEGATE_NEO4J_USER=\xff\n")
    with pytest.raises(SetupError, match=r"\.env"):
        load_settings()


def test_without_a_home_a_folder_has_to_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a container, for a user that it does not know."""

    def nobody(_: int) -> None:
        raise KeyError

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(SetupError, match=r"STATEGATE_DATA_DIR.*STATEGATE_CACHE_DIR"):
        load_settings()
    assert load_settings(data_dir=tmp_path, cache_dir=tmp_path).data_dir == tmp_path


@pytest.mark.parametrize("version", locked_versions())
def test_the_locks_are_whole(version: str) -> None:
    lock = read_lock(version)
    assert any("neo4j-browser" in jar.path for jar in lock.jars)
    assert all(jar.size > 0 and len(jar.sha256) == 64 for jar in lock.jars)
