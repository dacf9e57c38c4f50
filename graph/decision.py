"""What goes into the gate and what comes out of it, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    APPLIED = "APPLIED"
    REFUSED = "REFUSED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True, slots=True)
class Command:
    """One wish: `actor_id` asks for `action` on `item_id`.

    `command_id` None means the door gave none and a fresh one is made. `feedback` counts as the input of that name.
    `dry` asks for the answer only. `actor_id` None is the engine itself; no door may pass it.
    `action` None asks what the system can do now (automatic transitions, couplings).
    `timer` fires, as the engine, only what has rested as long as its rule says.
    """

    item_id: str
    action: str | None
    actor_id: str | None
    command_id: str | None = None
    expected_version: int | None = None
    feedback: str | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    dry: bool = False
    timer: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a code of the contract's closed set, a sentence, and the rule it comes from."""

    code: str
    message: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that would make it legal; `kind` is ADD_INPUT, OTHER_ACTOR, STEP_FIRST, GRANT_ROLE or WAIT."""

    kind: str
    text: str
    action: str | None = None
    role: str | None = None
    actor_id: str | None = None
    input: str | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    action: str | None
    from_state: str
    to_state: str
    automatic: bool


@dataclass(frozen=True, slots=True)
class Awaits:
    """Whom a state waits for, and what they may do there, the expected action first."""

    role: str
    actions: list[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one command. `first` is the answer given before, on a DUPLICATE."""

    outcome: Outcome
    item_id: str
    command_id: str
    version: int | None = None
    hops: list[Hop] = field(default_factory=list)
    awaits: list[Awaits] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    legal_actions: list[str] = field(default_factory=list)
    remedies: list[Remedy] = field(default_factory=list)
    first: Decision | None = None


@dataclass(frozen=True, slots=True)
class ActionView:
    """One action as offered to one actor on one item; `inputs` is a JSON Schema object."""

    name: str
    allowed: bool
    reasons: list[Reason]
    inputs: dict[str, Any]
