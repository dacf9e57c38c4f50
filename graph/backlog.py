"""The backlog: stories in the order they were ranked, filtered and found by their words, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from neo4j.exceptions import ClientError

from graph.database import Database, Row, Transaction
from graph.errors import BadInputError, ConflictError, NotFoundError, UnavailableError
from graph.ids import text
from graph.page import Page
from graph.rank_keys import between, salt

log = structlog.get_logger(__name__)

_BATCH = 10_000  # stories that are given a place in one transaction
_UNRANKED = "~"  # begins the place of a story that has none of its own; after every key (graph/rank_keys.py)
_WORDS = 50  # of one search
_FEW = 4  # times as many stories as are asked for, from which on those are sorted, and not looked for in the order
_PROCEDURE = "Neo.ClientError.Procedure.ProcedureCallFailed"  # nothing that people type makes it fail


@dataclass(frozen=True, slots=True)
class Filter:
    """Which stories; None is any. Without `state` those in no final state, unless `closed`; of those in a final state
    none that was archived, unless `archived`.

    `in_sprint` False: in no sprint. `text`: all of these words in the title or the description.
    """

    state: str | None = None
    epic_id: str | None = None
    sprint_id: str | None = None
    in_sprint: bool | None = None
    label: str | None = None
    author_id: str | None = None
    min_points: int | None = None
    max_points: int | None = None
    text: str | None = None
    closed: bool = False
    archived: bool = False


class Backlog:
    """The order of stories, over all epics."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, first: int, after: list[Any] | None, wanted: Filter) -> tuple[Page, bool]:
        """Stories in their order; the page's `total` is that of the list only if the second says so, see `count`."""
        key, after_id = after or ("", "")
        asked = _parameters(wanted) | {"key": key, "after_id": after_id, "limit": first + 1}
        if await self._is_narrow(wanted):
            with _words_indexed():
                [found] = await self._db.read("backlog/narrow", text=_query(wanted.text), **asked)
            return Page.of(found, first), True
        rows: list[Row] = []
        if not key.startswith(_UNRANKED):
            rows = await self._db.read("backlog/ranked", **asked)
            asked |= {"key": _UNRANKED, "after_id": ""}
        if len(rows) <= first:
            rows += await self._db.read("backlog/unranked", **asked | {"limit": first + 1 - len(rows)})
        return Page.of({"rows": rows, "total": 0}, first), False

    async def _is_narrow(self, wanted: Filter) -> bool:
        """Whether something other than the order says at once which stories there can be, and they are not most."""
        if any(one is not None for one in (wanted.text, wanted.epic_id, wanted.sprint_id)):
            return True
        if wanted.closed and wanted.state is None:
            return False
        # What was finished long ago stands first in the order, and would be read on the way to every first page.
        [found] = await self._db.read("backlog/sizes", state=wanted.state)
        return bool(found["in_states"] * _FEW < found["stories"])

    async def count(self, wanted: Filter) -> int:
        """How many `page` would list in all, for one that does not tell."""
        if wanted == Filter():
            [found] = await self._db.read("backlog/sizes", state=None)
            return int(found["in_states"])
        [found] = await self._db.read("backlog/count", **_parameters(wanted))
        return int(found["total"])

    async def search(self, words: str, first: int) -> list[tuple[str, bool]]:
        """Epics, stories and tasks that have all these words, the best first: (id, whether of an epic)."""
        if not first:
            return []
        with _words_indexed():
            rows = await self._db.read("backlog/search", text=_query(words), limit=first)
        return [(row["id"], row["is_epic"]) for row in rows]

    async def place(self, tx: Transaction, id: str) -> str:
        """The key of a story, which no other one has from then on: where a file or somebody gave it to several, those
        behind the first of them get their own.

        Raises `NotFoundError`, or `ConflictError` when it has none, see `number`.
        """
        rows = await tx.run("backlog/place", id=id)
        if not rows:
            raise NotFoundError(f"There is no story '{id}'.")
        if rows[0]["key"] is None:
            raise ConflictError(f"'{id}' was just made by hand, and has no place in the backlog yet; ask again.")
        [found] = rows
        if len(found["twins"]) > 1:
            await self._part(tx, found["key"], found["twins"])
            [found] = await tx.run("backlog/place", id=id)
        return str(found["key"])

    async def _part(self, tx: Transaction, key: str, twins: list[str]) -> None:
        behind = await tx.run("backlog/after", key=key, id="")
        high, last, rows = behind[0]["key"] if behind else None, key, list[Row]()
        for twin in twins[1:]:
            last = between(last, high, salt())
            rows.append({"id": twin, "key": last})
        await tx.run("backlog/part", key=key, rows=rows)

    async def number(self) -> None:
        """Gives a place to stories that were made before there were any, or by hand: as they are listed, at the end.

        That there are none is seen without a look at any story. Where one of them keeps the others from it, they stay
        where they are listed without a place.
        """
        try:
            while (await self._db.write("backlog/number", limit=_BATCH))[0]["numbered"]:
                pass
        except ClientError as error:
            log.warning("stories cannot be given places in the backlog", error=str(error))


@contextmanager
def _words_indexed() -> Iterator[None]:
    """Raises `UnavailableError` while the index of words is still made, as after an upgrade of a large graph."""
    try:
        yield
    except ClientError as error:
        if error.code != _PROCEDURE:
            raise
        raise UnavailableError("The words of titles and descriptions are still being indexed; ask again.") from error


def _parameters(wanted: Filter) -> dict[str, Any]:
    for name in ("min_points", "max_points"):
        value = getattr(wanted, name)
        if value is not None and value < 0:
            raise BadInputError(f"{name} is {value}; the least is 0.")
    given = asdict(wanted)
    del given["text"]
    return given


def _query(words: str | None) -> str | None:
    """What people type as a question to Lucene: each word as it is, between quotation marks, in which nothing but those
    and the backslash means anything; all of them are to be there. Raises `BadInputError` when there is no word."""
    if words is None:
        return None
    shown = "".join(char if char.isprintable() else " " for char in text(words, "text"))
    found = [word for word in shown.split() if re.search(r"\w", word)]
    if not 0 < len(found) <= _WORDS:
        raise BadInputError(f"The text has {len(found)} words to look for; it must be 1 to {_WORDS}.")
    return " AND ".join('"' + re.sub(r'(["\\])', r"\\\1", word) + '"' for word in found)
