"""The door of the planning level: what happens to tasks may move their story, as far as the rules say."""

from __future__ import annotations

from consumers.runner import Delivery
from graph.engine import Engine
from graph.events import StateChanged, TasksCompleted

STATE_CHANGED = "workflow.state.changed"
TASKS_COMPLETED = "workflow.story.tasks_completed"


class PlanningDoor:
    """Handles the events the planning level listens to."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def state_changed(self, delivery: Delivery) -> None:
        event = delivery.read(StateChanged)
        if event.story_id:
            await self._engine.work.settle(event.story_id)

    async def tasks_completed(self, delivery: Delivery) -> None:
        await self._engine.work.settle(delivery.read(TasksCompleted).story_id)
