"""What is expected of rules: an item and actors, what somebody tries, and what has to come of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from graph.rules.part import Name, Part, Scalar, Whole

Code = Literal[
    "UNKNOWN_ITEM",
    "UNKNOWN_ACTOR",
    "UNKNOWN_ACTION",
    "NOT_FROM_THIS_STATE",
    "FINAL_STATE",
    "ROLE_NOT_ALLOWED",
    "RELATION_NOT_MET",
    "SAME_ACTOR",
    "COMMAND_ID_REUSED",
    "INPUT_MISSING",
    "INPUT_INVALID",
    "GUARD_FAILED",
    "LIMIT_REACHED",
    "STALE_VERSION",
    "RULE_BROKEN",
    "INDETERMINATE",
]
# What the engine keeps of an item; `given` says these in words of its own.
_KEPT = {
    "id",
    "name",
    "workflow",
    "version",
    "lock",
    "due_at",
    "look_at",
    "armed",
    "entered_at",
    "started_at",
    "done_at",
}

Times = Annotated[Whole, Field(ge=1, le=1000)]


class Someone(Part):
    """An actor, by the roles it has; a list alone is a person with these roles."""

    roles: list[Name] = []
    kind: Literal["human", "agent", "service"] = "human"


class Fired(Part):
    """What was done on the item before; without an actor by the system itself."""

    actor: Name | None = None
    action: Name
    times: Times = 1


class Other(Part):
    """Another task that matters: a child, or one that the item depends on."""

    state: Name
    kind: Literal["initial", "active", "final"] = "active"
    outcome: Literal["done", "cancelled"] = "done"
    fired: list[Name] = []
    priority: Whole | None = None


class Given(Part):
    """The item, in its state, and the actors there are."""

    state: Name
    actors: dict[Name, Annotated[Someone, BeforeValidator(lambda v: {"roles": v} if isinstance(v, list) else v)]] = {}
    item: dict[Name, Scalar | list[Scalar]] = {}
    history: list[Fired] = []
    assignee: Name | None = None
    author: Name | None = None
    owner: Name | None = None
    children: list[Other] = []
    depends_on: list[Other] = []
    sprint: Literal["open", "ended"] | None = None
    plugins: dict[Name, bool] = {}

    @field_validator("item")
    @classmethod
    def _fields(cls, item: dict[str, Any]) -> dict[str, Any]:
        for name, value in item.items():
            if name in _KEPT:
                raise ValueError(f"'{name}' of an item is the engine's own")
            if isinstance(value, list) and len({type(part) for part in value}) > 1:
                raise ValueError(f"the values of '{name}' are of one type")
        return item


class When(Part):
    """What is tried: without an actor by the system, without an action what it does by itself."""

    actor: Name | None = None
    action: Name | None = None
    inputs: dict[str, Any] = {}

    @model_validator(mode="after")
    def _shape(self) -> When:
        if self.action is None and (self.actor is not None or self.inputs):
            raise ValueError("an actor, or inputs, go with an action")
        return self


class Then(Part):
    """Refused with exactly these codes, or applied and at rest in this state."""

    refused: Annotated[list[Code], Field(min_length=1)] | None = None
    applied: Name | None = None

    @model_validator(mode="after")
    def _shape(self) -> Then:
        if (self.refused is None) == (self.applied is None):
            raise ValueError("give refused or applied")
        return self


class Expectation(Part):
    """`when` with `then`; what each actor may do here (`may`); who may do each action (`who`); at least one of them."""

    name: Name
    given: Given
    when: When | None = None
    then: Then | None = None
    may: dict[Name, list[Name]] = {}
    who: dict[Name, list[Name]] = {}

    @model_validator(mode="after")
    def _shape(self) -> Expectation:
        if (self.when is None) != (self.then is None):
            raise ValueError("when and then go together")
        if self.when is None and not self.may and not self.who:
            raise ValueError("give when and then, may, or who")
        strangers = sorted(self._actors() - set(self.given.actors))
        if strangers:
            raise ValueError(f"'{strangers[0]}' is not among the actors that are given")
        return self

    def states(self) -> list[str]:
        """The states of its own workflow that it names."""
        return list(
            dict.fromkeys([self.given.state, *([self.then.applied] if self.then and self.then.applied else [])])
        )

    def actions(self) -> list[str]:
        """The actions of its own workflow that it names; what is to be refused as unknown need not be there."""
        named = [fired.action for fired in self.given.history]
        named += [*(action for actions in self.may.values() for action in actions), *self.who]
        if self.when and self.when.action and self.then and "UNKNOWN_ACTION" not in (self.then.refused or []):
            named.append(self.when.action)
        return list(dict.fromkeys(named))

    def _actors(self) -> set[str]:
        """Everybody who is named; who is to be refused as unknown need not be there."""
        given, when, then = self.given, self.when, self.then
        named = {given.assignee, given.author, given.owner, *(fired.actor for fired in given.history)}
        named |= {*self.may, *(actor for actors in self.who.values() for actor in actors)}
        if when and then and "UNKNOWN_ACTOR" not in (then.refused or []):
            named.add(when.actor)
        return {name for name in named if name is not None}
