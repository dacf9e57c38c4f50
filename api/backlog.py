"""The backlog, and what is found by its words."""

from __future__ import annotations

import strawberry

from api import work
from api.context import Info
from api.pages import Connection, checked, read
from api.work import Epic, EpicOrItem, Story, listed
from graph.backlog import Filter


@strawberry.type
class Listing:
    @strawberry.field
    async def backlog(
        self,
        info: Info,
        state: str | None = None,
        epic_id: strawberry.ID | None = None,
        sprint_id: strawberry.ID | None = None,
        in_sprint: bool | None = None,
        label: str | None = None,
        author_id: strawberry.ID | None = None,
        min_points: int | None = None,
        max_points: int | None = None,
        text: str | None = None,
        closed: bool = False,
        archived: bool = False,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Story]:
        """Stories by rank, those in a final state only with `closed` or when `state` names it, those that were archived
        only with `archived`. `inSprint: false` leaves those that are in no sprint; `text` is words of which each must
        be in the title or the description.
        """
        wanted = Filter(
            state=state,
            epic_id=epic_id,
            sprint_id=sprint_id,
            in_sprint=in_sprint,
            label=label,
            author_id=author_id,
            min_points=min_points,
            max_points=max_points,
            text=text,
            closed=closed,
            archived=archived,
        )
        backlog = info.context.engine.backlog
        page, is_counted = await backlog.page(checked(first), read(after, str, str), wanted)
        # To count them all takes longer than to read a page, so that is done for those who ask.
        return await listed(info, page, after, None if is_counted else lambda: backlog.count(wanted))

    @strawberry.field
    async def search(self, info: Info, text: str, first: int | None = None) -> list[EpicOrItem]:
        """Epics, stories and tasks whose title or description has each of these words, the best first."""
        found = await info.context.engine.backlog.search(text, checked(first))
        epics = await info.context.loaders.epics.load_many([id for id, is_epic in found if is_epic])
        items = await work.nodes(info, [id for id, is_epic in found if not is_epic])
        by_id: dict[tuple[str, bool], EpicOrItem] = {(str(one.id), False): one for one in items}
        by_id |= {(row["id"], True): Epic(id=strawberry.ID(row["id"]), row=row) for row in epics if row}
        return [by_id[key] for key in found if key in by_id]
