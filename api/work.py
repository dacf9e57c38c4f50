"""Epics, stories and tasks, as GraphQL shows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from api import sprints
from api.actions import Awaits, OfferedAction, awaits, offered
from api.context import Info
from api.pages import Connection, checked, connection, id_place, read, seq_place
from api.people import Actor, actor
from api.scalars import moment
from graph import critical_path
from graph.database import Row
from graph.details import Texts
from graph.errors import NotFoundError
from graph.history import inputs_of
from graph.page import Page
from graph.trees import readiness


@strawberry.type
class State:
    """Where an item is; `kind` is initial, active or final."""

    name: str
    kind: str


@strawberry.type
class DefinitionOfReady:
    """0 to 100, and the parts that are missing."""

    score: int
    missing: list[str]


@strawberry.type
class Change:
    """One hop, or one edit, of an item's history."""

    row: strawberry.Private[Row]
    item_id: strawberry.Private[str]

    @strawberry.field
    async def item(self, info: Info) -> Annotated[Item, strawberry.lazy("api.work")] | None:
        """The item as it is now."""
        return await item(info, self.item_id)

    @strawberry.field
    def seq(self) -> int:
        return int(self.row["seq"])

    @strawberry.field
    def action(self) -> str:
        return str(self.row["action"])

    @strawberry.field(name="from")
    def from_state(self) -> str:
        return str(self.row["from"])

    @strawberry.field(name="to")
    def to_state(self) -> str:
        return str(self.row["to"])

    @strawberry.field
    def automatic(self) -> bool:
        return bool(self.row["automatic"])

    @strawberry.field
    def actor(self) -> Actor | None:
        return actor(self.row["actor_id"])

    @strawberry.field
    def role(self) -> str | None:
        return self.row["role"]

    @strawberry.field
    def feedback(self) -> str | None:
        return self.row["feedback"]

    @strawberry.field
    def inputs(self) -> JSON:
        return JSON(inputs_of(self.row))

    @strawberry.field
    def command_id(self) -> str | None:
        return self.row["command_id"]

    @strawberry.field
    def rule_version(self) -> int | None:
        return self.row["rule_version"]

    @strawberry.field
    def unadopted(self) -> bool:
        """Made under an edit of the rules by hand that was no version yet; `ruleVersion` names the one before."""
        return bool(self.row["unadopted"])

    @strawberry.field
    def verified(self) -> bool:
        """Whether it begins where the change before it ended; false when the item was moved by hand in between."""
        return bool(self.row["verified"])

    @strawberry.field
    def at(self) -> datetime:
        return moment(self.row["at"])


@strawberry.type
class MadeDecision:
    """What somebody decided, as `planning.decision.*` told it; `kind` is the last word of that subject."""

    row: strawberry.Private[Row]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.row["id"])

    @strawberry.field
    def kind(self) -> str:
        return str(self.row["kind"])

    @strawberry.field
    def action(self) -> str:
        return str(self.row["action"])

    @strawberry.field
    def comment(self) -> str:
        """Empty when nothing was said to it."""
        return str(self.row["comment"])

    @strawberry.field
    def decided_by(self) -> Actor | None:
        return actor(self.row["decided_by"])

    @strawberry.field
    def seq(self) -> int:
        """Of the change in the item's history that it made."""
        return int(self.row["seq"])

    @strawberry.field
    def at(self) -> datetime:
        return moment(self.row["at"])


@strawberry.type
class Artefact:
    """An input of an action, such as a commit or a report, as it was handed in last."""

    name: str
    value: JSON
    action: str
    actor: Actor | None
    at: datetime
    seq: int


