"""Import of a backlog file: looked through whole, then written in batches; each item whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import structlog
from neo4j.exceptions import ClientError, ConstraintError, CypherSyntaxError

from graph.database import Database, Row, Transaction
from graph.decision import Command
from graph.gate import Gate
from graph.transfer.examination import Examination
from graph.transfer.lines import Unit
from graph.transfer.report import Report

_STORIES = 50  # that are moved, or whose next work is assigned, in one transaction
_LOOK = 1000
_MARK = 32  # characters of what says which file it is
_TRIES = 3  # to write a batch of which somebody takes an id at the same moment

log = structlog.get_logger(__name__)

Progress = Callable[[str, int, int], None]
"""Told what is done, how much of it was, and how much there is."""


class _MissingError(Exception):
    """Tasks that others of their batch depend on could not be created; it is done again without them."""

    def __init__(self, ids: set[str]) -> None:
        super().__init__()
        self.ids = ids


class Import:
    """From a file into the graph. What is there is left alone, so doing it again goes on where it was broken off."""

    def __init__(self, db: Database, gate: Gate) -> None:
        self._db = db
        self._gate = gate

    async def run(
        self, file: BinaryIO, size: int, told: Progress, *, dry_run: bool = False, stop_on_error: bool = False
    ) -> Report:
        """What came of each row. `file` can be read again from any place; `size` in bytes.

        With `stop_on_error` nothing is written when a row is bad.

        Raises:
            UnavailableError: Neo4j went away; what was written is whole, and the same import goes on from there.
        """
        report = Report(dry_run)
        file.seek(0)
        # What an import has left half done is told by it from what others have made.
        mark = hashlib.file_digest(file, "sha256").hexdigest()[:_MARK]  # type: ignore[arg-type]
        seen = Examination(self._db, file, mark, report)
        right = await seen.run(lambda done: told("looked through", done, size), stops=stop_on_error)
        report.stopped = not right
        if dry_run:
            return report
        if report.stopped:
            for tally in report.kinds.values():
                tally.created = 0
            return report
        for batch in seen.new(lambda done: told("written", done, size)):
            await self._write(batch, seen, report)
        await self._settle(seen.stories(), told)
        await self._assign(seen.stories(), told)
        return report

    async def _write(self, batch: list[Unit], seen: Examination, report: Report) -> None:
        rows: dict[str, list[Row]] = {kind: [] for kind in ("actor", "epic", "sprint", "story", "task")}
        for unit in batch:
            rows[unit.head.kind].append(seen.sent(unit))
        histories = {(unit.head.kind, unit.head.id): _history(unit) for unit in batch if unit.changes}
        parents = list({row["story_id"] for row in rows["task"]} - {None})
        sprints = list({row["sprint_id"] for row in rows["story"]} - {None})

        async def work(tx: Transaction) -> set[tuple[str, str]]:
            # In this order, as when a sprint is closed, and a story moved to another epic.
            if sprints:
                await tx.run("transfer/lock_sprints", ids=sprints)
            if parents:
                await tx.run("transfer/lock_stories", ids=parents)
            made: set[tuple[str, str]] = set()
            for kind, given in rows.items():
                if given:
                    made |= {(kind, row["id"]) for row in await _create(tx, kind, given, seen.mark)}
            missing = {row["id"] for row in rows["task"]} - {id for kind, id in made if kind == "task"}
            if any(missing.intersection(row["depends_on"]) for row in rows["task"] if row["id"] not in missing):
                raise _MissingError(missing)
            if chains := [history for key, history in histories.items() if key in made]:
                await tx.run("transfer/create_changes", histories=chains)
            return made

        while True:
            try:
                made = await self._until_free(work)
                break
            except _MissingError as error:
                rows["task"] = [row for row in rows["task"] if row["id"] not in error.ids]
        for unit in batch:
            if (unit.head.kind, unit.head.id) not in made:
                _lost(unit, report)

    async def _until_free(self, work: Callable[[Transaction], object]) -> set[tuple[str, str]]:
        for left in reversed(range(_TRIES)):
            try:
                return await self._db.in_transaction(work)  # type: ignore[arg-type]
            except ConstraintError:
                # Somebody has taken one of the ids meanwhile, which the next try sees.
                if not left:
                    raise
        raise AssertionError("The last try returns or raises.")

    async def _settle(self, stories: list[str], told: Progress) -> None:
        """What the rules do by themselves with stories whose tasks came closed, say. One whose rules cannot be run
        stays where it is, as the log says."""
        for start in range(0, len(stories), _LOOK):
            ids = stories[start : start + _LOOK]
            try:
                ids = [row["id"] for row in await self._db.read_newest("work/movable", ids=ids)]
            except CypherSyntaxError:
                raise
            except ClientError as error:
                # It is not told of which of them the rules cannot be run; the gate finds out.
                log.warning("it cannot be told which stories go on", error=str(error))
            for some in _parts(ids, _STORIES):
                await self._gate.decide([Command(id, None, None) for id in some])
            told("stories looked at for what follows", min(start + _LOOK, len(stories)), len(stories))

    async def _assign(self, stories: list[str], told: Progress) -> None:
        """The next work of released stories, as the rules allow; what an interrupted import has left is done too."""
        for start in range(0, len(stories), _LOOK):
            rows = await self._db.read_newest("transfer/waiting", ids=stories[start : start + _LOOK])
            for some in _parts([row["id"] for row in rows], _STORIES):

                async def work(tx: Transaction, some: list[str] = some) -> tuple[None, list[str]]:
                    await tx.run("transfer/lock_stories", ids=some)
                    return None, some

                await self._gate.assigning(work)
            told("stories looked at for work to assign", min(start + _LOOK, len(stories)), len(stories))


async def _create(tx: Transaction, kind: str, rows: list[Row], mark: str) -> list[Row]:
    match kind:
        case "actor":
            return await tx.run("transfer/create_actors", rows=rows)
        case "epic":
            return await tx.run("transfer/create_epics", rows=rows, file=mark)
        case "sprint":
            return await tx.run("transfer/create_sprints", rows=rows)
        case "story":
            return await tx.run("transfer/create_stories", rows=rows, file=mark)
        case _:
            return await tx.run("transfer/create_tasks", rows=rows, file=mark)


def _history(unit: Unit) -> Row:
    decisions = [change.decision.sent() | {"seq": change.seq} for change in unit.history if change.decision]
    return {"id": unit.head.id, "changes": [change.sent() for change in unit.history], "decisions": decisions}


def _lost(unit: Unit, report: Report) -> None:
    """A row that was right when the file was looked through, and could not be written."""
    for line in unit.lines:
        line.blame("its id was taken, or what it names went away or was closed, while this ran; import the file again")
        report.of(line.kind).created -= 1
        report.of(line.kind).bad += 1
        report.bad += line.problems


def _parts(ids: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
