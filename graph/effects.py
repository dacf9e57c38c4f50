"""Effects of other packages: what is to be done after a transition was committed; kept until done or given up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.database import Database, Row
from graph.metrics import GIVEN_UP
from graph.plugins import AT_ONCE, Plugins, plain

TRIES = 8
_FIRST_PAUSE = 2.0  # seconds before the second try; doubled each time, so the last comes after some four minutes
_CLAIM = 30.0  # seconds, besides the time limit, after which another process may take over what this one has not ended
_OWN = {"outbox_id", "outbox_at", "outbox_order", "json_fields", "tries", "due_at", "reason", "gave_up_at", "lock"}


@dataclass(frozen=True, slots=True)
class Due:
    """An effect that this process is to run, or to give up with the `reason` if it `is_over`: after the last try, or
    because it was spoilt by hand."""

    id: str
    name: str
    event: dict[str, Any]
    tries: int
    reason: str
    is_over: bool


class Effects:
    """The queue of effects, and the plug-ins that do them."""

    def __init__(self, db: Database, plugins: Plugins) -> None:
        self._db = db
        self._plugins = plugins

    async def claim(self, limit: int = AT_ONCE, but: Sequence[str] = ()) -> list[Due]:
        """Some effects that are due, `but` those of these names, for this process alone; what happens to it, they are
        tried again later."""
        seconds = _CLAIM + self._plugins.limit
        rows = await self._db.write("effect/claim", limit=limit, seconds=seconds, but=list(but))
        return [_due(row["effect"]) for row in rows]

    async def run(self, due: Due) -> str | None:
        """Runs one and forgets it; why it failed, when it did and is to be tried again."""
        try:
            await self._plugins.run_effect(due.name, due.event)
        except (LookupError, TimeoutError, RuntimeError) as error:
            # The last pause is none: what is left is to give up.
            pause = 0.0 if due.tries >= TRIES else _FIRST_PAUSE * 2 ** (due.tries - 1)
            await self._db.write("effect/failed", id=due.id, tries=due.tries, reason=str(error), seconds=pause)
            return str(error)
        await self._db.write("effect/done", id=due.id)
        return None

    async def give_up(self, due: Due) -> None:
        """Leaves it in the graph with its reason, and tries no more."""
        await self._db.write("effect/give_up", id=due.id, reason=due.reason)
        GIVEN_UP.inc()


def _due(row: Row) -> Due:
    event = {name: value for name, value in row.items() if name not in _OWN} | {"at": row["outbox_at"]}
    reason = str(row.get("reason") or "the process ended while it ran")
    try:
        event["inputs"] = dict(json.loads(row.get("inputs") or "{}"))
        is_over = row["tries"] > TRIES
    except (TypeError, ValueError):
        reason, is_over = "its inputs were edited by hand, and are no JSON object", True
    return Due(row["effect_id"], str(row.get("name") or ""), plain(event), row["tries"], reason, is_over)
