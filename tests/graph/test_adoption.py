"""Edits by hand become versions of their own within one look, unless they are broken; nothing of them is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from neo4j.exceptions import Neo4jError

from graph.database import Database
from graph.errors import ConflictError, NotFoundError, UnavailableError
from graph.gate import Gate
from graph.rules.adoption import Adoption
from graph.rules.service import Rules
from tests.graph.review import WORDS, Review, definition
from tests.graph.world import Row, World

MORE_READERS = (
    "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (r:Role {name: $role}) MERGE (r)-[:MAY_FIRE]->(t)"
)
CUT = "MATCH (:Transition {workflow: $workflow, name: 'TAKE'})-[to:TO]->() DELETE to"
MEND = (
    "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (s:State {workflow: $workflow, name: 'reading'}) "
    "CREATE (t)-[:TO]->(s)"
)


@pytest_asyncio.fixture(loop_scope="session")
async def review(db: Database, gate: Gate, rules: Rules) -> Review:
    return await Review.open(World(db, gate, rules))


@pytest_asyncio.fixture(loop_scope="session")
async def watcher(review: Review) -> Adoption:
    """The one who looks, and has looked at all there is."""
    await review.world.cypher("MATCH (l:Lease {name: 'adoption'}) DELETE l")
    watcher = Adoption(review.world.db)
    await watcher.tick()
    return watcher


async def versions(review: Review) -> list[tuple[int, str]]:
    rows = await review.world.cypher(
        "MATCH (v:RuleVersion {workflow: $workflow}) RETURN v.number AS number, v.how AS how ORDER BY number",
        workflow=review.workflow,
    )
    return [(row["number"], row["how"]) for row in rows]


async def under(review: Review, paper: str) -> list[tuple[str, int, bool]]:
    """The changes of an item, each with the version it names and whether it is marked."""
    changes = await review.world.history(paper)
    return [(c["action"], c["rule_version"], c.get("unadopted", False)) for c in changes]


async def changed(review: Review) -> list[Row]:
    return await review.world.events(review.workflow, "workflow.rules.changed")


async def test_nothing_edited_nothing_adopted(review: Review, watcher: Adoption) -> None:
    await watcher.tick()
    assert await versions(review) == [(1, "published")]


async def test_a_sound_edit_becomes_a_version(review: Review, watcher: Adoption) -> None:
    before, between = await review.waiting(), await review.waiting()
    await watcher.tick()
    await review.by_hand(MORE_READERS, role=review.role("lawyer"))
    await review.world.applied(between, "TAKE", review.lawyer)
    assert await watcher.tick() >= 1
    await review.world.applied(before, "TAKE", review.lawyer)
    await watcher.tick()
    assert await versions(review) == [(1, "published"), (2, "adopted")]
    assert await review.world.rules.export(review.workflow, 2) == await review.world.rules.export(review.workflow)
    [_, told] = await changed(review)
    assert (told["version"], told["how"], told["by"]) == (2, "adopted", "stategate")
    assert await under(review, between) == [("HAND_IN", 1, False), ("SORT", 1, False), ("TAKE", 1, True)]
    assert await under(review, before) == [("HAND_IN", 1, False), ("SORT", 1, False), ("TAKE", 2, False)]


async def test_a_broken_edit_is_not_adopted_until_it_is_mended(review: Review, watcher: Adoption) -> None:
    first, second, third = await review.waiting(), await review.waiting(), await review.waiting()
    await watcher.tick()
    await review.by_hand(CUT)
    await review.world.applied(first, "SEND_BACK", review.reader, feedback=WORDS)
    await watcher.tick()
    await watcher.tick()
    assert await versions(review) == [(1, "published")]
    assert "error" in {finding.severity for finding in await review.world.rules.lint(review.workflow)}
    assert await review.world.refused(second, "TAKE", review.reader) == ["RULE_BROKEN"]
    await review.world.applied(second, "SEND_BACK", review.reader, feedback=WORDS)
    await review.by_hand(MEND)
    await review.by_hand(MORE_READERS, role=review.role("lawyer"))
    await watcher.tick()
    await review.world.applied(third, "TAKE", review.lawyer)
    assert await versions(review) == [(1, "published"), (2, "adopted")]
    for paper in (first, second):
        assert ("SEND_BACK", 1, True) in await under(review, paper)
    assert (await under(review, third))[-1] == ("TAKE", 2, False)


async def test_an_edit_taken_back_leaves_no_trace(review: Review, watcher: Adoption) -> None:
    await review.by_hand(CUT)
    await watcher.tick()
    await review.by_hand(MEND)
    await watcher.tick()
    assert await versions(review) == [(1, "published")]
    paper = await review.waiting()
    assert {marked for _, _, marked in await under(review, paper)} == {False}


@pytest.mark.parametrize(
    "edit",
    [
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}), (s:State {workflow: $workflow, name: 'draft'}) "
        "CREATE (t)-[:TO]->(s)",
        "MATCH (:Transition {workflow: $workflow, name: 'PRINT'})-[:GUARDED_BY]->(g:Guard) SET g.op = 'about'",
        "MATCH (s:State {workflow: $workflow, name: 'draft'}) SET s.kind = 'begin'",
        "MATCH (s:State {workflow: $workflow, name: 'draft'}) REMOVE s.name",
        "MATCH (:Role)-[may:MAY_FIRE]->(:Transition {workflow: $workflow, name: 'PRINT'}) DELETE may",
        "MATCH (t:Transition {workflow: $workflow, name: 'TAKE'}) SET t.any_role = 3",
        "MATCH (w:Workflow {name: $workflow}) SET w.roles = 3",
    ],
)
async def test_what_no_file_could_say_is_broken(review: Review, watcher: Adoption, edit: str) -> None:
    await review.by_hand(edit)
    await watcher.tick()
    assert await versions(review) == [(1, "published")]
    [row] = await review.world.cypher("MATCH (w:Workflow {name: $name}) RETURN w.unadopted AS it", name=review.workflow)
    assert row["it"] is True
    await review.world.publish(definition(review.suffix))
    await watcher.tick()
    assert await versions(review) == [(1, "published"), (2, "published")]
    [row] = await review.world.cypher("MATCH (w:Workflow {name: $name}) RETURN w.unadopted AS it", name=review.workflow)
    assert row["it"] is None


async def test_an_expectation_that_is_no_text_is_told(review: Review) -> None:
    await review.by_hand("MATCH (w:Workflow {name: $workflow}) CREATE (w)-[:HAS_EXPECTATION]->(:Expectation {text: 3})")
    with pytest.raises(ConflictError, match="an expectation is not JSON"):
        await review.world.rules.export(review.workflow)


async def test_several_workflows_at_once(review: Review, watcher: Adoption) -> None:
    others = [await Review.open(review.world) for _ in range(3)]
    for one in [review, *others]:
        await one.by_hand(MORE_READERS, role=one.role("lawyer"))
    await others[2].by_hand(CUT)
    await watcher.tick()
    assert [await versions(one) for one in [review, *others]] == [[(1, "published"), (2, "adopted")]] * 3 + [
        [(1, "published")]
    ]


async def test_one_looks_at_a_time_and_two_do_no_harm(review: Review, watcher: Adoption) -> None:
    await review.by_hand(MORE_READERS, role=review.role("lawyer"))
    other = Adoption(review.world.db)
    await review.world.cypher("MATCH (l:Lease {name: 'adoption'}) SET l.until = l.until + duration('PT1H')")
    assert await other.tick() == 0
    assert await versions(review) == [(1, "published")]
    await review.world.cypher("MATCH (l:Lease {name: 'adoption'}) REMOVE l.holder")
    await other.tick()
    looks = [watcher._look(review.workflow, None), other._look(review.workflow, None)]
    await asyncio.gather(*looks)
    assert await versions(review) == [(1, "published"), (2, "adopted")]


async def test_one_who_takes_over_knows_since_when(review: Review, watcher: Adoption) -> None:
    paper = await review.waiting()
    await watcher.tick()
    await watcher.tick()
    await review.by_hand(MORE_READERS, role=review.role("lawyer"))
    await review.world.applied(paper, "TAKE", review.lawyer)
    await review.world.cypher("MATCH (l:Lease {name: 'adoption'}) SET l.until = l.until - duration('PT1H')")
    await Adoption(review.world.db).tick()
    assert (await under(review, paper))[-1] == ("TAKE", 1, True)


async def test_a_workflow_without_a_name_marks_nothing(review: Review, watcher: Adoption) -> None:
    await watcher.tick()
    await review.world.cypher("CREATE (:Workflow {note: 'nameless'})")
    try:
        paper = await review.waiting()
        await watcher.tick()
        await watcher.tick()
        await review.by_hand(MORE_READERS, role=review.role("lawyer"))
        await watcher.tick()
        await watcher.tick()
    finally:
        await review.world.cypher("MATCH (w:Workflow {note: 'nameless'}) DELETE w")
    assert await under(review, paper) == [("HAND_IN", 1, False), ("SORT", 1, False)]


@pytest.mark.parametrize(
    ("edit", "number"),
    [
        ("SET w.version = '7'", 8),
        ("SET w.version = date()", 2),
        ("SET w.version = 0", 2),
        ("REMOVE w.version", 2),
        ("WITH w MATCH (w)-[:HAS_VERSION]->(v) SET v.yaml = 7", 2),
    ],
)
async def test_a_version_spoilt_by_hand_is_followed_by_a_right_one(
    review: Review, watcher: Adoption, edit: str, number: int
) -> None:
    await review.by_hand(f"MATCH (w:Workflow {{name: $workflow}}) {edit}")
    watcher._known.clear()  # as of a process that has just begun
    await watcher.tick()
    assert (await versions(review))[-1] == (number, "adopted")
    assert await review.world.rules.export(review.workflow, number) == await review.world.rules.export(review.workflow)
    await review.by_hand(f"MATCH (w:Workflow {{name: $workflow}}) {edit}")
    await review.world.publish(definition(review.suffix))
    assert (await versions(review))[-1][1] == "published"


async def test_what_cannot_be_looked_at_keeps_nobody_from_the_others(review: Review, watcher: Adoption) -> None:
    spoilt, other = sorted([review, await Review.open(review.world)], key=lambda one: one.workflow)
    await spoilt.by_hand("MATCH (:Workflow {name: $workflow})-[:HAS_VERSION]->(v) SET v.number = 'first'")
    for one in (spoilt, other):
        await one.by_hand(MORE_READERS, role=one.role("lawyer"))
    await other.by_hand("MATCH (t:Transition {workflow: $workflow, name: 'SIGN'}) SET t.workflow = ['x']")
    await watcher.tick()
    assert (await versions(other))[-1] == (2, "adopted")
    await spoilt.by_hand("MATCH (:Workflow {name: $workflow})-[:HAS_VERSION]->(v) SET v.number = 1")


async def test_changes_under_way_are_marked_also_when_neo4j_goes_away(
    review: Review, watcher: Adoption, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = await review.waiting()
    await watcher.tick()
    await review.by_hand(MORE_READERS, role=review.role("lawyer"))
    await watcher.tick()
    [edit] = watcher._lately
    await review.world.applied(paper, "TAKE", review.lawyer)
    # As if it had been under way.
    await review.world.cypher("MATCH (c:Change {item_id: $id, action: 'TAKE'}) SET c.rule_version = $n", id=paper, n=1)
    write = Database.write

    async def away(self: Database, name: str, /, **given: Any) -> list[Row]:
        if name == "rules/mark_changes":
            raise UnavailableError("Neo4j does not answer.")
        return await write(self, name, **given)

    with monkeypatch.context() as broken:
        broken.setattr(Database, "write", away)
        with pytest.raises(UnavailableError):
            await watcher.tick()
    await watcher.tick()
    assert (edit["number"], (await under(review, paper))[-1]) == (1, ("TAKE", 1, True))


async def test_a_role_that_is_used_but_not_listed_is_no_edit(review: Review, watcher: Adoption) -> None:
    await review.world.publish(definition(review.suffix).replace(f"lawyer{review.suffix}, ", "", 1))
    await watcher.tick()
    assert await versions(review) == [(1, "published"), (2, "published")]


async def test_a_draft_made_before_an_edit_does_not_publish(review: Review, watcher: Adoption) -> None:
    draft = await review.world.rules.import_draft(definition(review.suffix))
    await review.by_hand(MORE_READERS, role=review.role("lawyer"))
    with pytest.raises(ConflictError, match="have changed since this draft"):
        await review.world.rules.publish(review.workflow, draft.confirm or "")
    await watcher.tick()
    with pytest.raises(ConflictError, match="have changed since this draft"):
        await review.world.rules.publish(review.workflow, draft.confirm or "")
    assert await versions(review) == [(1, "published"), (2, "adopted")]


async def test_an_edit_while_a_draft_is_published_is_kept_or_refused(review: Review, watcher: Adoption) -> None:
    async def by_hand(n: int) -> bool:
        try:
            rows = await review.world.cypher(
                "MATCH (t:Transition {workflow: $workflow, name: 'WITHDRAW'}) "
                "CREATE (t)-[:REQUIRES {order: $n}]->(:Input {name: 'why' + $n}) RETURN t",
                workflow=review.workflow,
                n=n,
            )
        except Neo4jError:
            return False  # the transition was being replaced; the person is told
        return bool(rows)

    async def publish(confirm: str | None) -> None:
        with suppress(ConflictError, NotFoundError):
            await review.world.rules.publish(review.workflow, confirm or "")

    kept = []
    for n in range(12):
        # What was edited so far is in the draft, so that only a lost edit could be missing at the end.
        draft = await review.world.rules.import_draft(await review.world.rules.export(review.workflow))
        done, *_ = await asyncio.gather(by_hand(n), publish(draft.confirm), watcher.tick())
        kept += [f"why{n}"] if done else []
        await watcher.tick()
    model = await review.world.rules.read(review.workflow)
    [withdraw] = [t for t in model.transitions if t.action == "WITHDRAW"]
    assert sorted(given.name for given in withdraw.inputs) == sorted(kept)
    numbers = [number for number, _ in await versions(review)]
    assert numbers == list(range(1, len(numbers) + 1))
    told = await changed(review)
    assert [(e["version"], e["how"]) for e in told] == await versions(review)
    assert await review.world.rules.export(review.workflow, numbers[-1]) == await review.world.rules.export(
        review.workflow
    )
