"""Services that start at the same time over an empty graph make one schema."""

from __future__ import annotations

import asyncio

from graph.database import Database
from stategate.servers.environment import Addresses
from tests.graph.world import cypher


async def test_many_make_what_is_missing_at_once(db: Database, servers: Addresses) -> None:
    services = [Database.connect(servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password) for _ in range(8)]
    try:
        for _ in range(3):
            # What an older version had.
            await cypher(
                db, "CREATE CONSTRAINT outbox_id IF NOT EXISTS FOR (n:OutboxEvent) REQUIRE n.outbox_id IS UNIQUE"
            )
            await asyncio.gather(*(service.migrate() for service in services))
            [row] = await cypher(db, "SHOW CONSTRAINTS YIELD name WHERE name = 'outbox_id' RETURN count(*) AS found")
            assert row["found"] == 0
        for _ in range(5):
            await cypher(db, "DROP INDEX state_name")
            await asyncio.gather(*(service.migrate() for service in services))
            [row] = await cypher(db, "SHOW INDEXES YIELD name WHERE name = 'state_name' RETURN count(*) AS found")
            assert row["found"] == 1
    finally:
        for service in services:
            await service.close()
