"""The clock of one process: fires the timers that are due, when this process leads."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from graph.errors import UnavailableError
from graph.timers import Timers

log = structlog.get_logger(__name__)

_EVERY = 1.0  # seconds


async def run_timers(timers: Timers, stopping: asyncio.Event) -> None:
    """Until `stopping`; a database that is away is waited for."""
    while not stopping.is_set():
        try:
            await timers.tick()
        except UnavailableError:
            log.warning("neo4j is away", part="timers")
        except Exception:
            # One item that cannot be fired must not stop the clock for all others.
            log.exception("timers")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _EVERY)
    await timers.leave()
