"""What two sets of rules mean differently; order and spelling of a file that say the same are no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from graph.rules.impact import permissions_changed
from graph.rules.lint import title
from graph.rules.model import Coupling, Transition, Workflow

Change = dict[str, list[Any]]
"""`{field: [before, after]}` of the fields that differ."""

_SETS = ("from", "except", "roles", "all_roles", "relations", "actor_kinds", "not_same_actor_as")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is only in the second, only in the first, and in both but not the same."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, Change] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Difference:
    """`permissions`: per role the actions gained and lost, as `action@state`. `others`: the other keys of the file.

    `order`: actions that both have are offered, and tried, in another order.
    """

    states: Changes
    transitions: Changes
    expectations: Changes
    permissions: dict[str, dict[str, list[str]]]
    others: Change
    order: bool

    def __bool__(self) -> bool:
        return bool(self.states or self.transitions or self.expectations or self.others or self.order)


def difference(before: Workflow, after: Workflow) -> Difference:
    """What publishing `after` in the place of `before` would change."""
    pairs, removed, added = _matched(before.transitions, after.transitions)
    changed: dict[str, Change] = {}
    alike = Counter[str]()
    for old, new in pairs:
        if change := _fields(_moving(old), _moving(new)):
            name = title(new)
            alike[name] += 1
            changed[name if alike[name] == 1 else f"{name} ({alike[name]})"] = change
    place = {id(t): at for at, t in enumerate(after.transitions)}
    order = [place[id(new)] for _, new in pairs]
    return Difference(
        states=_named(_states(before), _states(after)),
        transitions=Changes([title(t) for t in added], [title(t) for t in removed], changed),
        expectations=_named(_expectations(before), _expectations(after)),
        permissions=permissions_changed(before, after),
        others=_fields(_others(before), _others(after)),
        order=order != sorted(order),
    )


def _states(workflow: Workflow) -> dict[str, dict[str, Any]]:
    return {
        name: {"kind": state.kind, "awaits": state.awaits, "outcome": workflow.outcome(name)}
        for name, state in workflow.states.items()
    }


def _expectations(workflow: Workflow) -> dict[str, dict[str, Any]]:
    return {e.name: e.model_dump(by_alias=True, exclude_defaults=True) for e in workflow.expectations}


def _others(workflow: Workflow) -> dict[str, Any]:
    return {
        "workflow": workflow.workflow,
        "item": workflow.item,
        "roles": {role.name: sorted(role.inherits) for role in workflow.roles},
        "starts": [start.model_dump(exclude_none=True) for start in workflow.initial()],
        "couples": [_couple(couple) for couple in workflow.couples],
    }


def _couple(couple: Coupling) -> dict[str, Any]:
    found = couple.model_dump(exclude_none=True)
    return found | ({"parent_state": sorted(couple.parent_state)} if couple.parent_state else {})


def _named(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> Changes:
    return Changes(
        [name for name in after if name not in before],
        [name for name in before if name not in after],
        {name: change for name in after if name in before and (change := _fields(before[name], after[name]))},
    )


def _moving(t: Transition) -> dict[str, Any]:
    """The fields of a transition, what is a set in a fixed order."""
    found = t.model_dump(by_alias=True, exclude_defaults=True)
    return found | {key: sorted(set(found[key])) for key in _SETS if key in found}


def _fields(before: dict[str, Any], after: dict[str, Any]) -> Change:
    keys = dict.fromkeys([*before, *after])
    return {key: [before.get(key), after.get(key)] for key in keys if before.get(key) != after.get(key)}


def _matched(
    before: Iterable[Transition], after: Iterable[Transition]
) -> tuple[list[tuple[Transition, Transition]], list[Transition], list[Transition]]:
    """Transitions of the one and the other that belong together, the most alike first; and those left over."""
    alike: list[Callable[[Transition], object]] = [
        _exact,
        lambda t: (t.action, sorted(t.source), t.to),
        lambda t: (t.action, sorted(t.source)),
        lambda t: (t.action, t.to),
        lambda t: (sorted(t.source), t.to) if not t.from_any else (id(t),),
    ]
    old, new = list(before), list(after)
    pairs: list[tuple[Transition, Transition]] = []
    for key in alike:
        for one in list(old):
            other = next((t for t in new if key(t) == key(one)), None)
            if other is not None:
                pairs.append((one, other))
                old.remove(one)
                new.remove(other)
    place = {id(t): at for at, t in enumerate(before)}
    return sorted(pairs, key=lambda pair: place[id(pair[0])]), old, new


def _exact(t: Transition) -> object:
    return _moving(t)
