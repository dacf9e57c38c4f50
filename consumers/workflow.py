"""The door of the workflow level: what planning says of stories, agents of tasks, and derivers of new tasks."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.dead import COMMAND_ID
from consumers.delivery import Heard
from graph.decision import Command
from graph.engine import Engine
from graph.errors import BadInputError, ConflictError, NotFoundError
from graph.events import DerivationCompleted, StoryTransitioned, WorkCompleted
from graph.work import Entered

_NOBODY = ""  # an actor nobody can be: the gate refuses it as unknown


class WorkflowDoor:
    """Handles the events the workflow level listens to."""

    def __init__(self, engine: Engine, *, trust_declared_role: bool) -> None:
        self._engine = engine
        self._trust_declared_role = trust_declared_role

    async def story_transitioned(self, heard: Sequence[Heard[StoryTransitioned]]) -> None:
        """Alone, a story whose next work cannot be assigned is released all the same; among others it fails."""
        entered = [
            Entered(one.event.story_id, one.event.to_state, [task.seed() for task in one.event.tasks]) for one in heard
        ]
        if len(entered) > 1:
            await self._engine.work.stories_transitioned(entered)
        else:
            for story in entered:
                await self._engine.work.story_transitioned(story.story_id, story.to_state, story.tasks)

    async def work_completed(self, heard: Sequence[Heard[WorkCompleted]]) -> None:
        """Commands, in one transaction; a refusal is an answer like any other, and is published by the gate."""
        actors: dict[str, str | None] = {}
        if self._trust_declared_role:
            for role in {one.event.actor_role for one in heard if one.event.actor_role and not one.event.actor_id}:
                actors[role] = await self._engine.people.declared(role)
        await self._engine.gate.decide([_command(one, actors) for one in heard])

    async def derivation_completed(self, heard: Sequence[Heard[DerivationCompleted]]) -> None:
        """One after the other, each in a transaction of its own; what was done before is not done again.

        Raises:
            BadInputError: an answer that cannot be taken, whatever was tried later.
        """
        for one in heard:
            event = one.event
            try:
                await self._engine.derivation_requests.answer(
                    event.request_id, event.story_id, [task.wanted() for task in event.tasks]
                )
            except (NotFoundError, ConflictError) as error:
                raise BadInputError(str(error)) from error


def _command(heard: Heard[WorkCompleted], actors: dict[str, str | None]) -> Command:
    event, headers = heard.event, heard.delivery.headers
    return Command(
        event.task_id,
        event.action,
        event.actor_id or actors.get(event.actor_role or "") or _NOBODY,
        event.command_id or headers.get(COMMAND_ID) or headers.get("Nats-Msg-Id") or heard.delivery.place,
        event.expected_version,
        event.feedback,
        event.inputs,
    )
