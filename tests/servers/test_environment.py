"""All three servers, really started: the one test here that boots Neo4j."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import httpx2
import pytest
from rich.console import Console

from stategate.errors import SetupError
from stategate.servers.check import check_nats, check_neo4j, check_valkey
from stategate.servers.environment import open_environment
from stategate.servers.launch import Launcher
from stategate.servers.show import RichShow
from stategate.settings import load_settings


async def test_everything_starts_and_knows_its_password(tmp_path: Path) -> None:
    output = io.StringIO()
    settings = load_settings(data_dir=tmp_path)
    async with open_environment(settings, show=RichShow(Console(file=output))) as addresses:
        await check_neo4j(addresses.neo4j_uri, addresses.neo4j_user, addresses.neo4j_password)
        await check_nats(addresses.nats_url)
        await check_valkey(addresses.valkey_url)
        with pytest.raises(SetupError, match=r"does not let neo4j in.*STATEGATE_NEO4J_PASSWORD") as caught:
            await check_neo4j(addresses.neo4j_uri, "neo4j", "secret-guess")
        assert "secret-guess" not in str(caught.value)
        assert addresses.browser is not None
        async with httpx2.AsyncClient(timeout=60) as client:
            page = await client.get(addresses.browser)
        assert page.status_code == 200
        with pytest.raises(SetupError, match="another stategate"):
            async with open_environment(settings):
                pass
        urls = {"neo4j_uri": addresses.neo4j_uri, "nats_url": addresses.nats_url, "valkey_url": addresses.valkey_url}
        named = load_settings(**urls, neo4j_password=addresses.neo4j_password, data_dir=tmp_path)
        async with open_environment(named) as same:
            assert (same.neo4j_uri, same.browser) == (addresses.neo4j_uri, None)
    assert "neo4j is ready" in output.getvalue()
    written = output.getvalue() + "".join(path.read_text() for path in tmp_path.rglob("*.log"))
    assert addresses.neo4j_password not in written + repr(addresses)
    assert not list(tmp_path.glob("*.pid"))


async def test_what_was_started_is_stopped_when_another_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = asyncio.Event()
    stop = Launcher.stop

    async def noted(self: Launcher) -> None:
        await stop(self)
        stopped.set()

    monkeypatch.setattr(Launcher, "stop", noted)
    settings = load_settings(data_dir=tmp_path, cache_dir=tmp_path / "cache", maven_url="http://127.0.0.1:9")
    with pytest.raises(SetupError, match="STATEGATE_MAVEN_URL"):
        async with open_environment(settings):
            pass
    assert stopped.is_set()
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"nats.log", "valkey.log"}
    assert not list(tmp_path.glob("*.pid"))


async def test_cancelling_the_start_stops_what_was_started(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5), open_environment(load_settings(data_dir=tmp_path)):
            pass
    assert not list(tmp_path.glob("*.pid"))
