"""One neutral model of a workflow; the file, the graph and the lint all read and write this."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from graph.rules.expectation import Expectation
from graph.rules.part import MANY, Name, Names, Part, Scalar, Several, Whole, as_list

ANY_STATE = "*"
ANY_ROLE = "*"
WAYS = 100  # out of one state; lint compares each with each
PERMISSIONS = 20_000  # of roles to fire transitions from states, each of which an impact may tell


class Role(Part):
    name: Name
    inherits: Several[Name] = []


class Start(Part):
    """Who may create in which initial state; no roles: anyone."""

    state: Name
    roles: Several[Name] | None = None


class State(Part):
    kind: Literal["initial", "active", "final"] = "active"
    awaits: Several[Name] | None = None
    outcome: Literal["done", "cancelled"] | None = None


class Children(Part):
    """A condition on the children of an item; all that is given must hold."""

    open: Whole | None = None
    open_max: Whole | None = None
    done_min: Whole | None = None
    done_since: Several[Name] | None = None
    started_min: Whole | None = None

    @model_validator(mode="after")
    def _something(self) -> Children:
        if not self.model_dump(exclude_none=True):
            raise ValueError("give at least one of open, open_max, done_min, done_since, started_min")
        return self


class Coupling(Part):
    """How two levels meet: a parent's state releases or holds its children, or a condition fires an action."""

    parent_state: Names | None = None
    releases: Literal["children"] | None = None
    holds: Literal["children"] | None = None
    children: Children | None = None
    sprint: Literal["ended"] | None = None
    fires: Name | None = None

    @model_validator(mode="after")
    def _shape(self) -> Coupling:
        by_state = self.parent_state is not None and (self.releases is None) != (self.holds is None)
        by_condition = self.fires is not None and (self.children is None) != (self.sprint is None)
        foreign = (
            (self.children, self.sprint, self.fires) if by_state else (self.parent_state, self.releases, self.holds)
        )
        if not (by_state or by_condition) or any(part is not None for part in foreign):
            raise ValueError("give parent_state with releases or holds, or fires with children or sprint")
        return self


class Input(Part):
    name: Name
    type: Literal["string", "integer", "number", "boolean", "array", "object"] = "string"
    min_length: Annotated[Whole, Field(ge=0)] | None = None
    max_length: Annotated[Whole, Field(ge=0)] | None = None
    pattern: str | None = None
    enum: Annotated[list[Scalar], Field(min_length=1)] | None = None
    minimum: Whole | float | None = None
    maximum: Whole | float | None = None


class Guard(Part):
    """A condition on the item, on counts, on its children, on its history, or by a plug-in."""

    kind: Literal["field", "count", "children", "history", "plugin"]
    name: Name | None = None
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in", "exists"] | None = None
    value: Scalar | list[Scalar] | None = None
    of: Names | None = None
    all_in: Names | None = None
    none_in: Names | None = None
    all_kind: Annotated[Several[Literal["initial", "active", "final"]], BeforeValidator(as_list)] | None = None
    within: Annotated[Names | None, Field(alias="in")] = None
    all_fired: Names | None = None
    min: Whole | None = None
    action: Name | None = None
    times_max: Whole | None = None
    times_min: Whole | None = None

    @property
    def caption(self) -> str:
        """A few words for people: `dor_score >= 80`."""
        words: dict[str, list[Any]] = {
            "field": [self.name, self.op, self.value],
            "count": ["times", "/".join(self.of or []), self.op, self.value],
            "history": [
                self.action,
                "fired at most" if self.times_max is not None else "fired at least",
                self.times_max if self.times_max is not None else self.times_min,
            ],
            "plugin": ["plugin", self.name],
            "children": [
                "children",
                *(
                    f"{key.replace('_', ' ')} {', '.join(map(str, as_list(value)))}"
                    for key, value in self.model_dump(exclude_none=True, by_alias=True, exclude={"kind"}).items()
                ),
            ],
        }
        plain = (
            str(word).lower() if isinstance(word, bool) else str(word) for word in words[self.kind] if word is not None
        )
        return " ".join(plain)


