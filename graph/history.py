"""Reading what happened to items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from graph.database import Database, Row
from graph.page import Page


def inputs_of(change: Row) -> dict[str, Any]:
    """What was handed in with a change; nothing, where somebody has written by hand what is no JSON object."""
    try:
        found = json.loads(change["inputs"] or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class History:
    """The chains of changes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def pages(self, asked: Sequence[tuple[str, int, int]]) -> list[Page]:
        """For each (item id, first, after seq) a page of its changes, the oldest first."""
        pages = [{"id": id, "after": after, "limit": first + 1} for id, first, after in asked]
        most = max((first + 1 for _, first, _ in asked), default=0)
        rows = await self._db.read("tree/history", pages=pages, limit=most)
        return [Page.of(row, first) for row, (_, first, _) in zip(rows, asked, strict=True)]

    async def decisions(self, item_ids: Sequence[str]) -> dict[str, list[Row]]:
        """What was decided on each item: `{id, kind, action, comment, decided_by, seq, at}`, the oldest first."""
        found: dict[str, list[Row]] = {id: [] for id in item_ids}
        for row in await self._db.read("tree/decisions", ids=list(item_ids)):
            found[row["item_id"]].append(row["decision"])
        return found
