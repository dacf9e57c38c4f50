"""Effects of other packages: what is to be done after a transition was committed; kept until done or given up."""

from __future__ import annotations

import json
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
    """An effect that this process is to run, or, after the last try, to give up with the `reason` of that try."""

    id: str
    name: str
    event: dict[str, Any]
    tries: int
    reason: str

    @property
    def is_over(self) -> bool:
        return self.tries > TRIES


class Effects:
    """The queue of effects, and the plug-ins that do them."""

    def __init__(self, db: Database, plugins: Plugins) -> None:
        self._db = db
        self._plugins = plugins

    async def claim(self) -> list[Due]:
        """Some effects that are due, for this process alone; what happens to it, they are tried again later."""
        rows = await self._db.write("effect/claim", limit=AT_ONCE, seconds=_CLAIM + self._plugins.limit)
        return [_due(row["effect"]) for row in rows]

    async def run(self, due: Due) -> str | None:
        """Runs one and forgets it; why it failed, when it did and is to be tried again."""
        try:
            await self._plugins.run_effect(due.name, due.event)
        except (LookupError, TimeoutError, RuntimeError) as error:
            # The last pause is none: what is left is to give up.
            pause = 0.0 if due.tries >= TRIES else _FIRST_PAUSE * 2 ** (due.tries - 1)
            await self._db.write("effect/failed", id=due.id, reason=str(error), seconds=pause)
            return str(error)
        await self._db.write("effect/done", id=due.id)
        return None

    async def give_up(self, due: Due) -> None:
        """Leaves it in the graph with its reason, and tries no more."""
        await self._db.write("effect/give_up", id=due.id)
        GIVEN_UP.inc()


def _due(row: Row) -> Due:
    event = {name: value for name, value in row.items() if name not in _OWN}
    event |= {"at": row.get("outbox_at"), "inputs": json.loads(row.get("inputs") or "{}")}
    reason = row.get("reason") or "the process ended while it ran"
    return Due(row["effect_id"], row.get("name") or "", plain(event), row["tries"], reason)
