"""Forgets old answers, a little at a time, when this process leads."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from graph.answers import Cleaner
from graph.errors import UnavailableError

log = structlog.get_logger(__name__)

_REST = 60.0  # seconds between two looks
_BREATH = 0.2  # seconds between two batches


async def run_cleaner(cleaner: Cleaner, stopping: asyncio.Event) -> None:
    """Until `stopping`; a database that is away is waited for."""
    while not stopping.is_set():
        pause = _REST
        try:
            if await cleaner.clean():
                pause = _BREATH
        except UnavailableError:
            log.warning("neo4j is away", part="cleaner")
        except Exception:
            log.exception("cleaner")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)
    await cleaner.leave()
