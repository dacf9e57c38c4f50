"""Sprints: planned, active, closed; a story is in one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from neo4j.exceptions import ConstraintError

from graph.burndown import Stay
from graph.changing import hold
from graph.database import Database, Row, Transaction
from graph.deciding import UndoError
from graph.decision import Command
from graph.errors import BadInputError, BrokenRuleError, ConflictError, NotFoundError
from graph.gate import Gate
from graph.ids import given_or_made, text
from graph.items import check_number

PLANNED, ACTIVE, CLOSED = "planned", "active", "closed"
_MOST = 100  # sprints of a velocity
_TRIES = 4  # to close a sprint whose stories, or their rules, change meanwhile
_TIMES = ("starts_at", "ends_at")  # as planned


class Sprints:
    """The sprints there are."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def create(
        self,
        name: str,
        id: str | None = None,
        capacity: int | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> str:
        """The id of the new sprint; `capacity` in story points, `starts_at` and `ends_at` as it is planned.

        Raises:
            ConflictError: the id is taken. BadInputError: a number or a time that cannot be.
        """
        sprint = given_or_made(id, "sprint")
        fields = _checked({"name": name, "capacity": capacity, "starts_at": starts_at, "ends_at": ends_at})
        try:
            await self._db.write("sprint/create", id=sprint, **fields)
        except ConstraintError as error:
            raise ConflictError(f"The sprint '{sprint}' exists already.") from error
        return sprint

    async def edit(self, id: str, fields: dict[str, Any]) -> None:
        """Changes name, capacity, starts_at or ends_at of a sprint that has not ended; None clears all but the name.

        Raises:
            NotFoundError: there is no such sprint. ConflictError: it has ended. BadInputError: as of `create`.
        """

        async def work(tx: Transaction) -> None:
            rows = await tx.run("sprint/lock", story_id=None, sprint_id=id)
            _open(id, {row["id"]: row["state"] for row in rows})
            [found] = await tx.run("sprint/by_ids", ids=[id])
            planned = {name: found["sprint"][name] and found["sprint"][name].to_native() for name in _TIMES}
            changed = _checked(planned | fields)
            await tx.run("sprint/change", id=id, fields={name: changed[name] for name in fields})

        await self._db.in_transaction(work)

    async def start(self, id: str) -> None:
        """Raises `NotFoundError`, or `ConflictError` when it has begun or ended."""

        async def starting(tx: Transaction) -> None:
            await self._move(tx, id, [PLANNED], ACTIVE)

        await self._db.in_transaction(starting)

    async def close(self, id: str) -> None:
        """Ends a sprint and lets the rules carry its unfinished stories over, in one transaction.

        A story whose rules cannot be run stays where it is: it keeps neither the sprint open nor the others in it.
        """
        stories: list[str] = []
        broken: set[str] = set()

        async def closing(tx: Transaction, alone: str | None = None) -> None:
            stories[:] = await self._move(tx, id, [PLANNED, ACTIVE], CLOSED)
            carried = [story for story in stories if story not in broken] if alone is None else [alone]
            await self._gate.decide_in(tx, [Command(story, None, None) for story in carried])
            if alone is not None:
                raise UndoError(None)
            # Whoever finished a story while this waited for it has finished it in the sprint.
            await tx.run("sprint/ended", id=id)

        async def is_broken(story: str) -> bool:
            try:
                with suppress(UndoError):
                    await self._db.in_transaction(partial(closing, alone=story))
            except BrokenRuleError:
                return True
            return False

        for left in reversed(range(_TRIES)):
            try:
                await self._db.in_transaction(closing)
                return
            except BrokenRuleError:
                if not left:
                    raise
            broken |= {story for story in list(stories) if await is_broken(story)}

    async def assign(self, story_id: str, sprint_id: str, actor_id: str | None = None) -> None:
        """Puts a story into a sprint, and out of any other; `actor_id` is noted as who did. Its version stays.

        Raises:
            NotFoundError: no such story, sprint or actor. BadInputError: the actor is the system itself.
            ConflictError: the sprint has ended; or `actor_id` may not change the story, or it is in no state.
        """

        async def work(tx: Transaction) -> None:
            states = await self._hold(tx, story_id, sprint_id, actor_id)
            _open(sprint_id, states)
            await tx.run("sprint/assign", story_id=story_id, sprint_id=sprint_id, actor_id=actor_id)

        await self._db.in_transaction(work)

    async def remove(self, story_id: str, actor_id: str | None = None) -> None:
        """Takes a story out of its sprint; one that is in none stays as it is. Raises as `assign`."""

        async def work(tx: Transaction) -> None:
            await self._hold(tx, story_id, None, actor_id)
            await tx.run("sprint/remove", story_id=story_id, actor_id=actor_id)

        await self._db.in_transaction(work)

    async def by_ids(self, ids: list[str]) -> dict[str, Row]:
        """`{id, name, state, capacity, starts_at, ends_at, started_at, closed_at}` of each known one."""
        return {row["sprint"]["id"]: row["sprint"] for row in await self._db.read("sprint/by_ids", ids=ids)}

    async def all(self) -> list[Row]:
        return [row["sprint"] for row in await self._db.read("sprint/all")]

    async def last_closed(self, last: int) -> list[Row]:
        """The sprints that were closed last, the oldest of them first. Raises `BadInputError`."""
        if not 1 <= last <= _MOST:
            raise BadInputError(f"last is {last}; it must be 1 to {_MOST}.")
        return [row["sprint"] for row in await self._db.read("sprint/last_closed", last=last)]

    async def stays(self, ids: Sequence[str]) -> dict[str, list[Stay]]:
        """For each sprint the stays of stories in it, past ones too."""
        found: dict[str, list[Stay]] = {id: [] for id in ids}
        for row in await self._db.read("sprint/stays", ids=list(ids)):
            stay = row["stay"]
            ends = tuple((at.to_native(), outcome) for at, outcome in stay["ends"])
            entered, left = (stay[name] and stay[name].to_native() for name in ("entered_at", "left_at"))
            found[row["sprint_id"]].append(Stay(stay["points"], entered, left, ends))
        return found

    async def stays_of(self, story_ids: Sequence[str]) -> dict[str, list[Row]]:
        """For each story `{sprint_id, entered_at, entered_by, left_at, left_by}`, the first first."""
        found: dict[str, list[Row]] = {id: [] for id in story_ids}
        for row in await self._db.read("sprint/stays_of", ids=list(story_ids)):
            found[row["story_id"]].append(row["stay"])
        return found

    async def _hold(
        self, tx: Transaction, story_id: str, sprint_id: str | None, actor_id: str | None
    ) -> dict[str, str]:
        """Takes the locks of the sprints, then that of the story; the state of each sprint, by id. Raises as `hold`."""
        rows = await tx.run("sprint/lock", story_id=story_id, sprint_id=sprint_id)
        await hold(tx, "story", story_id, actor_id)
        return {row["id"]: row["state"] for row in rows}

    async def _move(self, tx: Transaction, id: str, before: list[str], state: str) -> list[str]:
        """The stories in the sprint, which is started or closed."""
        rows = await tx.run("sprint/start_or_close", id=id, before=before, state=state)
        if not rows:
            raise NotFoundError(f"There is no sprint '{id}'.")
        [found] = rows
        if found["was"] not in before:
            raise ConflictError(f"The sprint '{id}' is {found['was']} already.")
        return list(found["stories"])


def _open(id: str, states: dict[str, str]) -> None:
    """Raises `NotFoundError` for a sprint that is none of these, `ConflictError` for one that has ended."""
    if id not in states:
        raise NotFoundError(f"There is no sprint '{id}'.")
    if states[id] == CLOSED:
        raise ConflictError(f"The sprint '{id}' has ended.")


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a sprint as they are stored. Raises `BadInputError` for what cannot be."""
    if "name" in fields:
        text(fields["name"] or "", "name")
    check_number(fields.get("capacity"), "capacity", 0)
    start, end = _moment(fields["starts_at"], "start"), _moment(fields["ends_at"], "end")
    if start and end and end <= start:
        raise BadInputError("A sprint ends after it starts.")
    return fields | {"starts_at": start, "ends_at": end}


def _moment(value: datetime | None, what: str) -> datetime | None:
    """A planned time in UTC. Raises `BadInputError` for one that is none everywhere."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise BadInputError(f"The {what} of a sprint needs a time zone, such as the Z of 2026-11-26T09:00:00Z.")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise BadInputError(f"The {what} of a sprint is at no time the calendar has.") from error
