"""What may be done on an item, and why not."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from graph import decision


@strawberry.type
class Reason:
    """A code of the contract, a sentence, and the rule it comes from."""

    code: str
    message: str
    rule: str | None


@strawberry.type
class Awaits:
    """A role the state waits for, and what it may do there, the expected action first."""

    role: str
    actions: list[str]


@strawberry.type(name="Action")
class OfferedAction:
    """An action of the item's state; `inputs` is a JSON Schema."""

    name: str
    allowed: bool
    reasons: list[Reason]
    inputs: JSON


def reason(found: decision.Reason) -> Reason:
    return Reason(code=found.code, message=found.message, rule=found.rule)


def awaits(found: decision.Awaits) -> Awaits:
    return Awaits(role=found.role, actions=found.actions)


def offered(view: decision.ActionView) -> OfferedAction:
    return OfferedAction(
        name=view.name, allowed=view.allowed, reasons=[reason(r) for r in view.reasons], inputs=JSON(view.inputs)
    )
