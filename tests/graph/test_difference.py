"""What two sets of rules mean differently."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.rules.difference import difference
from graph.rules.file import dump, parse
from graph.rules.model import Workflow

SHIPPED = Path(__file__).parents[2] / "seed" / "rules"

RULES = """\
workflow: w
roles: [writer, reader]
states: {a: {kind: initial}, b: {kind: active}, z: {kind: final}}
transitions:
  - {from: a, action: GO, to: b, roles: [writer, reader]}
  - {from: [a, b], action: STOP, to: z, roles: [reader], inputs: [{name: why, min_length: 3}]}
"""


def rules(text: str) -> Workflow:
    parsed = parse(text)
    assert parsed.workflow is not None, parsed.findings
    return parsed.workflow


@pytest.mark.parametrize("name", ["task", "story"])
def test_another_spelling_is_no_difference(name: str) -> None:
    text = (SHIPPED / f"{name}.yaml").read_text("utf-8")
    assert not difference(rules(text), rules(dump(rules(text))))


@pytest.mark.parametrize(
    ("old", "new"), [("[writer, reader]}", "[reader, writer]}"), ("[a, b]", "[b, a]"), ("from: a,", "from: [a],")]
)
def test_the_order_of_a_set_is_no_difference(old: str, new: str) -> None:
    assert not difference(rules(RULES), rules(RULES.replace(old, new)))


def test_a_field_that_changed() -> None:
    found = difference(rules(RULES), rules(RULES.replace("min_length: 3", "min_length: 5")))
    change = {"inputs": [[{"name": "why", "min_length": 3}], [{"name": "why", "min_length": 5}]]}
    assert found.transitions.changed == {"a/b -[STOP]-> z": change}
    assert (found.permissions, found.others, bool(found.states)) == ({}, {}, False)


def test_permissions_gained_and_lost() -> None:
    found = difference(rules(RULES), rules(RULES.replace("b, roles: [writer, reader]", "b, roles: [writer]")))
    assert found.permissions == {"reader": {"gained": [], "lost": ["GO@a"]}}
    assert list(found.transitions.changed) == ["a -[GO]-> b"]


def test_states_and_transitions_that_come_and_go() -> None:
    more = RULES.replace("z: {", "c: {awaits: [reader]}, z: {kind: final, outcome: cancelled}, y: {")
    found = difference(rules(RULES), rules(more + "  - {from: c, action: NEW, to: a, roles: [reader]}\n"))
    assert (found.states.added, found.states.removed) == (["c", "y"], [])
    assert found.states.changed == {"z": {"outcome": ["done", "cancelled"]}}
    assert found.transitions.added == ["c -[NEW]-> a"]
    back = difference(rules(more), rules(RULES))
    assert (back.states.removed, back.transitions.removed) == (["c", "y"], [])


def test_other_keys_and_the_order_of_actions() -> None:
    head, first, second = RULES.partition("  - {from: a")[0], *RULES.splitlines()[-2:]
    found = difference(
        rules(RULES), rules(f"{head.replace('[writer', '[{name: writer, inherits: [reader]}')}{second}\n{first}\n")
    )
    assert found.others == {"roles": [{"writer": [], "reader": []}, {"writer": ["reader"], "reader": []}]}
    assert found.order
    assert not found.transitions


def test_each_of_several_that_are_called_the_same() -> None:
    more = RULES + "  - {from: a, action: GO, to: b, roles: [reader], inputs: [why]}\n"
    found = difference(rules(more), rules(more.replace("action: GO", "effects: [tell], action: GO")))
    assert list(found.transitions.changed) == ["a -[GO]-> b", "a -[GO]-> b (2)"]
