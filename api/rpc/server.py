"""A gRPC service on its port, with health and reflection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection

from api.proto import planning_pb2, planning_pb2_grpc, workflow_pb2, workflow_pb2_grpc
from api.readiness import Check, answers
from api.rpc.planning import PlanningService
from api.rpc.status import Statuses
from api.rpc.workflow import WorkflowService
from graph.engine import Engine

_EVERY = 2.0  # seconds between two looks at whether the servers behind it answer
_GRACE = 5.0  # seconds that calls in hand have at the end
# Two processes must not share a port by chance: each would get some of the calls meant for the other.
_OPTIONS = (("grpc.so_reuseport", 0),)


class Service(Enum):
    """What can be served, by its full name."""

    PLANNING = planning_pb2.DESCRIPTOR.services_by_name["Planning"].full_name
    WORKFLOW = workflow_pb2.DESCRIPTOR.services_by_name["Workflow"].full_name


@asynccontextmanager
async def listening(
    service: Service, engine: Engine, checks: Mapping[str, Check], host: str, port: int
) -> AsyncIterator[str]:
    """Serves while the block runs; yields the address, as a gRPC client takes it. NOT_SERVING while a check fails.

    Raises:
        OSError: the port is in use.
    """
    server = grpc.aio.server(interceptors=[Statuses()], options=_OPTIONS)
    told = health.aio.HealthServicer()
    _add(service, engine, server)
    health_pb2_grpc.add_HealthServicer_to_server(told, server)
    reflection.enable_server_reflection([service.value, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    shown = f"[{host}]" if ":" in host else host
    try:
        bound = server.add_insecure_port(f"{shown}:{port}")
    except RuntimeError as error:
        raise OSError("the address is in use, or is none of this machine") from error
    await _tell(told, service, checks)
    await server.start()
    watch = asyncio.create_task(_keep_telling(told, service, checks))
    try:
        yield f"{shown}:{bound}"
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await told.enter_graceful_shutdown()
        await server.stop(_GRACE)


def _add(service: Service, engine: Engine, server: grpc.aio.Server) -> None:
    if service is Service.PLANNING:
        planning_pb2_grpc.add_PlanningServicer_to_server(PlanningService(engine), server)
    else:
        workflow_pb2_grpc.add_WorkflowServicer_to_server(WorkflowService(engine), server)


async def _keep_telling(told: Any, service: Service, checks: Mapping[str, Check]) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        await _tell(told, service, checks)


async def _tell(told: Any, service: Service, checks: Mapping[str, Check]) -> None:
    ready = all(answer == "ok" for answer in (await answers(checks)).values())
    status = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
    for name in (health.OVERALL_HEALTH, service.value):
        await told.set(name, status)
