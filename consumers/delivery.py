"""One message as it was delivered, and as an event when it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from graph.events import problems

Event = TypeVar("Event", bound=BaseModel)


class UnreadableError(Exception):
    """A message that no later try could read; says what is wrong and what would be right."""


class Delivery(NamedTuple):
    """One message: its raw body, its headers, and a name of its place in its stream that nothing else has."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    place: str

    def read(self, kind: type[Event]) -> Event:
        """The body as an event. Raises `UnreadableError`."""
        try:
            return kind.model_validate_json(self.data)
        except ValidationError as error:
            raise UnreadableError(f"{self.subject} cannot be read: {problems(error)}") from error


class Heard(NamedTuple, Generic[Event]):
    """A message that could be read."""

    event: Event
    delivery: Delivery
