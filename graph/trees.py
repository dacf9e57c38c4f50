"""Reading the work: items by id, and pages of epics, stories and tasks; each one statement, however many are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph.database import Database, Row
from graph.page import Page

PageOf = tuple[str, int, tuple[Any, ...] | None]
"""Whose children, how many, and after which place."""


def readiness(story: Row) -> tuple[int, list[str]]:
    """Of the definition of ready: 0 to 100, and the parts that are missing."""
    missing = story["not_ready"]
    return 100 - sum(part["points"] for part in missing), [part["name"] for part in missing]


class Trees:
    """The work as trees."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def epics_by_ids(self, ids: list[str]) -> dict[str, Row]:
        """Each known epic as `cypher/tree/epics_by_ids.cypher` describes it."""
        return {row["epic"]["id"]: row["epic"] for row in await self._db.read("tree/epics_by_ids", ids=ids)}

    async def items_by_ids(self, ids: list[str]) -> dict[str, Row]:
        """Each known story and task as `cypher/tree/items_by_ids.cypher` describes it."""
        return {row["item"]["id"]: row["item"] for row in await self._db.read("tree/items_by_ids", ids=ids)}

    async def epics(self, first: int, after: list[Any] | None) -> Page:
        [row] = await self._db.read("tree/epics", after=after, limit=first + 1)
        return Page.of(row, first)

    async def stories(
        self,
        first: int,
        after: list[Any] | None,
        *,
        state: str | None = None,
        sprint_id: str | None = None,
        epic_id: str | None = None,
    ) -> Page:
        """Stories, the oldest first; None is any."""
        [row] = await self._db.read(
            "tree/stories", after=after, limit=first + 1, state=state, sprint_id=sprint_id, epic_id=epic_id
        )
        return Page.of(row, first)

    async def tasks(
        self,
        first: int,
        after: list[Any] | None,
        *,
        state: str | None = None,
        role: str | None = None,
        assignee_id: str | None = None,
    ) -> Page:
        """Tasks, the oldest first; `role` is one their state waits for, None is any."""
        [row] = await self._db.read(
            "tree/tasks", after=after, limit=first + 1, state=state, role=role, assignee_id=assignee_id
        )
        return Page.of(row, first)

    async def stories_of(self, asked: Sequence[PageOf]) -> list[Page]:
        """For each (epic, first, after) a page of its stories."""
        return await self._pages("tree/stories_of_epics", asked)

    async def tasks_of(self, asked: Sequence[PageOf]) -> list[Page]:
        """For each (story, first, after) a page of its tasks."""
        return await self._pages("tree/tasks_of_stories", asked)

    async def _pages(self, name: str, asked: Sequence[PageOf]) -> list[Page]:
        pages = [{"id": id, "after": list(after) if after else None, "limit": first + 1} for id, first, after in asked]
        rows = await self._db.read(name, pages=pages)
        return [Page.of(row, first) for row, (_, first, _) in zip(rows, asked, strict=True)]
