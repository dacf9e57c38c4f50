"""Runs the effects that wait; one that cannot be run is tried again, and at last becomes a dead letter."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import structlog

from consumers.dead import bury
from consumers.streams import Streams
from graph.effects import Due, Effects
from graph.errors import UnavailableError

log = structlog.get_logger(__name__)

_LOOK = 1.0  # seconds after which is looked for effects even when this process wrote nothing


async def run_effects(streams: Streams, effects: Effects, stopping: asyncio.Event) -> None:
    """Until `stopping`; a database or a bus that is away is waited for."""
    while not stopping.is_set():
        try:
            due = await effects.claim()
        except UnavailableError:
            log.warning("neo4j is away", part="effects")
            due = []
        except Exception:
            log.exception("effects")
            due = []
        # What fails here, such as a bus that is away, is claimed again when its time is over.
        for error in await asyncio.gather(*(_handle(streams, effects, one) for one in due), return_exceptions=True):
            if error is not None:
                log.error("effects", exc_info=error)
        if not due:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK)


async def _handle(streams: Streams, effects: Effects, due: Due) -> None:
    if not due.is_over:
        if reason := await effects.run(due):
            log.warning("an effect did not run", effect=due.name, id=due.id, tries=due.tries, reason=reason)
        return
    reason = f"the effect '{due.name}' was given up: {due.reason}"
    log.warning("dead letter", effect=due.name, id=due.id, reason=reason)
    data = json.dumps(due.event, ensure_ascii=False).encode()
    # Told before it is given up: what fails in between is told again, and the stream drops the repetition.
    await bury(streams, "effects", data, {}, reason, due.id)
    await effects.give_up(due)
