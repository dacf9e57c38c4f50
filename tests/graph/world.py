"""A small world for tests of the gate: people, stories and tasks under names nobody else uses."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from graph.database import Database, Transaction
from graph.decision import Command, Decision, Hop, Outcome
from graph.gate import Gate
from graph.items import Items
from graph.offers import Offers
from graph.rules.service import Rules

Row = dict[str, Any]
Work = Callable[[Transaction], Awaitable[None]]

NO_TIMES = (
    "'yesterday'",
    "1",
    "true",
    "['2000-01-01']",
    "date('2000-01-01')",
    "localdatetime('2000-01-01T00:00')",
    "datetime({epochMillis: 1700000000000000})",  # milliseconds, as somebody thought
    "datetime('-0005-01-01T00:00Z')",
)
"""What somebody may put by hand, as Cypher, where a time is to be that Python can read."""


def unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:10]}"


async def cypher(db: Database, text: str, **parameters: Any) -> list[Row]:
    """What a person sees, or does, in Neo4j Browser."""
    async with db.driver.session() as session:
        result = await session.run("CYPHER 5 " + text, parameters)
        return await result.data()


async def ping(tx: Transaction) -> None:
    await tx.run("health/ping")


async def opened(db: Database, first: Work = ping, last: Work = ping) -> tuple[asyncio.Task[None], asyncio.Event]:
    """A transaction that has done `first`, and stays open until the event is set; it does `last` then."""
    inside, leave = asyncio.Event(), asyncio.Event()

    async def work(tx: Transaction) -> None:
        await first(tx)
        inside.set()
        await leave.wait()
        await last(tx)

    writing = asyncio.create_task(db.in_transaction(work))
    await inside.wait()
    return writing, leave


@dataclass(frozen=True, slots=True)
class World:
    db: Database
    gate: Gate
    rules: Rules

    @property
    def offers(self) -> Offers:
        return Offers(self.db)

    @property
    def items(self) -> Items:
        return Items(self.db, self.gate)

    async def cypher(self, text: str, **parameters: Any) -> list[Row]:
        return await cypher(self.db, text, **parameters)

    async def publish(self, definition: str) -> int:
        """Publishes a rules file and returns its version."""
        draft = await self.rules.import_draft(definition)
        assert draft.workflow is not None, draft.findings
        assert draft.confirm is not None, draft.findings
        return await self.rules.publish(draft.workflow, draft.confirm)

    async def actor(self, *roles: str, kind: str = "human") -> str:
        actor_id = unique("actor")
        await self.cypher(
            "CREATE (actor:Actor {id: $id, name: $id, kind: $kind}) "
            "WITH actor UNWIND $roles AS name MERGE (role:Role {name: name}) MERGE (actor)-[:HAS_ROLE]->(role)",
            id=actor_id,
            kind=kind,
            roles=list(roles),
        )
        return actor_id

    async def story(self, **properties: Any) -> str:
        """A story as an event makes it: without a workflow and a state of its own."""
        story_id = unique("story")
        await self.cypher(
            "CREATE (story:Story {id: $id, name: $id, title: $id, released: false}) SET story += $properties",
            id=story_id,
            properties=properties,
        )
        return story_id

    async def story_item(self, workflow: str = "story", **properties: Any) -> str:
        """A story in the initial state of its workflow, by default the shipped one."""
        story_id = await self.story(workflow=workflow, version=0, rework=0, **properties)
        await self.cypher(
            "MATCH (:Workflow {name: $workflow})-[starts:STARTS_AT]->(state:State) "
            "WITH state ORDER BY starts.order LIMIT 1 MATCH (story:Story {id: $id}) "
            "SET story:Item CREATE (story)-[:IN_STATE]->(state)",
            id=story_id,
            workflow=workflow,
        )
        return story_id

    async def task(self, workflow: str, story: str | None = None, **properties: Any) -> str:
        """A task in the initial state of its workflow."""
        task_id = unique("task")
        created = await self.cypher(
            "MATCH (:Workflow {name: $workflow})-[starts:STARTS_AT]->(state:State) "
            "WITH state ORDER BY starts.order LIMIT 1 "
            "CREATE (task:Task:Item {id: $id, name: $id, title: $id, workflow: $workflow, version: 0, rework: 0}) "
            "SET task += $properties CREATE (task)-[:IN_STATE]->(state) WITH task "
            "OPTIONAL MATCH (story:Story {id: $story}) "
            "FOREACH (s IN CASE WHEN story IS NULL THEN [] ELSE [story] END | CREATE (s)-[:HAS_TASK]->(task)) "
            "RETURN task.id AS id",
            id=task_id,
            workflow=workflow,
            story=story,
            properties=properties,
        )
        assert created, f"the workflow {workflow} has no initial state"
        return task_id

    async def let_all_edit(self, workflow: str) -> None:
        """As if nobody had ever been named who may change its items by hand; epics are everybody's again, too."""
        await self.cypher(
            "MATCH (w:Workflow {name: $name}) SET w.restricted = null "
            "WITH w MATCH (:Role)-[may:MAY_EDIT]->(w) DELETE may",
            name=workflow,
        )

    async def act(self, item: str, action: str, actor: str | None, **more: Any) -> Decision:
        known = {key: more.pop(key) for key in ("command_id", "expected_version", "feedback", "dry") if key in more}
        [decision] = await self.gate.decide([Command(item, action, actor, inputs=more, **known)])
        return decision

    async def applied(self, item: str, action: str, actor: str, **more: Any) -> Decision:
        decision = await self.act(item, action, actor, **more)
        assert decision.outcome is Outcome.APPLIED, decision.reasons
        return decision

    async def refused(self, item: str, action: str, actor: str | None, **more: Any) -> list[str]:
        """The codes of a refusal, after making sure that it is one."""
        decision = await self.act(item, action, actor, **more)
        assert decision.outcome is Outcome.REFUSED, decision
        return codes(decision)

    async def state(self, item: str) -> str:
        [row] = await self.cypher("MATCH (:Item {id: $id})-[:IN_STATE]->(s:State) RETURN s.name AS state", id=item)
        return str(row["state"])

    async def item(self, item: str) -> Row:
        [row] = await self.cypher("MATCH (n {id: $id}) WHERE n:Story OR n:Task RETURN properties(n) AS item", id=item)
        return cast(Row, row["item"])

    async def history(self, item: str) -> list[Row]:
        """The chain of changes from the first to the last, followed edge by edge."""
        rows = await self.cypher(
            "MATCH (:Item {id: $id})-[:LATEST]->(:Change)-[:PREVIOUS*0..]->(c:Change) "
            "RETURN properties(c) AS change, NOT (c)-[:PREVIOUS]->() AS first ORDER BY c.seq",
            id=item,
        )
        assert [row["first"] for row in rows] == [place == 0 for place in range(len(rows))]
        return [row["change"] for row in rows]

    async def events(self, item: str, subject: str) -> list[Row]:
        rows = await self.cypher(
            "MATCH (e:OutboxEvent {item_id: $id, subject: $subject}) "
            "RETURN properties(e) AS event ORDER BY e.outbox_at, e.outbox_order",
            id=item,
            subject=subject,
        )
        return [row["event"] for row in rows]

    async def written(self, item: str) -> str:
        """Everything the graph keeps about an item, as one text to compare."""
        rows = await self.cypher(
            "MATCH (n) WHERE n.id = $id OR n.item_id = $id "
            "RETURN labels(n) AS labels, properties(n) AS properties, "
            "COLLECT { MATCH (n)-[r]-(o) RETURN type(r) + coalesce(o.name, '') ORDER BY type(r), o.name } AS edges "
            "ORDER BY labels, coalesce(n.seq, 0), coalesce(n.outbox_id, '')",
            id=item,
        )
        return json.dumps(rows, default=str, sort_keys=True)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def path(decision: Decision) -> list[tuple[str | None, str, str, bool]]:
    """The hops, short enough to be written in a test."""
    return [(hop.action, hop.from_state, hop.to_state, hop.automatic) for hop in decision.hops]


def told(events: list[Row]) -> list[Hop]:
    return [Hop(e["action"], e["from_state"], e["to_state"], e["automatic"]) for e in events]
