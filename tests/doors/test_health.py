"""Whether the service lives and is ready."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx2

from api.app import application
from graph.database import Database
from graph.engine import Engine
from stategate.servers.environment import Addresses
from stategate.service import Served
from tests.proxy import proxied


async def test_health_readiness_and_the_page_of_graphql(served: Served) -> None:
    base = (served.graphql or "").removesuffix("/graphql")
    async with httpx2.AsyncClient(timeout=30, headers={"accept": "text/html"}) as http:
        assert (await http.get(f"{base}/healthz")).json() == {"status": "ok"}
        ready = await http.get(f"{base}/readyz")
        page = await http.get(f"{base}/graphql")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "neo4j": "ok", "nats": "ok", "valkey": "ok"}
    assert "graphiql" in page.text.lower()


async def test_while_a_server_is_away_the_service_lives_and_is_not_ready(engine: Engine, servers: Addresses) -> None:
    address = urlsplit(servers.neo4j_uri)
    async with proxied(address.hostname or "", address.port or 0) as proxy:
        far = Database.connect(f"bolt://127.0.0.1:{proxy.port}", servers.neo4j_user, servers.neo4j_password)
        transport = httpx2.ASGITransport(app=application(engine, {"neo4j": far.check}))
        async with httpx2.AsyncClient(transport=transport, base_url="http://stategate", timeout=60) as http:
            assert (await http.get("/readyz")).status_code == 200
            await proxy.cut()
            away = await http.get("/readyz")
            assert (away.status_code, away.json()) == (503, {"status": "away", "neo4j": "away"})
            assert (await http.get("/healthz")).status_code == 200
            proxy.mend()
            assert (await http.get("/readyz")).json() == {"status": "ok", "neo4j": "ok"}
        await far.close()
