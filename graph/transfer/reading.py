"""What the graph says of things, as rows of a backlog file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from graph.database import Row
from graph.transfer.rows import KINDS, Change

Run = Callable[..., Awaitable[list[Row]]]
"""Runs a statement by its name: alone, or in a transaction."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing: the fields of its row, and those of its changes if they were asked for."""

    id: str
    row: Row
    changes: list[Row]
    builtin: bool = False

    @property
    def whole(self) -> bool:
        """Whether it was read as of one moment: its history leads to its state and to its version."""
        if not self.changes:
            return "version" not in self.row
        last = self.changes[-1]
        return bool(self.row.get("version") == len(self.changes) and last["to"] == self.row.get("state"))


async def read_rows(run: Run, kind: str, ids: Sequence[str], *, history: bool = False) -> list[Found]:
    """Those that are there of one kind, by id. Without `history` neither changes nor what goes with them."""
    given = list(ids)
    if not given:
        return []
    match kind:
        case "actor":
            found = await run("transfer/actors", ids=given)
        case "epic":
            found = await run("transfer/epics", ids=given)
        case "sprint":
            found = await run("transfer/sprints", ids=given)
        case "story":
            found = await run("transfer/stories", ids=given, history=history)
        case _:
            found = await run("transfer/tasks", ids=given, history=history)
    return [
        Found(
            row["id"],
            KINDS[kind].told(row["own"], row["beside"]),
            [Change.told(change["own"], change) for change in row["changes"]],
            row.get("builtin", False),
        )
        for row in found
    ]