def _as_input(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Transition(Part):
    source: Annotated[Names, Field(alias="from", min_length=1)]
    excepted: Annotated[Several[Name], Field(alias="except")] = []
    action: Name
    to: Name
    roles: Several[Name] = []
    all_roles: Several[Name] = []
    relations: Several[Name] = []
    actor_kinds: Several[Literal["human", "agent", "service"]] = []
    inputs: Several[Annotated[Input, BeforeValidator(_as_input)]] = []
    guards: Several[Guard] = []
    not_same_actor_as: Several[Name] = []
    automatic: bool = False
    claims: bool = False
    rework: bool = False
    emits: Name | None = None
    effects: Several[Name] = []
    after: str | None = None

    @model_validator(mode="after")
    def _shape(self) -> Transition:
        if self.after is not None and not re.fullmatch(r"[1-9][0-9]{0,5}[smhd]", self.after):
            raise ValueError("after is a time like 30m, 24h or 2d")
        if self.excepted and not self.from_any:
            raise ValueError('except goes with from: "*"')
        if ANY_STATE in self.source and len(self.source) > 1:
            raise ValueError('from: "*" stands alone')
        return self

    @property
    def from_any(self) -> bool:
        return self.source == [ANY_STATE]

    @property
    def permitted(self) -> bool:
        """Whether somebody, or the system, may fire it at all."""
        return self.automatic or bool(self.roles or self.all_roles or self.relations) or self.after is not None


def _as_role(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Workflow(Part):
    workflow: Name
    item: Literal["task", "story"] = "task"
    roles: Several[Annotated[Role, BeforeValidator(_as_role)]] = []
    starts: Several[Start] = []
    couples: Several[Coupling] = []
    states: Annotated[
        dict[Name, Annotated[State, BeforeValidator(lambda value: {} if value is None else value)]],
        Field(min_length=1, max_length=MANY),
    ]
    transitions: Annotated[list[Transition], Field(max_length=4 * MANY)] = []
    expectations: Several[Expectation] = []

    @model_validator(mode="after")
    def _size(self) -> Workflow:
        ways, permissions = Counter[str](), 0
        for t in self.transitions:
            begin = [*self.states] if t.from_any else t.source
            ways.update(begin)
            permissions += len(begin) * max(1, len(t.roles) + len(t.all_roles))
        if max(ways.values(), default=0) > WAYS:
            raise ValueError(f"more than {WAYS} transitions leave '{ways.most_common(1)[0][0]}'")
        if permissions > PERMISSIONS:
            raise ValueError(f"{permissions} permissions, a role in a state each; {PERMISSIONS} are allowed")
        return self

    def leaving(self, state: str) -> list[Transition]:
        """The transitions out of a state, those from anywhere included, in order."""
        return self._leaving[state]

    @cached_property
    def _leaving(self) -> dict[str, list[Transition]]:
        found: dict[str, list[Transition]] = {name: [] for name in self.states}
        open_ones = {name for name, state in self.states.items() if state.kind != "final"}
        for t in self.transitions:
            for name in found.keys() & ({*t.source} | (open_ones - {*t.excepted} if t.from_any else set())):
                found[name].append(t)
        return found

    def outcome(self, state: str) -> str | None:
        """What a final state means: `cancelled` when it is only entered from anywhere, unless the rules say it."""
        if self.states[state].kind != "final":
            return None
        return self.states[state].outcome or self.default_outcome(state)

    def default_outcome(self, state: str) -> str:
        """What a final state means when the rules do not say it."""
        entering = [t for t in self.transitions if t.to == state]
        return "cancelled" if entering and all(t.from_any for t in entering) else "done"

    def initial(self) -> list[Start]:
        """The states an item may begin in."""
        return self.starts or [Start(state=name) for name, state in self.states.items() if state.kind == "initial"][:1]
