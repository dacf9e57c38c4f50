"""Workflows, drafts and findings, as GraphQL shows them."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.database import Row
from graph.rules import finding, model
from graph.rules.service import ImportResult as Imported


@strawberry.type
class Transition:
    """`from` is `["*"]` for every state that is not final."""

    from_states: list[str] = strawberry.field(name="from")
    action: str
    to_state: str = strawberry.field(name="to")
    roles: list[str]
    automatic: bool


@strawberry.type
class RuleState:
    name: str
    kind: str


@strawberry.type
class Workflow:
    """The rules of one kind of work; `definition` is the same as YAML, alone where it is spoilt and cannot be read."""

    name: str
    item: str
    version: int
    definition: str
    states: list[RuleState]
    transitions: list[Transition]


@strawberry.type
class Finding:
    """`severity` is error or warning."""

    severity: str
    code: str
    message: str
    states: list[str]
    transitions: list[str]


@strawberry.type
class StateItems:
    state: str
    items: int


@strawberry.type
class RoleImpact:
    """What a role may do after publishing that it may not now, and the other way round, as `action@state`."""

    role: str
    gained: list[str]
    lost: list[str]


@strawberry.type
class Impact:
    """`items` live in the workflow; those in a removed state need a mapping, those `stranded` nobody could move."""

    items: int
    states_added: list[str]
    states_removed: list[StateItems]
    stranded: list[StateItems]
    roles: list[RoleImpact]


@strawberry.type
class ImportResult:
    """A draft; with an error among the findings there is none, and no `confirm`."""

    workflow: str | None
    findings: list[Finding]
    impact: Impact
    confirm: str | None


@strawberry.type
class Published:
    version: int


@strawberry.type
class RulesPermission:
    """What the holders of a role may do with the rules of a workflow; an agent never publishes, whatever its roles."""

    role: str
    workflow: str
    draft: bool
    publish: bool


def workflow(live: model.Workflow, version: int, definition: str) -> Workflow:
    return Workflow(
        name=live.workflow,
        item=live.item,
        version=version,
        definition=definition,
        states=[RuleState(name=name, kind=state.kind) for name, state in live.states.items()],
        transitions=[
            Transition(
                from_states=t.source,
                action=t.action,
                to_state=t.to,
                roles=[*t.roles, *t.all_roles],
                automatic=t.automatic,
            )
            for t in live.transitions
        ],
    )


def unreadable(row: Row, definition: str) -> Workflow:
    """One whose rules were spoilt by hand, so that a list of all shows it and `lint` can be asked what is wrong."""
    return Workflow(
        name=row["name"],
        item=str(row["item"] or ""),
        version=row["version"],
        definition=definition,
        states=[],
        transitions=[],
    )


def found(one: finding.Finding) -> Finding:
    return Finding(
        severity=one.severity, code=one.code, message=one.message, states=one.states, transitions=one.transitions
    )


def imported(result: Imported) -> ImportResult:
    changes: dict[str, Any] = result.impact
    return ImportResult(
        workflow=result.workflow,
        findings=[found(one) for one in result.findings],
        impact=Impact(
            items=changes.get("items", 0),
            states_added=changes.get("states_added", []),
            states_removed=[StateItems(state=s, items=n) for s, n in changes.get("states_removed", {}).items()],
            stranded=[StateItems(state=s, items=n) for s, n in changes.get("stranded", {}).items()],
            roles=[RoleImpact(role=role, **change) for role, change in changes.get("roles", {}).items()],
        ),
        confirm=result.confirm,
    )
