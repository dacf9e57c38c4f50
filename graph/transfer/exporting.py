"""Export of the backlog: rows in an order in which they can be imported one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, BinaryIO

from graph.database import Database, Transaction
from graph.errors import NotFoundError
from graph.transfer.reading import Found, read_rows
from graph.transfer.rows import line

_PAGE = 500
_IDS = 10_000
_MEMORY = 2**23  # bytes that are kept before they go to a file of the system
_PEOPLE = ("author_id", "owner_id", "assignee_id", "sprint_entered_by", "entered_by", "left_by", "actor_id")

Progress = Callable[[int, int], None]
"""Told how many items were written, and how many there are."""


@dataclass(slots=True)
class Written:
    """How many rows of each kind, and the dependencies that were left out because they lead out of the epic."""

    kinds: dict[str, int] = field(default_factory=dict)
    left_out: int = 0


class Export:
    """From the graph into a file, each item as it is at its moment. It keeps ids, and none of the rows."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self, out: BinaryIO, told: Progress, *, history: bool = False, epic_id: str | None = None) -> Written:
        """Writes all there is, or one epic with all that belongs to it; actors as far as they are named.

        Without `history` each item looks as if it had been created in its state.

        Raises:
            NotFoundError: no such epic.
        """
        # Children first, so that whose id is known has a parent whose id is known too.
        tasks, stories, epics = [await self._ids(kind, epic_id) for kind in ("task", "story", "epic")]
        if epic_id is not None and not epics:
            raise NotFoundError(f"There is no epic '{epic_id}'.")
        written = Written()
        actors, sprints, inside = set[str](), set[str](), set(tasks)
        done, total = 0, len(epics) + len(stories) + len(tasks)
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY) as body:
            for kind, ids in (("epic", epics), ("story", stories), ("task", tasks)):
                async for page in self._read(kind, ids, history=history):
                    for found in page:
                        others = found.row.get("depends_on", [])
                        if left := [id for id in others if id not in inside]:
                            written.left_out += len(left)
                            found.row["depends_on"] = [id for id in others if id in inside]
                        for row in (found.row, *found.row.get("stays", []), *found.row.get("fired", [])):
                            actors.update(row[name] for name in _PEOPLE if name in row)
                            if "sprint_id" in row:
                                sprints.add(row["sprint_id"])
                        actors.update(change["actor_id"] for change in found.changes if "actor_id" in change)
                        _write(body, kind, [found], written, history=history)
                    done += len(page)
                    told(done, total)
            # What the rows name stands before them, and is known only now.
            all_sprints = await self._ids("sprint", None) if epic_id is None else sorted(sprints)
            for kind, ids in (("actor", sorted(actors)), ("sprint", all_sprints)):
                async for page in self._read(kind, ids, history=False):
                    _write(out, kind, [found for found in page if not found.builtin], written, history=False)
            body.seek(0)
            while data := body.read(2**20):
                out.write(data)
        return written

    async def _ids(self, kind: str, epic_id: str | None) -> list[str]:
        found: list[str] = []
        after = ""
        while rows := await self._db.read("transfer/page", kind=kind, after=after, limit=_IDS, epic_id=epic_id):
            found += [row["id"] for row in rows]
            after = found[-1]
        return found

    async def _read(self, kind: str, ids: Sequence[str], *, history: bool) -> AsyncIterator[list[Found]]:
        for start in range(0, len(ids), _PAGE):
            page = await read_rows(self._db.read, kind, ids[start : start + _PAGE], history=history)
            if history and (moving := [found.id for found in page if not found.whole]):
                # An item that moves while it is read is read again while nobody may move it.
                still = {found.id: found for found in await self._held(kind, moving)}
                page = [still.get(found.id, found) for found in page]
            yield page

    async def _held(self, kind: str, ids: list[str]) -> list[Found]:
        async def work(tx: Transaction) -> list[Found]:
            await tx.run("transfer/hold", ids=ids)
            return await read_rows(tx.run, kind, ids, history=True)

        return await self._db.in_transaction(work)


def _write(out: IO[bytes], kind: str, page: Iterable[Found], written: Written, *, history: bool) -> None:
    for found in page:
        row = dict(found.row)
        if not history:
            row.pop("version", None)
        if not found.changes:
            row.pop("began_in", None)
            row.pop("began_at", None)
        out.write(line(kind, row).encode())
        written.kinds[kind] = written.kinds.get(kind, 0) + 1
        for change in found.changes:
            out.write(line("change", change).encode())
            written.kinds["change"] = written.kinds.get("change", 0) + 1
