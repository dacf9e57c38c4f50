"""Events that were committed and wait to be published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic_core import from_json

from graph.database import Database, Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WaitingEvent(NamedTuple):
    """One event: its stable id, when it happened (UTC), the item it is about, and its payload.

    `node` is where it stands in the graph, while it stands there; `subject` is whatever the rule says it is.
    """

    id: str
    node: str
    subject: object
    item_id: str
    at: datetime
    payload: dict[str, Any]


class Outbox:
    """The queue between the graph and the bus."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take(
        self, limit: int, without: Collection[str] = (), published: Collection[str] = ()
    ) -> list[WaitingEvent]:
        """The oldest events, in the order in which they happened, but for those of items `without`, and those that were
        `published`, by their nodes.

        They stay until removed.
        """
        [found] = await self._db.read(
            "outbox/take", limit=limit, but={"items": list(without), "nodes": list(published)}
        )
        return [_event(row) for row in found["events"]]

    async def remove(self, events: Mapping[str, str]) -> None:
        """Forgets events that the bus has confirmed: `{node: id}`."""
        rows = [{"id": name, "node": node} for node, name in events.items()]
        await self._db.write("outbox/remove", events=rows)


def _event(row: Row) -> WaitingEvent:
    name, node, subject, item = (row.pop(key, None) for key in ("outbox_id", "outbox_node", "subject", "item_id"))
    at = _EPOCH + timedelta(microseconds=row.pop("outbox_at"))
    row.pop("outbox_order", None)
    fields = row.pop("json_fields", ())
    for field in fields if isinstance(fields, list) else ():
        # What was edited by hand and is no JSON any more, or none that could be written again, is told as it stands.
        with suppress(KeyError, TypeError, ValueError):
            row[field] = from_json(row[field])
    return WaitingEvent(name, node, subject, item, at, row)
