"""The services of one process, put together: the engine, the event path and the HTTP door."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import redis.asyncio as redis
import uvicorn
from prometheus_client.metrics_core import Metric
from starlette.applications import Starlette

import consumers.figures
import graph.figures
from api.app import application
from api.limits import BODY
from api.readiness import Check
from api.rpc.server import Service, listening
from consumers.asyncapi import document
from consumers.bus import connected
from consumers.service import Part, running
from consumers.streams import Streams
from graph.cache import Cache
from graph.database import Database
from graph.engine import Engine
from stategate.cache import ValkeyCache
from stategate.errors import SetupError
from stategate.servers.environment import Addresses
from stategate.settings import Settings, load_settings

ALL_PARTS = tuple(Part)
_GRPC = {Part.PLANNING: Service.PLANNING, Part.WORKFLOW: Service.WORKFLOW}
_GRACE = 5  # seconds that requests in hand have at the end


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: its engine, where GraphQL and gRPC answer, where it says how it is; None where they do not."""

    engine: Engine
    graphql: str | None
    health: str | None
    grpc_planning: str | None
    grpc_workflow: str | None


@asynccontextmanager
async def open_engine(
    addresses: Addresses, settings: Settings | None = None, cache: Cache | None = None
) -> AsyncIterator[Engine]:
    """The engine over the graph, migrated and with the shipped rules; `cache` keeps details."""
    db = Database.connect(addresses.neo4j_uri, addresses.neo4j_user, addresses.neo4j_password)
    try:
        yield await Engine.open(db, (settings or load_settings()).plugin_seconds, cache)
    finally:
        await db.close()


@asynccontextmanager
async def serving(
    settings: Settings,
    addresses: Addresses,
    *,
    parts: Collection[Part] = ALL_PARTS,
    http: bool = True,
) -> AsyncIterator[Served]:
    """Runs the parts while the block runs, those of gRPC with them, and GraphQL.

    Without `http`, only what tells its health, if that has a port.

    Raises:
        SetupError: a port is in use.
    """
    variable, port = ("HTTP", settings.http_port) if http else ("HEALTH", settings.health_port)
    with _listening(variable, settings.http_host, port) as listener:
        async with (
            ValkeyCache.connected(addresses.valkey_url) as cache,
            open_engine(addresses, settings, cache) as engine,
            connected(addresses.nats_url, "stategate") as bus,
        ):
            valkey = redis.Redis.from_url(addresses.valkey_url)

            async def nats_answers() -> None:
                # Not by `flush`, which is content while the client looks for a server.
                await bus.jetstream(timeout=2).account_info()

            async def valkey_answers() -> None:
                await valkey.ping()

            async def graph_figures() -> list[Metric]:
                return await graph.figures.read(engine.db)

            async def bus_figures() -> list[Metric]:
                return await consumers.figures.read(Streams(bus))

            figures = {"neo4j": graph_figures, "nats": bus_figures}
            checks = {"neo4j": engine.db.check, "nats": nats_answers, "valkey": valkey_answers}
            try:
                path = running(
                    engine,
                    bus,
                    trust_declared_role=settings.trust_declared_role,
                    keep_answers_days=settings.keep_answers_days,
                    parts=parts,
                    replicas=settings.nats_replicas,
                )
                app = application(engine if http else None, checks, figures, {"/asyncapi.json": document()})
                async with path, _http(app, listener) as url, _grpc(engine, checks, settings, parts) as at:
                    yield Served(
                        engine, f"{url}/graphql" if http else None, url, at.get(Part.PLANNING), at.get(Part.WORKFLOW)
                    )
            finally:
                await valkey.aclose()


@contextmanager
def _listening(variable: str, host: str, port: int | None) -> Iterator[socket.socket | None]:
    if port is None:
        yield None
        return
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)
        except OSError as error:
            raise SetupError(
                f"{'GraphQL' if variable == 'HTTP' else 'The health door'} cannot listen on {host}:{port}: "
                f"{error.strerror or error}. Set STATEGATE_HTTP_HOST and STATEGATE_{variable}_PORT to a free address, "
                "or stop what uses this one."
            ) from error
        yield listener
    finally:
        listener.close()


@asynccontextmanager
async def _grpc(
    engine: Engine, checks: Mapping[str, Check], settings: Settings, parts: Collection[Part]
) -> AsyncIterator[Mapping[Part, str]]:
    async with AsyncExitStack() as stack:
        at: dict[Part, str] = {}
        for part, service in _GRPC.items():
            if part not in parts:
                continue
            field = f"{part}_grpc_port"
            host, port = settings.http_host, getattr(settings, field)
            try:
                at[part] = await stack.enter_async_context(listening(service, engine, checks, host, port))
            except OSError as error:
                if field in settings.model_fields_set:
                    raise SetupError(
                        f"gRPC cannot listen on {host}:{port}: {error}. Set STATEGATE_HTTP_HOST and "
                        f"STATEGATE_{field.upper()} to a free address, or stop what uses this one."
                    ) from error
                # Nobody asked for this port, and a second process on this machine is no mistake.
                at[part] = await stack.enter_async_context(listening(service, engine, checks, host, 0))
        yield at


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the command line's business."""
        yield


@asynccontextmanager
async def _http(app: Starlette, listener: socket.socket | None) -> AsyncIterator[str | None]:
    if listener is None:
        yield None
        return
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=_GRACE,
        ws="websockets-sansio",
        ws_max_size=BODY,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        host, port = listener.getsockname()[:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
