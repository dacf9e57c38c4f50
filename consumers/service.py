"""The event path of one process: which consumers run here, and the publisher of the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from enum import StrEnum

from nats.js import JetStreamContext

from consumers.bus import ensure_streams
from consumers.effects import run_effects
from consumers.planning import STATE_CHANGED, TASKS_COMPLETED, PlanningDoor
from consumers.publisher import Publisher
from consumers.runner import Runner
from consumers.timer import run_ticks
from consumers.workflow import STORY_TRANSITIONED, WORK_COMPLETED, WorkflowDoor
from graph.engine import Engine


class Part(StrEnum):
    """What a process may run of the event path."""

    PLANNING = "planning"
    WORKFLOW = "workflow"
    OUTBOX = "outbox"


@asynccontextmanager
async def running(
    engine: Engine, js: JetStreamContext, *, trust_declared_role: bool, parts: Collection[Part] = tuple(Part)
) -> AsyncIterator[None]:
    """Runs the parts while the block runs; at its end each finishes the message it has in hand."""
    await ensure_streams(js)
    stopping = asyncio.Event()
    runs = [runner.run(stopping) for runner in _runners(engine, js, trust_declared_role, parts)]
    if Part.OUTBOX in parts:
        runs.append(Publisher(js, engine.db, engine.outbox).run(stopping))
        runs.append(run_effects(js, engine.effects, stopping))
    if Part.WORKFLOW in parts or Part.PLANNING in parts:
        runs.append(run_ticks(engine.timers, "timers", stopping))
        runs.append(run_ticks(engine.rules.moves, "moves", stopping))
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks, return_exceptions=True)


def _runners(engine: Engine, js: JetStreamContext, trust_declared_role: bool, parts: Collection[Part]) -> list[Runner]:
    runners: list[Runner] = []
    if Part.WORKFLOW in parts:
        workflow = WorkflowDoor(engine, trust_declared_role=trust_declared_role)
        runners += [
            Runner(js, STORY_TRANSITIONED, "workflow-story-transitioned", workflow.story_transitioned),
            Runner(js, WORK_COMPLETED, "workflow-work-completed", workflow.work_completed),
        ]
    if Part.PLANNING in parts:
        planning = PlanningDoor(engine)
        runners += [
            Runner(js, STATE_CHANGED, "planning-state-changed", planning.state_changed),
            Runner(js, TASKS_COMPLETED, "planning-tasks-completed", planning.tasks_completed),
        ]
    return runners
