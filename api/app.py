"""The HTTP door: GraphQL, whether the service lives and is ready, and its figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from json import JSONDecodeError
from typing import Any

from cross_web import HTTPException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.limits import BODY
from api.metrics import CONTENT_TYPE, Read, exposition
from api.readiness import Check, answers
from api.schema import schema
from api.sockets import Handler, Socket
from graph.engine import Engine


class _Endpoint(GraphQL[Engine, None]):
    websocket_adapter_class = Socket
    graphql_transport_ws_handler_class = Handler

    def __init__(self, engine: Engine) -> None:
        super().__init__(schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, _limited(receive) if scope["type"] == "http" else receive, send)

    def decode_json(self, data: str | bytes) -> object:
        """What nests too deep or has a huge number is as bad as what is no JSON, such as the bytes of a WebSocket."""
        try:
            return super().decode_json(data)
        except (ValueError, TypeError, RecursionError) as error:
            raise JSONDecodeError("no JSON", "", 0) from error

    def parse_json(self, data: str | bytes) -> Any:
        """A body that is no object is as bad as one that is no JSON."""
        found = super().parse_json(data)
        if not isinstance(found, dict | list):
            raise HTTPException(400, "The request body must be a JSON object")
        return found

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Engine:
        return self._engine


def application(
    engine: Engine | None,
    checks: Mapping[str, Check],
    figures: Mapping[str, Read] | None = None,
    documents: Mapping[str, Mapping[str, Any]] | None = None,
) -> Starlette:
    """The ASGI application; `checks` by server, each raising when its server is away, and `figures` each tells.

    `documents` are served as they are, at their paths.

    Without an engine there is no GraphQL: a process that serves none can be asked how it is, all the same.
    """

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        given = await answers(checks)
        ready = all(answer == "ok" for answer in given.values())
        return JSONResponse({"status": "ok" if ready else "away", **given}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(await exposition(figures or {}), media_type=CONTENT_TYPE)

    async def home(_: Request) -> Response:
        return RedirectResponse("/graphql")

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    routes += [Route(path, _document(document)) for path, document in (documents or {}).items()]
    if engine:
        endpoint = _Endpoint(engine)
        routes += [Route("/", home), Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)]
    return Starlette(routes=routes)


def _limited(receive: Receive) -> Receive:
    """Refuses a body that is too large, once all of it has come: who still sends hears no answer."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size <= BODY:
            return message
        while message.get("more_body"):
            message = await receive()
        raise HTTPException(413, f"The request has more than {BODY // 2**20} MiB; send it in several.")

    return receive_some


def _document(document: Mapping[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return JSONResponse(document)

    return answer
