"""Runs the effects that wait; one that cannot be run is tried again, and at last becomes a dead letter."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import structlog

from consumers.dead import bury
from consumers.streams import Streams
from graph.effects import Due, Effects
from graph.errors import UnavailableError
from graph.plugins import AT_ONCE

log = structlog.get_logger(__name__)

_LOOK = 1.0  # seconds after which is looked for effects even when this process wrote nothing
_OF_ONE = AT_ONCE - 2  # of one name at once, so that a slow plug-in leaves room for those of others


async def run_effects(streams: Streams, effects: Effects, stopping: asyncio.Event) -> None:
    """Until `stopping`; a database or a bus that is away is waited for. Each is run as soon as there is room for it."""
    running: dict[asyncio.Task[None], str] = {}
    async with asyncio.TaskGroup() as group:
        stopped: asyncio.Task[object] = group.create_task(stopping.wait())
        while not stopping.is_set():
            due = await _claim(effects, Counter(running.values()))
            for one in due:
                task = group.create_task(_run(streams, effects, one))
                running[task] = one.name
                task.add_done_callback(running.pop)
            if not due:
                await asyncio.wait({stopped, *running}, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)


async def _claim(effects: Effects, running: Counter[str]) -> list[Due]:
    """What is due, as far as there is room beside what is `running`, by name."""
    full = [name for name, times in running.items() if times >= _OF_ONE]
    # All that is claimed may be of one name.
    room = _OF_ONE - max((times for name, times in running.items() if name not in full), default=0)
    limit = min(room, AT_ONCE - running.total())
    try:
        return await effects.claim(limit, full) if limit else []
    except UnavailableError:
        log.warning("neo4j is away", part="effects")
    except Exception:
        log.exception("effects")
    return []


async def _run(streams: Streams, effects: Effects, due: Due) -> None:
    try:
        await _handle(streams, effects, due)
    except Exception:
        # What fails here, such as a bus that is away, is claimed again when its time is over.
        log.exception("effects")


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
