"""What can be changed; every change of an item's state goes through `act`, and so through the gate."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from api import rules, work
from api.context import Info, renewed, there
from api.decisions import Decision, command, shown
from api.editing import Editing
from api.people import Actor, ActorKind
from api.sprinting import Sprinting
from api.work import Epic, Story, Task
from graph.decision import Outcome
from graph.derivation import Wanted
from graph.errors import BadInputError
from graph.items import STORY_WORKFLOW, TASK_WORKFLOW


@strawberry.input
class DerivedTask:
    """A task to derive, `estimate` in hours. The same title of the same story without an id is the same task."""

    title: str
    id: strawberry.ID | None = None
    description: str | None = None
    type: str | None = None
    estimate: float | None = None
    priority: int | None = None
    labels: list[str] | None = None
    depends_on: list[strawberry.ID] | None = None

    def wanted(self) -> Wanted:
        given = {name: value for name, value in vars(self).items() if value is not None}
        return Wanted(**given)


@strawberry.type
class Mutation(Editing, Sprinting):
    @strawberry.mutation
    async def create_epic(
        self,
        info: Info,
        title: str,
        id: strawberry.ID | None = None,
        description: str | None = None,
        labels: list[str] | None = None,
        author_id: strawberry.ID | None = None,
    ) -> Epic:
        created = await info.context.engine.items.create_epic(
            title, id, description, labels=labels, author_id=author_id
        )
        return there(await work.epic(renewed(info, created), created))

    @strawberry.mutation
    async def create_story(
        self,
        info: Info,
        title: str,
        epic_id: strawberry.ID | None = None,
        id: strawberry.ID | None = None,
        workflow: str = STORY_WORKFLOW,
        description: str | None = None,
        acceptance_criteria: list[str] | None = None,
        story_points: int | None = None,
        labels: list[str] | None = None,
        author_id: strawberry.ID | None = None,
        owner_id: strawberry.ID | None = None,
        state: str | None = None,
    ) -> Story:
        """In the first initial state its author may create in, or in `state`."""
        created = await info.context.engine.items.create_story(
            title,
            workflow=workflow,
            id=id,
            epic_id=epic_id,
            state=state,
            description=description,
            acceptance_criteria=acceptance_criteria,
            story_points=story_points,
            labels=labels,
            author_id=author_id,
            owner_id=owner_id,
        )
        return there(await work.story(renewed(info, created), created))

    @strawberry.mutation
    async def create_task(
        self,
        info: Info,
        story_id: strawberry.ID,
        title: str,
        id: strawberry.ID | None = None,
        workflow: str = TASK_WORKFLOW,
        priority: int | None = None,
        depends_on: list[strawberry.ID] | None = None,
        assignee_id: strawberry.ID | None = None,
        description: str | None = None,
        type: str | None = None,
        estimate: float | None = None,
        labels: list[str] | None = None,
        author_id: strawberry.ID | None = None,
        owner_id: strawberry.ID | None = None,
        state: str | None = None,
    ) -> Task:
        """In the first initial state its author may create in, or in `state`; priority 1 is first, 3 the default.
        `estimate` in hours.
        """
        created = await info.context.engine.items.create_task(
            story_id,
            title,
            workflow=workflow,
            id=id,
            state=state,
            description=description,
            type=type,
            estimate=estimate,
            priority=priority,
            labels=labels,
            depends_on=depends_on or [],
            assignee_id=assignee_id,
            author_id=author_id,
            owner_id=owner_id,
        )
        return there(await work.task(renewed(info, created), created))

    @strawberry.mutation
    async def add_dependency(
        self, info: Info, task_id: strawberry.ID, on_id: strawberry.ID, actor_id: strawberry.ID | None = None
    ) -> Task:
        """Has a task wait for another, of whatever story, until that is closed; a circle is refused and named."""
        await info.context.engine.dependencies.add(task_id, on_id, actor_id)
        return there(await work.task(renewed(info, task_id), task_id))

    @strawberry.mutation
    async def remove_dependency(
        self, info: Info, task_id: strawberry.ID, on_id: strawberry.ID, actor_id: strawberry.ID | None = None
    ) -> Task:
        """Has a task wait for another no more; where it does not, nothing changes."""
        await info.context.engine.dependencies.remove(task_id, on_id, actor_id)
        return there(await work.task(renewed(info, task_id), task_id))

    @strawberry.mutation
    async def derive_tasks(
        self,
        info: Info,
        story_id: strawberry.ID,
        tasks: list[DerivedTask] | None = None,
        workflow: str = TASK_WORKFLOW,
        author_id: strawberry.ID | None = None,
        deriver: str | None = None,
    ) -> list[Task]:
        """Gives a story these tasks, or those that a plug-in, the `deriver`, makes of it; without either it is one for
        each acceptance criterion. What it has is left alone.
        """
        wanted = None if tasks is None else [task.wanted() for task in tasks]
        if deriver is not None:
            if tasks is not None:
                raise BadInputError("Give the tasks or the deriver, not both.")
            wanted = await info.context.engine.derivers.ask(deriver, story_id)
        ids = await info.context.engine.derivation.derive(story_id, wanted, workflow=workflow, author_id=author_id)
        return [task for task in await work.nodes(renewed(info, story_id), ids) if isinstance(task, Task)]

    @strawberry.mutation
    async def request_derivation(
        self,
        info: Info,
        story_id: strawberry.ID,
        id: strawberry.ID | None = None,
        workflow: str = TASK_WORKFLOW,
        author_id: strawberry.ID | None = None,
    ) -> work.DerivationRequest:
        """Asks a deriver outside for tasks by `planning.derivation.requested`, instead of what was asked for this story
        before and is not answered; the author is that of the tasks. The same id again asks nothing new.
        """
        requests = info.context.engine.derivation_requests
        asked = await requests.request(story_id, workflow=workflow, id=id, author_id=author_id)
        renewed(info, asked)
        return work.DerivationRequest(id=strawberry.ID(asked), row=await requests.get(asked))

    @strawberry.mutation
    async def create_actor(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        kind: ActorKind = ActorKind.HUMAN,
        roles: list[str] | None = None,
    ) -> Actor:
        created = await info.context.engine.people.create(id, kind.value, roles or [])
        return Actor(id=strawberry.ID(created), row=await renewed(info, created).context.loaders.actors.load(created))

    @strawberry.mutation
    async def grant_role(self, info: Info, actor_id: strawberry.ID, role: str) -> Actor:
        await info.context.engine.people.grant(actor_id, role)
        return Actor(id=actor_id, row=await renewed(info, actor_id).context.loaders.actors.load(actor_id))

    @strawberry.mutation
    async def revoke_role(self, info: Info, actor_id: strawberry.ID, role: str) -> Actor:
        await info.context.engine.people.revoke(actor_id, role)
        return Actor(id=actor_id, row=await renewed(info, actor_id).context.loaders.actors.load(actor_id))

    @strawberry.mutation
    async def act(
        self,
        info: Info,
        item_id: strawberry.ID,
        action: str,
        actor_id: strawberry.ID,
        command_id: strawberry.ID | None = None,
        expected_version: int | None = None,
        feedback: str | None = None,
        inputs: JSON | None = None,
    ) -> Decision:
        """Asks for an action. `feedback` is the input of that name and wins over it."""
        asked = command(item_id, action, actor_id, command_id, expected_version, feedback, inputs)
        answer = await info.context.engine.together.decide(asked)
        renewed(info, answer.command_id if answer.outcome is Outcome.APPLIED else None)
        return shown(answer)

    @strawberry.mutation
    async def import_rules(
        self, info: Info, definition: str, actor_id: strawberry.ID | None = None
    ) -> rules.ImportResult:
        """Reads a rules file and keeps it as the draft of its workflow; without an actor the operator asks."""
        return rules.imported(await info.context.engine.rules.import_draft(definition, actor_id))

    @strawberry.mutation
    async def draft_version(
        self, info: Info, workflow: str, version: int, actor_id: strawberry.ID | None = None
    ) -> rules.ImportResult:
        """Makes an earlier version the draft, as if its file were imported: to undo, publish it."""
        return rules.imported(await info.context.engine.rules.draft_version(workflow, version, actor_id))

    @strawberry.mutation
    async def publish_rules(
        self,
        info: Info,
        workflow: str,
        confirm: str,
        mapping: JSON | None = None,
        actor_id: strawberry.ID | None = None,
    ) -> rules.Published:
        """Makes the draft the live rules; `mapping` says where items in a state that goes away are put.

        Answers when they have all been moved; if nobody waits for the answer they are moved all the same.
        """
        wanted: Any = mapping or {}
        if not isinstance(wanted, dict) or not all(isinstance(state, str) for state in wanted.values()):
            raise BadInputError('mapping must be an object like {"old state": "new state"}.')
        version = await info.context.engine.rules.publish(workflow, confirm, wanted, actor_id)
        renewed(info, workflow)
        return rules.Published(version=version)

    @strawberry.mutation
    async def permit_rules(
        self, info: Info, role: str, workflow: str, draft: bool | None = None, publish: bool | None = None
    ) -> rules.RulesPermission:
        """Says whether the holders of a role may draft and publish the rules of a workflow; null leaves it as it is."""
        found = await info.context.engine.rules.permit(role, workflow, draft=draft, publish=publish)
        return rules.RulesPermission(role=role, workflow=workflow, **found)
