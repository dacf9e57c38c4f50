"""The event path of one process: which consumers run here, and the publisher of the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

import structlog
from nats.aio.client import Client
from nats.js.errors import APIError

from consumers.bus import DURABLES
from consumers.cleaner import run_cleaner
from consumers.effects import run_effects
from consumers.job import repeat
from consumers.news import Hearing
from consumers.planning import PlanningDoor
from consumers.publisher import Publisher
from consumers.runner import Handle, Runner
from consumers.streams import REPLICAS, Streams
from consumers.workflow import WorkflowDoor
from graph.answers import Cleaner
from graph.engine import Engine
from graph.errors import StategateError, UnavailableError
from graph.events import DerivationCompleted, HeardEvent, StateChanged, StoryTransitioned, TasksCompleted, WorkCompleted
from graph.lease import Lease
from graph.levels import STORY, TASK

_GRACE = 12.0  # seconds that what is in hand has at the end; whoever runs the process may give it thirty
_LEAVE = 3.0  # and to give back the last lease, which else ends by itself
_TIMERS = 1.0  # seconds between two looks at the timers
_MOVES = 1.0  # and at items that changed rules move
_ADOPTION = 1.5  # seconds between two looks for edits by hand

log = structlog.get_logger(__name__)

Kind = TypeVar("Kind", bound=HeardEvent)


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

    Raises:
        UnavailableError: the streams cannot be made, or NATS does not answer for them.
        StategateError: one of them ended by itself, and the block was broken off: whoever runs the process starts it
            again, where it would else look sound and do nothing.
    """
    streams = Streams(connection, replicas)
    try:
        await streams.ensure()
    except (TimeoutError, APIError) as error:
        raise UnavailableError(f"NATS cannot keep our streams now: {error or type(error).__name__}") from error
    stopping = asyncio.Event()
    runs = [runner.run(stopping) for runner in _runners(engine, streams, trust_declared_role, parts)]
    if Part.OUTBOX in parts:
        runs.append(Publisher(streams, engine.db, Lease(engine.db, "outbox")).run(stopping))
        runs.append(run_cleaner(Cleaner(engine.db, keep_answers_days), stopping))
        runs.append(run_effects(streams, engine.effects, stopping))
    if levels := [level for part, level in _LEVELS.items() if part in parts]:
        runs.append(repeat("timers", partial(engine.timers.tick, levels), _TIMERS, stopping))
        runs.append(repeat("adoption", engine.adoption.tick, _ADOPTION, stopping))
        runs.append(repeat("moves", partial(engine.rules.moves.tick, levels), _MOVES, stopping))
    tasks = [asyncio.create_task(run) for run in runs]
    life = asyncio.timeout(None)

    def ended(task: asyncio.Task[None]) -> None:
        if not stopping.is_set():
            log.error("ended by itself", part=task.get_coro(), exc_info=None if task.cancelled() else task.exception())
            life.reschedule(asyncio.get_running_loop().time())

    try:
        async with life:
            try:
                for task in tasks:
                    task.add_done_callback(ended)
                async with engine.news.told_by(Hearing(connection, engine.news)):
                    yield
            finally:
                stopping.set()
                await _ended(tasks)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LEAVE):
                        await engine.timers.leave()
    except TimeoutError as error:
        if life.expired():
            raise StategateError("A part of the event path has ended by itself; the log says which.") from error
        raise


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Returns when all are done; those that wait for a server that is away are broken off, as if they were killed."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _runners(engine: Engine, streams: Streams, trust_declared_role: bool, parts: Collection[Part]) -> list[Runner[Any]]:
    runners: list[Runner[Any]] = []

    def add(kind: type[Kind], item: str, handle_by: Callable[[Engine], Handle[Kind]]) -> None:
        durable = DURABLES[kind]
        lease = Lease(engine.db, durable)
        handle = handle_by(engine.under(lease))
        runners.append(Runner(streams, lease, kind.subject, durable, kind, attrgetter(item), handle))

    def workflow(leased: Engine) -> WorkflowDoor:
        return WorkflowDoor(leased, trust_declared_role=trust_declared_role)

    if Part.WORKFLOW in parts:
        add(StoryTransitioned, "story_id", lambda leased: workflow(leased).story_transitioned)
        add(WorkCompleted, "task_id", lambda leased: workflow(leased).work_completed)
        # Its tasks may be begun at once, and planning begins none.
        add(DerivationCompleted, "story_id", lambda leased: workflow(leased).derivation_completed)
    if Part.PLANNING in parts:
        add(StateChanged, "task_id", lambda leased: PlanningDoor(leased).state_changed)
        add(TasksCompleted, "story_id", lambda leased: PlanningDoor(leased).tasks_completed)
    return runners
