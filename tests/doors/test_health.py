"""Whether the service lives and is ready, while each of its servers goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from redis import asyncio as redis

from stategate.demo.client import GraphQLClient
from stategate.servers.environment import Addresses
from stategate.servers.launch import Launcher
from stategate.servers.nats import Nats
from stategate.servers.ports import Ports
from stategate.servers.valkey import Valkey
from stategate.service import Served, serving
from stategate.settings import Settings
from tests.doors.bus import PATIENCE
from tests.proxy import Proxy, proxied

READ = "query($id: ID!) { story(id: $id) { title state { name } awaits { role actions } actions { name allowed } } }"


def base(served: Served) -> str:
    return (served.graphql or "").removesuffix("/graphql")


async def until_ready(http: httpx2.AsyncClient, url: str) -> httpx2.Response:
    """What it says when it is."""
    async with asyncio.timeout(PATIENCE):
        while (ready := await http.get(f"{url}/readyz")).status_code != 200:
            await asyncio.sleep(0.1)
    return ready


async def test_health_readiness_and_the_page_of_graphql(served: Served) -> None:
    async with httpx2.AsyncClient(timeout=30, headers={"accept": "text/html"}) as http:
        assert (await http.get(f"{base(served)}/healthz")).json() == {"status": "ok"}
        ready = await until_ready(http, base(served))
        page = await http.get(f"{base(served)}/graphql")
    assert ready.json() == {"status": "ok", "neo4j": "ok", "nats": "ok", "valkey": "ok"}
    assert "graphiql" in page.text.lower()


@asynccontextmanager
async def launched(server: Nats | Valkey, folder: Path) -> AsyncIterator[tuple[Launcher, str]]:
    """A server for one test alone, which may stop it and start it again, and its address, which stays."""
    launcher = Launcher(folder, Ports(folder, prefer_known=False))
    try:
        yield launcher, server.url(await launcher.launch(server))
    finally:
        await launcher.stop()


async def test_while_a_server_is_away_the_service_lives_and_is_not_ready(
    settings: Settings, servers: Addresses, story: str, tmp_path: Path
) -> None:
    address = urlsplit(servers.neo4j_uri)
    nats, valkey = Nats(tmp_path), Valkey(tmp_path)
    async with (
        proxied(address.hostname or "", address.port or 0) as proxy,
        launched(nats, tmp_path) as (nats_launcher, nats_url),
        launched(valkey, tmp_path) as (valkey_launcher, valkey_url),
        serving(settings, _at(servers, proxy, nats_url, valkey_url)) as running,
        GraphQLClient(running.graphql or "") as graphql,
        httpx2.AsyncClient(timeout=60) as http,
    ):

        async def is_away(name: str) -> None:
            away = await http.get(f"{base(running)}/readyz")
            told = dict.fromkeys(("neo4j", "nats", "valkey"), "ok") | {"status": "away", name: "away"}
            assert (away.status_code, away.json()) == (503, told)
            assert (await http.get(f"{base(running)}/healthz")).status_code == 200

        await until_ready(http, base(running))
        await proxy.cut()
        await is_away("neo4j")
        proxy.mend()
        await until_ready(http, base(running))

        await nats_launcher.stop()
        await is_away("nats")
        assert nats.url(await nats_launcher.launch(nats)) == nats_url
        await until_ready(http, base(running))

        # What is in Valkey, and whether there is one, changes no answer.
        before = await graphql(READ, id=story)
        assert before["story"]["state"]
        async with redis.from_url(valkey_url) as client:
            await client.flushall()
        assert await graphql(READ, id=story) == before
        await until_ready(http, base(running))
        await valkey_launcher.stop()
        assert await graphql(READ, id=story) == before
        await is_away("valkey")
        assert valkey.url(await valkey_launcher.launch(valkey)) == valkey_url
        await until_ready(http, base(running))
        assert await graphql(READ, id=story) == before


def _at(servers: Addresses, proxy: Proxy, nats_url: str, valkey_url: str) -> Addresses:
    return replace(servers, neo4j_uri=f"bolt://127.0.0.1:{proxy.port}", nats_url=nats_url, valkey_url=valkey_url)


async def test_a_service_ends_also_while_its_servers_are_away(
    settings: Settings, servers: Addresses, tmp_path: Path
) -> None:
    address, nats, valkey = urlsplit(servers.neo4j_uri), Nats(tmp_path), Valkey(tmp_path)
    async with (
        proxied(address.hostname or "", address.port or 0) as proxy,
        launched(nats, tmp_path) as (nats_launcher, nats_url),
        launched(valkey, tmp_path) as (_, valkey_url),
        httpx2.AsyncClient(timeout=60) as http,
    ):
        async with asyncio.timeout(None) as limit:
            async with serving(settings, _at(servers, proxy, nats_url, valkey_url)) as running:
                await until_ready(http, base(running))
                await proxy.cut()
                await nats_launcher.stop()
                # Whoever runs it waits for half a minute, and then kills it; that is twice as long.
                limit.reschedule(asyncio.get_running_loop().time() + 60)


async def test_a_process_without_graphql_says_how_it_is(settings: Settings, servers: Addresses) -> None:
    apart = settings.model_copy(update={"health_port": 0})
    async with (
        serving(apart, servers, parts=(), http=False) as running,
        httpx2.AsyncClient(timeout=30) as http,
    ):
        assert running.graphql is None
        assert (await http.get(f"{running.health}/healthz")).json() == {"status": "ok"}
        assert (await until_ready(http, running.health or "")).json()["status"] == "ok"
        assert "stategate_server_tells" in (await http.get(f"{running.health}/metrics")).text
        assert (await http.get(f"{running.health}/graphql")).status_code == 404


async def test_without_a_port_for_it_a_process_without_graphql_listens_nowhere(
    settings: Settings, servers: Addresses
) -> None:
    async with serving(settings, servers, parts=(), http=False) as running:
        assert (running.graphql, running.health) == (None, None)
