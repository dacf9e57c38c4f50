"""What publishing a draft would change for the people and the items there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.rules.model import ANY_ROLE, Transition, Workflow


@dataclass(frozen=True, slots=True)
class Staff:
    """Who there is to act: `{kind, roles}` of actors, the engine's roles, and which role inherits which everywhere."""

    actors: Sequence[Mapping[str, Any]] = ()
    engine: frozenset[str] = frozenset()
    everywhere: Sequence[tuple[str, str]] = field(default_factory=tuple)


def impact(before: Workflow | None, after: Workflow, items: Mapping[str, int], staff: Staff) -> dict[str, Any]:
    """`{items, states_added, states_removed, stranded, roles: {role: {gained, lost}}}`, in `action@state`.

    `states_removed` and `stranded` are `{state: items}`.
    """
    old_states = set(before.states) if before else set()
    return {
        "items": sum(items.values()),
        "states_added": [state for state in after.states if state not in old_states],
        "states_removed": {state: count for state, count in items.items() if state not in after.states},
        "stranded": _stranded(after, items, staff),
        "roles": permissions_changed(before, after),
    }


def permissions_changed(before: Workflow | None, after: Workflow) -> dict[str, dict[str, list[str]]]:
    """`{role: {gained, lost}}` of the roles whose permissions change, in `action@state`."""
    had, has = _permissions(before), _permissions(after)
    changes = {}
    for role in sorted(had.keys() | has.keys()):
        gained, lost = has.get(role, set()) - had.get(role, set()), had.get(role, set()) - has.get(role, set())
        if gained or lost:
            changes[role] = {"gained": sorted(gained), "lost": sorted(lost)}
    return changes


def _permissions(workflow: Workflow | None) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    if workflow is None:
        return found
    for state in workflow.states:
        for transition in workflow.leaving(state):
            for role in [*transition.roles, *transition.all_roles]:
                found.setdefault(role, set()).add(f"{transition.action}@{state}")
    return found


def _stranded(workflow: Workflow, items: Mapping[str, int], staff: Staff) -> dict[str, int]:
    """The items nobody could move any more; whether a guard or an input would let them is not asked."""
    actors = [(actor["kind"], _held(workflow, actor["roles"], staff)) for actor in staff.actors]
    return {
        state: items[state]
        for state, said in workflow.states.items()
        if said.kind != "final"
        and items.get(state)
        and not any(
            _by_itself(workflow, state, t, staff.engine) or any(_may(t, kind, roles) for kind, roles in actors)
            for t in workflow.leaving(state)
        )
    }


def _held(workflow: Workflow, roles: Sequence[str], staff: Staff) -> set[str]:
    """The roles, those the draft says they inherit, and the one that every known actor has."""
    edges = [(role.name, parent) for role in workflow.roles for parent in role.inherits] + list(staff.everywhere)
    held, fresh = {ANY_ROLE}, set(roles)
    while fresh:
        held |= fresh
        fresh = {parent for role, parent in edges if role in fresh} - held
    return held


def _by_itself(workflow: Workflow, state: str, t: Transition, engine: frozenset[str]) -> bool:
    """Whether the system may fire it: at once, in time, by a coupling, or by assigning the work."""
    if t.automatic or t.after is not None:
        return True
    asked = workflow.states[state].kind == "initial" or any(couple.fires == t.action for couple in workflow.couples)
    return asked and not engine.isdisjoint(t.roles)


def _may(t: Transition, kind: str, roles: set[str]) -> bool:
    """Whether such an actor could fire it on some item; a relation to the item may come to be."""
    if not (t.roles or t.all_roles or t.relations) or (t.actor_kinds and kind not in t.actor_kinds):
        return False
    return (not t.roles or not roles.isdisjoint(t.roles)) and roles.issuperset(t.all_roles)
