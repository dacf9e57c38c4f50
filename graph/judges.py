"""Plug-ins that judge items: asked outside the transaction, and their verdicts put to the commands they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from graph.database import Database, Row
from graph.plugins import Asked, Plugins

Unjudged = dict[int, tuple[list[str], int]]
"""Commands whose rules ask plug-ins that have not answered yet: `{seq: (plug-ins, version)}`."""


class Judges:
    """The plug-ins that are installed here."""

    def __init__(self, db: Database, plugins: Plugins) -> None:
        self._db = db
        self._plugins = plugins

    async def ask(self, rows: list[Row], asked: Unjudged) -> None:
        """Asks the plug-ins, and puts their verdicts to the commands; each holds for the version it saw alone."""
        wanted = [row for row in rows if asked.get(row["seq"], ([], 0))[0]]
        found = await self._db.read("tree/items_by_ids", ids=list({row["item_id"] for row in wanted}))
        items = {row["item"]["id"]: row["item"] for row in found}
        there = [row for row in wanted if row["item_id"] in items]
        await asyncio.gather(*(self._ask(row, items[row["item_id"]], *asked[row["seq"]]) for row in there))

    async def _ask(self, row: Row, item: Row, names: list[str], version: int) -> None:
        seen = Asked(item, version, row["action"], row["actor_id"], row["inputs"])
        verdicts = await self._plugins.judge(names, seen)
        row["verdicts"] |= {name: {"version": version, "holds": holds} for name, holds in verdicts.items()}


def unjudged(found: list[Row], by_seq: Mapping[int, Row]) -> Unjudged:
    """The plug-ins that have to be asked before an answer stands: those of rules before the one that would be taken."""
    asked: Unjudged = {}
    for answer in found:
        names: list[str] = []
        for verdict in answer["verdicts"]:
            if not verdict["reasons"]:
                break
            names += [reason["plugin"] for reason in verdict["reasons"] if reason.get("plugin")]
        if names and answer["earlier"] is None and by_seq[answer["seq"]]["action"] is not None:
            asked[answer["seq"]] = (names, answer["version"] - len(answer["hops"]))
    return asked
