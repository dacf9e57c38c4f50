"""The door of the workflow level: what planning says of stories, and what agents say of tasks."""

from __future__ import annotations

from consumers.runner import Delivery
from graph.decision import Command
from graph.engine import Engine
from graph.events import StoryTransitioned, WorkCompleted

STORY_TRANSITIONED = "planning.story.transitioned"
WORK_COMPLETED = "agent.work.completed"
_NOBODY = ""  # an actor nobody can be: the gate refuses it as unknown


class WorkflowDoor:
    """Handles the events the workflow level listens to."""

    def __init__(self, engine: Engine, *, trust_declared_role: bool) -> None:
        self._engine = engine
        self._trust_declared_role = trust_declared_role

    async def story_transitioned(self, delivery: Delivery) -> None:
        event = delivery.read(StoryTransitioned)
        await self._engine.work.story_transitioned(
            event.story_id, event.to_state, [task.seed() for task in event.tasks]
        )

    async def work_completed(self, delivery: Delivery) -> None:
        """One command; a refusal is an answer like any other, and is published by the gate."""
        event = delivery.read(WorkCompleted)
        command = Command(
            event.task_id,
            event.action,
            await self._actor(event),
            event.command_id or delivery.headers.get("Nats-Msg-Id") or delivery.place,
            event.expected_version,
            event.feedback,
            event.inputs,
        )
        await self._engine.gate.decide([command])

    async def _actor(self, event: WorkCompleted) -> str:
        if event.actor_id:
            return event.actor_id
        if event.actor_role and self._trust_declared_role:
            return await self._engine.people.declared(event.actor_role) or _NOBODY
        return _NOBODY
