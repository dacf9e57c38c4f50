"""GraphQL over a WebSocket: what a client sends is looked at before anything is done with it."""

from __future__ import annotations

from typing import Any

from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from graph.engine import Engine
from graph.errors import BadInputError

_REASON = 123  # bytes that the reason of a close may have


class Socket(ASGIWebSocketAdapter):
    """Says why it closes in as many words as there is room for; a reason quotes what was sent."""

    async def close(self, code: int, reason: str) -> None:
        await super().close(code, reason.encode(errors="replace")[:_REASON].decode(errors="ignore"))


class Handler(BaseGraphQLTransportWSHandler[Engine, None]):
    """Closes with 4400, as the protocol has it, on a message that is none."""

    async def handle_message(self, message: Any) -> None:
        if fault := _fault(message):
            await self.handle_invalid_message(fault)
        else:
            await super().handle_message(message)

    async def send_message(self, message: Message) -> None:
        """What the protocol refuses, such as one operation too many, has no code of its own."""
        if message["type"] == "error":
            for error in message["payload"]:
                error.setdefault("extensions", {"code": BadInputError.code})
        await super().send_message(message)


def _fault(message: Any) -> str | None:
    """What is wrong with a message, in words that say what would be right."""
    if not isinstance(message, dict) or not isinstance(kind := message.get("type"), str):
        return "A message must be an object with a type"
    if kind in {"subscribe", "complete"} and not isinstance(message.get("id"), str):
        return f"The id of a message of type {kind} must be a string"
    if kind != "subscribe":
        return None
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload must be an object with a query, which is a string"
    if not isinstance(payload.get("variables"), dict | None):
        return "The variables must be an object"
    if not isinstance(payload.get("operationName"), str | None):
        return "The operationName must be a string"
    return None
