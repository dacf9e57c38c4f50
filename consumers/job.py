"""A job that one process does for all, again and again: the timers, the look for edits by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic

import structlog

from graph.errors import UnavailableError

log = structlog.get_logger(__name__)

_SHARE = 10  # a look that takes long is followed by a pause so many times as long, so that the work has the machine
_LONGEST = 3.5  # seconds of such a pause; an edit by hand is to be seen within five


async def repeat(job: str, tick: Callable[[], Awaitable[object]], every: float, stopping: asyncio.Event) -> None:
    """Does it every so many seconds until `stopping`, less often if it takes long; waits for a lost database."""
    while not stopping.is_set():
        began = monotonic()
        try:
            await tick()
        except UnavailableError:
            log.warning("neo4j is away", part=job)
        except Exception:
            # One item that cannot be fired, or one workflow, must not stop the clock for all others.
            log.exception(job)
        pause = min(max(every, _SHARE * (monotonic() - began)), max(every, _LONGEST))
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)
