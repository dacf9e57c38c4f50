"""GUARD_INVALID: a condition or an input that could never be decided is found before anything is published."""

from __future__ import annotations

import pytest

from graph.rules.lint import lint
from tests.graph.test_rules_lint import CLEAN, found, workflow


@pytest.mark.parametrize(
    "guard",
    [
        "{kind: field, op: '=', value: 1}",
        "{kind: field, name: priority}",
        "{kind: field, name: priority, op: '<'}",
        "{kind: field, name: priority, op: '<', value: [1, 2]}",
        "{kind: field, name: priority, op: in, value: 1}",
        "{kind: field, name: priority, op: in, value: [1, high]}",
        "{kind: field, name: priority, op: exists, value: 3}",
        "{kind: field, name: priority, op: '=', value: 1, of: [GO]}",
        "{kind: count, of: [GO], op: '<'}",
        "{kind: count, of: [GO], op: '<', value: many}",
        "{kind: count, of: [GO], op: '<', value: true}",
        "{kind: count, of: [NO_SUCH], op: '<', value: 3}",
        "{kind: children}",
        "{kind: children, in: [z]}",
        "{kind: history, action: GO}",
        "{kind: history, action: NO_SUCH, times_max: 1}",
        "{kind: history, times_max: 1}",
        "{kind: plugin}",
        "{kind: plugin, name: tests, op: '='}",
    ],
)
def test_a_guard_that_cannot_be_decided(guard: str) -> None:
    finding = found("GUARD_INVALID", *CLEAN, f"{{from: b, action: X, to: c, roles: [r], guards: [{guard}]}}")
    assert (finding.severity, finding.states, finding.transitions) == ("error", ["b"], ["b -[X]-> c"])


@pytest.mark.parametrize(
    "given",
    [
        "{name: n, pattern: '('}",
        "{name: n, min_length: 5, max_length: 4}",
        "{name: n, minimum: 5, maximum: 4}",
        "{name: n, enum: [1, one]}",
        "n, n",
    ],
)
def test_an_input_that_nothing_satisfies(given: str) -> None:
    assert found("GUARD_INVALID", *CLEAN, f"{{from: b, action: X, to: c, roles: [r], inputs: [{given}]}}").states == [
        "b"
    ]


def test_separation_from_an_action_nobody_knows() -> None:
    row = "{from: b, action: X, to: c, roles: [r], not_same_actor_as: [NO_SUCH]}"
    assert found("GUARD_INVALID", *CLEAN, row).severity == "error"


@pytest.mark.parametrize(
    "guard",
    [
        "{kind: field, name: dor_score, op: '>=', value: 80}",
        "{kind: field, name: assignee, op: exists}",
        "{kind: field, name: priority, op: in, value: [1, 2]}",
        "{kind: count, of: [GO], op: '<', value: 3}",
        "{kind: children, all_in: [done, cancelled]}",
        "{kind: children, min: 1}",
        "{kind: history, action: GO, times_max: 1}",
        "{kind: plugin, name: tests_are_green}",
    ],
)
def test_the_guards_of_the_contract(guard: str) -> None:
    assert lint(workflow(*CLEAN, f"{{from: b, action: X, to: c, roles: [r], guards: [{guard}]}}")) == []
