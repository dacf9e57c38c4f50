"""One page of a list, by keyset: what comes after a place, not after a number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graph.database import Row


@dataclass(frozen=True, slots=True)
class Page:
    """`rows` of `{id, place}` in order (of changes: the changes); `total` counts the whole list."""

    rows: list[Row]
    total: int
    has_next: bool

    @classmethod
    def of(cls, found: dict[str, Any], first: int) -> Page:
        """The page of `first` rows from a statement that was asked for one more."""
        return cls(found["rows"][:first], found["total"], len(found["rows"]) > first)
