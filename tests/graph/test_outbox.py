"""The outbox: what it costs to take and to forget does not grow with what waits."""

from __future__ import annotations

from typing import Any

from graph.database import Database
from graph.queries import query


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
    steps = await _explain(db, "outbox/take", limit=10)
    assert any("IndexSeek" in step or "IndexScan" in step for step in steps)
    # A partial one orders the events of one moment only; `Top` and `Sort` would read all there are.
    assert not {"Sort", "Top"} & set(steps), steps


async def test_what_was_published_is_found_by_its_id(db: Database) -> None:
    steps = await _explain(db, "outbox/remove", ids=["x"])
    assert any("UniqueIndexSeek" in step for step in steps)
    assert not any("LabelScan" in step for step in steps), steps
