"""The event path of one process: which consumers run here, and the publisher of the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any

from nats.aio.client import Client

from consumers.bus import REPLICAS, ensure_streams
from consumers.cleaner import run_cleaner
from consumers.effects import run_effects
from consumers.job import repeat
from consumers.news import hearing
from consumers.planning import STATE_CHANGED, TASKS_COMPLETED, PlanningDoor
from consumers.publisher import Publisher
from consumers.runner import Event, Handle, Runner
from consumers.workflow import STORY_TRANSITIONED, WORK_COMPLETED, WorkflowDoor
from graph.answers import Cleaner
from graph.engine import Engine
from graph.events import StateChanged, StoryTransitioned, TasksCompleted, WorkCompleted
from graph.lease import Lease
from graph.levels import STORY, TASK

_GRACE = 12.0  # seconds that what is in hand has at the end; whoever runs the process may give it thirty
_LEAVE = 3.0  # and to give back the last lease, which else ends by itself
_TIMERS = 1.0  # seconds between two looks at the timers
_MOVES = 1.0  # and at items that changed rules move
_ADOPTION = 1.5  # seconds between two looks for edits by hand


class Part(StrEnum):
    """What a process may run of the event path."""

    PLANNING = "planning"
    WORKFLOW = "workflow"
    OUTBOX = "outbox"


_LEVELS = {Part.PLANNING: STORY, Part.WORKFLOW: TASK}  # neither ever writes a state of the other's items


@asynccontextmanager
async def running(
    engine: Engine,
    connection: Client,
    *,
    trust_declared_role: bool,
    keep_answers_days: int,
    parts: Collection[Part] = tuple(Part),
    replicas: int = REPLICAS,
) -> AsyncIterator[None]:
    """Runs the parts while the block runs; at its end each finishes what it has in hand, and gives its leases back.

    `replicas` is how often a cluster keeps a new stream.
    """
    await ensure_streams(connection.jetstream(), replicas)
    stopping = asyncio.Event()
    runs = [runner.run(stopping) for runner in _runners(engine, connection, trust_declared_role, parts)]
    if Part.OUTBOX in parts:
        runs.append(Publisher(connection, engine.db, Lease(engine.db, "outbox")).run(stopping))
        runs.append(run_cleaner(Cleaner(engine.db, keep_answers_days), stopping))
        runs.append(run_effects(connection.jetstream(), engine.effects, stopping))
    if levels := [level for part, level in _LEVELS.items() if part in parts]:
        runs.append(repeat("timers", partial(engine.timers.tick, levels), _TIMERS, stopping))
        runs.append(repeat("adoption", engine.adoption.tick, _ADOPTION, stopping))
        runs.append(repeat("moves", partial(engine.rules.moves.tick, levels), _MOVES, stopping))
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        async with hearing(connection, engine.news):
            yield
    finally:
        stopping.set()
        await _ended(tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE):
                await engine.timers.leave()


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Returns when all are done; those that wait for a server that is away are broken off, as if they were killed."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _runners(
    engine: Engine, connection: Client, trust_declared_role: bool, parts: Collection[Part]
) -> list[Runner[Any]]:
    runners: list[Runner[Any]] = []

    def add(
        subject: str, durable: str, kind: type[Event], item: str, handle_by: Callable[[Engine], Handle[Event]]
    ) -> None:
        lease = Lease(engine.db, durable)
        handle = handle_by(engine.under(lease))
        runners.append(Runner(connection, lease, subject, durable, kind, attrgetter(item), handle))

    def workflow(leased: Engine) -> WorkflowDoor:
        return WorkflowDoor(leased, trust_declared_role=trust_declared_role)

    if Part.WORKFLOW in parts:
        add(
            STORY_TRANSITIONED, "workflow-story-transitioned", StoryTransitioned, "story_id",
            lambda leased: workflow(leased).story_transitioned,
        )  # fmt: skip
        add(
            WORK_COMPLETED, "workflow-work-completed", WorkCompleted, "task_id",
            lambda leased: workflow(leased).work_completed,
        )  # fmt: skip
    if Part.PLANNING in parts:
        add(
            STATE_CHANGED, "planning-state-changed", StateChanged, "task_id",
            lambda leased: PlanningDoor(leased).state_changed,
        )  # fmt: skip
        add(
            TASKS_COMPLETED, "planning-tasks-completed", TasksCompleted, "story_id",
            lambda leased: PlanningDoor(leased).tasks_completed,
        )  # fmt: skip
    return runners
