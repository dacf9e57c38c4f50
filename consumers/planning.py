"""The door of the planning level: what happens to tasks may move their story, as far as the rules say."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.delivery import Heard
from graph.engine import Engine
from graph.events import StateChanged, TasksCompleted


class PlanningDoor:
    """Handles the events the planning level listens to. What a story can do is looked at once for many messages."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def state_changed(self, heard: Sequence[Heard[StateChanged]]) -> None:
        await self._engine.work.settle_all(one.event.story_id for one in heard if one.event.story_id)

    async def tasks_completed(self, heard: Sequence[Heard[TasksCompleted]]) -> None:
        await self._engine.work.settle_all(one.event.story_id for one in heard)