@strawberry.interface
class Item:
    """What moves through the states of a workflow."""

    id: strawberry.ID
    row: strawberry.Private[Row]

    @strawberry.field
    def title(self) -> str:
        return str(self.row["title"])

    @strawberry.field
    def workflow(self) -> str | None:
        return self.row["workflow"]

    @strawberry.field
    def state(self) -> State | None:
        """None for a story that is known from events alone."""
        state = self.row["state"]
        return State(name=state["name"], kind=state["kind"] or "active") if state else None

    @strawberry.field
    def version(self) -> int:
        return int(self.row["version"])

    @strawberry.field
    def verified(self) -> bool:
        """Whether its state and version are what its history says; false when it was moved by hand."""
        return bool(self.row["verified"])

    @strawberry.field
    async def description(self, info: Info) -> str | None:
        return (await texts(info, self.row)).description

    @strawberry.field
    async def artefacts(self, info: Info) -> list[Artefact]:
        """What was handed in with its actions, of each name the last, the newest first."""
        return [
            Artefact(
                name=found.name,
                value=JSON(found.value),
                action=found.action,
                actor=actor(found.actor_id),
                at=found.at,
                seq=found.seq,
            )
            for found in await info.context.loaders.artefacts.load(self.id) or []
        ]

    @strawberry.field
    def labels(self) -> list[str]:
        return list(self.row["labels"])

    @strawberry.field
    def archived(self) -> bool:
        """Whether it was put away; that counts while it is in a final state."""
        return bool(self.row["archived"])

    @strawberry.field
    def assignee(self) -> Actor | None:
        return actor(self.row["assignee_id"])

    @strawberry.field
    def author(self) -> Actor | None:
        return actor(self.row["author_id"])

    @strawberry.field
    def owner(self) -> Actor | None:
        """Who is named as the owner; where nobody is, the rules take the assignee."""
        return actor(self.row["owner_id"])

    @strawberry.field
    def created_at(self) -> datetime | None:
        return moment(self.row["created_at"])

    @strawberry.field
    def updated_at(self) -> datetime | None:
        return moment(self.row["updated_at"])

    @strawberry.field
    def due_at(self) -> datetime | None:
        """When the first timer of its state runs out."""
        return moment(self.row["due_at"])

    @strawberry.field
    async def awaits(self, info: Info) -> list[Awaits]:
        return [awaits(found) for found in await info.context.loaders.awaits.load(self.id)]

    @strawberry.field
    async def actions(self, info: Info, actor_id: strawberry.ID | None = None) -> list[OfferedAction]:
        """Each action of the state; without an actor nothing is asked about permission."""
        return [offered(view) for view in await info.context.loaders.actions.load((self.id, actor_id))]

    @strawberry.field
    async def decisions(self, info: Info) -> list[MadeDecision]:
        """What was decided on it, the oldest first."""
        return [MadeDecision(row=row) for row in await info.context.loaders.decisions.load(self.id)]

    @strawberry.field
    async def history(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Change]:
        """Every change, the oldest first."""
        start = read(after, int) or [0]
        page = await info.context.loaders.history.load((self.id, checked(first), start[0]))
        info.context.budget.take(page.rows)
        return connection(page, after, seq_place, [Change(row=row, item_id=str(self.id)) for row in page.rows])


@strawberry.type
class Task(Item):
    @strawberry.field
    def type(self) -> str | None:
        return self.row["type"]

    @strawberry.field
    def estimate(self) -> float | None:
        """In hours."""
        return self.row["estimate"]

    @strawberry.field
    def priority(self) -> int | None:
        return self.row["priority"]

    @strawberry.field
    def attempt(self) -> int:
        """1, and one more for each time it came back."""
        return int(self.row["rework"]) + 1

    @strawberry.field
    def feedback(self) -> str | None:
        """What is to be mended, while it is."""
        return self.row["feedback"]

    @strawberry.field
    async def story(self, info: Info) -> Annotated[Story, strawberry.lazy("api.work")] | None:
        return await story(info, self.row["story_id"])

    @strawberry.field
    async def depends_on(self, info: Info) -> list[Annotated[Task, strawberry.lazy("api.work")]]:
        return await tasks(info, self.row["depends_on"])

    @strawberry.field
    async def blocked_by(self, info: Info) -> list[Annotated[Task, strawberry.lazy("api.work")]]:
        """What it waits for: tasks it depends on that are not closed; none once it is closed itself."""
        row = await info.context.loaders.blocking.load(self.id)
        return await tasks(info, row["blocked_by"] if row else [])

    @strawberry.field
    async def blocks(self, info: Info) -> list[Annotated[Task, strawberry.lazy("api.work")]]:
        """The other way round: tasks that are not closed and depend on it; none once it is closed."""
        row = await info.context.loaders.blocking.load(self.id)
        return await tasks(info, row["blocks"] if row else [])


@strawberry.type
class CriticalPath:
    """A chain of open tasks, each depending on the one before it. The last is of the story, others may be of others."""

    found: strawberry.Private[critical_path.CriticalPath]

    @strawberry.field
    async def tasks(self, info: Info) -> list[Task]:
        """In the order in which they can be done."""
        return await tasks(info, self.found.tasks)

    @strawberry.field
    def length(self) -> float:
        """The sum of their estimates; a task without one counts 1."""
        return self.found.length

    @strawberry.field
    def unestimated(self) -> int:
        """How many of them have no estimate."""
        return self.found.unestimated


