"""The answers of the gate, as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api.actions import Awaits, Reason, awaits, reason
from api.context import Info
from api.people import Actor, actor
from api.work import Item, item
from graph import decision
from graph.decision import Command, Outcome
from graph.errors import BadInputError


@strawberry.type
class Hop:
    action: str
    from_state: str = strawberry.field(name="from")
    to_state: str = strawberry.field(name="to")
    automatic: bool


@strawberry.type
class Remedy:
    """`kind` is ADD_INPUT, OTHER_ACTOR, STEP_FIRST, GRANT_ROLE or WAIT; all of a list together make it legal."""

    kind: str
    text: str
    action: str | None
    role: str | None
    actor: Actor | None
    input: str | None


@strawberry.type
class Applied:
    """The hops made, the one asked for first; `version` is the item's after them."""

    command_id: str
    version: int
    hops: list[Hop]
    awaits: list[Awaits]
    item_id: strawberry.Private[str]

    @strawberry.field
    async def item(self, info: Info) -> Item | None:
        return await item(info, self.item_id)


@strawberry.type
class Refused:
    """All the reasons, and the way out."""

    command_id: str
    version: int | None
    reasons: list[Reason]
    legal_actions: list[str]
    remedies: list[Remedy]
    item_id: strawberry.Private[str]

    @strawberry.field
    async def item(self, info: Info) -> Item | None:
        return await item(info, self.item_id)


Answer = Annotated[Applied | Refused, strawberry.union("Answer")]


@strawberry.type
class Duplicate:
    """The command id was answered before; `first` is that answer."""

    command_id: str
    first: Answer


Decision = Annotated[Applied | Refused | Duplicate, strawberry.union("Decision")]


def command(
    item_id: str,
    action: str,
    actor_id: str,
    command_id: str | None,
    expected_version: int | None,
    feedback: str | None,
    inputs: Any,
    *,
    dry: bool = False,
) -> Command:
    """What is asked of the gate. Raises `BadInputError`."""
    if inputs is not None and not isinstance(inputs, dict):
        raise BadInputError('inputs must be an object, such as {"name": "value"}.')
    if command_id is not None and not 0 < len(command_id) <= 500:
        raise BadInputError("commandId must be 1 to 500 characters.")
    return Command(item_id, action, actor_id, command_id, expected_version, feedback, dict(inputs or {}), dry)


def shown(answer: decision.Decision) -> Applied | Refused | Duplicate:
    """A decision as its GraphQL type."""
    if answer.outcome is Outcome.DUPLICATE and answer.first:
        return Duplicate(command_id=answer.command_id, first=_first(answer.first))
    return _first(answer)


def _first(answer: decision.Decision) -> Applied | Refused:
    if answer.outcome is Outcome.APPLIED:
        return Applied(
            command_id=answer.command_id,
            version=answer.version or 0,
            hops=[
                Hop(action=hop.action or "", from_state=hop.from_state, to_state=hop.to_state, automatic=hop.automatic)
                for hop in answer.hops
            ],
            awaits=[awaits(found) for found in answer.awaits],
            item_id=answer.item_id,
        )
    return Refused(
        command_id=answer.command_id,
        version=answer.version,
        reasons=[reason(found) for found in answer.reasons],
        legal_actions=answer.legal_actions,
        remedies=[_remedy(found) for found in answer.remedies],
        item_id=answer.item_id,
    )


def _remedy(found: decision.Remedy) -> Remedy:
    return Remedy(
        kind=found.kind,
        text=found.text,
        action=found.action,
        role=found.role,
        actor=actor(found.actor_id),
        input=found.input,
    )
