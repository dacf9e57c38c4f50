"""Servers named by URL: what is wrong with them is said with the setting's name and without the password."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stategate.errors import SetupError
from stategate.servers.check import check_nats, check_neo4j, check_valkey
from stategate.servers.environment import open_environment
from stategate.servers.launch import Launcher, Server
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports
from stategate.servers.valkey import Valkey
from stategate.settings import load_settings

PASSWORD = "right-password"
NOBODY = "me:secret@127.0.0.1:9"


class _ClosedValkey(Valkey):
    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        return (*super().command(ports), "--requirepass", PASSWORD)

    def url(self, ports: Mapping[str, int]) -> str:
        return super().url(ports).replace("//", f"//:{PASSWORD}@")


class _ClosedNats(Nats):
    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        return (*super().command(ports), "--user", "me", "--pass", PASSWORD)

    def url(self, ports: Mapping[str, int]) -> str:
        return super().url(ports).replace("//", f"//me:{PASSWORD}@")


class _NatsWithoutStreams(Nats):
    def command(self, ports: Mapping[str, int]) -> Sequence[str]:
        binary, _, config = super().command(ports)
        Path(config).write_text(f'{{"host": "127.0.0.1", "port": {ports["nats"]}}}')
        return (binary, "--config", config)

    async def answers(self, ports: Mapping[str, int]) -> bool:
        return True


@asynccontextmanager
async def _started(server: Server, data: Path) -> AsyncIterator[Mapping[str, int]]:
    launcher = Launcher(data, Ports(data, prefer_known=False))
    try:
        yield await launcher.launch(server)
    finally:
        await launcher.stop()


@pytest.mark.parametrize(
    ("name", "url"),
    [("neo4j_uri", f"bolt://{NOBODY}"), ("nats_url", f"nats://{NOBODY}"), ("valkey_url", f"redis://{NOBODY}")],
)
async def test_a_server_that_is_away(tmp_path: Path, name: str, url: str) -> None:
    everywhere = {
        "neo4j_uri": "bolt://127.0.0.1:9",
        "nats_url": "nats://127.0.0.1:9",
        "valkey_url": "redis://127.0.0.1:9",
    }
    check = {"neo4j_uri": lambda: check_neo4j(url, "neo4j", "secret"), "nats_url": lambda: check_nats(url)}
    with pytest.raises(SetupError, match=rf"127\.0\.0\.1:9.*STATEGATE_{name.upper()}") as caught:
        await check.get(name, lambda: check_valkey(url))()
    assert "secret" not in str(caught.value)
    with pytest.raises(SetupError, match="does not answer"):
        async with open_environment(load_settings(**everywhere, data_dir=tmp_path / "data")):
            pass
    assert not (tmp_path / "data").exists()


async def test_valkey_that_lets_nobody_in(tmp_path: Path) -> None:
    server = _ClosedValkey(tmp_path)
    async with _started(server, tmp_path) as ports:
        await check_valkey(server.url(ports))
        for wrong in (server.url(ports).replace(PASSWORD, "secret"), f"redis://127.0.0.1:{ports['valkey']}"):
            with pytest.raises(SetupError, match=r"Valkey .*STATEGATE_VALKEY_URL.* does not let us in") as caught:
                await check_valkey(wrong)
            assert "secret" not in str(caught.value)


async def test_nats_that_lets_nobody_in(tmp_path: Path) -> None:
    server = _ClosedNats(tmp_path)
    async with _started(server, tmp_path) as ports:
        await check_nats(server.url(ports))
        for wrong in (server.url(ports).replace(PASSWORD, "secret"), f"nats://127.0.0.1:{ports['nats']}"):
            with pytest.raises(SetupError, match=r"NATS .*STATEGATE_NATS_URL.* does not let us in") as caught:
                await check_nats(wrong)
            assert "secret" not in str(caught.value)


async def test_nats_without_jetstream(tmp_path: Path) -> None:
    server = _NatsWithoutStreams(tmp_path)
    async with _started(server, tmp_path) as ports:
        with pytest.raises(SetupError, match=r"STATEGATE_NATS_URL.* has no JetStream"):
            await check_nats(server.url(ports))
