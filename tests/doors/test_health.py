"""Whether the service lives and is ready."""

from __future__ import annotations

import httpx2

from stategate.service import Served


async def test_health_readiness_and_the_page_of_graphql(served: Served) -> None:
    base = (served.graphql or "").removesuffix("/graphql")
    async with httpx2.AsyncClient(timeout=30, headers={"accept": "text/html"}) as http:
        assert (await http.get(f"{base}/healthz")).json() == {"status": "ok"}
        ready = await http.get(f"{base}/readyz")
        page = await http.get(f"{base}/graphql")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "neo4j": "ok", "nats": "ok", "valkey": "ok"}
    assert "graphiql" in page.text.lower()
