"""Timers: what a rule lets the system fire when an item has rested long enough, and what was kept back for a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog

from graph.database import Database, Row
from graph.deciding import LATER
from graph.decision import Command, Decision
from graph.errors import UnavailableError
from graph.gate import Gate
from graph.lease import Lease
from graph.levels import LEVELS

log = structlog.get_logger(__name__)

_BATCH = 200
_STATE = 10_000  # items of a state whose timers are worked out in one transaction
_AGAIN = 150  # seconds after which the items of a state are looked through again; longer than a transaction can take


class Timers:
    """Fires what is due. One process at a time does it for a level; the version in a command keeps others from harm."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate
        self._leases = {level: Lease(db, f"timers-{level}") for level in LEVELS}

    async def tick(self, levels: Collection[str] = LEVELS) -> int:
        """Fires what is due now in those of the levels where this process leads; returns how many items moved.

        Raises:
            UnavailableError: Neo4j is away; nothing is lost, the times are in the graph.
        """
        return sum([await self._tick(level) for level in levels if await self._leases[level].lead()])

    async def _tick(self, level: str) -> int:
        while (await self._db.write("timer/rearm", level=level, limit=_STATE, again=_AGAIN))[0]["armed"]:
            pass
        moved = 0
        while due := await self._db.read("timer/due", level=level, limit=_BATCH):
            fired = await self._fire(due)
            late = [row for row in due if row["item_id"] not in fired]
            items = [{"id": row["item_id"], "version": row["version"]} for row in late]
            [left] = await self._db.write("timer/postpone", items=items, seconds=LATER)
            moved += len(fired)
            if not (fired or left["postponed"]) or not await self._leases[level].lead():
                break
        return moved + await self._look(level)

    async def leave(self) -> None:
        """Lets another process lead at once."""
        for lease in self._leases.values():
            await lease.release()

    async def _fire(self, due: Sequence[Row]) -> set[str]:
        """The items that moved: each tries its actions in their order, and its version keeps it from moving twice."""
        fired: set[str] = set()
        for place in range(max(len(row["actions"]) for row in due)):
            commands = [
                Command(row["item_id"], row["actions"][place], None, expected_version=row["version"], timer=True)
                for row in due
                if place < len(row["actions"]) and row["item_id"] not in fired
            ]
            fired.update(answer.item_id for answer in await self._decide(commands) if answer.hops)
        return fired

    async def _look(self, level: str) -> int:
        """Does what was kept back: automatic steps whose plug-ins nobody has asked, and next work that is not begun."""
        rows = await self._db.read("timer/looks", level=level, limit=_BATCH)
        if not rows:
            return 0
        items = [row["item_id"] for row in rows]
        for story in sorted({row["story_id"] for row in rows if row["story_id"]}):
            await self._assign(story)
        answers = await self._decide([Command(item, None, None) for item in items])
        await self._db.write("timer/looked", ids=items, before=rows[0]["now"])
        return sum(1 for answer in answers if answer.hops)

    async def _assign(self, story: str) -> None:
        try:
            await self._gate.assign([story])
        except UnavailableError:
            raise
        except Exception:
            log.exception("the next work cannot be assigned", story=story)

    async def _decide(self, commands: Sequence[Command]) -> list[Decision]:
        """The answers to those that can be answered: no item stops the timers of the others."""
        try:
            return await self._gate.decide(commands) if commands else []
        except UnavailableError:
            raise
        except Exception as error:
            if len(commands) == 1:
                log.warning("a timer cannot be fired", item=commands[0].item_id, error=str(error))
                return []
        return [answer for command in commands for answer in await self._decide([command])]
