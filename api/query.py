"""What can be asked."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from api import rules, sprints, work
from api.backlog import Listing
from api.context import Info
from api.decisions import Decision, command, shown
from api.pages import Connection, checked, connection, id_place, read
from api.people import Actor
from api.people import actor as person
from api.sprints import Sprint, Velocity
from api.work import Epic, Item, Story, Task, WorkItem, all_there, listed
from graph.errors import BadInputError, NotFoundError
from graph.page import Page
from graph.rules.file import parse


@strawberry.type
class Query(Listing):
    @strawberry.field
    async def epic(self, info: Info, id: strawberry.ID) -> Epic | None:
        return await work.epic(info, id)

    @strawberry.field
    async def epics(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Epic]:
        page = await info.context.engine.trees.epics(checked(first), read(after, int, str))
        rows = all_there(await info.context.loaders.epics.load_many([row["id"] for row in page.rows]))
        return connection(page, after, id_place, [Epic(id=strawberry.ID(row["id"]), row=row) for row in rows])

    @strawberry.field
    async def story(self, info: Info, id: strawberry.ID) -> Story | None:
        return await work.story(info, id)

    @strawberry.field
    async def stories(
        self,
        info: Info,
        state: str | None = None,
        sprint_id: strawberry.ID | None = None,
        epic_id: strawberry.ID | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Story]:
        page = await info.context.engine.trees.stories(
            checked(first), read(after, int, str), state=state, sprint_id=sprint_id, epic_id=epic_id
        )
        return await listed(info, page, after)

    @strawberry.field
    async def task(self, info: Info, id: strawberry.ID) -> Task | None:
        return await work.task(info, id)

    @strawberry.field
    async def tasks(
        self,
        info: Info,
        state: str | None = None,
        role: str | None = None,
        assignee_id: strawberry.ID | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Task]:
        """`role` is one that the state of the task waits for."""
        page = await info.context.engine.trees.tasks(
            checked(first), read(after, int, str), state=state, role=role, assignee_id=assignee_id
        )
        return await listed(info, page, after)

    @strawberry.field
    async def item(self, info: Info, id: strawberry.ID) -> Item | None:
        """A story or a task."""
        return await work.item(info, id)

    @strawberry.field
    async def actor(self, info: Info, id: strawberry.ID) -> Actor | None:
        row = await info.context.loaders.actors.load(id)
        return Actor(id=id, row=row) if row else None

    @strawberry.field
    async def actors(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Actor]:
        page = await info.context.engine.people.page(checked(first), read(after, int, str))
        return connection(page, after, id_place, [Actor(id=strawberry.ID(row["id"])) for row in page.rows])

    @strawberry.field
    async def derivation_request(self, info: Info, id: strawberry.ID) -> work.DerivationRequest | None:
        try:
            return work.DerivationRequest(id=id, row=await info.context.engine.derivation_requests.get(id))
        except NotFoundError:
            return None

    @strawberry.field
    async def sprint(self, info: Info, id: strawberry.ID) -> Sprint | None:
        return await sprints.sprint(info, id)

    @strawberry.field
    async def who_may(self, info: Info, item_id: strawberry.ID, action: str, first: int | None = None) -> list[Actor]:
        """Who may do this now, given right inputs; by id."""
        found = await info.context.engine.offers.who_may(item_id, action, checked(first))
        return [one for one in map(person, found) if one]

    @strawberry.field
    async def work_list(
        self, info: Info, actor_id: strawberry.ID, first: int | None = None, awaited: bool = True
    ) -> list[WorkItem]:
        """What an actor may do now, the most urgent first; `awaited: false` adds what waits for somebody else."""
        found = dict(await info.context.engine.offers.work_list(actor_id, checked(first), awaited=awaited))
        return [WorkItem(item=one, actions=found[one.id]) for one in await work.nodes(info, list(found))]

    @strawberry.field
    async def sprints(self, info: Info) -> list[Sprint]:
        return [sprints.shown(row) for row in await info.context.engine.sprints.all()]

    @strawberry.field
    async def velocity(self, info: Info, last: int = 3) -> Velocity:
        """Of the sprints that were closed last."""
        return await sprints.velocity(info, last)

    @strawberry.field
    async def workflow(self, info: Info, name: str, version: int | None = None) -> rules.Workflow | None:
        """The live rules, or those of one version."""
        engine = info.context.engine
        try:
            definition = await engine.rules.export(name, version)
        except NotFoundError:
            return None
        live = parse(definition).workflow
        if live is None:
            raise BadInputError(f"The rules of '{name}' cannot be read; ask `lint` what is wrong.")
        newest = {row["name"]: row["version"] for row in await engine.rules.names()}
        number = version or newest.get(name)
        return None if number is None else rules.workflow(live, number, definition)

    @strawberry.field
    async def workflows(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[rules.Workflow]:
        """By name."""
        past = read(after, int, str)
        names = await info.context.engine.rules.names()
        rows = [{"id": row["name"], "place": 0, **row} for row in names if not past or row["name"] > past[1]]
        page = Page.of({"rows": rows, "total": len(names)}, checked(first))
        nodes: list[Any] = []
        for row in page.rows:
            definition = await info.context.engine.rules.readable(row["name"], row["version"])
            live = parse(definition).workflow
            nodes.append(
                rules.workflow(live, row["version"], definition) if live else rules.unreadable(row, definition)
            )
        return connection(page, after, id_place, nodes)

    @strawberry.field
    async def lint(self, info: Info, workflow: str) -> list[rules.Finding]:
        """What is wrong, or doubtful, in the live rules."""
        return [rules.found(one) for one in await info.context.engine.rules.lint(workflow)]

    @strawberry.field
    async def decide(
        self,
        info: Info,
        item_id: strawberry.ID,
        action: str,
        actor_id: strawberry.ID,
        feedback: str | None = None,
        inputs: JSON | None = None,
        expected_version: int | None = None,
    ) -> Decision:
        """What `act` would answer; writes nothing."""
        asked = command(item_id, action, actor_id, None, expected_version, feedback, inputs, dry=True)
        [answer] = await info.context.engine.gate.decide([asked])
        return shown(answer)
