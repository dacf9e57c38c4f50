"""Rules as a file: what the contract shows is read, and the same rules are the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.rules.file import dump, parse
from graph.rules.lint import lint
from graph.rules.model import Workflow

SHIPPED = Path(__file__).parents[2] / "seed" / "rules"

FIRST = """
workflow: task
roles: [developer, architect, qa, po]
states:
  todo: {kind: initial}
  implementing: {kind: active}
  dev_completed: {kind: active}
  done: {kind: final}
transitions:
  - {from: implementing, action: COMMIT_CODE, to: dev_completed, roles: [developer], inputs: [commit_sha]}
  - {from: dev_completed, action: ROUTE_TO_ARCHITECT, to: pending_arch_review, automatic: true}
  - {from: [pending_arch_review, arch_reviewing], action: REJECT_DESIGN, to: arch_rejected, roles: [architect],
     inputs: [{name: feedback, min_length: 10}], not_same_actor_as: [COMMIT_CODE, REQUEST_REVIEW]}
  - {from: "*", action: DISCARD_TASK, to: cancelled, roles: [po], inputs: [feedback]}
"""

FURTHER = """
workflow: all_keys
item: task                                   # or story (default task)
roles: [developer, {name: lead, inherits: [developer]}]
starts: [{state: todo, roles: [po]}]         # who may create in which initial state; default: anyone, the first
couples:
  - {parent_state: READY_FOR_EXECUTION, releases: children}
  - {children: {open: 0, done_min: 1, done_since: [REJECT, REOPEN]}, fires: TASKS_COMPLETED}
states:
  arch_rejected: {kind: active, awaits: [po]}
transitions:
  - {from: "*", except: [todo], action: X, to: Y, roles: [po],
     emits: planning.decision.approved, after: 24h,          # after: fired by the system
     guards: [{kind: field, name: dor_score, op: ">=", value: 80},    # = != < <= > >= in exists
              {kind: count, of: [REWORK], op: "<", value: 3},
              {kind: children, all_in: [done, cancelled]},
              {kind: history, action: APPROVE_DESIGN, times_max: 1},
              {kind: plugin, name: tests_are_green}]}
"""

SMALL = """\
workflow: w
states:
  a: {kind: initial}
  z: {kind: final}
transitions:
  - {from: a, action: GO, to: z, roles: [r]}
"""


def model(text: str | bytes) -> Workflow:
    parsed = parse(text)
    assert parsed.workflow is not None, parsed.findings
    return parsed.workflow


def test_the_first_example_of_the_contract() -> None:
    workflow = model(FIRST)
    assert list(workflow.states) == ["todo", "implementing", "dev_completed", "done"]
    reject = workflow.transitions[2]
    assert (reject.source, reject.roles) == (["pending_arch_review", "arch_reviewing"], ["architect"])
    assert reject.not_same_actor_as == ["COMMIT_CODE", "REQUEST_REVIEW"]
    assert workflow.transitions[3].from_any
    # It is an excerpt, so what it leaves out is named.
    dangling = [finding for finding in lint(workflow) if finding.code == "DANGLING_TARGET"]
    states = {state for finding in dangling for state in finding.states}
    assert states == {"pending_arch_review", "arch_reviewing", "arch_rejected", "cancelled"}


def test_the_further_keys_of_the_contract() -> None:
    workflow = model(FURTHER)
    assert [(role.name, role.inherits) for role in workflow.roles] == [("developer", []), ("lead", ["developer"])]
    [moving] = workflow.transitions
    assert (moving.excepted, moving.emits, moving.after) == (["todo"], "planning.decision.approved", "24h")
    assert [guard.kind for guard in moving.guards] == ["field", "count", "children", "history", "plugin"]
    assert model(dump(workflow)) == workflow


@pytest.mark.parametrize("name", ["task", "story"])
def test_export_import_export_gives_the_same_bytes(name: str) -> None:
    workflow = model((SHIPPED / f"{name}.yaml").read_bytes())
    exported = dump(workflow)
    assert dump(model(exported)) == exported


@pytest.mark.parametrize("name", ["no", "on", "y", "1", "1.5", "~", "null", "1e3", "0x1F", "2026-01-01", "a: b", "#x"])
def test_any_name_survives_a_round_trip(name: str) -> None:
    text = SMALL.replace("a:", f'"{name}":').replace("from: a", f'from: "{name}"')
    workflow = model(text)
    assert next(iter(workflow.states)) == name
    assert model(dump(workflow)) == workflow


@pytest.mark.parametrize(
    "name", ['with "quotes"', "back\\slash", "naïve ☃", "  spaced  ", "-", "[x]", "{x}", "*x", "a,b"]
)
def test_any_action_survives_a_round_trip(name: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    workflow = model(SMALL.replace("GO", quoted))
    assert workflow.transitions[0].action == name
    assert dump(model(dump(workflow))) == dump(workflow)


@pytest.mark.parametrize("name", ["yes", "no", "on", "off", "y", "n"])
def test_yes_and_no_are_names(name: str) -> None:
    workflow = model(SMALL.replace("a:", f"{name}:").replace("from: a", f"from: {name}"))
    assert list(workflow.states) == [name, "z"]
    assert workflow.transitions[0].source == [name]
