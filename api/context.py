"""What resolvers have at hand: the engine, and loaders that read what many fields ask for in one statement."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import SchemaExtension

from api.limits import Budget
from graph.burndown import Stay
from graph.database import Row
from graph.decision import ActionView, Awaits
from graph.details import Artefact, Texts
from graph.engine import Engine
from graph.errors import StategateError
from graph.page import Page
from graph.trees import PageOf

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Loaders:
    """One per operation; forgotten after each mutation, so that what follows reads anew."""

    def __init__(self, engine: Engine) -> None:
        self.epics: DataLoader[str, Row | None] = _by_id(engine.trees.epics_by_ids)
        self.items: DataLoader[str, Row | None] = _by_id(engine.details.light)
        self.texts: DataLoader[str, Texts | None] = _of_items(self.items, engine.details.texts)
        self.artefacts: DataLoader[str, list[Artefact] | None] = _of_items(self.items, engine.details.artefacts)
        self.sprints: DataLoader[str, Row | None] = _by_id(engine.sprints.by_ids)
        self.stays: DataLoader[str, list[Stay]] = _keyed(engine.sprints.stays)
        self.stays_of: DataLoader[str, list[Row]] = _keyed(engine.sprints.stays_of)
        self.decisions: DataLoader[str, list[Row]] = _keyed(engine.history.decisions)
        self.actors: DataLoader[str, Row | None] = _by_id(engine.people.by_ids)
        self.stories_of: DataLoader[PageOf, Page] = DataLoader(engine.trees.stories_of)
        self.tasks_of: DataLoader[PageOf, Page] = DataLoader(engine.trees.tasks_of)
        self.blocking: DataLoader[str, Row | None] = _by_id(engine.dependencies.blocking)
        self.chains: DataLoader[str, list[Row]] = _keyed(engine.dependencies.chains)
        self.history: DataLoader[tuple[str, int, int], Page] = DataLoader(engine.history.pages)
        self.awaits: DataLoader[str, list[Awaits]] = _keyed(engine.offers.awaits)
        self.actions: DataLoader[tuple[str, str | None], list[ActionView]] = _keyed(engine.offers.actions)


@dataclass
class Context:
    """The context of one operation."""

    engine: Engine
    loaders: Loaders = field(init=False)
    budget: Budget = field(init=False)
    """Of what is read for lists, which is taken before it is."""
    unread: bool = field(init=False)
    """Whether something could not be read, as a server was away."""
    written: dict[str, str] = field(default_factory=dict)
    """Under which id each field of a mutation has written something."""

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forgets what was read; called after each write."""
        self.loaders = Loaders(self.engine)
        self.unread = False
        self.budget = Budget()


class OwnContext(SchemaExtension):
    """Gives each operation a context over the engine, which is what a connection has: it may last for days."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.context = Context(self.execution_context.context)
        yield


Info = strawberry.Info[Context, None]


def renewed(info: Info, written: str | None) -> Info:
    """The same after something was written under that id: from now on all is read anew, and a failure says so."""
    if written is not None:
        info.context.written[str(info.path.key)] = written
    info.context.renew()
    return info


def there(node: Value | None) -> Value:
    """What was just written. Raises `StategateError` when somebody took it away since."""
    if node is None:
        raise StategateError("It was written, but it is not there any more.")
    return node


def _by_id(read: Callable[[list[str]], Awaitable[dict[str, Row]]]) -> DataLoader[str, Row | None]:
    async def load(keys: list[str]) -> list[Row | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _of_items(
    items: DataLoader[str, Row | None], read: Callable[[list[Row]], Awaitable[list[Value]]]
) -> DataLoader[str, Value | None]:
    async def load(ids: list[str]) -> list[Value | None]:
        rows = {row["id"]: row for row in await items.load_many(ids) if row}
        found = dict(zip(rows, await read(list(rows.values())), strict=True))
        return [found.get(id) for id in ids]

    return DataLoader(load)


def _keyed(read: Callable[[list[Any]], Awaitable[dict[Any, Any]]]) -> DataLoader[Any, Any]:
    async def load(keys: list[Any]) -> list[Any]:
        found = await read(keys)
        return [found[key] for key in keys]

    return DataLoader(load)
