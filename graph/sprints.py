"""Sprints: planned, active, closed; a story is in one at a time."""

from __future__ import annotations

from neo4j.exceptions import ConstraintError

from graph.database import Database, Row, Transaction
from graph.decision import Command
from graph.errors import BadInputError, BrokenRuleError, ConflictError, NotFoundError
from graph.gate import Gate
from graph.ids import given_or_made, text

PLANNED, ACTIVE, CLOSED = "planned", "active", "closed"


class Sprints:
    """The sprints there are."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def create(self, name: str, id: str | None = None, capacity: int | None = None) -> str:
        """The id of the new sprint; `capacity` in story points. Raises `ConflictError` when the id is taken."""
        sprint = given_or_made(id, "sprint")
        text(name, "name")
        if capacity is not None and capacity < 0:
            raise BadInputError(f"capacity is {capacity}; the least is 0.")
        try:
            await self._db.write("sprint/create", id=sprint, name=name, capacity=capacity)
        except ConstraintError as error:
            raise ConflictError(f"The sprint '{sprint}' exists already.") from error
        return sprint

    async def start(self, id: str) -> None:
        """Raises `NotFoundError`, or `ConflictError` when it has begun or ended."""
        await self._move(id, [PLANNED], ACTIVE)

    async def close(self, id: str) -> None:
        """Ends a sprint and lets the rules carry its unfinished stories over, in one transaction."""
        await self._move(id, [PLANNED, ACTIVE], CLOSED)

    async def assign(self, story_id: str, sprint_id: str) -> None:
        """Puts a story into a sprint. Raises `NotFoundError`, or `ConflictError` when the sprint has ended."""
        [found] = await self._db.write("sprint/assign", story_id=story_id, sprint_id=sprint_id)
        if not found["has_story"]:
            raise NotFoundError(f"There is no story '{story_id}'.")
        if found["state"] is None:
            raise NotFoundError(f"There is no sprint '{sprint_id}'.")
        if found["state"] == CLOSED:
            raise ConflictError(f"The sprint '{sprint_id}' has ended.")

    async def by_ids(self, ids: list[str]) -> dict[str, Row]:
        """`{id, name, state, capacity}` of each known one."""
        return {row["sprint"]["id"]: row["sprint"] for row in await self._db.read("sprint/by_ids", ids=ids)}

    async def all(self) -> list[Row]:
        return [row["sprint"] for row in await self._db.read("sprint/all")]

    async def _move(self, id: str, before: list[str], state: str) -> None:
        async def work(tx: Transaction) -> list[str]:
            rows = await tx.run("sprint/move", id=id, before=before, state=state)
            if not rows:
                raise NotFoundError(f"There is no sprint '{id}'.")
            [found] = rows
            if found["was"] not in before:
                raise ConflictError(f"The sprint '{id}' is {found['was']} already.")
            return list(found["stories"]) if state == CLOSED else []

        async def settling(tx: Transaction) -> None:
            await self._gate.decide_in(tx, [Command(story, None, None) for story in await work(tx)])

        try:
            await self._db.in_transaction(settling)
        except BrokenRuleError:
            # One story whose rules cannot be run must not keep the sprint open, nor the other stories in it.
            for story in await self._db.in_transaction(work):
                await self._gate.decide([Command(story, None, None)])
