"""What an import did, or would do, row by row counted and what is bad by line."""

from __future__ import annotations

from dataclasses import dataclass, field

UNREADABLE = "unreadable"
"""The kind of a line of which nobody can tell."""


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong with a line, and what would be right; `field` None: with all of it."""

    line: int
    kind: str
    id: str | None
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Different:
    """A row whose item is there and was left as it is, though the row says something else in these fields."""

    line: int
    kind: str
    id: str
    fields: list[str]


@dataclass(slots=True)
class Tally:
    """Rows of one kind. In a dry run `created` is what would be."""

    created: int = 0
    there: int = 0
    different: int = 0
    bad: int = 0


@dataclass(slots=True)
class Report:
    """The whole of it; `stopped` when a bad row kept everything from being looked at and written."""

    dry_run: bool
    stopped: bool = False
    kinds: dict[str, Tally] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    different: list[Different] = field(default_factory=list)

    def of(self, kind: str) -> Tally:
        return self.kinds.setdefault(kind, Tally())
