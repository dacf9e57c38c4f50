"""The clock of one process: fires the timers that are due, and moves the items of rules that have changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

import structlog

from graph.errors import UnavailableError

log = structlog.get_logger(__name__)

_EVERY = 1.0  # seconds


class Ticking(Protocol):
    """A job that one process does for all, a piece of it at each tick."""

    async def tick(self) -> int: ...


async def run_ticks(job: Ticking, name: str, stopping: asyncio.Event) -> None:
    """Until `stopping`; a database that is away is waited for."""
    while not stopping.is_set():
        try:
            await job.tick()
        except UnavailableError:
            log.warning("neo4j is away", part=name)
        except Exception:
            # One item that cannot be fired must not stop the clock for all others.
            log.exception(name)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _EVERY)
