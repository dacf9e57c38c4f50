"""Where items belong: moved to another parent, put elsewhere in the order, archived; under the locks of the gate."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from graph.backlog import Backlog
from graph.changing import (
    FINAL,
    FROM_ARCHIVE,
    INITIAL,
    MOVE,
    RANK,
    TO_ARCHIVE,
    change,
    hold,
    hold_epics,
)
from graph.database import Database, Row, Transaction
from graph.decision import Command
from graph.errors import BadInputError, BrokenRuleError, ConflictError, NotFoundError
from graph.gate import Gate
from graph.items import known, takes_tasks
from graph.rank_keys import between, salt

log = structlog.get_logger(__name__)


class Places:
    """Moves, ranks and archives. Each is one change of the item; no version of another one grows by it."""

    def __init__(self, db: Database, gate: Gate, backlog: Backlog) -> None:
        self._db = db
        self._gate = gate
        self._backlog = backlog

    async def move_story(self, id: str, epic_id: str | None, *, actor_id: str | None = None) -> None:
        """Hangs a story on another epic, None on none; where it is already nothing is changed.

        Raises:
            NotFoundError: no such story, epic or actor. ConflictError: the epic is archived, or `actor_id` may not.
        """

        async def work(tx: Transaction) -> None:
            found = await hold(tx, "story", id, actor_id)
            epics = await hold_epics(tx, [one for one in (epic_id, found["epic_id"]) if one is not None], None)
            known("epic", epic_id, epic_id in epics)
            if epic_id == found["epic_id"]:
                return
            if epic_id is not None and epics[epic_id]["archived_at"] is not None:
                raise ConflictError(f"The epic '{epic_id}' is archived, and takes no stories.")
            await tx.run("item/move_story", id=id, epic_id=epic_id)
            await change(tx, id, MOVE, actor_id, {}, {"from": found["epic_id"], "to": epic_id})

        await self._db.in_transaction(work)

    async def move_task(self, id: str, story_id: str, *, actor_id: str | None = None) -> None:
        """Hangs a task that nobody has begun on another story, behind its tasks. Both stories then do what follows:
        the one it leaves may have no open task any more, and in the other it may be the next to be assigned.

        Raises:
            NotFoundError: no such task, story or actor.
            ConflictError: it was begun, or the story was put away, or `actor_id` may not.
        """

        async def work(tx: Transaction, *, settles: bool = True) -> tuple[None, list[str]]:
            found = await hold(tx, "task", id, actor_id, stories=(story_id,))
            there = await tx.run("item/takes_tasks", id=story_id)
            known("story", story_id, bool(there))
            if story_id == found["story_id"]:
                return None, []
            if found["states"][0]["kind"] != INITIAL:
                raise ConflictError(f"'{id}' was begun in its story, and stays there.")
            takes_tasks(story_id, there[0]["is_put_away"])
            await tx.run("item/move_task", id=id, story_id=story_id)
            await change(tx, id, MOVE, actor_id, {}, {"from": found["story_id"], "to": story_id})
            if settles and found["story_id"] is not None:
                left = await tx.run("work/movable", ids=[found["story_id"]])
                await self._gate.decide_in(tx, [Command(row["id"], None, None) for row in left])
            return None, [story_id]

        async def alone(tx: Transaction) -> tuple[None, list[str]]:
            return await work(tx, settles=False)

        try:
            await self._gate.assigning(work)
        except BrokenRuleError as error:
            # What its former story would do now waits for mended rules; the task need not.
            log.warning("a story cannot do what follows", task=id, error=str(error))
            await self._gate.assigning(alone)

    async def rank_story(
        self, id: str, *, before: str | None = None, after: str | None = None, actor_id: str | None = None
    ) -> None:
        """Puts a story right before or after another one in the backlog.

        Raises:
            NotFoundError: no such story or actor. ConflictError: `actor_id` may not.
            BadInputError: not exactly one of the two was given, or it is the story itself.
        """
        beside = _beside(id, before, after)
        await self._backlog.number()

        async def work(tx: Transaction) -> None:
            await hold(tx, "story", id, actor_id, stories=(beside,))
            key = await self._backlog.place(tx, beside)
            if before is not None:
                rows = await tx.run("backlog/before", key=key, id=id)
                made = between(rows[0]["key"] if rows else None, key, salt())
            else:
                rows = await tx.run("backlog/after", key=key, id=id)
                made = between(key, rows[0]["key"] if rows else None, salt())
            await change(tx, id, RANK, actor_id, {"rank_key": made}, _asked(before, after))

        await self._db.in_transaction(work)

    async def rank_task(
        self, id: str, *, before: str | None = None, after: str | None = None, actor_id: str | None = None
    ) -> None:
        """Puts a task right before or after another one of its story; among those of one priority that is the order
        in which they are assigned. Where no number is left between two, all tasks of the story are numbered anew.

        Raises: as `rank_story`; also `ConflictError` when the other is of another story.
        """
        beside = _beside(id, before, after)

        async def work(tx: Transaction) -> None:
            found = await hold(tx, "task", id, actor_id)
            rows = [row for row in await tx.run("item/ranks", story_id=found["story_id"]) if row["id"] != id]
            ids = [row["id"] for row in rows]
            if beside not in ids:
                known("task", beside, bool(await tx.run("item/whereabouts", ids=[beside])))
                raise ConflictError(f"'{beside}' is no task of the story of '{id}'.")
            place = ids.index(beside) + (before is None)
            rank = _rank(rows, place)
            if rank is None:
                order = [*ids[:place], id, *ids[place:]]
                await tx.run("item/number_tasks", ids=order)
                rank = place
            await change(tx, id, RANK, actor_id, {"rank": rank}, _asked(before, after))

        await self._db.in_transaction(work)

    async def archive(self, id: str, *, actor_id: str | None = None) -> None:
        """Puts an epic away, or a story or a task that is in a final state; what is away already stays.

        Raises:
            NotFoundError: nothing has this id, or there is no such actor.
            ConflictError: it is not in a final state, or `actor_id` may not.
        """
        await self._archive(id, True, actor_id)

    async def unarchive(self, id: str, *, actor_id: str | None = None) -> None:
        """Takes it back. Raises as `archive`."""
        await self._archive(id, False, actor_id)

    async def _archive(self, id: str, away: bool, actor_id: str | None) -> None:
        fields = {"archived_at": datetime.now(UTC) if away else None}

        async def work(tx: Transaction) -> None:
            [kinds] = await tx.run("item/kinds", id=id)
            for kind in ("story", "task"):
                if kinds[f"is_{kind}"]:
                    found = await hold(tx, kind, id, actor_id)
                    if away and found["states"][0]["kind"] != FINAL:
                        raise ConflictError(
                            f"'{id}' is in '{found['states'][0]['name']}', which is no final state; "
                            "an action of its workflow leads to one."
                        )
                    if away != (found["archived_at"] is not None):
                        await change(tx, id, TO_ARCHIVE if away else FROM_ARCHIVE, actor_id, fields, {})
                    return
            epics = await hold_epics(tx, [id], actor_id)
            if id not in epics:
                raise NotFoundError(f"There is no epic, story or task '{id}'.")
            if away != (epics[id]["archived_at"] is not None):
                await tx.run("item/change_epic", id=id, fields=fields)

        await self._db.in_transaction(work)


def _beside(id: str, before: str | None, after: str | None) -> str:
    beside = before if before is not None else after
    if beside is None or (before is not None and after is not None):
        raise BadInputError("Give one of before and after.")
    if beside == id:
        raise BadInputError(f"'{id}' cannot be put beside itself.")
    return beside


def _asked(before: str | None, after: str | None) -> dict[str, str]:
    return {"after": after} if before is None and after is not None else {"before": before or ""}


def _rank(rows: list[Row], place: int) -> float | None:
    """A number for this place between the others; None when there is none, and all are to be numbered anew."""
    if place == 0:
        return float(rows[0]["rank"] - 1)
    low = rows[place - 1]["rank"]
    if place == len(rows):
        return float(low + 1)
    high = rows[place]["rank"]
    middle = (low + high) / 2
    return middle if low < middle < high else None
