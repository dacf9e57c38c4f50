"""What publishing a draft would change for the people and the items there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.rules.model import Workflow


def impact(before: Workflow | None, after: Workflow, items: Mapping[str, int]) -> dict[str, Any]:
    """`{items, states_added, states_removed: {state: items}, roles: {role: {gained, lost}}}`, in `action@state`."""
    old_states = set(before.states) if before else set()
    had, has = _permissions(before), _permissions(after)
    roles = {}
    for role in sorted(had.keys() | has.keys()):
        gained, lost = has.get(role, set()) - had.get(role, set()), had.get(role, set()) - has.get(role, set())
        if gained or lost:
            roles[role] = {"gained": sorted(gained), "lost": sorted(lost)}
    return {
        "items": sum(items.values()),
        "states_added": [state for state in after.states if state not in old_states],
        "states_removed": {state: count for state, count in items.items() if state not in after.states},
        "roles": roles,
    }


def _permissions(workflow: Workflow | None) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    if workflow is None:
        return found
    for state in workflow.states:
        for transition in workflow.leaving(state):
            for role in [*transition.roles, *transition.all_roles]:
                found.setdefault(role, set()).add(f"{transition.action}@{state}")
    return found
