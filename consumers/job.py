"""A job that one process does for all, again and again: the timers, the look for edits by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from graph.errors import UnavailableError

log = structlog.get_logger(__name__)


async def repeat(job: str, tick: Callable[[], Awaitable[object]], every: float, stopping: asyncio.Event) -> None:
    """Does it every so many seconds until `stopping`; a database that is away is waited for."""
    while not stopping.is_set():
        try:
            await tick()
        except UnavailableError:
            log.warning("neo4j is away", part=job)
        except Exception:
            # One item that cannot be fired, or one workflow, must not stop the clock for all others.
            log.exception(job)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), every)
