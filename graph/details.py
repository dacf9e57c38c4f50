"""What an item has that is long: its texts, and what was handed in with its changes; read often, changed seldom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from graph.cache import SETTLED_AFTER, Cache, Kept, NoCache
from graph.database import Database, Row
from graph.history import inputs_of

_LONGEST = 20_000  # characters of texts that cost no more with the item itself than by themselves from Valkey
_PAGE = 50  # changes read at once of an item
_NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Texts:
    description: str | None
    acceptance_criteria: list[str]

    @classmethod
    def of(cls, row: Row) -> Texts:
        """Of a row that has them."""
        return cls(row["description"], row["acceptance_criteria"])


@dataclass(frozen=True, slots=True)
class Artefact:
    """An input of an action, as it was handed in last."""

    name: str
    value: Any
    action: str
    actor_id: str | None
    at: datetime
    seq: int
    """The version of the item after it."""


class Details:
    """The details of items; never asked by what decides."""

    def __init__(self, db: Database, cache: Cache | None = None) -> None:
        self._db = db
        cache = cache or NoCache()
        self._texts = Kept("texts", TypeAdapter(Texts), self._load_texts, Texts(None, []), cache)
        self._artefacts = Kept("artefacts", TypeAdapter(list[Artefact]), self._load_artefacts, [], cache)

    async def light(self, ids: list[str]) -> dict[str, Row]:
        """Each known story and task as `Trees.items_by_ids`; one that `is_long` without its texts."""
        rows = await self._db.read("tree/light_by_ids", ids=ids, longest=_LONGEST)
        return {row["item"]["id"]: row["item"] for row in rows}

    async def whole(self, ids: list[str]) -> dict[str, Row]:
        """The same with all texts."""
        rows = await self.light(ids)
        for id, found in zip(rows, await self.texts(list(rows.values())), strict=True):
            rows[id] |= {"description": found.description, "acceptance_criteria": found.acceptance_criteria}
        return rows

    async def texts(self, rows: Sequence[Row]) -> list[Texts]:
        """Of each of these light rows."""
        long = [row for row in rows if row["is_long"]]
        found = iter(await self._texts.of(long))
        return [next(found) if row["is_long"] else Texts.of(row) for row in rows]

    async def artefacts(self, rows: Sequence[Row]) -> list[list[Artefact]]:
        """Of each of these items the inputs of its actions, each as it was handed in last, the newest first."""
        changed = [row for row in rows if row["version"]]
        found = iter(await self._artefacts.of(changed))
        return [next(found) if row["version"] else [] for row in rows]

    async def _load_texts(self, ids: list[str]) -> list[tuple[Row, Texts]]:
        rows = await self._db.read("tree/texts", ids=ids, settled_after=SETTLED_AFTER)
        return [(row, Texts.of(row)) for row in rows]

    async def _load_artefacts(self, ids: list[str]) -> list[tuple[Row, list[Artefact]]]:
        found: dict[str, tuple[Row, dict[str, Artefact]]] = {}
        pages = [{"id": id, "before": _NEWEST} for id in ids]
        while pages:
            rows = await self._db.read("tree/artefacts", pages=pages, limit=_PAGE, settled_after=SETTLED_AFTER)
            for row in rows:
                _, newest = found.setdefault(row["id"], (row, {}))
                for artefact in (one for change in row["changes"] for one in _artefacts(change)):
                    newest.setdefault(artefact.name, artefact)
            pages = [
                {"id": row["id"], "before": row["changes"][-1]["seq"]} for row in rows if len(row["changes"]) == _PAGE
            ]
        return [(row, list(newest.values())) for row, newest in found.values()]


def _artefacts(change: Row) -> Iterator[Artefact]:
    for name, value in inputs_of(change).items():
        yield Artefact(name, value, change["action"], change["actor_id"], change["at"].to_native(), seq=change["seq"])
