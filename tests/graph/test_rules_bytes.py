"""The same rules are the same bytes: through the file, and through the graph and back."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from graph.errors import ConflictError
from graph.rules.draw.machine import Machine
from graph.rules.draw.mermaid import mermaid
from graph.rules.draw.svg import svg
from graph.rules.draw.terminal import terminal
from graph.rules.file import dump, parse
from graph.rules.finding import has_error
from graph.rules.lint import lint
from graph.rules.model import Workflow
from tests.graph.workflows import workflows
from tests.graph.world import World, unique

QUIET = [
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
]


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(workflows())
def test_through_the_file(workflow: Workflow) -> None:
    text = dump(workflow)
    parsed = parse(text)
    assert parsed.workflow is not None, (parsed.findings, text)
    assert dump(parsed.workflow) == text
    assert parse(text.encode()).workflow == parsed.workflow


@settings(max_examples=50, deadline=None, suppress_health_check=QUIET)
@given(workflows(), st.integers(20, 200))
def test_every_workflow_can_be_drawn(workflow: Workflow, width: int) -> None:
    machine = Machine.of(workflow)
    assert svg(machine) == svg(machine)
    assert mermaid(machine).startswith("stateDiagram-v2\n")
    assert terminal(machine, width)


@settings(max_examples=12, deadline=None, suppress_health_check=QUIET, phases=[Phase.generate])
@given(data=st.data())
async def test_through_the_graph(world: World, data: st.DataObject) -> None:
    mark = uuid.uuid4().hex[:8]
    workflow = data.draw(workflows(unique("bytes"), mark))
    assume(not has_error(lint(workflow)))
    await world.publish(dump(workflow))
    exported = await world.rules.export(workflow.workflow)
    await world.publish(exported)
    assert await world.rules.export(workflow.workflow) == exported
    reread = parse(exported).workflow
    assert reread is not None
    # What the file said in the order and the words of the export is what was said before.
    assert _said(reread) == _said(workflow)


def _said(workflow: Workflow) -> object:
    return [
        workflow.item,
        {r.name: sorted(r.inherits) for r in workflow.roles},
        [(s.state, s.roles) for s in workflow.initial()],
        {name: (s.kind, s.awaits, workflow.outcome(name)) for name, s in workflow.states.items()},
        [
            (
                *(t.action, sorted(t.source), t.to, sorted(t.excepted), t.roles, sorted(t.all_roles), t.relations),
                *(t.actor_kinds, t.inputs, t.guards, sorted(t.not_same_actor_as), t.automatic, t.claims, t.rework),
                *(t.emits, t.after),
            )
            for t in workflow.transitions
        ],
        [(sorted(c.parent_state or []), c.releases, c.holds, c.children, c.sprint, c.fires) for c in workflow.couples],
        workflow.expectations,
    ]


@pytest.mark.parametrize(
    "name", ["new\nline", "tab\t", "\x7f", "\x85", "\u2028", "\ufeff", "x" * 201, " ", "", "\ufffe"]
)
def test_names_that_are_refused(name: str) -> None:
    quoted = "".join(f"\\u{ord(char):04x}" if not char.isalnum() else char for char in name)
    assert parse(f'workflow: w\nstates: {{"{quoted}": {{kind: initial}}}}\n').workflow is None


@pytest.mark.parametrize("value", ["[[[[[[[[[[[[[", ".nan", ".inf", '"\\ud800"', "2026-01-01 \x01"])
def test_values_that_are_refused(value: str) -> None:
    text = (
        "workflow: w\nstates: {a: {kind: initial}}\ntransitions:\n  - {from: a, action: A, to: a, roles: [r], guards: "
    )
    assert parse(f"{text}[{{kind: field, name: x, op: '=', value: {value}}}]}}\n").workflow is None


async def test_an_expectation_spoilt_by_hand(world: World) -> None:
    name = unique("spoilt")
    text = f"workflow: {name}\nstates: {{a: {{kind: initial}}}}\n"
    text += "transitions:\n  - {from: a, action: A, to: a, roles: [r]}\n"
    await world.publish(text + "expectations:\n  - {name: e, given: {state: a, actors: {ana: [r]}}, may: {ana: [A]}}\n")
    await world.cypher("MATCH (:Workflow {name: $name})-->(e:Expectation) SET e.text = 'no JSON'", name=name)
    with pytest.raises(ConflictError):
        await world.rules.export(name)
