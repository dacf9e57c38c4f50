"""Commands that run services: demo, up, serve."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from consumers.service import Part
from graph import fault_points
from stategate import addresses
from stategate.demo.play import play
from stategate.demo.scenario import load
from stategate.errors import SetupError
from stategate.lifetime import FAILED, OK, run, settle
from stategate.servers.environment import Addresses, open_environment
from stategate.servers.show import RichShow
from stategate.service import ALL_PARTS, Served, serving
from stategate.settings import load_settings, settings_alone

_PLAIN_WIDTH = 140  # columns where nothing tells how many there are, so that a state's name stays whole
_LOADING = "Loading the rules and having Neo4j plan the gate's statement; the first time takes some ten seconds."


def demo() -> int:
    """Play the example story to its end, with simulated agents, on servers of its own; then leave nothing behind."""
    return run(_demo(), when_stopped=130)


async def _demo() -> int:
    console = Console()
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stategate-demo-") as folder:
        settings = settings_alone(Path(folder))
        async with open_environment(settings, show=RichShow(console)) as servers:
            console.print(_LOADING)
            async with serving(settings, servers) as served:
                console.print(f"Everything runs after {time.monotonic() - began:.1f} s.")
                played = await play(console, load(), served.graphql or "", servers.nats_url)
    console.print(f"{time.monotonic() - began:.1f} s in all, servers included.")
    return OK if played else FAILED


def up() -> int:
    """Start everything on this machine and stay, with data kept between runs; Ctrl-C stops it."""
    return run(_up())


async def _up() -> int:
    settings = load_settings()
    console = Console()
    async with open_environment(settings, show=RichShow(console), prefer_known_ports=True) as servers:
        console.print(_LOADING)
        async with serving(settings, servers) as served:
            written = addresses.write(settings.data_dir, servers, served)
            try:
                _show(console, servers, served, written)
                settle()
                await asyncio.Event().wait()
            finally:
                addresses.remove(settings.data_dir)
    return OK


def serve(*, only: Annotated[Literal["planning", "workflow", "api", "outbox"] | None, Parameter()] = None) -> int:
    """Run the services against servers given by URL, all of them or one part.

    Parameters
    ----------
    only
        The one part this process runs.
    """
    return run(_serve(only))


async def _serve(only: str | None) -> int:
    settings = load_settings()
    missing = [
        f"STATEGATE_{name.upper()}" for name in ("neo4j_uri", "nats_url", "valkey_url") if not getattr(settings, name)
    ]
    if missing:
        raise SetupError(f"`stategate serve` starts no servers; set {', '.join(missing)}, or use `stategate up`.")
    fault_points.arm(settings.fault_points)
    parts = ALL_PARTS if only is None else tuple(part for part in Part if part == only)
    async with open_environment(settings) as servers:
        async with serving(settings, servers, parts=parts, http=only in {None, "api"}) as served:
            at = served.graphql or served.health
            grpc = [found for found in (served.grpc_planning, served.grpc_workflow) if found]
            told = [f"at {at}"] * bool(at) + [f"by gRPC at {' and '.join(grpc)}"] * bool(grpc)
            settle()
            print(" ".join([f"stategate serves {only or 'everything'}", *told]), flush=True)
            await asyncio.Event().wait()
    return OK


def _show(console: Console, servers: Addresses, served: Served, written: Path) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_row("GraphQL", served.graphql)
    table.add_row("gRPC planning", served.grpc_planning)
    table.add_row("gRPC workflow", served.grpc_workflow)
    if servers.browser:
        table.add_row("Neo4j Browser", servers.browser)
    table.add_row("Neo4j", servers.neo4j_uri)
    table.add_row("  user", servers.neo4j_user)
    table.add_row("  password", servers.neo4j_password)
    table.add_row("NATS", servers.nats_url)
    table.add_row("Valkey", servers.valkey_url)
    table.add_row("for programs", str(written))
    console.print(table, soft_wrap=True)
    console.print("Ready. Ctrl-C stops everything; the data stays.")
