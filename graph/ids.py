"""Ids: given ones are kept, missing ones are made."""

from __future__ import annotations

import uuid

from graph.errors import BadInputError
from graph.limits import ID, TITLE, is_id


def given_or_made(value: str | None, what: str) -> str:
    """The id to use. Raises `BadInputError` when the given one cannot be stored and shown."""
    if value is None:
        return str(uuid.uuid4())
    if not is_id(value):
        raise BadInputError(f"The id of the {what} must be 1 to {ID} printable characters without spaces around them.")
    return value


def text(value: str, what: str, longest: int = TITLE) -> str:
    """A text a person reads, not empty. Raises `BadInputError`."""
    if not value.strip():
        raise BadInputError(f"The {what} is empty.")
    if len(value) > longest:
        raise BadInputError(f"The {what} has {len(value)} characters; {longest} are allowed.")
    return value
