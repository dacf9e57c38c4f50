"""GraphQL over a WebSocket, as a client of `graphql-transport-ws` speaks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from stategate.service import Served
from tests.doors.bus import PATIENCE

Message = dict[str, Any]


class Socket:
    """One connection, which has any number of operations."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def begin(self, id: str, document: str, /, **variables: Any) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": document, "variables": variables}})

    async def send(self, message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def heard(self, id: str) -> Message:
        """The next message of an operation."""
        async with asyncio.timeout(PATIENCE):
            while True:
                told: Message = json.loads(await self.connection.recv())
                if told.get("id") == id:
                    return told

    async def ask(self, id: str, document: str, /, **variables: Any) -> Message:
        """The answer to a query or a mutation, as HTTP would have it."""
        await self.begin(id, document, **variables)
        told = await self.heard(id)
        if told["type"] == "error":
            return {"data": None, "errors": told["payload"]}
        assert (await self.heard(id))["type"] == "complete"
        answer: Message = told["payload"]
        return answer


@asynccontextmanager
async def connected_to(served: Served) -> AsyncIterator[Socket]:
    url = (served.graphql or "").replace("http", "ws", 1)
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        await connection.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await connection.recv())["type"] == "connection_ack"
        yield Socket(connection)
