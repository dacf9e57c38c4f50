"""The outbox: what it costs to take and to forget does not grow with what waits, and what stands in it is in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graph.database import Database
from graph.decision import Command
from graph.gate import Gate
from graph.outbox import Outbox
from graph.queries import query
from graph.rules.service import Rules
from tests.graph.team import Team
from tests.graph.world import World, cypher, unique


def _operators(plan: dict[str, Any]) -> list[str]:
    found = [plan["operatorType"].split("@")[0]]
    for child in plan.get("children", []):
        found += _operators(child)
    return found


async def _explain(db: Database, name: str, **parameters: Any) -> list[str]:
    async with db.driver.session() as session:
        result = await session.run(query(name).replace("CYPHER 5\n", "CYPHER 5 EXPLAIN\n", 1), parameters)
        plan = (await result.consume()).plan
    assert plan is not None
    return _operators(plan)


async def test_the_oldest_are_taken_in_the_order_of_the_index(db: Database) -> None:
    steps = await _explain(db, "outbox/take", limit=10, but={"items": ["x"], "nodes": ["4:x:1"]})
    assert any("IndexSeek" in step or "IndexScan" in step for step in steps)
    # A partial one orders the events of one moment only; `Top` and `Sort` would read all there are.
    assert not {"Sort", "Top"} & set(steps), steps


async def test_what_was_published_is_found_where_it_stands(db: Database) -> None:
    steps = await _explain(db, "outbox/remove", events=[{"id": "x", "node": "4:x:1"}])
    assert any("ByElementIdSeek" in step for step in steps), steps
    assert not any("Scan" in step for step in steps), steps


async def test_a_place_that_was_given_away_is_left_alone(db: Database) -> None:
    """Neo4j gives the place of a node that is gone to another one."""
    suffix = unique("event")
    async with db.driver.session() as session:
        made = await session.run(
            "CYPHER 5 CREATE (e:OutboxEvent {outbox_id: $id}) RETURN elementId(e) AS node", id=suffix
        )
        node = (await made.single(strict=True))["node"]
        try:
            await Outbox(db).remove({node: "another"})
            left = await session.run("CYPHER 5 MATCH (e:OutboxEvent {outbox_id: $id}) RETURN count(e) AS n", id=suffix)
            assert (await left.single(strict=True))["n"] == 1
            await Outbox(db).remove({node: suffix})
            left = await session.run("CYPHER 5 MATCH (e:OutboxEvent {outbox_id: $id}) RETURN count(e) AS n", id=suffix)
            assert (await left.single(strict=True))["n"] == 0
        finally:
            await (await session.run("CYPHER 5 MATCH (e:OutboxEvent {outbox_id: $id}) DELETE e", id=suffix)).consume()


async def test_items_may_be_left_out_before_the_oldest_are_taken(db: Database) -> None:
    first, second = unique("item"), unique("item")
    async with db.driver.session() as session:
        for item in (first, second):
            made = await session.run(
                "CYPHER 5 CREATE (:OutboxEvent {outbox_id: $id, item_id: $id, subject: 'x.y', json_fields: [], "
                "outbox_at: datetime('2000-01-01T00:00Z')})",
                id=item,
            )
            await made.consume()
        try:
            assert [event.item_id for event in await Outbox(db).take(1, [first])] == [second]
            [event] = await Outbox(db).take(1, [second])
            assert event.item_id == first
            assert [event.item_id for event in await Outbox(db).take(1, published=[event.node])] == [second]
        finally:
            await (
                await session.run(
                    "CYPHER 5 MATCH (e:OutboxEvent) WHERE e.item_id IN $ids DELETE e", ids=[first, second]
                )
            ).consume()


async def test_what_is_written_after_the_look_began_is_left_for_the_next(db: Database) -> None:
    """Else the second event of an item could be found without the first; a clock that was wrong holds nothing up."""
    soon, far = unique("item"), unique("item")
    made = (
        "UNWIND [[$soon, 5], [$far, 500]] AS one CREATE (:OutboxEvent {outbox_id: one[0], item_id: one[0], "
        "subject: 'x.y', outbox_at: datetime.realtime() + duration({seconds: one[1]})})"
    )
    await cypher(db, made, soon=soon, far=far)
    try:
        assert {soon, far} & {event.item_id for event in await Outbox(db).take(100_000)} == {far}
    finally:
        await cypher(db, "MATCH (e:OutboxEvent) WHERE e.item_id IN $ids DELETE e", ids=[soon, far])


@pytest.mark.parametrize("fields", [["whole", "cut", "gone", "deep", "half"], 5, "whole"])
async def test_what_was_edited_by_hand_is_told_as_it_stands(db: Database, fields: object) -> None:
    item, deep, half = unique("item"), "[" * 900 + "]" * 900, '["\\ud800"]'
    async with db.driver.session() as session:
        made = await session.run(
            "CYPHER 5 CREATE (:OutboxEvent {outbox_id: $id, item_id: $id, subject: 'x.y', json_fields: $fields, "
            "outbox_at: datetime('2000-01-01T00:00Z'), whole: '[1]', cut: '{', deep: $deep, half: $half})",
            id=item,
            fields=fields,
            deep=deep,
            half=half,
        )
        await made.consume()
        try:
            [event] = [event for event in await Outbox(db).take(100) if event.item_id == item]
            whole = [1] if isinstance(fields, list) else "[1]"
            assert event.payload == {"whole": whole, "cut": "{", "deep": deep, "half": half}
        finally:
            await (await session.run("CYPHER 5 MATCH (e:OutboxEvent {item_id: $id}) DELETE e", id=item)).consume()


async def test_what_a_batch_tells_of_an_item_is_in_the_order_of_its_commands(db: Database, gate: Gate) -> None:
    """A refusal between two actions stands between their events, though it is found out with the first of them."""
    team = await Team.open(World(db, gate, Rules(db)))
    task = await team.task()
    async with db.driver.session() as session:
        await (await session.run("CYPHER 5 MATCH (event:OutboxEvent {item_id: $id}) DELETE event", id=task)).consume()
    commit = Command(task, "COMMIT_CODE", team.developer, inputs={"commit_sha": unique("sha")})
    answers = await gate.decide(
        [replace(commit, actor_id=team.qa), commit, commit, Command(task, "APPROVE_DESIGN", team.architect)]
    )
    assert [answer.outcome for answer in answers] == ["REFUSED", "APPLIED", "REFUSED", "APPLIED"]
    told = [event.subject for event in await Outbox(db).take(100_000) if event.item_id == task]
    hop, assigned, refused = "workflow.state.changed", "workflow.task.assigned", "workflow.action.refused"
    assert told == [refused, hop, hop, assigned, refused, hop, hop, assigned]
