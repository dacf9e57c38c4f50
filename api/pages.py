"""Connections: pages by cursor, the same for every list."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import strawberry

from graph.database import Row
from graph.errors import BadInputError
from graph.page import Page

Node = TypeVar("Node")
MOST = 1000
DEFAULT = 100
_LONGEST = 10_000  # characters of a cursor, whose id has hundreds at the most


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type
class Connection(Generic[Node]):
    edges: list[Edge[Node]]
    page_info: PageInfo
    total: strawberry.Private[int | Callable[[], Awaitable[int]]]

    @strawberry.field
    async def total_count(self) -> int:
        return self.total if isinstance(self.total, int) else await self.total()

    @strawberry.field
    def nodes(self) -> list[Node]:
        return [edge.node for edge in self.edges]


def connection(
    page: Page,
    after: str | None,
    place: Callable[[Row], list[Any]],
    nodes: list[Any],
    count: Callable[[], Awaitable[int]] | None = None,
) -> Connection[Any]:
    """A page of rows and what they stand for; `place` is what a row's cursor points at, `count` counts when asked."""
    edges = [Edge(cursor=write(place(row)), node=node) for row, node in zip(page.rows, nodes, strict=True)]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        total=count or page.total,
    )


def id_place(row: Row) -> list[Any]:
    return [row["place"], row["id"]]


def seq_place(row: Row) -> list[Any]:
    return [row["seq"]]


def checked(first: int | None) -> int:
    """How many a page has. Raises `BadInputError` beyond the limits."""
    if first is None:
        return DEFAULT
    if not 0 <= first <= MOST:
        raise BadInputError(f"first is {first}; it must be 0 to {MOST}.")
    return first


def read(cursor: str | None, *shape: type) -> list[Any] | None:
    """What a cursor points at. Raises `BadInputError` for one we did not write."""
    if cursor is None:
        return None
    if len(cursor) > _LONGEST:
        raise BadInputError(f"The cursor is not one of ours, which have at most {_LONGEST} characters.")
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadInputError("The cursor is not one of ours; take it from a page as it is.") from error
    if not isinstance(value, list) or [type(part) for part in value] != list(shape):
        raise BadInputError("The cursor belongs to another list.")
    return value


def write(place: list[Any]) -> str:
    """The cursor that points there; `read` is its reverse."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()
