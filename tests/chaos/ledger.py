"""What was asked for, by which door, and what was answered: the memory the world is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Answer = tuple[str, tuple[Any, ...]]
"""APPLIED with its hops `(action, from, to)`, or REFUSED with its codes."""


@dataclass(slots=True)
class Asked:
    """One command. It is accepted when the bus has confirmed it, or GraphQL has answered it."""

    id: str
    item: str
    action: str
    actor: str
    inputs: dict[str, Any]
    expected: int | None
    bus: bool
    only_header: bool = False  # its id is in `Nats-Msg-Id` alone
    accepted: bool = False
    crossed: bool = False  # it was also sent by the other door, which may have overtaken
    sent: int = 0
    answers: list[Answer] = field(default_factory=list)


@dataclass(slots=True)
class Story:
    """A story with its tasks; `inside` if it is one of ours, with a state, and not known from an event alone."""

    id: str
    tasks: list[str]
    inside: bool


@dataclass(slots=True)
class Ledger:
    commands: dict[str, Asked] = field(default_factory=dict)
    stories: dict[str, Story] = field(default_factory=dict)
    people: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    """What the doors said while something was away, by its kind; every one of them was tried again."""
    touched: set[str] = field(default_factory=set)
    """Stories something was asked of since they were looked at last."""

    def story_of(self, item: str) -> Story:
        return self.stories[item.partition("/")[0]]

    def failed(self, kind: str) -> None:
        self.errors[kind] = self.errors.get(kind, 0) + 1

    @property
    def resent(self) -> int:
        return sum(asked.sent - 1 for asked in self.commands.values())
