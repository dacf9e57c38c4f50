"""Every statement is understood by the older of the two versions of Neo4j, where few tests run otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from neo4j.exceptions import ClientError

from graph.database import Database
from graph.queries import query
from stategate.servers.environment import open_environment
from stategate.servers.jars import locked_versions
from stategate.settings import settings_alone
from tests.house.statements import on_disk
from tests.house.test_statements import explain

pytestmark = pytest.mark.long


async def test_every_statement_is_explained_by_it(tmp_path: Path) -> None:
    settings = settings_alone(tmp_path).model_copy(update={"neo4j_version": locked_versions()[-1]})
    async with open_environment(settings) as servers:
        db = Database.connect(servers.neo4j_uri, servers.neo4j_user, servers.neo4j_password)
        try:
            await db.migrate()
            refused: dict[str, str] = {}
            for name in on_disk():
                try:
                    await explain(db, query(name))
                except ClientError as error:
                    refused[name] = str(error.message)
            assert refused == {}
        finally:
            await db.close()
