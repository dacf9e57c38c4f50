"""A made-up workflow, far from software: a document is handed in, reviewed, and printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.graph.world import World, unique

GOOD = {"pages": 12, "kind": "memo", "code": "ABC-7", "summary": "A summary of it all"}
WORDS = "Please write it again."

_REVIEW = """
workflow: review~
item: task
roles: [writer~, reader~, lawyer~, printer~, {name: chief~, inherits: [printer~]}, system]
states:
  draft: {kind: initial}
  handed_in: {kind: active}
  waiting: {kind: active}
  reading: {kind: active}
  returned: {kind: active}
  approved: {kind: active}
  printed: {kind: final}
  withdrawn: {kind: final}
transitions:
  - {from: draft, action: HAND_IN, to: handed_in, roles: ["*"],
     inputs: [{name: pages, type: integer, minimum: 1, maximum: 500}, {name: kind, enum: [memo, report]},
              {name: code, pattern: "[A-Z]{3}-[0-9]+"}, {name: summary, min_length: 10, max_length: 40}]}
  - {from: handed_in, action: SORT, to: waiting, automatic: true}
  - {from: waiting, action: TAKE, to: reading, roles: [reader~], claims: true}
  - {from: [waiting, reading], action: SEND_BACK, to: returned, roles: [reader~],
     inputs: [{name: feedback, min_length: 10}], not_same_actor_as: [HAND_IN]}
  - {from: returned, action: GIVE_BACK, to: draft, automatic: true, rework: true,
     guards: [{kind: count, of: [GIVE_BACK], op: "<", value: 1}]}
  - {from: returned, action: PLEAD, to: waiting, roles: [writer~],
     guards: [{kind: history, action: PLEAD, times_max: 1}]}
  - {from: reading, action: FINISH, to: approved, relations: [assignee]}
  - {from: waiting, action: SIGN, to: approved, all_roles: [reader~, lawyer~], not_same_actor_as: [HAND_IN]}
  - {from: approved, action: PRINT, to: printed, roles: [printer~], actor_kinds: [human],
     guards: [{kind: field, name: priority, op: "<=", value: 2}]}
  - {from: approved, action: CHECK, to: printed, roles: [printer~], guards: [{kind: plugin, name: spelling}]}
  - {from: printed, action: RECALL, to: draft, roles: [printer~]}
  - {from: "*", except: [draft], action: WITHDRAW, to: withdrawn, roles: [writer~]}
"""


@dataclass(frozen=True, slots=True)
class Review:
    """The workflow in the graph, and somebody for each of its roles, whose names end in a suffix of their own."""

    world: World
    workflow: str
    suffix: str
    writer: str
    reader: str
    lawyer: str
    printer: str

    @classmethod
    async def open(cls, world: World) -> Review:
        suffix = unique("")
        await world.publish(definition(suffix))
        roles = [f"{name}{suffix}" for name in ("writer", "reader", "lawyer", "printer")]
        people = [await world.actor(role) for role in roles]
        return cls(world, f"review{suffix}", suffix, *people)

    def role(self, name: str) -> str:
        return name + self.suffix

    async def by_hand(self, edit: str, **names: str) -> None:
        """An edit of these rules in the live graph, made sure to have met something."""
        rows = await self.world.cypher(edit + " RETURN count(*) AS met", workflow=self.workflow, **names)
        assert rows[0]["met"] > 0, "the edit met nothing"

    async def paper(self, **properties: Any) -> str:
        return await self.world.task(self.workflow, **properties)

    async def waiting(self, **properties: Any) -> str:
        """A document that the writer has handed in."""
        paper = await self.paper(**properties)
        await self.world.applied(paper, "HAND_IN", self.writer, **GOOD)
        return paper

    async def approved(self, **properties: Any) -> str:
        """A document that has been read and found good."""
        paper = await self.waiting(**properties)
        await self.world.applied(paper, "TAKE", self.reader)
        await self.world.applied(paper, "FINISH", self.reader)
        return paper


def definition(suffix: str) -> str:
    return _REVIEW.replace("~", suffix)
