"""What a draft would do to the items there are: whose state goes away, and which nobody could move any more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graph.rules.file import parse
from graph.rules.impact import Staff, impact
from tests.graph.world import World, unique

_RULES = """
workflow: {name}
item: task
roles: [clerk-{name}, {{name: boss-{name}, inherits: [clerk-{name}]}}, judge-{name}, system]
states:
  open: {{kind: initial}}
  held: {{kind: active}}
  closed: {{kind: final}}
transitions:
  - {{from: open, action: HOLD, to: held, roles: ["*"]}}
  - {{from: held, action: CLOSE, to: closed, {by}}}
"""


def stranded(
    by: str, *actors: tuple[str, list[str]], more: str = "", everywhere: Sequence[tuple[str, str]] = ()
) -> bool:
    """Whether an item that is held could not be moved by these actors, or by the system."""
    workflow = parse(_RULES.format(name="x", by=by) + more).workflow
    assert workflow is not None
    staff = Staff(
        [{"kind": kind, "roles": roles} for kind, roles in actors],
        frozenset({"system"}),
        everywhere,
    )
    found = impact(workflow, workflow, {"open": 0, "held": 2, "closed": 5}, staff)["stranded"]
    assert found in ({}, {"held": 2})
    return bool(found)


CLERK, BOSS, BOT = ("human", ["clerk-x"]), ("human", ["boss-x"]), ("agent", ["clerk-x"])


@pytest.mark.parametrize(
    ("by", "actors", "expected"),
    [
        ("roles: [clerk-x]", [CLERK], False),
        ("roles: [clerk-x]", [BOSS], False),
        ("roles: [boss-x]", [CLERK], True),
        ("roles: [clerk-x]", [], True),
        ('roles: ["*"]', [("agent", [])], False),
        ('roles: ["*"]', [], True),
        ("roles: [clerk-x, judge-x]", [CLERK], False),
        ("all_roles: [clerk-x, judge-x]", [CLERK, ("human", ["judge-x"])], True),
        ("all_roles: [clerk-x, judge-x]", [("human", ["boss-x", "judge-x"])], False),
        ("roles: [clerk-x], actor_kinds: [human]", [BOT], True),
        ("roles: [clerk-x], actor_kinds: [human]", [BOT, BOSS], False),
        ("relations: [assignee]", [CLERK], False),
        ("relations: [assignee], roles: [judge-x]", [CLERK], True),
        ("roles: [clerk-x], after: 2h", [], False),
        ("automatic: true", [], False),
        ("roles: [system]", [CLERK], True),
    ],
)
def test_who_could_move_it(by: str, actors: list[tuple[str, list[str]]], expected: bool) -> None:
    assert stranded(by, *actors) is expected


def test_what_a_coupling_fires_the_system_may_do() -> None:
    couples = "couples:\n  - {children: {open: 0}, fires: CLOSE}\n"
    assert not stranded("roles: [system]", more=couples)
    assert stranded("roles: [clerk-x]", more=couples)


def test_a_role_may_inherit_whatever_the_workflow() -> None:
    assert not stranded("roles: [clerk-x]", ("human", ["guest"]), everywhere=[("guest", "clerk-x")])


async def test_items_that_nobody_could_move_are_told(world: World) -> None:
    name = unique("desk")
    boss, judge = await world.actor(f"boss-{name}"), f"judge-{name}"
    await world.publish(_RULES.format(name=name, by=f"roles: [clerk-{name}]"))
    items = [await world.task(name) for _ in range(3)]
    for item in items[:2]:
        await world.applied(item, "HOLD", boss)
    draft = await world.rules.import_draft(_RULES.format(name=name, by=f"roles: [{judge}]"))
    assert draft.impact["stranded"] == {"held": 2}
    assert draft.impact["roles"][f"clerk-{name}"] == {"gained": [], "lost": ["CLOSE@held"]}
    assert draft.confirm is not None, "it is told, and the one who publishes decides"
    await world.actor(judge)
    assert (await world.rules.import_draft(_RULES.format(name=name, by=f"roles: [{judge}]"))).impact["stranded"] == {}


async def test_a_state_that_goes_away_is_told_as_that_alone(world: World) -> None:
    name = unique("desk")
    boss = await world.actor(f"boss-{name}")
    rules = _RULES.format(name=name, by=f"roles: [clerk-{name}]")
    await world.publish(rules)
    await world.applied(await world.task(name), "HOLD", boss)
    draft = await world.rules.import_draft(rules.replace("held", "kept"))
    assert (draft.impact["states_removed"], draft.impact["stranded"]) == ({"held": 1}, {})
