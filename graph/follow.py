"""The changes of items as they are made, read in the graph: none is left out, and each comes once and in its order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from time import monotonic

from graph.changing import MOVE
from graph.database import Database, Row
from graph.errors import BadInputError, NotFoundError, UnavailableError
from graph.history import History, inputs_of
from graph.news import News

_LOOK = 5.0  # seconds without news after which is looked all the same: what the bus says may be lost
_PAGE = 100
_REMEMBERED = 10_000  # items of which is known, when all are followed, what was shown last
_PAUSE = 0.5  # seconds before Neo4j is asked again

Versions = dict[str, int]
"""Up to which version of each item everything was shown."""


class Follow:
    """One way to watch an item, a story with its tasks, or everything."""

    def __init__(self, db: Database, history: History, news: News) -> None:
        self._db = db
        self._history = history
        self._news = news

    async def changes(
        self, item_id: str | None = None, story_id: str | None = None, after_version: int | None = None
    ) -> AsyncIterator[tuple[str, Row]]:
        """Endless: the item and the change, as `History` has it. Of the item, or the story, those after the version
        first; without a version, and of the tasks of the story, those that are made from now on. A task that comes to
        the story by a move is told from that on, and one that leaves it up to that.

        Raises:
            NotFoundError: no such item, or story. BadInputError: both were given, or a version of neither.
        """
        if item_id is not None and story_id is not None:
            raise BadInputError("Give an item or a story, not both; a story comes with its tasks.")
        if after_version is not None and item_id is None and story_id is None:
            raise BadInputError("A version is one of an item or of a story; say which.")
        if after_version is not None and after_version < 0:
            raise BadInputError(f"The version is {after_version}; the least is 0.")
        async with self._news.listening() as listener:
            whole = item_id or story_id
            shown = {} if whole is None else await self._versions(whole, story=story_id is not None)
            if whole is not None and whole not in shown:
                raise NotFoundError(f"There is no {'item' if story_id is None else 'story'} '{whole}'.")
            if whole is not None and after_version is not None:
                shown[whole] = after_version
            due: Collection[str] = list(shown)
            gone: Collection[str] = ()
            looked = monotonic()
            while True:
                try:
                    async for found in self._newer(due, shown, story_id):
                        yield found
                    for item in gone:
                        shown.pop(item, None)
                    gone = ()
                    news = await listener.wait(_LOOK)
                    if whole is None:
                        _forget(shown)
                        for item, told in news.items():
                            shown.setdefault(item, told.version - 1)
                        due = news
                    elif news and monotonic() - looked < _LOOK:
                        if story_id is not None:
                            await self._come(
                                {item for item in news if news[item].story_id == story_id}, shown, story_id
                            )
                        due = news.keys() & shown.keys()
                    else:
                        # Also when others are told of all the time.
                        looked = monotonic()
                        there = await self._versions(whole, story=story_id is not None)
                        if story_id is not None:
                            await self._come(there, shown, story_id)
                            gone = shown.keys() - there.keys() - {story_id}
                        due = [*gone, *(item for item in there if there[item] > shown[item])]
                except UnavailableError:
                    await asyncio.sleep(_PAUSE)

    async def _versions(self, id: str, *, story: bool) -> Versions:
        return {row["id"]: row["version"] for row in await self._db.read("tree/versions", id=id, story=story)}

    async def _come(self, items: Collection[str], shown: Versions, story_id: str) -> None:
        """Has those of a story that are new to it shown from where they came to it: by a move, or by being made."""
        for item in set(items) - shown.keys():
            before, read, more = 0, 0, True
            while more:
                [page] = await self._history.pages([(item, _PAGE, read)])
                for row in page.rows:
                    read = row["seq"]
                    if _moved_to(row) == story_id:
                        before = read - 1
                more = page.has_next
            shown[item] = before

    async def _newer(
        self, due: Collection[str], shown: Versions, story_id: str | None
    ) -> AsyncIterator[tuple[str, Row]]:
        """What is newer than what was shown; that is kept up to date, without those that leave the story."""
        left = sorted(due)
        while left:
            pages = await self._history.pages([(item, _PAGE, shown[item]) for item in left])
            for item, page in zip(left, pages, strict=True):
                for row in page.rows:
                    shown[item] = row["seq"]
                    yield item, row
                    if story_id not in {None, item} and _moved_to(row) not in {None, story_id}:
                        del shown[item]
                        break
            left = [item for item, page in zip(left, pages, strict=True) if page.has_next and item in shown]


def _moved_to(row: Row) -> str | None:
    """The story, or the epic, to which a change moved its item; a workflow may have an action of the same name."""
    if row["action"] != MOVE or row["role"] is not None:
        return None
    inputs = inputs_of(row)
    return inputs["to"] if inputs.keys() == {"from", "to"} else None


def _forget(shown: Versions) -> None:
    """Those that were shown the longest ago, when there are too many; their next news says where to begin."""
    for item in list(shown)[: max(0, len(shown) - _REMEMBERED)]:
        del shown[item]
