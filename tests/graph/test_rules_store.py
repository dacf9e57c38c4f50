"""Rules on their way: imported as a draft, published as a version, exported, with the items that live under them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from graph.database import Database
from graph.errors import ConflictError, NotFoundError
from graph.gate import Gate
from graph.rules.file import dump, parse
from graph.rules.service import Rules
from tests.graph.review import GOOD, WORDS, definition
from tests.graph.world import World, unique

SHIPPED = Path(__file__).parents[2] / "seed" / "rules"


@pytest.fixture
def world(db: Database, gate: Gate, rules: Rules) -> World:
    return World(db, gate, rules)


@pytest_asyncio.fixture(loop_scope="session")
async def suffix(world: World) -> str:
    """The review workflow, published once, under a name of its own."""
    suffix = unique("")
    assert await world.publish(definition(suffix)) == 1
    return suffix


def canonical(text: str | bytes) -> str:
    workflow = parse(text).workflow
    assert workflow is not None
    return dump(workflow)


async def drafted(world: World, text: str) -> str:
    draft = await world.rules.import_draft(text)
    assert draft.confirm is not None, draft.findings
    return draft.confirm


async def test_what_is_published_is_exported(world: World, suffix: str) -> None:
    exported = await world.rules.export(f"review{suffix}")
    assert exported == canonical(definition(suffix)) == await world.rules.export(f"review{suffix}", 1)
    assert await world.publish(exported) == 2
    assert await world.rules.export(f"review{suffix}") == exported


@pytest.mark.parametrize("name", ["task", "story"])
async def test_a_copy_of_the_shipped_rules_goes_through_the_graph_unchanged(world: World, name: str) -> None:
    copy = unique(name)
    text = (SHIPPED / f"{name}.yaml").read_text().replace(f"workflow: {name}", f"workflow: {copy}")
    await world.publish(text)
    assert await world.rules.export(copy) == canonical(text)
    assert await world.rules.read(copy) == parse(canonical(text)).workflow


async def test_versions_are_kept(world: World, suffix: str) -> None:
    changed = definition(suffix).replace("min_length: 10}]", "min_length: 12}]")
    assert await world.publish(changed) == 2
    assert await world.rules.export(f"review{suffix}", 1) == canonical(definition(suffix))
    assert await world.rules.export(f"review{suffix}", 2) == canonical(changed)
    assert {"name": f"review{suffix}", "item": "task", "version": 2} in await world.rules.names()
    with pytest.raises(NotFoundError):
        await world.rules.export(f"review{suffix}", 3)


async def test_a_version_is_told(world: World, suffix: str) -> None:
    events = await world.events(f"review{suffix}", "workflow.rules.changed")
    assert [(e["workflow"], e["version"], e["how"]) for e in events] == [(f"review{suffix}", 1, "published")]


async def test_a_draft_changes_nothing(world: World, suffix: str) -> None:
    draft = await world.rules.import_draft(definition(suffix).replace("TAKE", "GRAB"))
    assert draft.workflow == f"review{suffix}"
    assert draft.impact["roles"][f"reader{suffix}"] == {"gained": ["GRAB@waiting"], "lost": ["TAKE@waiting"]}
    assert await world.rules.export(f"review{suffix}") == canonical(definition(suffix))


async def test_no_draft(world: World, suffix: str) -> None:
    for name in (f"review{suffix}", unique("nothing")):
        with pytest.raises(NotFoundError):
            await world.rules.publish(name, "anything")


@pytest.mark.parametrize("confirm", ["", "wrong", "naïve ☃"])
async def test_a_wrong_confirm(world: World, suffix: str, confirm: str) -> None:
    right = await drafted(world, definition(suffix))
    with pytest.raises(ConflictError):
        await world.rules.publish(f"review{suffix}", confirm)
    assert await world.rules.publish(f"review{suffix}", right) == 2


async def test_a_confirm_belongs_to_its_very_draft(world: World, suffix: str) -> None:
    first = await drafted(world, definition(suffix))
    second = await drafted(world, definition(suffix))
    with pytest.raises(ConflictError):
        await world.rules.publish(f"review{suffix}", first)
    assert await world.rules.publish(f"review{suffix}", second) == 2
    with pytest.raises(NotFoundError):
        await world.rules.publish(f"review{suffix}", second)


async def test_one_draft_published_twice_at_once(world: World, suffix: str) -> None:
    confirm = await drafted(world, definition(suffix))
    asked = [world.rules.publish(f"review{suffix}", confirm) for _ in range(4)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [answer for answer in answers if not isinstance(answer, Exception)] == [2]
    assert {type(answer) for answer in answers if isinstance(answer, Exception)} <= {NotFoundError, ConflictError}


async def test_an_error_makes_no_draft(world: World, suffix: str) -> None:
    wrong = await world.rules.import_draft(definition(suffix).replace("to: waiting", "to: nowhere"))
    assert (wrong.workflow, wrong.confirm) == (f"review{suffix}", None)
    assert [finding.code for finding in wrong.findings if finding.severity == "error"] == ["DANGLING_TARGET"] * 2
    with pytest.raises(NotFoundError):
        await world.rules.publish(f"review{suffix}", "anything")
    garbage = await world.rules.import_draft(b"\xff\xfe")
    assert (garbage.workflow, garbage.confirm, garbage.findings[0].code) == (None, None, "INVALID_FILE")


async def test_the_live_rules_are_linted(world: World, suffix: str) -> None:
    name = f"review{suffix}"
    assert "ROLE_WITHOUT_ACTOR" in {finding.code for finding in await world.rules.lint(name)}
    await world.cypher("MATCH (:Transition {workflow: $name, name: 'TAKE'})-[to:TAKE|TO]->() DELETE to", name=name)
    assert {finding.severity for finding in await world.rules.lint(name)} == {"error"}
    with pytest.raises(NotFoundError):
        await world.rules.lint(unique("nothing"))


async def test_a_state_in_use_does_not_go_away_unmapped(world: World, suffix: str) -> None:
    paper, writer = await world.task(f"review{suffix}"), await world.actor()
    await world.applied(paper, "HAND_IN", writer, **GOOD)
    confirm = await drafted(world, definition(suffix).replace("waiting", "queued"))
    for mapping in (None, {"waiting": "nowhere"}, {"waiting": "waiting"}, {"no": "queued"}, {"reading": "queued"}):
        with pytest.raises(ConflictError):
            await world.rules.publish(f"review{suffix}", confirm, mapping)
    assert await world.state(paper) == "waiting"
    assert await world.rules.export(f"review{suffix}") == canonical(definition(suffix))


async def test_a_mapped_state_moves_its_items_and_they_go_on(world: World, suffix: str) -> None:
    paper, writer, reader = (
        await world.task(f"review{suffix}"),
        await world.actor(),
        await world.actor(f"reader{suffix}"),
    )
    await world.applied(paper, "HAND_IN", writer, **GOOD)
    draft = await world.rules.import_draft(definition(suffix).replace("waiting", "queued"))
    assert (draft.impact["items"], draft.impact["states_added"]) == (1, ["queued"])
    assert draft.impact["states_removed"] == {"waiting": 1}
    assert draft.confirm is not None
    assert await world.rules.publish(f"review{suffix}", draft.confirm, {"waiting": "queued"}) == 2
    assert await world.state(paper) == "queued"
    moved = (await world.history(paper))[-1]
    assert (moved["from"], moved["to"], moved["seq"], moved["rule_version"]) == ("waiting", "queued", 3, 2)
    await world.applied(paper, "SEND_BACK", reader, feedback=WORDS, expected_version=3)
    assert [change["seq"] for change in await world.history(paper)] == [1, 2, 3, 4, 5]


async def test_rules_renewed_under_living_items_leave_them_where_they_are(world: World, suffix: str) -> None:
    paper, writer, reader = (
        await world.task(f"review{suffix}"),
        await world.actor(),
        await world.actor(f"reader{suffix}"),
    )
    await world.applied(paper, "HAND_IN", writer, **GOOD)
    await world.publish(definition(suffix).replace("TAKE", "GRAB"))
    assert (await world.item(paper))["version"] == 2
    assert await world.refused(paper, "TAKE", reader) == ["UNKNOWN_ACTION"]
    await world.applied(paper, "GRAB", reader)
    assert (await world.history(paper))[-1]["rule_version"] == 2


async def test_one_workflow_does_not_disturb_the_roles_of_another(world: World, suffix: str) -> None:
    """Role names are shared; a file that only lists a role says nothing about whom it inherits from."""
    other = (
        f"workflow: {unique('other')}\nroles: [chief{suffix}]\nstates: {{a: {{kind: initial}}, z: {{kind: final}}}}\n"
    )
    await world.publish(other + f"transitions:\n  - {{from: a, action: GO, to: z, roles: [chief{suffix}]}}\n")
    assert await world.rules.export(f"review{suffix}") == canonical(definition(suffix))


async def test_a_guard_that_two_workflows_share_stays_with_the_other(world: World, suffix: str) -> None:
    other = unique("-")
    await world.publish(definition(other))
    await world.cypher(
        "MATCH (:Transition {workflow: $a, name: 'PRINT'})-[:GUARDED_BY]->(g), "
        "(t:Transition {workflow: $b, name: 'TAKE'}) CREATE (t)-[:GUARDED_BY]->(g)",
        a=f"review{suffix}",
        b=f"review{other}",
    )
    before = await world.rules.export(f"review{other}")
    await world.publish(definition(suffix))
    assert await world.rules.export(f"review{other}") == before
    await world.publish(before)
    assert await world.rules.export(f"review{suffix}") == canonical(definition(suffix))
    left = "MATCH (g:Guard) WHERE NOT EXISTS { ()-[:GUARDED_BY]->(g) } RETURN count(g) AS n"
    assert await world.cypher(left) == [{"n": 0}]


async def test_shipped_rules_whose_version_a_hand_took_away_are_left_as_they_are(world: World) -> None:
    before = await world.rules.export("task")
    [row] = await world.cypher("MATCH (w:Workflow {name: 'task'}) WITH w, w.version AS v REMOVE w.version RETURN v")
    try:
        await world.rules.load_shipped()
        assert await world.rules.export("task") == before
    finally:
        await world.cypher("MATCH (w:Workflow {name: 'task'}) SET w.version = $v", v=row["v"])