@strawberry.type
class Story(Item):
    @strawberry.field
    async def acceptance_criteria(self, info: Info) -> list[str]:
        return (await texts(info, self.row)).acceptance_criteria

    @strawberry.field
    def story_points(self) -> int | None:
        return self.row["story_points"]

    @strawberry.field
    def released(self) -> bool:
        """Whether its tasks may be assigned."""
        return bool(self.row["released"])

    @strawberry.field
    def definition_of_ready(self) -> DefinitionOfReady:
        score, missing = readiness(self.row)
        return DefinitionOfReady(score=score, missing=missing)

    @strawberry.field
    async def epic(self, info: Info) -> Annotated[Epic, strawberry.lazy("api.work")] | None:
        return await epic(info, self.row["epic_id"])

    @strawberry.field
    async def sprint(self, info: Info) -> sprints.Sprint | None:
        return await sprints.sprint(info, self.row["sprint_id"])

    @strawberry.field
    async def sprint_stays(self, info: Info) -> list[sprints.SprintStay]:
        """The sprints it is and was in, the first first."""
        return await sprints.stays(info, str(self.id))

    @strawberry.field
    async def tasks(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Task]:
        """By rank."""
        asked = (str(self.id), checked(first), _key(read(after, float, str)))
        return await listed(info, await info.context.loaders.tasks_of.load(asked), after)

    @strawberry.field
    async def critical_path(self, info: Info) -> CriticalPath:
        """The longest chain of open tasks it has to wait for; without tasks, and of length 0, when none is open."""
        chains = await info.context.loaders.chains.load(self.id)
        return CriticalPath(found=critical_path.critical_path(chains))


@strawberry.type
class Epic:
    id: strawberry.ID
    row: strawberry.Private[Row]

    @strawberry.field
    def title(self) -> str:
        return str(self.row["title"])

    @strawberry.field
    def description(self) -> str | None:
        return self.row["description"]

    @strawberry.field
    def labels(self) -> list[str]:
        return list(self.row["labels"])

    @strawberry.field
    def author(self) -> Actor | None:
        return actor(self.row["author_id"])

    @strawberry.field
    def archived(self) -> bool:
        """Whether it was put away; it takes no stories then."""
        return bool(self.row["archived"])

    @strawberry.field
    def created_at(self) -> datetime | None:
        return moment(self.row["created_at"])

    @strawberry.field
    def updated_at(self) -> datetime | None:
        return moment(self.row["updated_at"])

    @strawberry.field
    async def stories(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Story]:
        """The oldest first."""
        asked = (str(self.id), checked(first), _key(read(after, int, str)))
        return await listed(info, await info.context.loaders.stories_of.load(asked), after)


EpicOrItem = Annotated[Epic | Story | Task, strawberry.union("EpicOrItem")]


@strawberry.type
class DerivationRequest:
    """What was asked of a deriver outside; one that was replaced is answered no more."""

    id: strawberry.ID
    row: strawberry.Private[Row]

    @strawberry.field
    async def story(self, info: Info) -> Story | None:
        return await story(info, self.row["story_id"])

    @strawberry.field
    def at(self) -> datetime:
        return moment(self.row["at"])

    @strawberry.field
    def answered_at(self) -> datetime | None:
        return moment(self.row["answered_at"])

    @strawberry.field
    def replaced_by(self) -> strawberry.ID | None:
        """The request that came after it."""
        return self.row["replaced_by"]


@strawberry.type
class WorkItem:
    """An item somebody may act on, and the actions, in the order of the rules."""

    item: Item
    actions: list[str]


async def texts(info: Info, row: Row) -> Texts:
    """Those of an item, which are read only when they are asked for, where they are long."""
    found = await info.context.loaders.texts.load(row["id"]) if row.get("is_long") else Texts.of(row)
    return found or Texts(None, [])


def node(row: Row) -> Story | Task:
    """An item as what it is."""
    return (Story if row["is_story"] else Task)(id=strawberry.ID(row["id"]), row=row)


async def nodes(info: Info, ids: list[str]) -> list[Story | Task]:
    info.context.budget.take(ids)
    rows = await info.context.loaders.items.load_many(ids)
    return [node(row) for row in rows if row is not None]


async def item(info: Info, id: str | None) -> Story | Task | None:
    row = await info.context.loaders.items.load(id) if id is not None else None
    return node(row) if row else None


async def story(info: Info, id: str | None) -> Story | None:
    found = await item(info, id)
    return found if isinstance(found, Story) else None


async def task(info: Info, id: str | None) -> Task | None:
    found = await item(info, id)
    return found if isinstance(found, Task) else None


async def tasks(info: Info, ids: list[str]) -> list[Task]:
    return [one for one in await nodes(info, ids) if isinstance(one, Task)]


async def epic(info: Info, id: str | None) -> Epic | None:
    row = await info.context.loaders.epics.load(id) if id is not None else None
    return Epic(id=strawberry.ID(row["id"]), row=row) if row else None


async def listed(
    info: Info, page: Page, after: str | None, count: Callable[[], Awaitable[int]] | None = None
) -> Connection[Any]:
    """A page of items."""
    info.context.budget.take(page.rows)
    found = all_there(await info.context.loaders.items.load_many([row["id"] for row in page.rows]))
    return connection(page, after, id_place, [node(row) for row in found], count)


def all_there(rows: list[Row | None]) -> list[Row]:
    """The rows of a page. Raises `NotFoundError` when one was taken away since the page was read."""
    if None in rows:
        raise NotFoundError("Something went away while the list was read; read it again.")
    return [row for row in rows if row is not None]


def _key(place: list[Any] | None) -> tuple[Any, ...] | None:
    return tuple(place) if place else None
